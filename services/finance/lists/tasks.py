"""Jobs: publish the lists of a pool whose members have changed; renew editions that are about to expire."""

from __future__ import annotations

from sqlalchemy import select

from services.finance.lists.publication import Cause, is_expiring, publish_edition
from shared.models.finance import ListProgramme
from shared.queue import Work
from shared.security.keys import load_key


async def publish_pool_list(work: Work) -> None:
    """Handle `selection_committed` and `pool_adjusted`: a new edition of every programme, or a refusal on record."""
    statement = (
        select(ListProgramme)
        .where(ListProgramme.pool_code == work.payload["pool_code"])
        .order_by(ListProgramme.code)
        .with_for_update()
    )
    key = load_key(work.settings.list_key_file)
    for programme in (await work.session.execute(statement)).scalars().all():
        await publish_edition(work.session, programme, Cause(work.event_id), key)


async def renew_lists(work: Work) -> None:
    """Handle `lists_due`: one more edition of every programme whose newest one ends within the province's days."""
    statement = select(ListProgramme).order_by(ListProgramme.code).with_for_update()
    key = load_key(work.settings.list_key_file)
    for programme in (await work.session.execute(statement)).scalars().all():
        if await is_expiring(work.session, programme):
            await publish_edition(work.session, programme, Cause(work.event_id), key)
