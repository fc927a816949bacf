"""What adjustment does with each member on a day: three-valued, exact, the same for one member or a million."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import polars as pl

from services.evaluation.adjustment.members import checked_members
from services.evaluation.adjustment.rule_sections import INCIDENT_KINDS
from services.evaluation.adjustment.rules import Graduation, Rules
from services.evaluation.adjustment.terms import term_columns
from services.evaluation.rulebooks.errors import FactError

Outcome: TypeAlias = Literal[
    "stay",
    "graduate",
    "exit",
    "exit_after_notice",
    "hold_graduation",
    "hold_exit",
    "unknown_graduation",
    "unknown_exit",
    "unknown",
]
"""`hold_…`: it would graduate or end, but for a person's hold. `unknown_…`: figures are missing for that question,
while the other is answered in the negative; `unknown`: for both. A member that is unknown stays.

Misconduct goes before all; then graduation; then the end for want of progress. An end for want of progress that is
known is not put off by a graduation that is unknown: withholding figures must not keep a member in.
"""
OUTCOMES = get_args(Outcome)
TESTS = (
    "rate_improved",
    "new_product",
    "sales_growth",
    "profit_growth",
    "product_growth",
    "no_progress",
    "misconduct",
)

_WIDE = pl.Int128()


def outcomes(rules: Rules, members: pl.DataFrame, on: date) -> pl.DataFrame:
    """Row by row as `members` (MEMBER_COLUMNS): membership_id, outcome, reason_code, graduation, exit, exit_reason, TESTS.

    Booleans are three-valued, null is unknown. `reason_code` is a kind of incident or no_progress for what ends (or is
    held from ending), else graduation_met, criteria_not_met, graduation_unknown, exit_unknown or both_unknown;
    `exit_reason` is the first ground for ending, whatever the outcome. Raises FactError.
    """
    frame = checked_members(members, on)
    if strange := set(frame["incident_kinds"].explode().drop_nulls().unique()) - set(INCIDENT_KINDS):
        raise FactError(f"no kinds of incident: {', '.join(sorted(strange))}")
    judged = (
        frame.lazy()
        .with_columns(_graduation_tests(rules.graduation), no_progress=_no_progress(rules, on), **_misconduct(rules))
        .with_columns(product_growth=pl.col("sales_growth") & pl.col("profit_growth"))
        .with_columns(
            graduation=_compiled(rules.graduation.grouping.sql),
            exit=pl.col("misconduct") | pl.col("no_progress"),
            exit_reason=_exit_reason(rules),
        )
        .with_columns(outcome=_outcome(rules))
        .with_columns(reason_code=_reason_code())
    )
    return judged.select(
        "membership_id", "outcome", "reason_code", "graduation", "exit", "exit_reason", *TESTS
    ).collect()


@lru_cache(maxsize=64)
def _compiled(sql: str) -> pl.Expr:
    return pl.sql_expr(sql)


def _graduation_tests(graduation: Graduation) -> list[pl.Expr]:
    grown = {
        "sales_growth": ("sales", graduation.sales_growth_percent),
        "profit_growth": ("profit", graduation.profit_growth_percent),
    }
    return [
        _rate_improved(graduation).alias("rate_improved"),
        (pl.col("new_intensive_products") >= graduation.new_products).alias("new_product"),
        *(_grown_by(what, percent).alias(name) for name, (what, percent) in grown.items()),
    ]


def _rate_improved(graduation: Graduation) -> pl.Expr:
    """Rates compared crosswise: a rate over no patents is unknown, and so is one of more than all of them."""
    before, after = (_rate_known(which) for which in ("baseline", "latest"))
    was = _wide("baseline_industrialised") * _wide("latest_valid")
    now = _wide("latest_industrialised") * _wide("baseline_valid")
    of = _wide("latest_valid") * _wide("baseline_valid")
    by_points = (now - was) * _number(100 * graduation.rate_points.denominator) >= of * _number(
        graduation.rate_points.numerator
    )
    factor = 1 + graduation.rate_relative_percent / 100
    relative = now * _number(factor.denominator) >= was * _number(factor.numerator)
    # From nothing no share of growth can be told.
    met = {"points": by_points, "relative": _unknown_unless(pl.col("baseline_industrialised") > 0, relative)}
    both = met["points"], met["relative"]
    wanted = {**met, "either": both[0] | both[1], "both": both[0] & both[1]}[graduation.rate_needs]
    return _unknown_unless(before & after, wanted)


def _rate_known(which: str) -> pl.Expr:
    valid = pl.col(f"{which}_valid")
    return (valid > 0) & (pl.col(f"{which}_industrialised") <= valid)


def _grown_by(what: str, percent: Fraction) -> pl.Expr:
    """At least so many percent more than the baseline. From zero or a loss no share can be told, but no growth can."""
    before, factor = pl.col(f"baseline_{what}"), 1 + percent / 100
    grown = _wide(f"latest_{what}") * _number(factor.denominator) >= _wide(f"baseline_{what}") * _number(
        factor.numerator
    )
    none = pl.when(pl.col(f"latest_{what}") <= before).then(pl.lit(value=False))
    return pl.when(before > 0).then(grown).otherwise(none)


def _no_progress(rules: Rules, on: date) -> pl.Expr:
    """The term has run out; known only where all progress is, but a term that still runs needs no more knowledge."""
    term = term_columns(rules)
    running = term["excused"] | (term["term_ends_on"] >= on)
    return pl.when(running).then(pl.lit(value=False)).when("progress_known").then(pl.lit(value=True))


def _misconduct(rules: Rules) -> dict[str, pl.Expr]:
    kinds = pl.col("incident_kinds")
    at_once = [one.kind for one in rules.exit.incidents if one.effect == "immediate"]
    immediate = kinds.list.set_intersection(at_once).list.len() > 0 if at_once else pl.lit(value=False)
    return {"misconduct": kinds.list.len() > 0, "_immediate": immediate}


def _exit_reason(rules: Rules) -> pl.Expr:
    """The first kind in the order of the rules, those of immediate effect before the others; else want of progress."""
    kinds = [
        pl.when(pl.col("incident_kinds").list.contains(one.kind)).then(pl.lit(one.kind)) for one in rules.exit.incidents
    ]
    return pl.coalesce(*kinds, pl.when("no_progress").then(pl.lit("no_progress")))


def _outcome(rules: Rules) -> pl.Expr:
    graduation, stalled = pl.col("graduation"), pl.col("no_progress")
    stall = "exit" if rules.exit.stall_effect == "immediate" else "exit_after_notice"
    return _first(
        (pl.col("misconduct") & pl.col("held_exit"), "hold_exit"),
        (pl.col("misconduct") & pl.col("_immediate"), "exit"),
        (pl.col("misconduct"), "exit_after_notice"),
        (graduation & pl.col("held_graduation"), "hold_graduation"),
        (graduation, "graduate"),
        (stalled & pl.col("held_exit"), "hold_exit"),
        (stalled, stall),
        (graduation.is_null() & stalled.is_null(), "unknown"),
        (graduation.is_null(), "unknown_graduation"),
        (stalled.is_null(), "unknown_exit"),
        otherwise="stay",
    )


def _reason_code() -> pl.Expr:
    outcome = pl.col("outcome")
    told = {
        "graduate": "graduation_met",
        "hold_graduation": "graduation_met",
        "stay": "criteria_not_met",
        "unknown_graduation": "graduation_unknown",
        "unknown_exit": "exit_unknown",
        "unknown": "both_unknown",
    }
    return outcome.replace_strict(told, default=pl.col("exit_reason"), return_dtype=pl.String)


def _first(*cases: tuple[pl.Expr, str], otherwise: str) -> pl.Expr:
    cascade = pl.lit(otherwise)
    for case, name in reversed(cases):
        cascade = pl.when(case).then(pl.lit(name)).otherwise(cascade)
    return cascade


def _unknown_unless(known: pl.Expr, value: pl.Expr) -> pl.Expr:
    return pl.when(known).then(value)


def _wide(column: str) -> pl.Expr:
    return pl.col(column).cast(_WIDE)


def _number(value: int) -> pl.Expr:
    return pl.lit(value, dtype=_WIDE)
