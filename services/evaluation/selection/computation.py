"""Compute a selection plan from what is stored now; the same code proposes, validates and checks for staleness."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Literal, cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.rulebooks.rulebook import Rulebook
from services.evaluation.rulebooks.scoring import score
from services.evaluation.selection.allocation import Place, Quota, ReservedPlaces, Terms, allocate
from services.evaluation.selection.errors import QUOTAS_EXCEED_CAP
from services.evaluation.selection.ranking import Candidate, rank
from services.evaluation.selection.schemas import PlanSummary
from shared.canonical import canonical_text, sha256_hex
from shared.errors import Problem
from shared.models.evaluation import Assessment, Membership, Pool
from shared.models.reads import PinnedCycle, places_of, present_codes, standing_snapshots

_ELIGIBLE = ("met", "deviation")


@dataclass(frozen=True, slots=True)
class Computation:
    """A plan before it is stored. `inputs_digest` covers everything that could change the outcome.

    `barred`: the codes of members, and of those whom an upheld objection keeps out.
    """

    rulebook: Rulebook
    ranked: list[Candidate]
    terms: Terms
    barred: set[str]
    places: list[Place]
    inputs_digest: str
    summary: PlanSummary


async def compute(session: AsyncSession, cycle: PinnedCycle, pool: Pool, struck: Collection[str]) -> Computation:
    """Rank the eligible of `cycle` and give the free places of `pool` (方案二(六)11).

    `struck`: assessments that upheld objections keep out. Locks the assessments it reads, so that no review changes them before the caller's transaction ends. Problem
    `quotas_exceed_cap` where the cycle promises more places than the pool has.
    """
    rulebook = await rulebook_of(session, cycle.rulebook_digest)
    ranked = rank(rulebook.ranking, await eligible_candidates(session, cycle, rulebook))
    terms = await _terms(session, cycle, pool)
    members = await _members(session, pool.code)
    objected = {one.uscc for one in ranked if one.assessment_id in struck}
    places = allocate(ranked, terms, members, objected)
    inputs = {
        "cycle": str(cycle.id),
        "rulebook": rulebook.digest,
        "pool": pool.code,
        "cap": pool.cap,
        "live": pool.live,
        "kept": pool.kept,
        "quotas": {city: [quota.minimum, quota.maximum] for city, quota in terms.quotas.items()},
        "reserved": [asdict(one) for one in terms.reserved],
        "members": sorted(members),
        "objected": sorted(objected - members),
        # In order of rank: what moves the order moves the digest.
        "candidates": [
            [one.assessment_id, one.receipt_digest, one.overall, str(one.score.total) if one.score else None]
            for one in ranked
        ],
    }
    digest = sha256_hex(canonical_text(inputs))
    return Computation(rulebook, ranked, terms, members | objected, places, digest, _summarise(places, terms, pool))


async def _terms(session: AsyncSession, cycle: PinnedCycle, pool: Pool) -> Terms:
    stored = await places_of(session, cycle.id)
    terms = Terms(
        free=pool.cap - pool.live - pool.kept,
        quotas={city: Quota(minimum, maximum) for city, (minimum, maximum) in stored.quotas.items()},
        reserved=tuple(
            ReservedPlaces(one.condition, one.places, cast('Literal["shared", "empty"]', one.unused))
            for one in stored.reserved
        ),
    )
    if terms.promised > pool.cap:
        raise Problem(
            QUOTAS_EXCEED_CAP, detail_en=f"{terms.promised} > {pool.cap}", detail_zh=f"{terms.promised} > {pool.cap}"
        )
    return terms


def _summarise(places: list[Place], terms: Terms, pool: Pool) -> PlanSummary:
    def count(reason: str) -> int:
        return sum(place.reason == reason for place in places)

    def by(kind: str) -> int:
        return sum(place.seat is not None and place.seat.kind == kind for place in places)

    return PlanSummary(
        eligible=len(places),
        admitted=count("admitted"),
        admitted_reserved=by("reserved"),
        admitted_minimum=by("minimum"),
        admitted_shared=by("shared"),
        out_city_quota=count("city_quota"),
        out_pool_cap=count("pool_cap"),
        out_already_member=count("already_member"),
        out_objection=count("objection"),
        out_reserved=count("reserved"),
        out_minimum=count("minimum"),
        cap=pool.cap,
        live_before=pool.live,
        free_places=terms.free,
        left_empty=terms.free - count("admitted"),
    )


async def eligible_candidates(session: AsyncSession, cycle: PinnedCycle, rulebook: Rulebook) -> list[Candidate]:
    """The standing applications of a cycle that were judged eligible, in no order; their assessments are locked."""
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
    return [_candidate(row, present[row.uscc], rulebook) for row in rows]


def _candidate(row: Assessment, uscc: str, rulebook: Rulebook) -> Candidate:
    facts = json.loads(row.receipt)["facts"]
    return Candidate(
        assessment_id=str(row.id),
        uscc=uscc,
        city_code=row.city_code,
        receipt_digest=row.receipt_digest,
        overall=row.overall,
        facts=facts,
        score=None if rulebook.scoring is None else score(rulebook.scoring, facts),
        reserves=frozenset(one.key for one in rulebook.reserves if one.holds(facts, row.city_code)),
    )


async def _members(session: AsyncSession, pool_code: str) -> set[str]:
    statement = select(Membership.uscc).where(Membership.pool_code == pool_code, func.upper_inf(Membership.during))
    # A member and a candidate are one enterprise under whichever code each was written down.
    return set((await present_codes(session, set((await session.execute(statement)).scalars()))).values())
