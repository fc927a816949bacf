"""Judge facts by a rulebook: three-valued, exact, and the same for one application or a million."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import polars as pl

from services.evaluation.rulebooks.frames import checked_facts
from services.evaluation.rulebooks.rulebook import Criterion, Part, Rulebook, Verdict

_UNKNOWN = pl.lit(None, dtype=pl.Boolean)
_WORST_FIRST: tuple[Verdict, ...] = ("not_met", "unknown", "deviation", "met")


def judge(rulebook: Rulebook, facts: pl.DataFrame) -> pl.DataFrame:
    """One Boolean column per part, named by its id ("5.rate"); null is unknown. Rows as in `facts`.

    `facts` has a column per catalogued fact (money in 分); absent columns are unknown, others ignored.
    A judgement's test can fail it but never meet it: that takes a finding. Raises FactError, and ValueError for a
    rulebook with transitional clauses that has not been told the day (`Rulebook.on`).
    """
    if rulebook.transitions:
        raise ValueError(f"{rulebook.id} has transitional clauses: judge by rulebook.on(assessed_on)")
    return checked_facts(facts).with_columns(*map(_verdict, rulebook.parts)).select(part.id for part in rulebook.parts)


def judge_by_day(rulebook: Rulebook, facts: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    """`judge`, each row as of its own day of assessment. Raises as `judge`, ValueError when the lengths differ."""
    if len(days) != facts.height:
        raise ValueError(f"{len(days)} days for {facts.height} rows of facts")
    if not rulebook.transitions:
        return judge(rulebook, facts)
    rows: dict[date, list[int]] = {}
    for row, day in enumerate(days):
        rows.setdefault(day, []).append(row)
    judged = [judge(rulebook.on(day), facts[at]).with_columns(row=pl.Series(at)) for day, at in rows.items()]
    return pl.concat(judged).sort("row").drop("row") if judged else judge(rulebook.on(date.min), facts)


def _verdict(part: Part) -> pl.Expr:
    tested = _UNKNOWN if part.sql is None else _compiled(part.sql)
    # Kleene: false AND unknown is false, true AND unknown is unknown.
    return (tested & _UNKNOWN if part.kind == "judgement" else tested).alias(part.id)


# Rulebooks come from outside too (impact): what is kept of them has an end.
@lru_cache(maxsize=2048)
def _compiled(sql: str) -> pl.Expr:
    return pl.sql_expr(sql)


def criterion_verdicts(rulebook: Rulebook, parts: pl.DataFrame) -> pl.DataFrame:
    """From `judge`'s columns: a Boolean per criterion ("1", "2"…; Kleene's AND of its parts) and `overall`.

    `overall` is text: not_met, unknown or met. It equals `conclude` without findings and deviations.
    """
    criteria = parts.select(pl.all_horizontal(_ids(c)).alias(str(c.number)) for c in rulebook.criteria)
    return criteria.with_columns(overall=verdict_text(pl.all_horizontal(criteria.columns)))


def _ids(criterion: Criterion) -> list[str]:
    return [part.id for part in criterion.parts]


def verdict_text(met: pl.Expr) -> pl.Expr:
    """A Boolean as met, not_met or unknown."""
    return pl.when(met).then(pl.lit("met")).when(~met).then(pl.lit("not_met")).otherwise(pl.lit("unknown"))


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The verdict on each criterion by number, and on the application."""

    criteria: Mapping[int, Verdict]
    overall: Verdict


def conclude(
    parts: Mapping[str, bool | None],
    rulebook: Rulebook,
    findings: Mapping[str, bool],
    deviations: Collection[str],
) -> Conclusion:
    """One application's conclusion after review. `parts` are `judge`'s values by part id.

    A finding settles a part that is unknown; a deviation excuses an 原则上 part that is not met (附件2, 3, 4).
    Raises ValueError when either is given for any other part: computed verdicts are not overridden.
    """
    settled = settle(parts, rulebook, findings)
    verdicts = _excused(settled, rulebook, deviations)
    criteria: dict[int, Verdict] = {
        c.number: worst(verdicts[part_id] for part_id in _ids(c)) for c in rulebook.criteria
    }
    return Conclusion(criteria, worst(criteria.values()))


def settle(
    parts: Mapping[str, bool | None], rulebook: Rulebook, findings: Mapping[str, bool]
) -> dict[str, bool | None]:
    """The parts with findings filled in. Raises ValueError for parts unknown to the rulebook or settled already."""
    ids = [part.id for part in rulebook.parts]
    if strange := parts.keys() ^ set(ids):
        raise ValueError(f"not the parts of {rulebook.id}: {sorted(strange)}")
    if wrong := [part_id for part_id in findings if part_id not in parts or parts[part_id] is not None]:
        raise ValueError(f"a finding settles only what is unknown: {sorted(wrong)}")
    return {part_id: findings.get(part_id, parts[part_id]) for part_id in ids}


def _excused(settled: Mapping[str, bool | None], rulebook: Rulebook, deviations: Collection[str]) -> dict[str, Verdict]:
    excusable = {part.id for part in rulebook.parts if part.kind == "in_principle" and settled[part.id] is False}
    if wrong := set(deviations) - excusable:
        raise ValueError(f"a deviation excuses only what is asked in principle and not met: {sorted(wrong)}")
    return {part_id: "deviation" if part_id in deviations else _verdict_of(met) for part_id, met in settled.items()}


def _verdict_of(met: bool | None) -> Verdict:
    return "unknown" if met is None else "met" if met else "not_met"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """not_met before unknown before deviation before met."""
    given = set(verdicts)
    return next(verdict for verdict in _WORST_FIRST if verdict in given)
