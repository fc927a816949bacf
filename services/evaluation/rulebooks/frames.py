"""Facts of many applications as one typed frame, checked against the catalogue before anything is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from services.evaluation.rulebooks.catalogue import FACT_LIMIT, Fact, FactType, FactValue, catalogue
from services.evaluation.rulebooks.errors import FactError

_PYTHON_TYPES: Mapping[FactType, type] = {"boolean": bool, "integer": int, "money": int, "text": str}


def column_type(fact: Fact) -> type[pl.DataType]:
    """Int64 for counts and for money (分), Boolean, or String."""
    return pl.Int64 if fact.is_number else pl.Boolean if fact.type == "boolean" else pl.String


def facts_frame(rows: Sequence[Mapping[str, FactValue]]) -> pl.DataFrame:
    """One row per mapping, one column per catalogued fact; a fact a row does not name is null (unknown).

    Raises FactError for names outside the catalogue and values that are not exactly of the fact's type.
    """
    known = catalogue()
    if unknown := set[str]().union(*rows) - known.keys():
        raise FactError(f"not in the catalogue: {', '.join(sorted(unknown))}")
    return pl.DataFrame([_series(fact, [row.get(fact.name) for row in rows]) for fact in known.values()])


def _series(fact: Fact, values: list[FactValue]) -> pl.Series:
    # Polars would turn 1.5 into 1 and "1" into 1 without a word.
    if wrong := set(map(type, values)) - {_PYTHON_TYPES[fact.type], type(None)}:
        raise FactError(f"{fact.name} is {fact.type}, not {', '.join(sorted(kind.__name__ for kind in wrong))}")
    try:
        return pl.Series(fact.name, values, dtype=column_type(fact))
    except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
        raise FactError(f"{fact.name}: {error}") from None


def checked_facts(facts: pl.DataFrame) -> pl.DataFrame:
    """The catalogued columns of `facts`, each of its type, absent ones as null; other columns are dropped.

    Raises FactError for a column of another type, a count or amount outside 0 to FACT_LIMIT (up to which
    the comparisons are proved not to overflow), and a text that is none of its fact's options.
    """
    columns = [_column(fact, facts.schema.get(fact.name)) for fact in catalogue().values()]
    try:
        frame = facts.with_columns(columns).select(list(catalogue()))
    except pl.exceptions.InvalidOperationError as error:
        raise FactError(f"a count beyond 64 bits: {error}") from None
    wrong = frame.select(_violations(catalogue().values())).row(0, named=True)
    if found := [f"{name} at row {row}" for name, row in wrong.items() if row is not None]:
        raise FactError(f"out of range or not an option: {', '.join(found)}")
    return frame


def _column(fact: Fact, given: pl.DataType | None) -> pl.Expr:
    wanted = column_type(fact)
    if given is None or given == pl.Null:
        return pl.lit(None, dtype=wanted).alias(fact.name)
    if given == wanted:
        return pl.col(fact.name)
    if fact.is_number and given.is_integer():
        return pl.col(fact.name).cast(wanted)
    raise FactError(f"{fact.name} is {fact.type}, not {given}")


def _violations(facts: Iterable[Fact]) -> list[pl.Expr]:
    """For each number and text the first row that must not be judged, or null."""
    found: list[pl.Expr] = []
    for fact in facts:
        column = pl.col(fact.name)
        if fact.is_number:
            found.append(column.is_between(0, FACT_LIMIT).not_().arg_true().first().alias(fact.name))
        elif fact.options:
            found.append(column.is_in(list(fact.options)).not_().arg_true().first().alias(fact.name))
    return found
