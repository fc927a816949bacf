"""Reads of plans: what they are worth, why pairs meet and why others do not."""

from __future__ import annotations

import asyncio
import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from services.finance.matchmaking.event_queries import within_reach
from services.finance.matchmaking.explanation import part_scores
from services.finance.matchmaking.gathering import Gathering, Scoring
from services.finance.matchmaking.loading import meetings_of
from services.finance.matchmaking.participant_schemas import PairIn
from services.finance.matchmaking.plan_schemas import AffinityOut, PartOut, PlanOut, PlanPage, ReasonOut, ReasonPage
from services.finance.matchmaking.reasons import Reason, Reasons
from services.finance.matchmaking.terms import match_terms
from shared.errors import NOT_FOUND, Problem
from shared.models.matchmaking import MatchEvent, MatchMeeting, MatchPlan, MatchRelease
from shared.security.actor import Actor


async def plan_by_id(session: AsyncSession, actor: Actor, plan_id: uuid.UUID) -> MatchPlan:
    """The plan, with what it rests on, of an event within reach; Problem `not_found`."""
    statement = (
        select(MatchPlan)
        .join(MatchEvent, MatchEvent.id == MatchPlan.event_id)
        .where(MatchPlan.id == plan_id, within_reach(actor))
        .options(undefer(MatchPlan.inputs))
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


async def plan_out(session: AsyncSession, plan: MatchPlan) -> PlanOut:
    """One plan as HTTP shows it; what it rests on is counted where it is, since it may be long."""
    enterprises, partners = (func.jsonb_array_length(MatchPlan.inputs[side]) for side in ("enterprises", "partners"))
    rows, columns = (await session.execute(select(enterprises, partners).where(MatchPlan.id == plan.id))).one()
    counts = select(func.count(), func.count(MatchMeeting.enterprise_id.distinct())).where(
        MatchMeeting.plan_id == plan.id
    )
    meetings, with_one = (await session.execute(counts)).one()
    version = select(MatchRelease.version).where(MatchRelease.plan_id == plan.id)
    return PlanOut(
        id=plan.id,
        event_id=plan.event_id,
        sequence=plan.sequence,
        cause="solve" if plan.cause == "solve" else "cancellation",
        based_on=plan.based_on,
        inputs_digest=plan.inputs_digest,
        enterprises=rows,
        partners=columns,
        meetings=meetings,
        enterprises_with_meetings=with_one,
        coverable=plan.coverable,
        total=plan.total,
        bound=plan.bound,
        gap_percent=_gap(plan),
        explanation=_explanation(rows, columns, meetings, with_one),
        computed_at=plan.computed_at,
        version=(await session.execute(version)).scalar_one_or_none(),
    )


def _gap(plan: MatchPlan) -> float | None:
    if plan.total is None or plan.bound is None:
        return None
    return 0.0 if plan.bound == plan.total else round(100 * (plan.bound - plan.total) / plan.bound, 4)


def _explanation(rows: int, columns: int, meetings: int, with_one: int) -> str:
    if not rows or not columns:
        missing = "企业" if not rows else "对接方"
        return f"尚无{missing}登记，没有可排的见面。"
    if not meetings:
        return f"{rows}家企业、{columns}个对接方，没有一对可以见面；每一对的原因见未配对说明。"
    without = rows - with_one
    rest = f"{without}家企业没有见面，原因见未配对说明。" if without else "每家企业都有见面。"
    return f"{rows}家企业、{columns}个对接方，排定{meetings}场；{rest}"


async def plan_page(session: AsyncSession, event_id: uuid.UUID, *, after: int | None, limit: int) -> PlanPage:
    """An event's plans, the newest first; the cursor is a sequence number."""
    statement = select(MatchPlan).where(MatchPlan.event_id == event_id)
    if after is not None:
        statement = statement.where(MatchPlan.sequence < after)
    found = list((await session.execute(statement.order_by(MatchPlan.sequence.desc()).limit(limit + 1))).scalars())
    items = [await plan_out(session, one) for one in found[:limit]]
    return PlanPage(items=items, next_cursor=items[-1].sequence if len(found) > limit else None)


def scoring_of(plan: MatchPlan) -> Scoring:
    """The plan's gathering under the present settings of its kind."""
    gathering, terms = Gathering.from_json(plan.inputs), match_terms()
    return Scoring(gathering, terms.kinds[gathering.kind], terms)


async def reason_page(
    session: AsyncSession, plan: MatchPlan, participant_id: uuid.UUID, *, after: uuid.UUID | None, limit: int
) -> ReasonPage:
    """Why a participant of the plan does not meet the others, the likeliest first; Problem `not_found`."""
    met = {(str(one.enterprise_id), str(one.partner_id)) for one in await meetings_of(session, plan.id)}
    found = await asyncio.to_thread(_reasons, plan, met, str(participant_id))
    names = {one["id"]: one["name"] for side in ("enterprises", "partners") for one in plan.inputs[side]}
    if after is not None:
        places = [at for at, one in enumerate(found) if one.other == str(after)]
        found = found[places[0] + 1 :] if places else []
    items = [
        ReasonOut(
            other_id=uuid.UUID(one.other), other=names[one.other], code=one.code, text=one.text, points=one.points
        )
        for one in found[:limit]
    ]
    return ReasonPage(items=items, next_cursor=items[-1].other_id if len(found) > limit else None)


def _reasons(plan: MatchPlan, met: set[tuple[str, str]], viewer: str) -> list[Reason]:
    scoring = scoring_of(plan)
    gathering = scoring.gathering
    present = {one.id for one in (*gathering.enterprises, *gathering.partners)}
    if viewer not in present:
        raise Problem(NOT_FOUND)
    # A meeting that took place before its other side cancelled is in the timetable still.
    met = {pair for pair in met if present.issuperset(pair)}
    return Reasons(scoring, met, partly=plan.cause == "cancellation").of(viewer)


def affinity_of(plan: MatchPlan, pair: PairIn) -> AffinityOut:
    """Why a pair of the plan is worth what it is; Problem `not_found`."""
    scoring = scoring_of(plan)
    gathering = scoring.gathering
    rows = {one.id: one for one in gathering.enterprises}
    columns = {one.id: (at, one) for at, one in enumerate(gathering.partners)}
    enterprise, found = rows.get(str(pair.enterprise_id)), columns.get(str(pair.partner_id))
    if enterprise is None or found is None:
        raise Problem(NOT_FOUND)
    column, partner = found
    scored = scoring.of(enterprise)
    parts = part_scores(scoring, enterprise, partner, scored, column)
    return AffinityOut(
        enterprise_id=pair.enterprise_id,
        partner_id=pair.partner_id,
        parts=[PartOut.model_validate(one, from_attributes=True) for one in parts],
        affinity=int(scored.row.points[column]),
        wishes=scored.bonus.get(column, 0),
        points=scored.points(column),
    )
