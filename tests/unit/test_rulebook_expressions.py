"""Expressions: exact at thresholds, and meaning the same however they are written, evaluated or transpiled."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.evaluation.rulebooks.catalogue import FACT_LIMIT, FactValue, catalogue
from services.evaluation.rulebooks.conditions import evaluate
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.normal_form import POLARS, POSTGRES, to_sql
from tests.unit.oracle import Facts, applications


def on_condition(test: str, facts: dict[str, FactValue]) -> bool | None:
    """One expression judged through its whole-number SQL."""
    sql = to_sql(parse_condition(test, catalogue()), POLARS)
    return facts_frame([facts]).select(pl.sql_expr(sql)).item()


@pytest.mark.parametrize(
    ("test", "facts", "verdict"),
    [
        # 0.3 / 3 is 0.09999999999999999 to a float, and 0.1 * 3 is more than 0.3.
        ("rd_expense_cny >= 0.1 * revenue_cny", {"rd_expense_cny": 30, "revenue_cny": 300}, True),
        ("rd_expense_cny <= 0.1 * revenue_cny", {"rd_expense_cny": 30, "revenue_cny": 300}, True),
        ("rd_staff = 0.07 * employees", {"rd_staff": 7, "employees": 100}, True),
        ("rd_staff >= 0.29 * employees", {"rd_staff": 29, "employees": 100}, True),
        ("rd_expense_cny > 0.1 * revenue_cny", {"rd_expense_cny": 10**14, "revenue_cny": 10**15 - 1}, True),
        ("rd_expense_cny > 0.1 * revenue_cny", {"rd_expense_cny": 10**14, "revenue_cny": 10**15}, False),
        # Beyond 2^53 floats cannot tell these apart, and beyond 2^63 neither can 64-bit products.
        (
            "0.000000001 * revenue_cny > 0.000000001 * rd_expense_cny",
            {"revenue_cny": 10**15, "rd_expense_cny": 10**15 - 1},
            True,
        ),
        (
            "123456.789 * revenue_cny > 123456.789 * rd_expense_cny",
            {"revenue_cny": 10**15, "rd_expense_cny": 10**15 - 1},
            True,
        ),
        ("10000 * revenue_cny >= rd_expense_cny", {"revenue_cny": FACT_LIMIT, "rd_expense_cny": 1}, True),
        ("99999999 * revenue_cny >= rd_expense_cny", {"revenue_cny": FACT_LIMIT, "rd_expense_cny": 1}, True),
        # Literals beside money are 元.
        ("rd_expense_cny >= 5000000", {"rd_expense_cny": 500_000_000}, True),
        ("rd_expense_cny >= 5000000", {"rd_expense_cny": 499_999_999}, False),
        ("5000000 <= rd_expense_cny", {"rd_expense_cny": 499_999_999}, False),
        ("rd_expense_cny > 0.015", {"rd_expense_cny": 1}, False),
        ("rd_expense_cny > 0.015", {"rd_expense_cny": 2}, True),
        ("rd_expense_cny - 0.1 * revenue_cny >= 100", {"rd_expense_cny": 20_000, "revenue_cny": 100_000}, True),
        (
            "rd_expense_cny - (0.1 * revenue_cny + 100) >= 0.01",
            {"rd_expense_cny": 20_000, "revenue_cny": 100_000},
            False,
        ),
        # What cancels out is still unknown when it is missing.
        ("rd_staff - rd_staff >= 0", {"rd_staff": None}, None),
        ("0 * rd_staff >= 0", {"rd_staff": None}, None),
        ("rd_staff >= NULLIF(employees, 0)", {"rd_staff": 1, "employees": 0}, None),
        # NOT turns each operator into its opposite, not its mirror image.
        *(
            (f"NOT rd_staff {operator} 5", {"rd_staff": 5}, "=" not in operator)
            for operator in ("=", ">", ">=", "<", "<=")
        ),
        ("NOT rd_staff <> 5", {"rd_staff": 5}, True),
        ("NOT rd_staff BETWEEN 5 AND 5", {"rd_staff": 5}, False),
        ("rd_staff >= -employees", {"rd_staff": 1, "employees": 3}, True),
    ],
)
def test_comparisons_are_exact(test: str, facts: dict[str, FactValue], verdict: bool | None) -> None:
    assert on_condition(test, facts) is verdict
    assert evaluate(parse_condition(test, catalogue()), facts) is verdict


Meaning: TypeAlias = Callable[[Facts], Any]
COUNTS = ("rd_staff", "employees", "ip_staff")
LITERALS = st.sampled_from(("0", "1", "2", "0.20", "0.5", "3", "1.25", "0.333", "1000000"))


def number(facts: Facts, name: str) -> Fraction | None:
    return None if facts[name] is None else Fraction(facts[name])


def lifted(operation: Callable[[Any, Any], Any], left: Meaning, right: Meaning) -> Meaning:
    def meaning(facts: Facts) -> Any:
        values = left(facts), right(facts)
        return None if None in values else operation(*values)

    return meaning


def terms() -> st.SearchStrategy[tuple[str, Meaning]]:
    """(SQL, meaning) of a fact, possibly guarded against zero and multiplied by a number."""

    def term(name: str, guarded: bool, factor: str | None, negative: bool) -> tuple[str, Meaning]:
        sql = f"NULLIF({name}, 0)" if guarded else name
        sql = sql if factor is None else f"{factor} * {sql}"
        sign = -1 if negative else 1

        def meaning(facts: Facts) -> Any:
            value = number(facts, name)
            return None if value is None or (guarded and value == 0) else sign * value * Fraction(factor or 1)

        return f"-({sql})" if negative else sql, meaning

    return st.builds(term, st.sampled_from(COUNTS), st.booleans(), st.none() | LITERALS, st.booleans())


def numbers() -> st.SearchStrategy[tuple[str, Meaning]]:
    def plus(left: tuple[str, Meaning], right: tuple[str, Meaning]) -> tuple[str, Meaning]:
        return f"{left[0]} + {right[0]}", lifted(lambda a, b: a + b, left[1], right[1])

    def minus(left: tuple[str, Meaning], right: str) -> tuple[str, Meaning]:
        return f"({left[0]} - {right})", lifted(lambda a, b: a - b, left[1], lambda _: Fraction(right))

    return terms() | st.builds(plus, terms(), terms()) | st.builds(minus, terms(), LITERALS)


OPERATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def leaves() -> st.SearchStrategy[tuple[str, Meaning]]:
    def comparison(left: tuple[str, Meaning], operator: str, right: tuple[str, Meaning]) -> tuple[str, Meaning]:
        return f"{left[0]} {operator} {right[0]}", lifted(OPERATIONS[operator], left[1], right[1])

    def between(subject: tuple[str, Meaning], low: str, high: str) -> tuple[str, Meaning]:
        bounds = Fraction(low), Fraction(high)
        inside = lifted(lambda value, pair: pair[0] <= value <= pair[1], subject[1], lambda _: bounds)
        return f"{subject[0]} BETWEEN {low} AND {high}", inside

    def choice(options: list[str], negated: bool) -> tuple[str, Meaning]:
        quoted = ", ".join(f"'{option}'" for option in options)
        sql = f"size_class {'NOT IN' if negated else 'IN'} ({quoted})"
        return sql, lifted(lambda a, _: (a in options) is not negated, lambda f: f["size_class"], lambda _: 0)

    def among(name: str, options: list[str]) -> tuple[str, Meaning]:
        values = [Fraction(option) for option in options]
        return f"{name} IN ({', '.join(options)})", lifted(lambda a, _: a in values, lambda f: f[name], lambda _: 0)

    sizes = st.lists(st.sampled_from(("large", "medium", "small", "micro")), min_size=1, max_size=3)
    return st.one_of(
        st.builds(comparison, numbers(), st.sampled_from(list(OPERATIONS)), numbers()),
        st.builds(between, terms(), LITERALS, LITERALS),
        st.builds(choice, sizes, st.booleans()),
        st.builds(among, st.sampled_from(COUNTS), st.lists(LITERALS, min_size=1, max_size=3)),
        st.sampled_from(("own_brand", "ip_policy")).map(lambda name: (name, lambda facts: facts[name])),
    )


def expressions() -> st.SearchStrategy[tuple[str, Meaning]]:
    def negation(inner: tuple[str, Meaning]) -> tuple[str, Meaning]:
        return f"NOT ({inner[0]})", lambda facts: None if (value := inner[1](facts)) is None else not value

    def join(left: tuple[str, Meaning], word: str, right: tuple[str, Meaning]) -> tuple[str, Meaning]:
        def meaning(facts: Facts) -> bool | None:
            values = {left[1](facts), right[1](facts)}
            decisive = word == "OR"
            return decisive if decisive in values else None if None in values else not decisive

        return f"({left[0]} {word} {right[0]})", meaning

    joins = st.sampled_from(("AND", "OR"))
    return st.recursive(
        leaves(), lambda inner: st.builds(negation, inner) | st.builds(join, inner, joins, inner), max_leaves=5
    )


@settings(max_examples=60, deadline=None)
@given(expressions(), st.lists(applications(), min_size=6, max_size=6))
@example(("NOT (rd_staff >= 0.20 * NULLIF(employees, 0))", lambda _: None), [{"rd_staff": 1, "employees": 0}])
def test_any_allowed_expression_means_the_same_in_every_form(written: tuple[str, Meaning], rows: list[Facts]) -> None:
    text, meaning = written
    condition = parse_condition(text, catalogue())
    expected = [meaning(row) for row in rows]
    assert [evaluate(condition, row) for row in rows] == expected
    for dialect in (POLARS, POSTGRES):
        sql = pl.sql_expr(to_sql(condition, dialect))
        assert facts_frame(rows).select(sql).to_series().to_list() == expected


def test_postgres_form_casts_so_that_narrow_columns_cannot_overflow() -> None:
    narrow = to_sql(parse_condition("rd_staff >= 0.20 * NULLIF(employees, 0)", catalogue()), POSTGRES)
    wide = to_sql(parse_condition("99999999 * revenue_cny >= rd_expense_cny", catalogue()), POSTGRES)
    assert narrow == "(5 * CAST(rd_staff AS BIGINT) >= NULLIF(CAST(employees AS BIGINT), 0))"
    assert wide == "(99999999 * CAST(revenue_cny AS NUMERIC) >= CAST(rd_expense_cny AS NUMERIC))"
