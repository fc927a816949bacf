"""Jobs: publish the lists of a pool whose members have changed; renew editions that are about to expire."""

from __future__ import annotations

from sqlalchemy import select

from services.finance.lists.publication import Cause, is_expiring, publish_edition
from services.finance.lists.queries import stored_file
from services.finance.lists.rendering import FILE_FORMATS
from services.finance.lists.safeguards import programme_data
from shared.models.finance import Edition, ListProgramme
from shared.queue import Work
from shared.security.keys import load_key


async def publish_pool_list(work: Work) -> None:
    """Handle `selection_committed` and `pool_adjusted`: a new edition of every list of the pool, or a refusal."""
    statement = (
        select(ListProgramme)
        .where(ListProgramme.pool_code == work.payload["pool_code"])
        .order_by(ListProgramme.code)
        .with_for_update()
    )
    key = load_key(work.settings.list_key_file)
    for programme in (await work.session.execute(statement)).scalars().all():
        if programme_data(programme.code).origin == "pool":
            await publish_edition(work.session, programme, Cause(work.event_id), key)


async def render_edition(work: Work) -> None:
    """Handle `edition_published`: the files that people take, so that the first who asks does not wait for them."""
    key = (work.payload["programme"], work.payload["serial"])
    edition = await work.session.get_one(Edition, key)
    for wanted in FILE_FORMATS:
        await stored_file(work.session, edition, wanted)


async def renew_lists(work: Work) -> None:
    """Handle `lists_due`: one more edition of every list of the pool whose newest one ends within the province's days."""
    statement = select(ListProgramme).order_by(ListProgramme.code).with_for_update()
    key = load_key(work.settings.list_key_file)
    for programme in (await work.session.execute(statement)).scalars().all():
        # Who is on a list by rule is judged anew, by its own cadence.
        if programme_data(programme.code).origin == "pool" and await is_expiring(work.session, programme):
            await publish_edition(work.session, programme, Cause(work.event_id), key)
