"""The engine with gaps in the facts, and given facts it must not judge."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.rulebooks.catalogue import FACT_LIMIT
from services.evaluation.rulebooks.errors import FactError
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import criterion_verdicts, judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from shared.reference.province import province
from tests.unit.oracle import Facts, applications

RULEBOOK = rulebook_by_id(province().rulebooks, "hubei-2024")


@settings(max_examples=25, deadline=None)
@given(applications(), st.data())
def test_withholding_facts_never_turns_met_into_not_met_or_back(row: Facts, data: st.DataObject) -> None:
    withheld = data.draw(st.lists(st.sets(st.sampled_from(sorted(row)), min_size=1), min_size=10, max_size=10))
    rows = [row, *({**row, **dict.fromkeys(names)} for names in withheld)]
    parts = judge(RULEBOOK, facts_frame(rows))
    full, *poorer = parts.hstack(criterion_verdicts(RULEBOOK, parts).drop("overall")).rows(named=True)
    for verdict in poorer:
        assert {name: value for name, value in verdict.items() if value is not None and value is not full[name]} == {}


@pytest.mark.parametrize(
    "facts",
    [
        {"revenue_cny": [FACT_LIMIT + 1]},
        {"revenue_cny": [None, -1]},
        {"size_class": ["small", "huge"]},
        {"revenue_cny": [1.0]},
        {"legal_person": [1]},
        {"employees": pl.Series([2**63], dtype=pl.UInt64)},
    ],
)
def test_facts_outside_the_catalogue_are_not_judged(facts: dict[str, Any]) -> None:
    with pytest.raises(FactError):
        judge(RULEBOOK, pl.DataFrame(facts))


@pytest.mark.parametrize(
    "row",
    [
        {"revenue_cny": 1.5},
        {"revenue_cny": "1"},
        {"employees": True},
        {"legal_person": 1},
        {"turnover": 1},
        {"employees": 2**63},
    ],
)
def test_rows_are_taken_without_silent_conversion(row: dict[str, Any]) -> None:
    with pytest.raises(FactError):
        facts_frame([row])


def test_absent_columns_are_unknown_and_foreign_columns_are_ignored() -> None:
    parts = judge(RULEBOOK, pl.DataFrame({"application": ["a", "b"], "own_brand": [True, False]}))
    assert parts["8.own_brand"].to_list() == [True, False]
    assert parts.drop("8.own_brand").null_count().row(0) == (2,) * (parts.width - 1)
    assert criterion_verdicts(RULEBOOK, parts)["overall"].to_list() == ["unknown", "not_met"]


def test_no_applications_give_no_verdicts() -> None:
    parts = judge(RULEBOOK, facts_frame([]))
    assert (parts.height, parts.columns) == (0, [part.id for part in RULEBOOK.parts])
    assert criterion_verdicts(RULEBOOK, parts).height == 0
