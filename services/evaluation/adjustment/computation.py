"""Compute an adjustment from what is stored: the same code proposes, validates, asks what if, and checks for staleness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.actions import Action, action_for
from services.evaluation.adjustment.credit_ledger import CityCredits, cities_after, good_on, ledger
from services.evaluation.adjustment.credit_rules import minted
from services.evaluation.adjustment.errors import CREDITS_LACKING
from services.evaluation.adjustment.members import members_frame
from services.evaluation.adjustment.outcomes import outcomes
from services.evaluation.adjustment.plan_schemas import AdjustmentSummary
from services.evaluation.adjustment.receipts import receipts
from services.evaluation.adjustment.replacements import Means, Replacement, replacements, waiting_in
from services.evaluation.adjustment.rules import Rules
from services.evaluation.adjustment.standing import Member, standing_members
from shared.calendar import business_date
from shared.canonical import canonical_text, sha256_hex
from shared.errors import Problem
from shared.models.evaluation import Pool
from shared.models.reads import PinnedCycle

_LEAVING = ("graduate", "exit")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be computed: rules, day, moment of knowledge, the candidates' cycle, and what may be spent.

    `of_the_past`: occupancy is that of the day, not of now.
    """

    rules: Rules
    on: date
    known_at: datetime
    cycle: PinnedCycle | None = None
    spend: Mapping[str, int] | None = None
    of_the_past: bool = False

    @property
    def incidents_on(self) -> date:
        """Misconduct counts up to the day of the commit: nobody graduates past what is confirmed by then."""
        return self.on if self.of_the_past else max(self.on, business_date(self.known_at))


@dataclass(frozen=True, slots=True)
class MemberLine:
    """What becomes of one member, and its receipt."""

    member: Member
    outcome: Mapping[str, Any]
    action: Action
    receipt: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """All three of 出库, 退库 and 滚动培育, before it is stored. `inputs_digest` covers all that could change it."""

    asked: Asked
    members: Sequence[MemberLine]
    candidates: Sequence[Replacement]
    credits: Sequence[CityCredits]
    inputs_digest: str
    summary: AdjustmentSummary


async def compute(session: AsyncSession, pool: Pool, asked: Asked) -> Adjustment:
    """The whole adjustment of a pool on a day. Problem `credits_lacking` where more is to be spent than a city has."""
    standing = await standing_members(
        session, asked.rules, pool.code, asked.on, asked.known_at, incidents_on=asked.incidents_on
    )
    lines = _judged(asked, standing)
    entries = await ledger(session, pool.code, asked.known_at)
    graduates = Counter(one.member.city_code for one in lines if one.action.action == "graduate")
    good = {city: good_on(of_city, asked.on) for city, of_city in entries.items()}
    for one in minted(asked.rules, graduates, asked.on):
        good[one.city_code] = good.get(one.city_code, 0) + one.credits
    _refuse_overspending(asked.spend, good)
    leaving = sum(one.action.action in _LEAVING for one in lines)
    live = len(standing) if asked.of_the_past else pool.live
    means = Means(good, asked.spend, pool.cap - live - pool.kept + leaving)
    candidates: list[Replacement] = []
    if asked.cycle is not None:
        waiting = await waiting_in(session, pool.code, asked.cycle, asked.incidents_on, asked.known_at)
        candidates = replacements(waiting, frozenset(one.uscc for one in standing), means)
    spent = Counter(one.candidate.city_code for one in candidates if one.action == "admit")
    cities = cities_after(asked.rules, entries, graduates, spent, asked.on)
    return Adjustment(
        asked,
        lines,
        candidates,
        cities,
        _digest(pool, asked, lines, candidates, cities),
        _summarise(pool, live, lines, candidates, cities),
    )


def _judged(asked: Asked, standing: Sequence[Member]) -> list[MemberLine]:
    frame = members_frame([one.row for one in standing])
    judged = outcomes(asked.rules, frame, asked.on)
    told = receipts(asked.rules, frame, judged, asked.on)
    return [
        MemberLine(member, outcome, action_for(asked.rules, member, outcome), receipt)
        for member, outcome, receipt in zip(standing, judged.iter_rows(named=True), told, strict=True)
    ]


def _refuse_overspending(spend: Mapping[str, int] | None, good: Mapping[str, int]) -> None:
    lacking = {city: wanted for city, wanted in (spend or {}).items() if wanted > good.get(city, 0)}
    if lacking:
        told = "、".join(f"{city}：拟用 {wanted} 个，仅有 {good.get(city, 0)} 个" for city, wanted in lacking.items())
        in_english = ", ".join(f"{city}: {wanted} of {good.get(city, 0)}" for city, wanted in lacking.items())
        raise Problem(CREDITS_LACKING, detail_zh=told, detail_en=in_english)


def _digest(
    pool: Pool,
    asked: Asked,
    lines: Sequence[MemberLine],
    candidates: Sequence[Replacement],
    cities: Sequence[CityCredits],
) -> str:
    inputs = {
        "pool": [pool.code, pool.cap, pool.live, pool.kept],
        "rules": asked.rules.digest,
        "on": asked.on.isoformat(),
        "cycle": None if asked.cycle is None else str(asked.cycle.id),
        "spend": None if asked.spend is None else dict(asked.spend),
        # Receipts hold every figure; actions hold what people said of it.
        "members": [[sha256_hex(one.receipt), *_told(one.action)] for one in lines],
        "candidates": [
            [one.candidate.assessment_id, one.candidate.receipt_digest, one.candidate.overall, one.action]
            for one in candidates
        ],
        "credits": [[one.city_code, one.before, one.expired, one.minted, one.spent] for one in cities],
    }
    return sha256_hex(canonical_text(inputs))


def _told(action: Action) -> tuple[str, str | None, str | None]:
    hold, notice = action.hold, action.notice
    return action.action, None if hold is None else str(hold.id), None if notice is None else str(notice.id)


def _summarise(
    pool: Pool,
    live: int,
    lines: Sequence[MemberLine],
    candidates: Sequence[Replacement],
    cities: Sequence[CityCredits],
) -> AdjustmentSummary:
    done = Counter[str](one.action.action for one in lines)
    out = Counter[str](one.action for one in candidates)
    return AdjustmentSummary(
        members=len(lines),
        graduate=done["graduate"],
        exit=done["exit"],
        give_notice=done["give_notice"],
        await_decision=done["await_decision"],
        kept=done["kept"],
        held=done["held"],
        unknown=done["unknown"],
        stay=done["stay"],
        candidates=len(candidates),
        admit=out["admit"],
        no_credit=out["no_credit"],
        not_spent=out["not_spent"],
        pool_cap=out["pool_cap"],
        held_out=out["held_out"],
        objected=out["objected"],
        incident=out["incident"],
        cap=pool.cap,
        kept_places=pool.kept,
        live_before=live,
        live_after=live - done["graduate"] - done["exit"] + out["admit"],
        credits_before=sum(one.before for one in cities),
        credits_expired=sum(one.expired for one in cities),
        credits_minted=sum(one.minted for one in cities),
        credits_spent=sum(one.spent for one in cities),
        credits_after=sum(one.after for one in cities),
    )
