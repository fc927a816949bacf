"""When an application is judged: open its review, or bring it up to date, keeping what still holds."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.access import bar_of
from services.evaluation.review.changes import Change, changes_by_part
from services.evaluation.review.items import items_of, status_of
from services.evaluation.review.progress import store_items
from services.evaluation.review.standing import Standing, standing_of, standings_of, store_conclusion
from shared import audit, calendar
from shared.models.base import new_id
from shared.models.evaluation import Assessment, Deviation, Finding, Review, ReviewAssignment, ReviewItem
from shared.models.reads import recommenders, snapshot_forms


async def bring_up_to_date(session: AsyncSession, application_ids: Collection[uuid.UUID]) -> None:
    """Give each of these applications' current assessments its review. To be called by whatever judged them.

    A review of an overtaken assessment goes over to the current one, with the findings and deviations whose facts
    (and, for judgement, whose sections of the form) did not change; what changed is open again and says why.
    """
    await _bring(session, _behind().where(Assessment.application_id.in_(application_ids)))


async def bring_cycle_up_to_date(session: AsyncSession, cycle_id: uuid.UUID) -> None:
    """The same for what was judged before there were reviews."""
    await _bring(session, _behind().where(Assessment.cycle_id == cycle_id))


def _behind() -> Select[Assessment]:
    """Current assessments that no review is about yet."""
    about = select(Review.id).where(Review.assessment_id == Assessment.id).exists()
    return select(Assessment).where(Assessment.current, ~about).order_by(Assessment.application_id)


async def _bring(session: AsyncSession, behind: Select[Assessment]) -> None:
    # Locked before reviews are, as acts on them do.
    assessments = (await session.execute(behind.with_for_update(of=Assessment))).scalars().all()
    ids = [one.application_id for one in assessments]
    found = await session.execute(
        select(Review).where(Review.application_id.in_(ids)).order_by(Review.id).with_for_update()
    )
    reviews = {review.application_id: review for review in found.scalars()}
    recommended = await recommenders(session, ids)
    await _open(session, [one for one in assessments if one.application_id not in reviews], recommended)
    for assessment in assessments:
        if assessment.application_id in reviews:
            await _overtake(session, reviews[assessment.application_id], assessment, recommended)


async def _open(session: AsyncSession, assessments: Sequence[Assessment], recommended: Mapping[uuid.UUID, str]) -> None:
    if not assessments:
        return
    reviews: list[dict[str, Any]] = []
    items: list[dict[str, Any]] = []
    for standing in await standings_of(session, assessments):
        assessment, wanted = standing.assessment, items_of(standing.judged)
        id_ = new_id()
        reviews.append(
            {
                "id": id_,
                "application_id": assessment.application_id,
                "assessment_id": assessment.id,
                "cycle_id": assessment.cycle_id,
                "city_code": assessment.city_code,
                "uscc": assessment.uscc,
                "recommended_by": recommended.get(assessment.application_id),
                "status": status_of(standing.judged, [key for key, is_open in wanted.items() if is_open]),
            }
        )
        items += [
            {"review_id": id_, "part": part, "kind": kind, "open": is_open, "changes": []}
            for (part, kind), is_open in wanted.items()
        ]
    await session.execute(insert(Review), reviews)
    if items:
        await session.execute(insert(ReviewItem), items)


async def _overtake(
    session: AsyncSession, review: Review, newer: Assessment, recommended: Mapping[uuid.UUID, str]
) -> None:
    overtaken = (await session.execute(select(Assessment).where(Assessment.id == review.assessment_id))).scalar_one()
    before, after = await standing_of(session, overtaken), await standing_of(session, newer)
    changes = await _changes(session, before, after)
    review.assessment_id, review.city_code, review.uscc = newer.id, newer.city_code, newer.uscc
    review.recommended_by = recommended.get(newer.application_id, review.recommended_by)
    review.overtaken_at = calendar.now()
    taken_from = review.assignee
    await _take_away_if_barred(session, review)
    carried: list[str] = []
    # An appeal that was accepted asks for everything to be looked at again, though no fact has changed.
    if newer.reopening <= overtaken.reopening:
        carried += await _carry_findings(session, overtaken, after, changes)
        carried += await _carry_deviations(session, overtaken, after, changes)
    await store_items(session, review, after.judged, changes)
    await store_conclusion(session, after)
    await audit.record(
        session,
        service="evaluation",
        actor=audit.SYSTEM,
        action="review.overtake",
        subject=("review", review.id),
        detail={
            "from": str(overtaken.id),
            "to": str(newer.id),
            "carried": carried,
            "changed": sorted(part for part, told in changes.items() if told),
            "taken_from": taken_from if review.assignee is None else None,
        },
    )


async def _changes(session: AsyncSession, before: Standing, after: Standing) -> dict[str, list[Change]]:
    old, new = before.assessment, after.assessment
    forms = await snapshot_forms(session, {old.snapshot_id, new.snapshot_id})
    facts = tuple(json.loads(one.receipt)["facts"] for one in (old, new))
    return changes_by_part(
        (before.rulebook, after.rulebook), (facts[0], facts[1]), (forms[old.snapshot_id], forms[new.snapshot_id])
    )


async def _take_away_if_barred(session: AsyncSession, review: Review) -> None:
    """An application that has moved to the reviewer's own city goes to somebody else."""
    person, since = review.assignee, review.assigned_at
    review.assignee = review.assigned_at = None
    await session.flush()
    if person is None:
        return
    bar = (await session.execute(select(bar_of(person)).where(Review.id == review.id))).scalar_one()
    if bar is None:
        review.assignee, review.assigned_at = person, since
        await session.flush()
        return
    session.add(
        ReviewAssignment(
            review_id=review.id,
            act="own_city" if bar == "own_city" else "reassign",
            from_reviewer=person,
            to_reviewer=None,
            reason=bar,
            acted_by=audit.SYSTEM.subject,
        )
    )


