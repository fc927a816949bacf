"""Job: publish the lists of a pool whose members have changed."""

from __future__ import annotations

from sqlalchemy import select

from services.finance.lists.publication import publish_edition
from shared.models.finance import ListProgramme
from shared.queue import Work
from shared.security.keys import load_key


async def publish_pool_list(work: Work) -> None:
    """Handle `selection_committed` and `pool_adjusted`: one new edition of every programme of the pool."""
    statement = (
        select(ListProgramme)
        .where(ListProgramme.pool_code == work.payload["pool_code"])
        .order_by(ListProgramme.code)
        .with_for_update()
    )
    key = load_key(work.settings.list_key_file)
    for programme in (await work.session.execute(statement)).scalars().all():
        await publish_edition(work.session, programme, cause_event_id=work.event_id, key=key)
