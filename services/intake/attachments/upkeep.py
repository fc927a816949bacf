"""What an operator runs from time to time: sweep the store, or read all of it."""

from __future__ import annotations

from datetime import timedelta

from services.intake.attachments.check_contents import check_contents
from services.intake.attachments.storage import open_store
from services.intake.attachments.sweep import Swept, sweep
from shared.db import open_database
from shared.settings import Settings


async def sweep_attachments(settings: Settings) -> Swept | None:
    """One sweep of the store that the settings name; None while another is running."""
    database = open_database(settings, "intake")
    try:
        return await sweep(database, open_store(settings), timedelta(seconds=settings.attachments_grace_seconds))
    finally:
        await database.close()


async def damaged_attachments(settings: Settings) -> tuple[int, list[str]]:
    """How many contents were read, and the digests of those that are missing or damaged."""
    database = open_database(settings, "intake")
    read, damaged = 0, list[str]()
    try:
        async for checked in check_contents(database, open_store(settings)):
            read += 1
            if not checked.whole:
                damaged.append(checked.digest)
    finally:
        await database.close()
    return read, damaged