async def _carry_findings(
    session: AsyncSession, overtaken: Assessment, after: Standing, changes: dict[str, list[Change]]
) -> list[str]:
    carried: list[str] = []
    rows = await session.execute(select(Finding).where(Finding.assessment_id == overtaken.id).order_by(Finding.part))
    for found in rows.scalars():
        if found.part not in changes or not _still_holds(found.reviewer_city, after, changes[found.part]):
            continue
        if found.part in after.findings:
            continue
        values = _copied(found, "part", "met", "reason", "found_by", "evidence", "reviewer_city")
        session.add(Finding(assessment_id=after.assessment.id, carried_from=found.id, **values))
        after.findings[found.part] = found.met
        carried.append(found.part)
    await session.flush()
    return carried


async def _carry_deviations(
    session: AsyncSession, overtaken: Assessment, after: Standing, changes: dict[str, list[Change]]
) -> list[str]:
    carried: list[str] = []
    # A judgement that is current again, its facts being what they were, has kept its own.
    kept = select(Deviation.part).where(Deviation.assessment_id == after.assessment.id)
    there = set((await session.execute(kept)).scalars())
    rows = await session.execute(
        select(Deviation).where(Deviation.assessment_id == overtaken.id).order_by(Deviation.part)
    )
    for one in rows.scalars():
        if one.part not in changes or one.part in there or after.settled(one.part) is not False:
            continue
        if not all(_still_holds(city, after, changes[one.part]) for city in (one.reviewer_city, one.signer_city)):
            continue
        names = ("part", "reason", "proposed_by", "signed_by", "signed_at", "reviewer_city", "signer_city")
        session.add(Deviation(assessment_id=after.assessment.id, carried_from=one.id, **_copied(one, *names)))
        if one.signed_by is not None:
            after.signed.add(one.part)
        carried.append(one.part)
    await session.flush()
    return carried


def _still_holds(city: str | None, after: Standing, changes: list[Change]) -> bool:
    """Whether nothing that it rests on changed; adds the reason where its author's own city is now the application's."""
    if city is not None and city == after.assessment.city_code:
        changes.append({"fact": None, "field": "/city_code", "before": None, "after": city})
    return not changes


def _copied(row: Finding | Deviation, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
