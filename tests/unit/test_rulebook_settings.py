"""Parameters and derivations: settings that change verdicts, seen through by every explanation, refused when unsound."""

from __future__ import annotations

from typing import Any

import pytest

from services.evaluation.rulebooks.arms import arms
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.explain import explain
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import judge
from services.evaluation.rulebooks.linear import Linear
from services.evaluation.rulebooks.loader import load_rulebook
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.reference.province import province

HUBEI = (province().rulebooks / "hubei-2024.toml").read_text(encoding="utf-8")
PATENTS = {
    "valid_patents": 10,
    "industrialised_patents": 5,
    "valid_invention_patents": 4,
    "industrialised_invention_patents": 1,
}
HEAD = """\
id = "example-2024"
title = "示例"
source_document = "示例文件"
effective_from = 2024-06-06

[[criterion]]
number = 1
key = "first"
clause = "第一条"
title = "第一条"
text = "第一条的文字"

[[criterion.part]]
key = "only"
title = "唯一"
kind = "hard"
"""
PART, TEST, AFTER = 13, 17, 18


def written(test: str, *tables: str) -> str:
    return "\n\n".join([f'{HEAD}test = "{test}"', *tables]) + "\n"


def derivation(name: str, expression: str, kind: str = 'type = "integer"\nunit = "人"') -> str:
    return f'[[derivation]]\nname = "{name}"\n{kind}\ntitle = "{name}"\nmeaning = "含义"\nexpression = "{expression}"'


def parameter(name: str, value: str, more: str = "") -> str:
    return f'[parameters.{name}]\nvalue = {value}\nbasis = "理由"\n{more}'


def loaded(test: str, *tables: str) -> Rulebook:
    return load_rulebook(written(test, *tables), origin="example.toml")


def verdict(rulebook: Rulebook, **facts: Any) -> bool | None:
    return judge(rulebook, facts_frame([facts])).item()


def test_one_setting_changes_the_verdict_and_its_reason() -> None:
    changed = HUBEI.replace(
        "[parameters.industrialisation_by_invention_only]\nvalue = false",
        "[parameters.industrialisation_by_invention_only]\nvalue = true",
    )
    assert changed != HUBEI
    told: list[tuple[bool | None, str]] = []
    for text in (HUBEI, changed):
        rulebook = load_rulebook(text, origin="hubei-2024.toml")
        parts = judge(rulebook, facts_frame([PATENTS])).row(0, named=True)
        reason = next(one.reason for one in explain(rulebook, PATENTS, parts) if one.part_id == "5.rate")
        told.append((parts["5.rate"], reason))
    assert told == [
        (True, "已产业化的有效专利 5 件，不低于 有效专利 10 件 的 50%（5 件），占 50.00%"),
        (
            False,
            "已产业化的有效发明专利 1 件，低于 有效发明专利 4 件 的 50%（2 件），占 25.00%，还差 1 件",
        ),
    ]
    rate = next(part for part in load_rulebook(changed, origin="x").parts if part.id == "5.rate")
    assert rate.settings == ("industrialisation_numerator", "industrialisation_denominator")
    assert rate.condition is not None
    (arm,) = arms(rate.condition, PATENTS)
    assert [(hint.kind, hint.fact, hint.needed) for hint in arm.steps[0].hints] == [
        ("amount", "industrialised_invention_patents", "2"),
        ("share", "industrialised_invention_patents", "50.00"),
    ]


def test_the_setting_changes_scores_and_the_order_too() -> None:
    changed = HUBEI.replace(
        "[parameters.industrialisation_by_invention_only]\nvalue = false",
        "[parameters.industrialisation_by_invention_only]\nvalue = true",
    )
    counted: list[set[tuple[str, str | None]]] = []
    for text in (HUBEI, changed):
        rulebook = load_rulebook(text, origin="hubei-2024.toml")
        assert rulebook.scoring is not None
        rates = (rulebook.scoring.indicators[0], rulebook.ranking[0])
        counted.append({(one.numerator, one.denominator) for one in rates})
    assert counted == [
        {("industrialised_patents", "valid_patents")},
        {("industrialised_invention_patents", "valid_invention_patents")},
    ]


@pytest.mark.parametrize("expression", ["rd_staff + employees", "2 * rd_staff", "rd_staff + 1"])
def test_ranking_counts_facts_alone(expression: str) -> None:
    ranking = '[[ranking]]\ntitle = "人数"\nnumerator = "people"\ndirection = "descending"\nbasis = "理由"'
    with pytest.raises(RulebookError) as refused:
        loaded("rd_staff >= 3", derivation("people", expression), ranking)
    assert refused.value.code == "not_a_fact"


