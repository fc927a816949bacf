"""Jobs: judge the applications that a city has recommended, and again when more is known about an enterprise."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.assess import assess
from services.evaluation.assessment.queries import hold_judging
from services.evaluation.assessment.stored import judged_among
from shared import outbox
from shared.candidacy import hold_candidacy
from shared.events import ApplicationsTaken
from shared.models.reads import ApplicationOfEnterprise, applications_on_record, recommended_snapshots
from shared.queue import Work


async def assess_applications(work: Work) -> None:
    """Handle `applications_recommended`; says what was taken in, judged now or before, in the same transaction."""
    ids = [uuid.UUID(id_) for id_ in work.payload["application_ids"]]
    await _hold(work.session, await applications_on_record(work.session, ids=ids))
    taken = await recommended_snapshots(work.session, ids)
    await assess(work.session, taken)
    if taken:
        await outbox.publish(work.session, ApplicationsTaken(snapshot_ids=[one.snapshot_id for one in taken]))


async def judge_stated_facts(work: Work) -> list[uuid.UUID]:
    """Handle `facts_stated`: applications that are judged already are judged by what is known now; returns them.

    One that waits for its first judgement is left to it: that one reads the statements too, or holds this one up until
    it is done. None is judged again once the cycle's selection is committed.
    """
    standing = await applications_on_record(work.session, standing_of=work.payload["usccs"])
    await _hold(work.session, standing)
    judged = await judged_among(work.session, [one.id for one in standing])
    await assess(work.session, await recommended_snapshots(work.session, judged))
    return judged


async def _hold(session: AsyncSession, applications: Iterable[ApplicationOfEnterprise]) -> None:
    """No selection of their cycles is decided, and nobody else judges them. In one order: cycles, then applications."""
    applications = list(applications)
    for cycle_id in sorted({one.cycle_id for one in applications}):
        await hold_candidacy(session, cycle_id)
    await hold_judging(session, [one.id for one in applications])
