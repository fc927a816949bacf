"""Rows of evaluation's own ledgers behind a year's figures: financing, and what spot checks found (as `YearRows`)."""

from __future__ import annotations

from typing import Literal, TypeAlias

from sqlalchemy import BigInteger, Text, cast, literal, null, select

from services.evaluation.support.ledger import Wanted, is_counted, matching
from shared.models.evaluation import SpotCheckFact, SpotCheckFinding, SupportAction
from shared.models.reads import YearRows, YearSpan

Outcome: TypeAlias = Literal["verified", "contradicted"]


def financing(span: YearSpan, kinds: tuple[str, ...]) -> YearRows:
    """Support of these kinds with a day in the year, as it counts now; 分, NULL where the amount is unknown."""
    wanted = Wanted(first=span.first_day, last=span.last_day)
    return select(
        cast(SupportAction.id, Text).label("id"),
        SupportAction.city_code.label("city_code"),
        SupportAction.kind.label("part"),
        SupportAction.uscc.label("uscc"),
        SupportAction.happened_on.label("happened_on"),
        cast(SupportAction.amount_fen, BigInteger).label("value"),
    ).where(SupportAction.kind.in_(kinds), matching(wanted), is_counted())


def matched(span: YearSpan, kinds: tuple[str, ...]) -> YearRows:
    """Support of these kinds, which have no amounts, with a day in the year, as it counts now."""
    wanted = Wanted(first=span.first_day, last=span.last_day)
    return select(
        cast(SupportAction.id, Text).label("id"),
        SupportAction.city_code.label("city_code"),
        SupportAction.kind.label("part"),
        SupportAction.uscc.label("uscc"),
        SupportAction.happened_on.label("happened_on"),
        literal(1, BigInteger).label("value"),
    ).where(SupportAction.kind.in_(kinds), matching(wanted), is_counted())


def spot_check_findings(span: YearSpan, outcome: Outcome | None = None) -> YearRows:
    """Enterprises found on a day of the year to be as they had said, or not: by one false fact it is contradicted."""
    contradicted = (
        select(SpotCheckFact.fact)
        .where(SpotCheckFact.finding_id == SpotCheckFinding.id, SpotCheckFact.outcome == "contradicted")
        .exists()
    )
    statement = select(
        cast(SpotCheckFinding.id, Text).label("id"),
        SpotCheckFinding.city_code.label("city_code"),
        null().cast(Text).label("part"),
        SpotCheckFinding.uscc.label("uscc"),
        SpotCheckFinding.checked_on.label("happened_on"),
        literal(1, BigInteger).label("value"),
    ).where(SpotCheckFinding.checked_on.between(span.first_day, span.last_day))
    if outcome is None:
        return statement
    return statement.where(contradicted if outcome == "contradicted" else ~contradicted)