@pytest.mark.parametrize(
    ("test", "tables", "facts", "expected"),
    [
        ("rd_staff >= :least", [parameter("least", "3")], {"rd_staff": 3}, True),
        ("rd_staff >= :least", [parameter("least", "4")], {"rd_staff": 3}, False),
        ("rd_staff >= :share * employees", [parameter("share", '"0.29"')], {"rd_staff": 29, "employees": 100}, True),
        ("rd_expense_cny >= :yuan", [parameter("yuan", '"0.29"')], {"rd_expense_cny": 29}, True),
        ("rd_expense_cny >= :yuan", [parameter("yuan", "1")], {"rd_expense_cny": 99}, False),
        ("rd_staff BETWEEN :low AND 5", [parameter("low", "3")], {"rd_staff": 2}, False),
        ("rd_staff IN (:low, 7)", [parameter("low", "3")], {"rd_staff": 3}, True),
        ("NOT (:strict AND rd_staff < 5)", [parameter("strict", "true")], {"rd_staff": 4}, False),
        ("own_brand OR (:strict AND ip_policy)", [parameter("strict", "false")], {"own_brand": False}, False),
        ("own_brand AND (:strict OR ip_policy)", [parameter("strict", "true")], {"own_brand": True}, True),
        (
            "size_class = :size",
            [parameter("size", '"small"', 'options = { small = "小型", micro = "微型" }')],
            {"size_class": "small"},
            True,
        ),
        (
            "(:mode = 'loose' AND own_brand) OR (:mode <> 'loose' AND ip_policy)",
            [parameter("mode", '"tight"', 'options = { loose = "宽", tight = "严" }')],
            {"own_brand": True, "ip_policy": False},
            False,
        ),
        ("team", [derivation("team", "rd_staff >= 3 AND own_brand", 'type = "boolean"')], {"rd_staff": 2}, False),
        ("NOT team", [derivation("team", "rd_staff >= 3 AND own_brand", 'type = "boolean"')], {"rd_staff": 2}, True),
        # Derivations in any order, of derivations; a denominator that is a sum is unknown when it is zero.
        (
            "skilled >= 0.5 * NULLIF(everyone, 0)",
            [derivation("everyone", "skilled + employees"), derivation("skilled", "rd_staff + ip_staff")],
            {"rd_staff": 2, "ip_staff": 1, "employees": 3},
            True,
        ),
        (
            "2 >= 0.5 * NULLIF(skilled, 0)",
            [derivation("skilled", "rd_staff + ip_staff")],
            {"rd_staff": 0, "ip_staff": 0},
            None,
        ),
        ("2 >= NULLIF(skilled, 0)", [derivation("skilled", "rd_staff + ip_staff")], {"rd_staff": 1}, None),
        (
            "cost >= 1",
            [derivation("cost", "revenue_cny - rd_expense_cny - 0.01", 'type = "money"')],
            {"revenue_cny": 102, "rd_expense_cny": 1},
            True,
        ),
    ],
)
def test_settings_are_judged_as_if_written_out(
    test: str, tables: list[str], facts: dict[str, Any], expected: bool | None
) -> None:
    assert verdict(loaded(test, *tables), **facts) is expected


def test_a_sum_as_denominator_is_explained_with_all_its_facts() -> None:
    rulebook = loaded("rd_staff >= 0.5 * NULLIF(everyone, 0)", derivation("everyone", "employees + ip_staff"))
    reasons = {
        name: explain(rulebook, facts, judge(rulebook, facts_frame([facts])).row(0, named=True))[0]
        for name, facts in {
            "low": {"rd_staff": 1, "employees": 3, "ip_staff": 1},
            "zero": {"rd_staff": 1, "employees": 0, "ip_staff": 0},
            "open": {"rd_staff": 1, "employees": 0},
        }.items()
    }
    assert reasons["low"].reason == (
        "研发人员 1 人，低于 职工总数 3 人 与 知识产权人员 1 人 之和 的 50%（2 人），占 25.00%，还差 1 人"
    )
    assert reasons["zero"].zero_denominators == ("employees", "ip_staff")
    assert (reasons["open"].missing, reasons["open"].zero_denominators) == (("ip_staff",), ())
    assert [fact.name for fact in reasons["low"].facts] == ["rd_staff", "employees", "ip_staff"]


def test_what_a_derivation_means_is_kept_exactly() -> None:
    rulebook = loaded("skilled >= 1", derivation("skilled", "3 * rd_staff + ip_staff - 2"))
    (found,) = rulebook.derivations
    assert isinstance(found.meaning, Linear)
    assert found.meaning.value({"rd_staff": 2, "ip_staff": 1}) == 5
    assert found.meaning.value({"rd_staff": 2}) is None


