"""Transitional clauses: judged by the day of assessment, named in the reason, refused when they are ambiguous."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.explain import explain
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import judge, judge_by_day
from services.evaluation.rulebooks.loader import load_rulebook
from shared.reference.province import province

FILE = Path(__file__).parents[1] / "conformance" / "rulebooks" / "example-2025.toml"
TEXT = FILE.read_text(encoding="utf-8")
RULEBOOK = load_rulebook(TEXT, origin=FILE.name)
LINE = TEXT.split("\n").index("[[transition]]") + 1
HALF = {
    "valid_invention_patents": 10,
    "industrialised_invention_patents": 5,
    "rd_staff": 5,
    "ip_staff": 0,
    "employees": 50,
}
SECOND_CLAUSE = """
[[transition]]
key = "later"
clause = "第十条"
title = "延长"
text = "延长。"
basis = "示例。"
part = "1.rate"
test = "industrialised >= 0.40 * NULLIF(held, 0)"
"""


def test_the_day_of_assessment_decides_which_test_applies() -> None:
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1), date(2025, 6, 1)]
    judged = judge_by_day(RULEBOOK, facts_frame([HALF] * len(days)), days)
    assert judged["1.rate"].to_list() == [False, True, True, False, True]
    assert judged["2.number"].to_list() == [True] * len(days)
    alone = [judge(RULEBOOK.on(day), facts_frame([HALF])) for day in days]
    assert pl.concat(alone).equals(judged)
    assert judge_by_day(RULEBOOK, facts_frame([]), []).height == 0
    with pytest.raises(ValueError, match="1 days"):
        judge_by_day(RULEBOOK, facts_frame([HALF, HALF]), days[:1])


def test_a_day_must_be_told_and_digest_and_parts_stay() -> None:
    for forgetful in (lambda: judge(RULEBOOK, facts_frame([HALF])), lambda: explain(RULEBOOK, HALF, {})):
        with pytest.raises(ValueError, match="transitional clauses"):
            forgetful()
    dated = RULEBOOK.on(date(2025, 6, 1))
    assert (dated.digest, dated.id) == (RULEBOOK.digest, RULEBOOK.id)
    assert [part.id for part in dated.parts] == [part.id for part in RULEBOOK.parts]
    assert dated.on(date(2030, 1, 1)) is dated


def test_the_reason_names_the_clause() -> None:
    told = {}
    for day in (date(2025, 6, 1), date(2026, 6, 1)):
        rulebook = RULEBOOK.on(day)
        parts = judge(rulebook, facts_frame([HALF])).row(0, named=True)
        told[day.year] = explain(rulebook, HALF, parts)[0]
    first, second = told[2025], told[2026]
    assert (first.verdict, first.clause, first.transition) == ("met", "第九条", "first_year")
    assert first.reason == (
        "适用过渡条款（第九条 施行首年，2025-01-01至2025-12-31评估）："
        "已产业化的有效发明专利 5 件，不低于 有效发明专利 10 件 的 50%（5 件），占 50.00%"
    )
    assert (second.verdict, second.clause, second.transition) == ("not_met", "第一条", None)
    assert second.reason.startswith("已产业化的有效发明专利 5 件，低于 有效发明专利 10 件 的 60%（6 件）")


def test_hubei_has_no_transitional_clause() -> None:
    text = (province().rulebooks / "hubei-2024.toml").read_text(encoding="utf-8")
    hubei = load_rulebook(text, origin="hubei-2024.toml")
    assert hubei.transitions == ()
    assert hubei.on(hubei.effective_from + timedelta(days=1)) is hubei


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('part = "1.rate"', 'part = "1.other"', "unknown_part"),
        ("assessed_from = 2025-01-01\nassessed_before = 2026-01-01\n", "", "missing"),
        ("assessed_before = 2026-01-01", "assessed_before = 2025-01-01", "malformed"),
        ("assessed_before = 2026-01-01", "assessed_before = 2026-01-01\nassessed_until = 2026-01-01", "malformed"),
        ("assessed_from = 2025-01-01", 'assessed_from = "2025"', "malformed"),
        ('clause = "第九条"\n', "", "missing"),
        ('text = "2025年评估的，专利产业化率按不低于50%掌握。"\n', "", "missing"),
        ('title = "施行首年"\nt', "t", "missing"),
        ("0.50 * NULLIF(held, 0)", "0.50 * NULLIF(owned, 0)", "unknown_fact"),
        ("industrialised >= 0.50 * NULLIF(held, 0)", "industrialised >= 0", "never_fails"),
        ('key = "first_year"', 'key = "first_year"\nscope = 1', "unknown_key"),
    ],
)
def test_unsound_clauses_are_refused_at_their_line(old: str, new: str, code: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(RulebookError) as caught:
        load_rulebook(TEXT.replace(old, new), origin="x")
    # What is missing is told at the clause, anything else where it stands: in the last line of what was put in.
    first = TEXT[: TEXT.index(old)].count("\n") + 1
    line = LINE if code == "missing" else first + (new if code == "unknown_key" else "").count("\n")
    assert (code, line) in {(one.code, one.line) for one in caught.value.faults}


@pytest.mark.parametrize(
    ("period", "code"),
    [
        ("assessed_from = 2025-12-31", "ambiguous"),
        ("assessed_until = 2025-01-01", "ambiguous"),
        ("assessed_from = 2026-01-01", None),
        ("assessed_before = 2025-01-01", None),
    ],
)
def test_two_clauses_never_govern_one_part_on_one_day(period: str, code: str | None) -> None:
    text = TEXT + SECOND_CLAUSE + period + "\n"
    if code is None:
        assert len(load_rulebook(text, origin="x").transitions) == 2
        return
    with pytest.raises(RulebookError) as caught:
        load_rulebook(text, origin="x")
    assert (caught.value.code, caught.value.line) == (code, TEXT.count("\n") + 2)
