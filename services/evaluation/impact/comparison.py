"""Past decisions judged again by another rulebook: all of a batch at once, straight from the stored receipts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.frames import column_type
from services.evaluation.rulebooks.judge import judge
from services.evaluation.rulebooks.rulebook import Criterion, Part, Rulebook, Verdict

# The worst first, so that the verdict on a whole is the least of its members'.
VERDICT_OF_CODE: tuple[Verdict, ...] = ("not_met", "unknown", "deviation", "met")
_NOT_MET, _UNKNOWN, _DEVIATION, _MET = (pl.lit(code, dtype=pl.Int8) for code in range(4))

Matrix: TypeAlias = Counter[tuple[Verdict, Verdict]]
"""How many decisions went from the first verdict to the second."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A batch under both rulebooks.

    `rows` has the decisions that change: `position` in the batch, and whether there is another verdict on the whole
    (`overall`) and on a `criterion` that both rulebooks have. `criteria`: by key, verdicts before and after.
    `after_parts`: `judge`'s, of every decision. Set aside are findings and deviations that no longer apply.
    """

    matrix: Matrix
    criteria: Mapping[str, Matrix]
    rows: pl.DataFrame
    after_parts: pl.DataFrame
    findings_set_aside: int
    deviations_set_aside: int


def compare(before: Rulebook, after: Rulebook, decisions: pl.DataFrame) -> Compared:
    """`decisions`: texts `receipt` (judged by `before`), `findings` and `deviations` (JSON objects by part id, or null).

    Findings fill in what is unknown, deviations excuse what is asked in principle and not met, under either rulebook:
    by `before` that is what was decided, by `after` what would have been. Nothing computed is overridden.
    Both rulebooks as of the decisions' day of assessment (`Rulebook.on`).
    Raises FactError and pl.exceptions.PolarsError for receipts that hold no such facts.
    """
    facts, parts = read_receipts(decisions["receipt"], before)
    findings, deviations = (_answers(decisions[name], before) for name in ("findings", "deviations"))
    judged = judge(after, facts)
    carried = carried_parts(before, after)
    old = _codes(before, parts, findings, deviations)
    new_findings, new_deviations = _carry(findings, after, carried), _carry(deviations, after, carried)
    new = _codes(after, judged, new_findings, new_deviations)
    old_criteria, new_criteria = _criteria(before, old), _criteria(after, new)
    whole = pl.DataFrame({"before": old_criteria.min_horizontal(), "after": new_criteria.min_horizontal()})
    shared = [key for key in old_criteria.columns if key in new_criteria.columns]
    whole = whole.with_columns(*((old_criteria[key] != new_criteria[key]).alias(f"differs {key}") for key in shared))
    rows = whole.with_row_index("position").select(
        "position",
        overall=pl.col("before") != pl.col("after"),
        criterion=pl.any_horizontal(pl.lit(value=False), *(f"differs {key}" for key in shared)),
    )
    return Compared(
        matrix=_matrix(whole["before"], whole["after"]),
        criteria={key: _matrix(old_criteria[key], new_criteria[key]) for key in shared},
        rows=rows.filter(pl.col("overall") | pl.col("criterion")),
        after_parts=judged,
        findings_set_aside=_given(findings) - _applied(judged, new_findings),
        deviations_set_aside=_given(deviations) - _excused(new),
    )


def read_receipts(texts: pl.Series, rulebook: Rulebook) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The facts (every catalogued one; null where a receipt lacks it) and the parts of many receipts, row by row."""
    facts = pl.Struct({fact.name: column_type(fact) for fact in catalogue().values()})
    parts = pl.Struct({part.id: pl.Boolean for part in rulebook.parts})
    decoded = texts.str.json_decode(pl.Struct({"facts": facts, "parts": parts})).struct.unnest()
    return decoded["facts"].struct.unnest(), decoded["parts"].struct.unnest()


def part_names(rulebook: Rulebook) -> dict[str, str]:
    """Part id by the name that survives renumbering: the criterion's key and the part's."""
    return {part_name(criterion, part): part.id for criterion in rulebook.criteria for part in criterion.parts}


def part_name(criterion: Criterion, part: Part) -> str:
    return f"{criterion.key}.{part.key}"


def carried_parts(before: Rulebook, after: Rulebook) -> dict[str, str]:
    """Part ids of `before` by those of `after`, for the parts that both have."""
    old = part_names(before)
    return {id_: old[name] for name, id_ in part_names(after).items() if name in old}


def _answers(texts: pl.Series, rulebook: Rulebook) -> pl.DataFrame:
    """A Boolean column per part; null where nothing was said."""
    answers = pl.Struct({part.id: pl.Boolean for part in rulebook.parts})
    return texts.cast(pl.String).str.json_decode(answers).struct.unnest()


def _carry(answers: pl.DataFrame, after: Rulebook, carried: Mapping[str, str]) -> pl.DataFrame:
    nothing = pl.Series([None] * answers.height, dtype=pl.Boolean)
    return pl.DataFrame(
        [(answers[carried[part.id]] if part.id in carried else nothing).alias(part.id) for part in after.parts]
    )


def _codes(rulebook: Rulebook, parts: pl.DataFrame, findings: pl.DataFrame, deviations: pl.DataFrame) -> pl.DataFrame:
    """The verdict code of each part, as `conclude` has it for one application."""
    frame = pl.concat(
        [parts, findings.rename(lambda id_: f"found {id_}"), deviations.rename(lambda id_: f"excused {id_}")],
        how="horizontal",
    )
    return frame.select(_code(part) for part in rulebook.parts)


def _code(part: Part) -> pl.Expr:
    value = pl.coalesce(part.id, f"found {part.id}")
    excusable = part.kind == "in_principle"
    failed = pl.when(pl.col(f"excused {part.id}")).then(_DEVIATION).otherwise(_NOT_MET) if excusable else _NOT_MET
    return pl.when(value).then(_MET).when(value.is_null()).then(_UNKNOWN).otherwise(failed).alias(part.id)


def _criteria(rulebook: Rulebook, codes: pl.DataFrame) -> pl.DataFrame:
    return codes.select(
        pl.min_horizontal([part.id for part in criterion.parts]).alias(criterion.key) for criterion in rulebook.criteria
    )


def _matrix(before: pl.Series, after: pl.Series) -> Matrix:
    counted = pl.DataFrame({"before": before, "after": after}).group_by("before", "after").len()
    return Counter({(VERDICT_OF_CODE[old], VERDICT_OF_CODE[new]): count for old, new, count in counted.iter_rows()})


def _given(answers: pl.DataFrame) -> int:
    return sum(answers.height - column.null_count() for column in answers)


def _applied(judged: pl.DataFrame, findings: pl.DataFrame) -> int:
    return sum(int((judged[name].is_null() & findings[name].is_not_null()).sum()) for name in judged.columns)


def _excused(codes: pl.DataFrame) -> int:
    return sum(int((column == VERDICT_OF_CODE.index("deviation")).sum()) for column in codes)
