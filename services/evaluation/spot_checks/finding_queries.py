"""Reads of findings: a city's officers see those of their city."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.spot_checks.queries import draw_by_number, in_reach
from services.evaluation.spot_checks.schemas import FactFoundOut, FindingOut, FindingPage
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import SpotCheck, SpotCheckFact, SpotCheckFinding
from shared.security.actor import Actor


async def finding_by_id(session: AsyncSession, actor: Actor, finding_id: uuid.UUID) -> FindingOut:
    """One finding; Problem `not_found` outside reach."""
    row = (await session.execute(_findings(actor).where(SpotCheckFinding.id == finding_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return finding_shown(row[0], row[1], await facts_of(session, row[0].id))


async def finding_page(
    session: AsyncSession, actor: Actor, number: str, *, after: uuid.UUID | None, limit: int
) -> FindingPage:
    """Findings of a draw within reach, in the order in which they were recorded; Problem `not_found`."""
    draw = await draw_by_number(session, number)
    statement = _findings(actor).where(SpotCheck.id == draw.id).order_by(SpotCheckFinding.id).limit(limit + 1)
    if after is not None:
        statement = statement.where(SpotCheckFinding.id > after)
    rows = [row[0] for row in await session.execute(statement)]
    facts = await _facts_of_all(session, [one.id for one in rows[:limit]])
    items = [finding_shown(one, number, facts[one.id]) for one in rows[:limit]]
    return FindingPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def _findings(actor: Actor) -> Select[SpotCheckFinding, str]:
    return (
        select(SpotCheckFinding, SpotCheck.number)
        .join(SpotCheck, SpotCheck.id == SpotCheckFinding.spot_check_id)
        .where(in_reach(actor, SpotCheckFinding.city_code))
    )


async def facts_of(session: AsyncSession, finding_id: uuid.UUID) -> list[SpotCheckFact]:
    return (await _facts_of_all(session, [finding_id]))[finding_id]


async def _facts_of_all(session: AsyncSession, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[SpotCheckFact]]:
    statement = select(SpotCheckFact).where(SpotCheckFact.finding_id.in_(ids)).order_by(SpotCheckFact.fact)
    found: dict[uuid.UUID, list[SpotCheckFact]] = defaultdict(list)
    for one in (await session.execute(statement)).scalars():
        found[one.finding_id].append(one)
    return found


def finding_shown(finding: SpotCheckFinding, number: str, facts: Sequence[SpotCheckFact]) -> FindingOut:
    own = ("id", "uscc", "city_code", "checked_on", "document", "summary", "found_by", "found_at", "digest")
    return FindingOut.model_validate(
        {name: getattr(finding, name) for name in own}
        | {
            "number": number,
            "contradicted": any(one.outcome == "contradicted" for one in facts),
            "facts": [_fact(one) for one in sorted(facts, key=lambda one: one.fact)],
        }
    )


def _fact(one: SpotCheckFact) -> FactFoundOut:
    known = catalogue().get(one.fact)
    return FactFoundOut(
        fact=one.fact,
        title=one.fact if known is None else known.title,
        outcome=one.outcome,  # pyright: ignore[reportArgumentType] (a CHECK keeps it to these words)
        claimed=one.claimed["value"],
        found=one.found["value"],
        statement_id=one.statement_id,
    )
