"""Compute a selection plan from what is stored now; the same code proposes, validates and checks for staleness."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.rulebooks.rulebook import Rulebook
from services.evaluation.selection.allocation import Place, allocate
from services.evaluation.selection.ranking import Candidate, indicator_value, rank
from services.evaluation.selection.schemas import PlanSummary
from shared.canonical import canonical_text, sha256_hex
from shared.models.evaluation import Assessment, Membership, Pool
from shared.models.reads import PinnedCycle, present_codes, quotas_of, standing_snapshots

_ELIGIBLE = ("met", "deviation")


@dataclass(frozen=True, slots=True)
class Computation:
    """A plan before it is stored. `inputs_digest` covers everything that could change the outcome."""

    rulebook: Rulebook
    places: list[Place]
    quotas: dict[str, int]
    inputs_digest: str
    summary: PlanSummary

    def indicators(self, candidate: Candidate) -> dict[str, str | None]:
        """Each ranking indicator's exact value as text, such as "3/4"."""
        values = ((one.title, indicator_value(one, candidate.facts)) for one in self.rulebook.ranking)
        return {title: None if value is None else str(value) for title, value in values}


async def compute(session: AsyncSession, cycle: PinnedCycle, pool: Pool) -> Computation:
    """Rank the eligible of `cycle` and give the free places of `pool` (方案二(六)11).

    Locks the assessments it reads, so that no review changes them before the caller's transaction ends.
    """
    rulebook = await rulebook_of(session, cycle.rulebook_digest)
    candidates = await _candidates(session, cycle)
    quotas = await quotas_of(session, cycle.id)
    members = await _members(session, pool.code)
    free_places = pool.cap - pool.live - pool.kept
    ranked = rank(rulebook.ranking, candidates)
    places = allocate(ranked, free_places=free_places, quotas=quotas, members=members)
    inputs = {
        "cycle": str(cycle.id),
        "rulebook": rulebook.digest,
        "pool": pool.code,
        "cap": pool.cap,
        "live": pool.live,
        "kept": pool.kept,
        "quotas": quotas,
        "members": sorted(members),
        "candidates": [[one.assessment_id, one.receipt_digest, one.overall] for one in ranked],
    }
    summary = _summarise(places, pool, free_places)
    return Computation(rulebook, places, quotas, sha256_hex(canonical_text(inputs)), summary)


def _summarise(places: list[Place], pool: Pool, free_places: int) -> PlanSummary:
    def count(reason: str) -> int:
        return sum(place.reason == reason for place in places)

    return PlanSummary(
        eligible=len(places),
        admitted=count("admitted"),
        out_city_quota=count("city_quota"),
        out_pool_cap=count("pool_cap"),
        out_already_member=count("already_member"),
        cap=pool.cap,
        live_before=pool.live,
        free_places=free_places,
    )


async def _candidates(session: AsyncSession, cycle: PinnedCycle) -> list[Candidate]:
    statement = (
        select(Assessment)
        .where(
            Assessment.cycle_id == cycle.id,
            Assessment.current,
            Assessment.overall.in_(_ELIGIBLE),
            # What was withdrawn or sent back is no candidate, whatever it was judged as.
            Assessment.snapshot_id.in_(standing_snapshots(cycle.id)),
        )
        .order_by(Assessment.id)
        .with_for_update(read=True, of=Assessment)
    )
    rows = (await session.execute(statement)).scalars().all()
    present = await present_codes(session, {row.uscc for row in rows})
    return [
        Candidate(
            assessment_id=str(row.id),
            uscc=present[row.uscc],
            city_code=row.city_code,
            receipt_digest=row.receipt_digest,
            overall=row.overall,
            facts=json.loads(row.receipt)["facts"],
        )
        for row in rows
    ]


async def _members(session: AsyncSession, pool_code: str) -> set[str]:
    statement = select(Membership.uscc).where(Membership.pool_code == pool_code, func.upper_inf(Membership.during))
    # A member and a candidate are one enterprise under whichever code each was written down.
    return set((await present_codes(session, set((await session.execute(statement)).scalars()))).values())
