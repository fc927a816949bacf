"""Reasons in Chinese: they name figures, thresholds, distances and gaps, and never say more than was judged."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.explain import PartExplanation, explain, reason_code
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import conclude, judge, settle
from services.evaluation.rulebooks.loader import rulebook_by_id
from shared.reference.province import province
from tests.unit.oracle import Facts, applications

RULEBOOK = rulebook_by_id(province().rulebooks, "hubei-2024")
PARTS = {part.id: part for part in RULEBOOK.parts}
WAN = 10_000 * 100
VERDICTS = {
    "met": "met",
    "found_met": "met",
    "threshold_not_met": "not_met",
    "condition_not_met": "not_met",
    "found_not_met": "not_met",
    "missing_facts": "unknown",
    "zero_denominator": "unknown",
    "needs_finding": "unknown",
    "excused": "deviation",
}


def explained(facts: Facts, findings: dict[str, bool] | None = None, **options: Any) -> dict[str, PartExplanation]:
    parts = judge(RULEBOOK, facts_frame([facts])).row(0, named=True)
    settled = settle(parts, RULEBOOK, findings or {})
    return {reason.part_id: reason for reason in explain(RULEBOOK, facts, settled, **options)}


@pytest.mark.parametrize(
    ("part", "facts", "code", "reason"),
    [
        (
            "6.rd_investment",
            {"rd_expense_cny": 80 * WAN, "revenue_cny": 1000 * WAN},
            "threshold_not_met",
            "研发投入 80.00 万元，低于 营业收入 1,000.00 万元 的 10%（100.00 万元），占 8.00%，还差 20.00 万元；也低于 500.00 万元，还差 420.00 万元",
        ),
        (
            "6.rd_investment",
            {"rd_expense_cny": 600 * WAN, "revenue_cny": 90_000 * WAN},
            "met",
            "研发投入 600.00 万元，不低于 500.00 万元",
        ),
        (
            "6.rd_investment",
            {"rd_expense_cny": 500 * WAN - 1},
            "missing_facts",
            "研发投入 499.999999 万元，低于 500.00 万元，还差 0.000001 万元；缺少：营业收入",
        ),
        (
            "6.rd_investment",
            {"rd_expense_cny": WAN, "revenue_cny": 0},
            "zero_denominator",
            "研发投入 1.00 万元，低于 500.00 万元，还差 499.00 万元；分母为零：营业收入 0.00 万元",
        ),
        (
            "5.rate",
            {"valid_patents": 10_000, "industrialised_patents": 4999},
            "threshold_not_met",
            "已产业化的有效专利 4,999 件，低于 有效专利 10,000 件 的 50%（5,000 件），占 49.99%，还差 1 件",
        ),
        (
            "5.rate",
            {"valid_patents": 2, "industrialised_patents": 1},
            "met",
            "已产业化的有效专利 1 件，不低于 有效专利 2 件 的 50%（1 件），占 50.00%",
        ),
        (
            # 49.996% must not be shown as 50.00%.
            "5.rate",
            {"valid_patents": 25_000, "industrialised_patents": 12_499},
            "threshold_not_met",
            "已产业化的有效专利 12,499 件，低于 有效专利 25,000 件 的 50%（12,500 件），占 49.996%，还差 1 件",
        ),
        ("5.rate", {"valid_patents": 0, "industrialised_patents": 0}, "zero_denominator", "分母为零：有效专利 0 件"),
        ("5.rate", {}, "missing_facts", "缺少：已产业化的有效专利、有效专利"),
        (
            # 1.4 people are two.
            "7.staff_or_collaboration",
            {"rd_staff": 1, "employees": 7, "collaboration_active": False},
            "threshold_not_met",
            "研发人员 1 人，低于 职工总数 7 人 的 20%（1.4 人），占 14.29%，还差 1 人；产学研合作协议有效：否",
        ),
        ("1.size", {"size_class": "large"}, "condition_not_met", "企业规模：大型，不属于 中型、小型、微型"),
        ("1.size", {"size_class": "micro"}, "met", "企业规模：微型，属于 中型、小型、微型"),
        ("3.industry", {}, "missing_facts", "未知：主营业务属专利密集型产业"),
        ("9.staff", {"ip_staff": 0}, "threshold_not_met", "知识产权人员 0 人，低于 1 人，还差 1 人"),
        ("10.violation", {"violation": False}, "met", "存在违法违规：否"),
        ("10.violation", {"violation": True}, "condition_not_met", "存在违法违规：是"),
        ("8.influence", {}, "needs_finding", "需人工认定：具有一定的品牌影响力"),
        (
            "7.leader",
            {"rd_leader_named": True},
            "needs_finding",
            "需人工认定：有稳定的科研带头人和研发团队（有科研带头人：是）",
        ),
        ("7.leader", {"rd_leader_named": False}, "condition_not_met", "有科研带头人：否"),
    ],
)
def test_reason(part: str, facts: Facts, code: str, reason: str) -> None:
    found = explained(facts)[part]
    assert (found.reason_code, found.reason, found.verdict) == (code, reason, VERDICTS[code])


def test_what_people_decided_is_said_to_be_theirs() -> None:
    facts = {"rd_expense_cny": 80 * WAN, "main_product_filed": False}
    findings = {"6.rd_investment": True, "8.influence": False, "3.industry": False}
    reasons = explained(facts, findings, deviations=["4.filing", "3.industry"])
    assert reasons["6.rd_investment"].reason.startswith("人工认定：符合（研发投入 80.00 万元，低于 500.00 万元")
    assert reasons["8.influence"].reason == "人工认定：不符合"
    assert reasons["4.filing"].reason == "按“原则上”认可偏离：主营产品已完成专利产品备案：否"
    assert reasons["3.industry"].reason == "按“原则上”认可偏离：人工认定：不符合（未知：主营业务属专利密集型产业）"
    codes = {part: reasons[part].reason_code for part in ("6.rd_investment", "8.influence", "4.filing", "3.industry")}
    assert list(codes.values()) == ["found_met", "found_not_met", "excused", "excused"]


@settings(max_examples=80, deadline=None)
@given(applications(), st.data())
def test_reasons_are_never_empty_and_never_contradict_the_verdict(facts: Facts, data: st.DataObject) -> None:
    parts = judge(RULEBOOK, facts_frame([facts])).row(0, named=True)
    unknown = [part_id for part_id, value in parts.items() if value is None]
    findings = data.draw(st.dictionaries(st.sampled_from(unknown), st.booleans())) if unknown else {}
    settled = settle(parts, RULEBOOK, findings)
    excusable = [i for i, value in settled.items() if value is False and PARTS[i].kind == "in_principle"]
    deviations = data.draw(st.sets(st.sampled_from(excusable))) if excusable else set[str]()
    reasons = explain(RULEBOOK, facts, settled, deviations=deviations)
    assert [reason.part_id for reason in reasons] == list(settled)
    for reason in reasons:
        value = settled[reason.part_id]
        verdict = (
            "deviation" if reason.part_id in deviations else {True: "met", False: "not_met", None: "unknown"}[value]
        )
        assert reason.verdict == verdict == VERDICTS[reason.reason_code]
        assert reason.reason.strip()
        assert re.search(r"还差 [0.]+ ", reason.reason) is None
        assert all(facts[name] is None for name in reason.missing)
        assert all(facts[name] == 0 for name in reason.zero_denominators)
        assert ("人工认定：符合" in reason.reason) == (reason.reason_code == "found_met")
        if reason.reason_code == "threshold_not_met":
            assert "还差" in reason.reason
    # Criteria follow from the same parts, so that a page never shows a reason beside another verdict.
    conclusion = conclude(parts, RULEBOOK, findings, deviations)
    for number, verdict in conclusion.criteria.items():
        own = {reason.verdict for reason in reasons if reason.number == number}
        assert verdict in own
        assert (verdict == "met") == (own == {"met"})


@pytest.mark.parametrize(
    ("test", "facts", "reason"),
    [
        ("employees <= 300", {"employees": 301}, "职工总数 301 人，高于 300 人，超出 1 人"),
        ("employees < 300", {"employees": 300}, "职工总数 300 人，不低于 300 人，超出 1 人"),
        ("rd_staff > 10", {"rd_staff": 10}, "研发人员 10 人，不高于 10 人，还差 1 人"),
        ("NOT rd_staff > 10", {"rd_staff": 11}, "研发人员 11 人，高于 10 人，超出 1 人"),
        (
            # 33.333…% must not be shown as 33.33% of an upper bound of 33.33%.
            "rd_staff <= 0.3333 * NULLIF(employees, 0)",
            {"rd_staff": 1, "employees": 3},
            "研发人员 1 人，高于 职工总数 3 人 的 33.33%（0.9999 人），占 33.333%，超出 1 人",
        ),
        (
            "rd_expense_cny >= 0.1 * revenue_cny + 10000",
            {"rd_expense_cny": WAN, "revenue_cny": 10 * WAN},
            "研发投入 1.00 万元，低于 营业收入 10.00 万元 的 10% 加 1.00 万元（2.00 万元），还差 1.00 万元",
        ),
        (
            "rd_staff + ip_staff >= 5",
            {"rd_staff": 1, "ip_staff": 2},
            "研发人员 1 人 加 知识产权人员 2 人（3 人），低于 5 人，还差 2 人",
        ),
        ("rd_staff = 5", {"rd_staff": 1}, "研发人员 1 人，不等于 5 人"),
        ("own_brand AND rd_staff >= 5", {"own_brand": True, "rd_staff": 1}, "研发人员 1 人，低于 5 人，还差 4 人"),
        ("size_class <> 'large'", {"size_class": "large"}, "企业规模：大型，属于 大型"),
    ],
)
def test_reasons_for_expressions_of_other_rulebooks(test: str, facts: Facts, reason: str) -> None:
    criterion = RULEBOOK.criteria[4]
    part = replace(criterion.parts[0], condition=parse_condition(test, catalogue()))
    rulebook = replace(RULEBOOK, criteria=(replace(criterion, parts=(part,)),))
    assert [found.reason for found in explain(rulebook, facts, {part.id: False})] == [reason]


def test_facts_used_are_listed_with_their_values() -> None:
    used = explained({"rd_expense_cny": 123_456_789})["6.rd_investment"].facts
    assert [(fact.name, fact.title, fact.value, fact.text) for fact in used] == [
        ("rd_expense_cny", "研发投入", 123_456_789, "123.456789 万元"),
        ("revenue_cny", "营业收入", None, "未知"),
    ]


def test_verdicts_that_contradict_the_facts_are_not_explained_away() -> None:
    with pytest.raises(ValueError, match=r"5\.rate"):
        reason_code(PARTS["5.rate"], {"valid_patents": 2, "industrialised_patents": 0}, True)
    with pytest.raises(ValueError, match="cannot be excused"):
        reason_code(PARTS["5.rate"], {"valid_patents": 2, "industrialised_patents": 0}, False, excused=True)
