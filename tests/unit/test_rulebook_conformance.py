"""The shipped rulebook against its conformance cases; and no change of it goes unnoticed by them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import conclude, judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from services.evaluation.rulebooks.normal_form import POLARS, to_sql
from services.evaluation.rulebooks.rulebook import Part, Rulebook
from shared.reference.province import province

SUITE = tomllib.loads((Path(__file__).parents[1] / "conformance" / "hubei-2024.toml").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = SUITE["case"]
RULEBOOK = rulebook_by_id(province().rulebooks, SUITE["rulebook"])


def facts_of(case: dict[str, Any]) -> dict[str, Any]:
    facts = SUITE["baseline"]["facts"] | case.get("facts", {})
    assert set(case.get("missing", ())) <= facts.keys()
    return {name: value for name, value in facts.items() if name not in case.get("missing", ())}


def outcome(rulebook: Rulebook, case: dict[str, Any], parts: dict[str, bool | None]) -> tuple[dict[str, str], str]:
    conclusion = conclude(parts, rulebook, case.get("findings", {}), case.get("deviations", ()))
    return {str(number): verdict for number, verdict in conclusion.criteria.items()}, conclusion.overall


def expected(case: dict[str, Any]) -> tuple[dict[str, str], str]:
    baseline = SUITE["baseline"]
    return baseline["verdicts"] | case.get("verdicts", {}), case.get("overall", baseline["overall"])


FACTS = facts_frame([facts_of(case) for case in CASES])


def failures(rulebook: Rulebook) -> Iterator[str]:
    """Names of the cases that the rulebook gets wrong, or refuses."""
    for case, parts in zip(CASES, judge(rulebook, FACTS).rows(named=True), strict=True):
        try:
            agrees = outcome(rulebook, case, parts) == expected(case)
        except ValueError:
            agrees = False
        if not agrees:
            yield case["name"]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['clause']} {case['name']}" for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    parts = judge(RULEBOOK, facts_frame([facts_of(case)])).row(0, named=True)
    assert outcome(RULEBOOK, case, parts) == expected(case)


def test_every_criterion_has_its_clause_and_cases() -> None:
    clauses = [f"附件{number}" for number in range(1, 11)]
    assert [criterion.clause for criterion in RULEBOOK.criteria] == clauses
    assert {case["clause"] for case in CASES} == {"附件", *clauses}


def test_only_what_the_plan_asks_in_principle_can_be_excused() -> None:
    kinds = {kind: [part.id for part in RULEBOOK.parts if part.kind == kind] for kind in ("in_principle", "judgement")}
    assert kinds == {kind: SUITE["kinds"][kind] for kind in kinds}
    assert [criterion.number for criterion in RULEBOOK.criteria if criterion.veto] == SUITE["kinds"]["veto"]


REWRITES = [
    (r">=", (">", "<", "=")),
    (r"0\.50", ("0.5001", "0.4999")),
    (r"0\.10", ("0.1001", "0.0999")),
    (r"5000000", ("5000000.01", "4999999.99", "500")),
    (r"0\.20", ("0.2001", "0.1999")),
    (r">= 1\b", (">= 2", ">= 0")),
    (r" OR ", (" AND ",)),
    (r"NOT ", ("",)),
    (r"'(medium|small|micro)'", ("'large'",)),
    (r"NULLIF\((\w+), 0\)", (r"\1",)),
    (r" OR \w+$", ("",)),
    (r"^\w+ OR ", ("",)),
    (r"^(.*)$", (r"NOT (\1)",)),
]


def mutated_tests(test: str) -> Iterator[str]:
    for pattern, replacements in REWRITES:
        for found in re.finditer(pattern, test):
            for replacement in replacements:
                yield test[: found.start()] + found.expand(replacement) + test[found.end() :]
    for qualification in re.findall(r"qualification_\w+", test):
        yield test.replace(qualification, "own_brand")


def with_part(old: Part, new: Part) -> Rulebook:
    criteria = tuple(
        replace(criterion, parts=tuple(new if part is old else part for part in criterion.parts))
        for criterion in RULEBOOK.criteria
    )
    return replace(RULEBOOK, criteria=criteria)


def mutants() -> Iterator[tuple[str, Rulebook]]:
    for part in RULEBOOK.parts:
        for test in mutated_tests(part.test) if part.test else ():
            sql = to_sql(parse_condition(test, catalogue()), POLARS)
            yield f"{part.id}: {test}", with_part(part, replace(part, sql=sql))
        yield f"{part.id}: not asked", with_part(part, replace(part, kind="hard", sql="TRUE"))
        if part.kind != "hard" and part.test:
            yield f"{part.id}: hard", with_part(part, replace(part, kind="hard"))


def test_cases_pass_unchanged_and_notice_every_changed_operator_threshold_and_kind() -> None:
    assert list(failures(RULEBOOK)) == []
    changed = list(mutants())
    assert len(changed) > 80
    assert [name for name, rulebook in changed if not any(failures(rulebook))] == []
