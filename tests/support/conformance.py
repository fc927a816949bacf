"""Conformance suites as data (tests/conformance/*.toml), run against a rulebook or a changed copy of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import conclude, judge_by_day
from services.evaluation.rulebooks.loader import load_rulebook, rulebook_by_id
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.reference.province import province

Case: TypeAlias = dict[str, Any]
Outcome: TypeAlias = tuple[dict[str, str], str]
FOLDER = Path(__file__).parents[1] / "conformance"


@dataclass(frozen=True)
class Suite:
    """One file of cases, its facts as one frame, and the rulebook it is about."""

    name: str
    content: dict[str, Any]
    facts: pl.DataFrame
    text: str
    rulebook: Rulebook

    @property
    def cases(self) -> list[Case]:
        return self.content["case"]

    def facts_of(self, case: Case) -> dict[str, Any]:
        return _facts_of(self.content, case)

    @property
    def days(self) -> list[date]:
        """The day of assessment of each case."""
        usual = self.content["baseline"].get("assessed_on", self.rulebook.effective_from)
        return [case.get("assessed_on", usual) for case in self.cases]

    def expected(self, case: Case) -> Outcome | None:
        """The verdict on every criterion by number, and on the whole; None where the review must be refused."""
        if case.get("refused", False):
            return None
        baseline = self.content["baseline"]
        return baseline["verdicts"] | case.get("verdicts", {}), case.get("overall", baseline["overall"])

    def failures(self, rulebook: Rulebook) -> Iterator[str]:
        """Names of the cases that this rulebook gets wrong; those about criteria that were changed come first."""
        unchanged = {criterion.clause for criterion in self.rulebook.criteria if criterion in rulebook.criteria}
        judged = zip(self.cases, judge_by_day(rulebook, self.facts, self.days).rows(named=True), strict=True)
        for case, parts in sorted(judged, key=lambda pair: pair[0]["clause"] in unchanged):
            if outcome(rulebook, case, parts) != self.expected(case):
                yield case["name"]


def outcome(rulebook: Rulebook, case: Case, parts: dict[str, bool | None]) -> Outcome | None:
    """None where the case's findings or deviations are refused."""
    try:
        conclusion = conclude(parts, rulebook, case.get("findings", {}), case.get("deviations", ()))
    except ValueError:
        return None
    return {str(number): verdict for number, verdict in conclusion.criteria.items()}, conclusion.overall


def suites() -> list[Suite]:
    return [_suite(file) for file in sorted(FOLDER.glob("*.toml"))]


def _suite(file: Path) -> Suite:
    """`rulebook` names one of the province's; `rulebook_file` a file beside the suite, for another province's."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    beside = content.get("rulebook_file")
    text = (
        (province().rulebooks / f"{content['rulebook']}.toml").read_text(encoding="utf-8")
        if beside is None
        else (file.parent / beside).read_text(encoding="utf-8")
    )
    rulebook = (
        rulebook_by_id(province().rulebooks, content["rulebook"])
        if beside is None
        else load_rulebook(text, origin=beside)
    )
    return Suite(
        file.stem, content, facts_frame([_facts_of(content, case) for case in content["case"]]), text, rulebook
    )


def _facts_of(content: dict[str, Any], case: Case) -> dict[str, Any]:
    facts: dict[str, Any] = content["baseline"]["facts"] | case.get("facts", {})
    missing = case.get("missing", ())
    assert set(missing) <= facts.keys(), f"{case['name']}: takes away what is not there"
    return {name: value for name, value in facts.items() if name not in missing}
