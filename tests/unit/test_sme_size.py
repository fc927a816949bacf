"""《中小企业划型标准规定》: golden cases, exact limits, missing indicators, and the frame against the scalar."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import TypeAlias

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.assessment.sme_size import (
    Indicator,
    group_of_class,
    groups,
    size_class,
    with_size_class,
)
from shared.reference.industries import industry_classes
from shared.reference.tables import national_table, read_table

Row: TypeAlias = tuple[str | None, int | None, int | None, int | None]

FEN_PER_WAN_YUAN = 1_000_000
COLUMNS: tuple[str, ...] = ("employees", "revenue_cny", "total_assets_cny")
SCHEMA = {"industry_class": pl.String, **dict.fromkeys(COLUMNS, pl.Int64)}
CLASS_OF_GROUP = {number: code for code, number in reversed(list(group_of_class().items()))}
NAMES = {"大型": "large", "中型": "medium", "小型": "small", "微型": "micro"}
GOLDEN = read_table(Path(__file__).parent / "data" / "sme-golden-cases.csv")
EDGES = sorted(
    {0, *(limit - step for parts in groups().values() for part in parts for limit in part.limits for step in (0, 1))}
)


def in_frame(rows: list[Row]) -> list[str | None]:
    frame = with_size_class(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    assert frame.columns == [*SCHEMA, "size_class"]
    return frame["size_class"].to_list()


def fen(wan_yuan: str) -> int | None:
    return int(Decimal(wan_yuan) * FEN_PER_WAN_YUAN) if wan_yuan else None


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: "-".join(filter(None, case.values())))
def test_golden_cases(case: dict[str, str]) -> None:
    employees = int(case["employees"]) if case["employees"] else None
    row: Row = (
        CLASS_OF_GROUP[int(case["group_no"])],
        employees,
        fen(case["revenue_wan"]),
        fen(case["total_assets_wan"]),
    )
    assert size_class(*row) == NAMES[case["expected_class"]]
    assert in_frame([row]) == [NAMES[case["expected_class"]]]


def test_all_sixteen_groups_and_their_limits_hang_together() -> None:
    assert len(GOLDEN) == 20
    assert sorted(groups()) == list(range(1, 17)) == sorted(set(group_of_class().values()))
    for row in national_table("sme-size-classes"):
        assert row["large_min"] == row["medium_max_excl"]
        assert row["medium_min"] == row["small_max_excl"]
        assert row["small_min"] == row["micro_max_excl"]
        assert int(row["small_min"]) < int(row["medium_min"]) < int(row["large_min"])
        assert len(groups()[int(row["group_no"])]) == int(row["indicators_in_group"])


def test_each_class_is_in_one_group_at_most_and_the_uncovered_in_none() -> None:
    rules = {row["gb4754_code"]: row["rule"] for row in national_table("sme-industry-map")}
    for one in industry_classes():
        found = [rules[code] for code in one.codes if code in rules]
        assert len(found) <= 1
        assert (one.code in group_of_class()) == (found == ["include"])


@pytest.mark.parametrize(
    ("industry_class", "group"),
    [("5910", 6), ("5920", 7), ("6311", 11), ("6513", 12), ("7010", 13), ("7020", 14), ("7030", 16), ("8511", 16)],
)
def test_classes_that_are_easily_put_into_the_wrong_group(industry_class: str, group: int) -> None:
    assert group_of_class()[industry_class] == group


@pytest.mark.parametrize("industry_class", ["5311", "6621", "7040", "8311", "8411", "9111", "9700", "0000", None])
def test_industries_outside_the_standard_are_unknown(industry_class: str | None) -> None:
    row: Row = (industry_class, 10**6, 10**14, 10**14)
    assert size_class(*row) is None
    assert in_frame([row]) == [None]


def test_a_missing_indicator_is_unknown_unless_the_other_makes_it_micro() -> None:
    rows: list[Row] = [("3976", 19, None, None), ("3976", 20, None, None), ("3976", None, 300 * FEN_PER_WAN_YUAN, None)]
    rows += [("3976", None, 300 * FEN_PER_WAN_YUAN - 1, None), ("3976", None, None, 10**14), ("3976", 0, 0, None)]
    expected = ["micro", None, None, "micro", None, "micro"]
    assert [size_class(*row) for row in rows] == expected
    assert in_frame(rows) == expected


@pytest.mark.parametrize("number", range(1, 17))
def test_limits_are_exact_to_one_person_and_one_fen(number: int) -> None:
    """Large, medium and small need every lower limit; micro is what misses one."""
    parts = groups()[number]
    rows = [_row(number, dict(zip(_columns(parts), values, strict=True))) for values in product(*map(_around, parts))]
    expected = [_by_the_book(parts, row) for row in rows]
    assert [size_class(*row) for row in rows] == expected
    assert in_frame(rows) == expected
    assert set(expected) == set(NAMES.values())


@given(st.sampled_from(sorted(groups())), st.tuples(*[st.none() | st.sampled_from(EDGES)] * 3))
def test_known_exactly_when_no_missing_value_could_change_it(
    number: int, values: tuple[int | None, int | None, int | None]
) -> None:
    given_values = dict(zip(COLUMNS, values, strict=True))
    parts = groups()[number]
    choices = [
        [value] if (value := given_values[part.column]) is not None else [*_around(part), 10**15] for part in parts
    ]
    possible = {size_class(*_row(number, dict(zip(_columns(parts), one, strict=True)))) for one in product(*choices)}
    found = size_class(*_row(number, given_values))
    assert found == (possible.pop() if len(possible) == 1 else None)


VALUES = st.none() | st.sampled_from(EDGES) | st.integers(0, 10**15)
CODES = st.none() | st.sampled_from([one.code for one in industry_classes()]) | st.just("0000")


@settings(max_examples=60)
@given(st.lists(st.tuples(CODES, VALUES, VALUES, VALUES), max_size=30))
def test_frame_and_scalar_agree(rows: list[Row]) -> None:
    assert in_frame(rows) == [size_class(*row) for row in rows]


def test_every_class_agrees_and_rows_keep_their_order() -> None:
    rows: list[Row] = [(one.code, 300, 10**9 + at, None) for at, one in enumerate(industry_classes())]
    frame = with_size_class(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    assert frame["revenue_cny"].to_list() == [row[2] for row in rows]
    assert frame["size_class"].to_list() == [size_class(*row) for row in rows]


def _columns(parts: tuple[Indicator, ...]) -> list[str]:
    return [part.column for part in parts]


def _around(part: Indicator) -> list[int]:
    return [0, *(limit + step for limit in part.limits for step in (-1, 0))]


def _row(number: int, values: Mapping[str, int | None]) -> Row:
    employees, revenue, total_assets = (values.get(name) for name in COLUMNS)
    return CLASS_OF_GROUP[number], employees, revenue, total_assets


def _by_the_book(parts: tuple[Indicator, ...], row: Row) -> str:
    values = dict(zip(COLUMNS, row[1:], strict=True))
    for at, name in ((2, "large"), (1, "medium"), (0, "small")):
        if all((values[part.column] or 0) >= part.limits[at] for part in parts):
            return name
    return "micro"
