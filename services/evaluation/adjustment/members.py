"""The frame that adjustment judges: one row per live episode, typed, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

import polars as pl

from services.evaluation.rulebooks.catalogue import FACT_LIMIT
from services.evaluation.rulebooks.errors import FactError

_COUNTS = (
    "baseline_industrialised",
    "baseline_valid",
    "latest_industrialised",
    "latest_valid",
    "new_intensive_products",
    "baseline_sales",
    "latest_sales",
)
# A year may end in a loss; counts and sales are never below zero.
_PROFITS = ("baseline_profit", "latest_profit")
_MAY_BE_UNKNOWN = frozenset({*_COUNTS, *_PROFITS, "progress_on"})

MEMBER_COLUMNS: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "membership_id": pl.String(),
        "uscc": pl.String(),
        "city_code": pl.String(),
        "admitted_on": pl.Date(),
        **dict.fromkeys(_COUNTS, pl.Int64()),
        **dict.fromkeys(_PROFITS, pl.Int64()),
        "progress_on": pl.Date(),
        "progress_known": pl.Boolean(),
        "incident_kinds": pl.List(pl.String()),
        "held_graduation": pl.Boolean(),
        "held_exit": pl.Boolean(),
    }
)
"""Baselines are those frozen at admission; amounts are 分 a year of recognised products, the same products in both.

`new_intensive_products` were recognised since admission. `progress_on` is the last day of substantive progress;
`progress_known` says that everything up to the day judged is on record, so that no day means no progress.
`incident_kinds` are confirmed and not cured. Null is unknown, in counts, amounts and `progress_on` only.
"""


def members_frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The rows as a frame of MEMBER_COLUMNS; figures that a row does not name are unknown. Raises FactError."""
    if strange := set[str]().union(*rows) - MEMBER_COLUMNS.keys():
        raise FactError(f"not columns of members: {', '.join(sorted(strange))}")
    try:
        return pl.DataFrame(
            [
                pl.Series(name, [row.get(name) for row in rows], dtype=kind, strict=True)
                for name, kind in MEMBER_COLUMNS.items()
            ]
        )
    except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
        raise FactError(f"members: {error}") from None


def checked_members(members: pl.DataFrame, on: date) -> pl.DataFrame:
    """The columns of MEMBER_COLUMNS, in order; others are dropped.

    Raises FactError for a column missing or of another type, an id twice, a gap where none may be, a number out of
    range (to which the comparisons are proved not to overflow), and days after `on`.
    """
    for name, kind in MEMBER_COLUMNS.items():
        if members.schema.get(name) != kind:
            raise FactError(f"{name} must be {kind}, not {members.schema.get(name)}")
    frame = members.select(list(MEMBER_COLUMNS))
    found = frame.select(_faults(on)).row(0, named=True)
    if wrong := [f"{name} at row {row}" for name, row in found.items() if row is not None]:
        raise FactError(f"not to be judged: {', '.join(wrong)}")
    if frame["membership_id"].n_unique() != frame.height:
        raise FactError("a membership stands twice")
    return frame


def _faults(on: date) -> list[pl.Expr]:
    """For each column the first row at fault, or null."""
    kinds = pl.col("incident_kinds")
    tests = {
        **{name: pl.col(name).is_null() for name in MEMBER_COLUMNS if name not in _MAY_BE_UNKNOWN},
        **{name: ~pl.col(name).is_between(0, FACT_LIMIT) for name in _COUNTS},
        **{name: ~pl.col(name).is_between(-FACT_LIMIT, FACT_LIMIT) for name in _PROFITS},
        "incident_kinds": kinds.is_null() | (kinds.list.drop_nulls().list.len() < kinds.list.len()),
        "progress_on": pl.col("progress_on") > on,
        "admitted_on": pl.col("admitted_on").is_null() | (pl.col("admitted_on") > on),
    }
    return [test.arg_true().first().alias(name) for name, test in tests.items()]
