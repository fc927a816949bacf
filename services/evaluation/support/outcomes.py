"""What members with and without a kind of support reported before and after: a comparison, not an effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from statistics import quantiles
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.support.errors import KIND_UNKNOWN, PERIOD_UNKNOWN, PERIODS_REVERSED
from services.evaluation.support.kinds import support_data
from services.evaluation.support.ledger import is_counted
from services.evaluation.support.money import fen_of
from services.evaluation.support.outcome_schemas import GroupOut, Measure, OutcomesOut
from shared.errors import Problem
from shared.models.evaluation import SupportAction
from shared.models.reads import (
    AcceptedReport,
    PeriodOnRecord,
    accepted_reports_on,
    members_during,
    present_codes,
    reporting_periods,
)
from shared.security.actor import Actor

_FOUR_DECIMALS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Pair:
    """Accepted reports of one member on the earlier and the later period; None where there is none."""

    before: AcceptedReport | None
    after: AcceptedReport | None


async def outcomes(session: AsyncSession, actor: Actor, kind: str, before: str, after: str) -> OutcomesOut:
    """Members with and without counted support of a kind after the earlier period ended and by the later one's end.

    Members are those of the pool at any moment from the beginning of the earlier period to the end of the later one; a
    city's officers see the members whose place was given to their city.
    """
    if kind not in support_data().kinds:
        raise Problem(KIND_UNKNOWN)
    first, last = await _periods(session, before, after)
    members = await members_during(session, first.pool_code, first.covers_from, last.covers_to)
    ours = [one.uscc for one in members if actor.city_code in (None, one.city_code)]
    days = await _days_of_support(session, kind, ours)
    supported, undated = _supported(days, first, last)
    pairs = await _pairs(session, ours, first.code, last.code)
    comparable = _are_comparable(first, last)
    without = set(ours) - supported - undated
    return OutcomesOut(
        kind=kind,
        title=support_data().kinds[kind].title,
        before=first.code,
        after=last.code,
        basis=support_data().basis,
        with_support=_group([pairs[uscc] for uscc in ours if uscc in supported], comparable=comparable),
        without_support=_group([pairs[uscc] for uscc in ours if uscc in without], comparable=comparable),
        day_unknown=len(undated),
    )


def industrialisation_change(pair: Pair) -> Fraction | None:
    """Change of 专利产业化率 in percentage points; None where either report does not tell it."""
    before, after = _rate(pair.before), _rate(pair.after)
    return None if before is None or after is None else (after - before) * 100


def revenue_change(pair: Pair) -> Fraction | None:
    """Change of revenue in percent of the earlier one; None where it is unknown, or was nothing before."""
    before, after = _revenue(pair.before), _revenue(pair.after)
    return None if not before or after is None else Fraction(after - before, before) * 100


def measure(changes: Sequence[Fraction | None]) -> Measure:
    """How many are known, how many are not, and the quartiles of the known ones (inclusive), to four decimals."""
    known = sorted(one for one in changes if one is not None)
    low, middle, high = quantiles(known, n=4, method="inclusive") if len(known) > 1 else (known or [None]) * 3
    return Measure(
        known=len(known),
        unknown=len(changes) - len(known),
        lower_quartile=_text(low),
        median=_text(middle),
        upper_quartile=_text(high),
    )


def _group(pairs: Sequence[Pair], *, comparable: bool) -> GroupOut:
    return GroupOut(
        members=len(pairs),
        revenue_change_percent=measure([revenue_change(one) if comparable else None for one in pairs]),
        industrialisation_change_points=measure([industrialisation_change(one) for one in pairs]),
    )


async def _periods(session: AsyncSession, before: str, after: str) -> tuple[PeriodOnRecord, PeriodOnRecord]:
    found = await reporting_periods(session, [before, after])
    if before not in found or after not in found or found[before].pool_code != found[after].pool_code:
        raise Problem(PERIOD_UNKNOWN)
    if found[before].covers_to >= found[after].covers_from:
        raise Problem(PERIODS_REVERSED)
    return found[before], found[after]


async def _days_of_support(session: AsyncSession, kind: str, usccs: Iterable[str]) -> dict[str, set[Any]]:
    """Days of counted support of a kind by present code; a day may be None."""
    ours = set(usccs)
    statement = select(SupportAction.uscc, SupportAction.happened_on).where(SupportAction.kind == kind, is_counted())
    rows = list(await session.execute(statement))
    present = await present_codes(session, {uscc for uscc, _ in rows})
    days: dict[str, set[Any]] = {}
    for uscc, day in rows:
        if present[uscc] in ours:
            days.setdefault(present[uscc], set()).add(day)
    return days


def _supported(days: Mapping[str, set[Any]], first: PeriodOnRecord, last: PeriodOnRecord) -> tuple[set[str], set[str]]:
    """Who was supported between the periods' ends, and who perhaps was: on a day that nobody knows."""
    supported = {
        uscc
        for uscc, of_one in days.items()
        if any(day is not None and first.covers_to < day <= last.covers_to for day in of_one)
    }
    return supported, {uscc for uscc, of_one in days.items() if None in of_one} - supported


async def _pairs(session: AsyncSession, usccs: Iterable[str], before: str, after: str) -> dict[str, Pair]:
    reports = {(one.uscc, one.period): one for one in await accepted_reports_on(session, [before, after])}
    return {uscc: Pair(reports.get((uscc, before)), reports.get((uscc, after))) for uscc in usccs}


def _are_comparable(first: PeriodOnRecord, last: PeriodOnRecord) -> bool:
    days = [(one.covers_to - one.covers_from).days for one in (first, last)]
    return abs(days[0] - days[1]) <= support_data().comparable_days


def _rate(report: AcceptedReport | None) -> Fraction | None:
    patents = {} if report is None else report.form.get("patents") or {}
    valid, industrialised = patents.get("valid_count"), patents.get("industrialised_count")
    return None if not valid or industrialised is None else Fraction(industrialised, valid)


def _revenue(report: AcceptedReport | None) -> int | None:
    finance = {} if report is None else report.form.get("finance") or {}
    return fen_of(finance.get("revenue_cny"))


def _text(value: Fraction | None) -> str | None:
    if value is None:
        return None
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{decimal.quantize(_FOUR_DECIMALS, ROUND_HALF_EVEN) + 0:f}"
