"""Rulebooks against their conformance cases; and no change of a rulebook, however small, goes unnoticed by them."""

from __future__ import annotations

from datetime import date

import pytest

from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import judge_by_day
from tests.support.conformance import Case, Suite, outcome, suites
from tests.support.rulebook_mutants import mutants

SUITES = suites()
HUBEI = next(suite for suite in SUITES if suite.name == "hubei-2024")
EVERY_CASE = [(suite, case, day) for suite in SUITES for case, day in zip(suite.cases, suite.days, strict=True)]
NAMES = [f"{suite.name} {case['clause']} {case['name']}" for suite, case, _ in EVERY_CASE]


@pytest.mark.parametrize(("suite", "case", "day"), EVERY_CASE, ids=NAMES)
def test_case(suite: Suite, case: Case, day: date) -> None:
    parts = judge_by_day(suite.rulebook, facts_frame([suite.facts_of(case)]), [day]).row(0, named=True)
    assert outcome(suite.rulebook, case, parts) == suite.expected(case)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_criterion_has_its_cases_and_kinds(suite: Suite) -> None:
    rulebook = suite.rulebook
    assert rulebook.id == suite.content["rulebook"]
    assert {criterion.clause for criterion in rulebook.criteria} <= {case["clause"] for case in suite.cases}
    kinds = {kind: [part.id for part in rulebook.parts if part.kind == kind] for kind in ("in_principle", "judgement")}
    assert kinds == {kind: suite.content["kinds"][kind] for kind in kinds}
    assert [criterion.number for criterion in rulebook.criteria if criterion.veto] == suite.content["kinds"]["veto"]


def test_hubei_cites_the_ten_clauses() -> None:
    clauses = [f"附件{number}" for number in range(1, 11)]
    assert [criterion.clause for criterion in HUBEI.rulebook.criteria] == clauses
    assert {case["clause"] for case in HUBEI.cases} == {"附件", *clauses}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_no_change_survives_the_cases(suite: Suite) -> None:
    assert list(suite.failures(suite.rulebook)) == []
    changed = list(mutants(suite.rulebook, suite.text))
    assert len(changed) > 10 * len(suite.rulebook.criteria)
    assert [what for what, rulebook in changed if not any(suite.failures(rulebook))] == []
