"""Enterprise size by 《中小企业划型标准规定》 (工信部联企业〔2011〕300号): 16 groups, None where unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

import polars as pl

from shared.reference.industries import industry_classes
from shared.reference.tables import national_table

SizeClass: TypeAlias = Literal["micro", "small", "medium", "large"]
SIZE_CLASSES: tuple[SizeClass, ...] = get_args(SizeClass)

FEN_PER_WAN_YUAN = 1_000_000
# The table's indicators, the columns they are read from, and how many of our units make one of the table's.
_COLUMNS = {"employees": "employees", "revenue": "revenue_cny", "total_assets": "total_assets_cny"}
_SCALES = {"人": 1, "万元": FEN_PER_WAN_YUAN}


@dataclass(frozen=True, slots=True)
class Indicator:
    """Lower limits of small, medium and large for one column, in 人 or 分; a value at a limit has reached it."""

    column: str
    limits: tuple[int, int, int]

    def grade(self, value: int) -> int:
        """0 micro to 3 large, by this indicator alone."""
        return sum(value >= limit for limit in self.limits)


@cache
def groups() -> Mapping[int, tuple[Indicator, ...]]:
    """The 16 groups of industries by number, each with its one or two indicators."""
    found: dict[int, tuple[Indicator, ...]] = {}
    for row in national_table("sme-size-classes"):
        small, medium, large = (
            int(row[name]) * _SCALES[row["unit"]] for name in ("small_min", "medium_min", "large_min")
        )
        number = int(row["group_no"])
        found[number] = (*found.get(number, ()), Indicator(_COLUMNS[row["indicator"]], (small, medium, large)))
    return MappingProxyType(found)


@cache
def group_of_class() -> Mapping[str, int]:
    """Group number by industry class; classes the standard does not cover, or covers ambiguously (704), are absent."""
    included = {
        row["gb4754_code"]: int(row["group_no"])
        for row in national_table("sme-industry-map")
        if row["rule"] == "include"
    }
    nearest = {one.code: [included[code] for code in one.codes if code in included] for one in industry_classes()}
    return MappingProxyType({code: numbers[0] for code, numbers in nearest.items() if numbers})


def size_class(
    industry_class: str | None, employees: int | None, revenue_fen: int | None, total_assets_fen: int | None
) -> SizeClass | None:
    """Size by four-digit class (小类), persons, and revenue and total assets in 分 (附件1).

    Large, medium and small need every lower limit, micro only one missed; so the lowest grade decides, and a missing
    indicator leaves the size unknown unless another one already makes it micro.
    """
    if industry_class is None or (number := group_of_class().get(industry_class)) is None:
        return None
    values = {"employees": employees, "revenue_cny": revenue_fen, "total_assets_cny": total_assets_fen}
    given = [(indicator, values[indicator.column]) for indicator in groups()[number]]
    grades = [None if value is None else indicator.grade(value) for indicator, value in given]
    lowest = min((grade for grade in grades if grade is not None), default=None)
    if lowest is None or (None in grades and lowest > 0):
        return None
    return SIZE_CLASSES[lowest]


def with_size_class(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with a String column `size_class` added, its rows in the same order; as `size_class`, for many at once.

    Needs `industry_class` (String), `employees` (Int64), `revenue_cny` and `total_assets_cny` (Int64, 分).
    """
    grades = [_grade(column) for column in _COLUMNS.values()]
    lowest = pl.min_horizontal(grades)
    certain = pl.all_horizontal(grade.is_not_null() for grade in grades) | (lowest == 0)
    covered = pl.col("group").is_not_null()
    size = pl.when(covered & certain).then(lowest).replace_strict(dict(enumerate(SIZE_CLASSES)), return_dtype=pl.String)
    joined = frame.join(_limits_by_class(), on="industry_class", how="left", maintain_order="left")
    return joined.select(*frame.columns, size_class=size)


def _limit(column: str, grade: int) -> str:
    return f"{column}/{grade}"


def _grade(column: str) -> pl.Expr:
    """3 where the group does not look at `column`; null where it does and the value is missing."""
    grade = pl.sum_horizontal((pl.col(column) >= pl.col(_limit(column, g)) for g in (1, 2, 3)), ignore_nulls=False)
    return pl.when(pl.col(_limit(column, 1)).is_not_null()).then(grade).otherwise(3)


@cache
def _limits_by_class() -> pl.DataFrame:
    """One row per covered class: its group, and the limits of each column that the group looks at."""
    rows: list[dict[str, str | int]] = []
    for code, number in group_of_class().items():
        row: dict[str, str | int] = {"industry_class": code, "group": number}
        for indicator in groups()[number]:
            row |= {_limit(indicator.column, grade): limit for grade, limit in enumerate(indicator.limits, start=1)}
        rows.append(row)
    limits = {_limit(column, grade): pl.Int64 for column in _COLUMNS.values() for grade in (1, 2, 3)}
    return pl.DataFrame(rows, schema={"industry_class": pl.String, "group": pl.Int64, **limits})