@pytest.mark.parametrize(
    ("test", "tables", "code", "line"),
    [
        ("rd_staff >= :least", [], "unknown_parameter", TEST),
        ("rd_staff >= :least", [parameter("least", '"三"')], "type_mismatch", TEST),
        ("rd_staff >= :least", [parameter("least", "true")], "type_mismatch", TEST),
        (":least AND own_brand", [parameter("least", "3")], "type_mismatch", TEST),
        ("size_class = :size", [parameter("size", '"giant"')], "unknown_option", TEST),
        (":mode = 'b'", [parameter("mode", '"a"', 'options = { a = "甲" }')], "unknown_option", TEST),
        ("rd_staff >= %(least)s", [parameter("least", "3")], "not_allowed", TEST),
        ("rd_staff >= ?", [parameter("least", "3")], "not_allowed", TEST),
        ("rd_staff >= :least; DROP TABLE fact", [parameter("least", "3")], "not_allowed", TEST),
        ("rd_staff >= :least::text", [parameter("least", "3")], "not_allowed", TEST),
        (":strict OR own_brand", [parameter("strict", "true")], "constant", TEST),
        ("5 >= :least", [parameter("least", "3")], "constant", TEST),
        ("CASE WHEN own_brand THEN ip_policy ELSE ip_unit END", [], "not_allowed", TEST),
        ("CASE WHEN :p THEN ip_policy END", [parameter("p", "true")], "not_allowed", TEST),
        ("CASE :p WHEN TRUE THEN ip_policy ELSE ip_unit END", [parameter("p", "true")], "not_allowed", TEST),
        ("CASE WHEN :p THEN ip_policy ELSE pg_sleep(1) END", [parameter("p", "true")], "not_allowed", TEST),
        ("CASE WHEN :p THEN rd_staff ELSE revenue_cny END > 1", [parameter("p", "true")], "unit_mismatch", TEST),
        ("own_brand", [parameter("strict", "0.5")], "malformed", AFTER + 2),
        ("own_brand", [parameter("strict", "-1")], "malformed", AFTER + 2),
        ("own_brand", [parameter("mode", '"c"', 'options = { a = "甲" }')], "unknown_option", AFTER + 2),
        ("own_brand", [parameter("mode", '"a"', 'options = { a = "" }')], "malformed", AFTER + 4),
        ("own_brand", ['[parameters.mode]\nvalue = "a"'], "missing", AFTER + 1),
        ("own_brand", [derivation("rd_staff", "ip_staff")], "duplicate", AFTER + 2),
        ("own_brand", [derivation("a", "ip_staff"), derivation("a", "ip_staff")], "duplicate", AFTER + 10),
        ("own_brand", [derivation("a", "b"), derivation("b", "a")], "cyclic", AFTER + 7),
        ("own_brand", [derivation("a", "a + ip_staff")], "cyclic", AFTER + 7),
        ("own_brand", [derivation("c", "ip_staff"), derivation("a", "nothing")], "unknown_fact", AFTER + 15),
        ("own_brand", [derivation("a", "0.5 * ip_staff")], "not_whole", AFTER + 7),
        ("own_brand", [derivation("a", "5")], "constant", AFTER + 7),
        ("own_brand", [derivation("a", "ip_staff / 2")], "division", AFTER + 7),
        ("own_brand", [derivation("a", "revenue_cny")], "unit_mismatch", AFTER + 7),
        ("own_brand", [derivation("a", "ip_staff", 'type = "integer"')], "malformed", AFTER + 1),
        ("own_brand", [derivation("a", "ip_staff", 'type = "money"')], "unit_mismatch", AFTER + 6),
        ("own_brand", [derivation("a", "ip_staff", 'type = "boolean"')], "type_mismatch", AFTER + 6),
        ("own_brand", [derivation("a", "own_brand", 'type = "text"')], "malformed", AFTER + 3),
        ("a", [derivation("a", "ip_staff")], "type_mismatch", TEST),
        ("NULLIF(a, 0) > 1", [derivation("a", "ip_staff - rd_staff")], "not_allowed", TEST),
        ("own_brand", [derivation("a", "random()")], "not_allowed", AFTER + 7),
        ("own_brand", [derivation("a", "ip_staff -- x")], "not_allowed", AFTER + 7),
        (
            "own_brand",
            [derivation(f"d{n}", f"d{n + 1} AND d{n + 1}", 'type = "boolean"') for n in range(12)]
            + [derivation("d12", "own_brand", 'type = "boolean"')],
            "too_long",
            None,
        ),
        (
            "own_brand",
            [derivation(f"d{n}", f"999999999 * d{n + 1}") for n in range(12)] + [derivation("d12", "rd_staff")],
            "overflow",
            None,
        ),
        (
            "own_brand",
            [derivation(f"d{n}", f"d{n + 1}") for n in range(199)] + [derivation("d199", "rd_staff")],
            "too_long",
            None,
        ),
    ],
)
def test_unsound_settings_are_refused_at_their_line(test: str, tables: list[str], code: str, line: int | None) -> None:
    with pytest.raises(RulebookError) as caught:
        loaded(test, *tables)
    assert (code, line) in {(one.code, line and one.line) for one in caught.value.faults}


def test_headers_in_texts_and_comments_move_no_line() -> None:
    text = written("own_brands").replace('text = "第一条的文字"', 'text = """\n[[criterion]]\n[[criterion.part]]\n"""')
    text = "# [[criterion]]\n'[[derivation]]' = 1\n" + text
    with pytest.raises(RulebookError) as caught:
        load_rulebook(text.replace("'[[derivation]]' = 1\n", "\n"), origin="x")
    assert (caught.value.code, caught.value.line) == ("unknown_fact", TEST + 5)
