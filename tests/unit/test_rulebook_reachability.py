"""What can never matter is refused, with certainty only: whatever some facts can do is let through."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.conditions import AllOf, AnyOf, evaluate, joined_value
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.idle import idle
from services.evaluation.rulebooks.loader import load_rulebook
from services.evaluation.rulebooks.reachability import possible
from services.evaluation.rulebooks.rulebook import Rulebook
from services.evaluation.rulebooks.unreachable import implied

HEAD = 'id = "example-2024"\ntitle = "示例"\nsource_document = "示例文件"\neffective_from = 2024-06-06\n'


CRITERION = (
    '[[criterion]]\nnumber = 1\nkey = "c"\nclause = "条"\ntitle = "题"\ntext = "文"\n'
    '[[criterion.part]]\nkey = "p"\ntitle = "题"\nkind = "hard"\n'
)


def loaded(*criteria: list[str]) -> Rulebook:
    """Criteria of parts, each part "test" or "kind: test"."""
    lines = [HEAD]
    for number, parts in enumerate(criteria, 1):
        lines.append(f'[[criterion]]\nnumber = {number}\nkey = "c{number}"\nclause = "条"\ntitle = "题"\ntext = "文"')
        for at, part in enumerate(parts):
            kind, _, test = part.rpartition(": ")
            lines.append(f'[[criterion.part]]\nkey = "p{at}"\ntitle = "题"\nkind = "{kind or "hard"}"\ntest = "{test}"')
    return load_rulebook("\n".join(lines), origin="x")


@pytest.mark.parametrize(
    ("criteria", "code", "part"),
    [
        ([["own_brand AND NOT own_brand"]], "never_met", "c1.0"),
        ([["employees > 5 AND employees < 6"]], "never_met", "c1.0"),
        ([["employees < 0"]], "never_met", "c1.0"),
        ([["size_class IN ('small') AND size_class IN ('large')"]], "never_met", "c1.0"),
        ([["rd_staff >= employees + 1 AND employees >= rd_staff"]], "never_met", "c1.0"),
        ([["rd_staff >= 0.5 * employees AND employees > 2 * rd_staff"]], "never_met", "c1.0"),
        ([["rd_staff > ip_staff AND ip_staff > employees AND employees > rd_staff"]], "never_met", "c1.0"),
        ([["2 * rd_staff = 2 * ip_staff + 1"]], "never_met", "c1.0"),
        ([["employees > 10000000000000000"]], "never_met", "c1.0"),
        ([["NULLIF(employees, 0) <= 0"]], "never_met", "c1.0"),
        ([["employees = 5 AND employees <> 5"]], "never_met", "c1.0"),
        ([["employees >= 0"]], "never_fails", "c1.0"),
        ([["own_brand OR NOT own_brand"]], "never_fails", "c1.0"),
        ([["size_class IN ('large', 'medium', 'small', 'micro')"]], "never_fails", "c1.0"),
        ([["employees >= 5 OR employees <= 5"]], "never_fails", "c1.0"),
        ([["rd_staff + employees >= rd_staff"]], "never_fails", "c1.0"),
        ([["NULLIF(employees, 0) >= 1"]], "never_fails", "c1.0"),
        ([["judgement: employees >= 0"]], "never_fails", "c1.0"),
        ([["employees >= 5", "employees >= 3"]], "implied", "c1.1"),
        ([["own_brand AND ip_policy", "own_brand"]], "implied", "c1.1"),
        ([["own_brand", "own_brand"]], "implied", "c1.1"),
        ([["own_brand OR ip_policy", "own_brand OR ip_policy OR ip_unit"]], "implied", "c1.1"),
        ([["employees >= 3", "in_principle: employees >= 2"]], "implied", "c1.1"),
        ([["rd_staff >= 5", "employees >= 5", "employees + rd_staff >= 9"]], "implied", "c1.2"),
        (
            [["NULLIF(employees, 0) >= 5", "rd_staff >= 1", "rd_staff <= NULLIF(employees, 0) + rd_staff"]],
            "never_fails",
            "c1.2",
        ),
        ([["employees <= 5"], ["own_brand"], ["employees >= 6"]], "contradiction", "c3.0"),
        ([["size_class = 'small'"], ["judgement: size_class = 'large'"]], "contradiction", "c2.0"),
    ],
)
def test_what_cannot_matter_is_refused_at_its_part(criteria: list[list[str]], code: str, part: str) -> None:
    with pytest.raises(RulebookError) as caught:
        loaded(*criteria)
    assert caught.value.code == code
    number, at = (int(figure) for figure in part.removeprefix("c").split("."))
    assert caught.value.line == 6 + sum(6 + 5 * len(parts) for parts in criteria[: number - 1]) + 6 + 5 * at + 4


@pytest.mark.parametrize(
    ("test", "code", "words"),
    [
        ("own_brand OR (employees >= 1 AND employees < 1)", "arm_never_met", "职工总数 不低于 1 人"),
        ("employees < 0 OR own_brand", "arm_never_met", "职工总数 低于 0 人"),
        ("own_brand OR (size_class = 'small' AND size_class = 'micro')", "arm_never_met", "小型"),
        # What 且 joins it with rules it out.
        ("employees >= 9 AND (employees <= 5 OR own_brand)", "arm_never_met", "职工总数 不高于 5 人"),
        ("size_class = 'small' AND (size_class IN ('large', 'micro') OR own_brand)", "arm_never_met", "大型、微型"),
        ("employees > 5 OR employees > 3", "arm_implied", "职工总数 高于 5 人"),
        ("employees > 3 OR employees >= 4", "arm_implied", "职工总数 不低于 4 人"),
        ("own_brand OR own_brand", "arm_implied", "拥有自主品牌"),
        ("own_brand OR (own_brand AND ip_policy)", "arm_implied", "拥有自主品牌，且 有知识产权管理制度"),
        ("size_class = 'small' OR size_class IN ('small', 'micro')", "arm_implied", "企业规模 属于 小型"),
        ("rd_staff >= 6 OR ip_staff >= 6 OR rd_staff + ip_staff >= 6 OR employees >= 5", None, ""),
        ("ip_policy AND (ip_unit OR (own_brand OR (employees >= 5 AND employees >= 5 AND NOT own_brand)))", None, ""),
        ("rd_staff >= 0.2 * NULLIF(employees, 0) OR rd_staff >= 0.1 * NULLIF(employees, 0)", "arm_implied", "20%"),
        # Without the fact the one is open and the other not.
        ("employees >= 5 OR employees + rd_staff >= 5", None, ""),
        ("employees >= 5 OR employees >= 0.5 * NULLIF(employees, 0) + 4", None, ""),
        ("employees > 5 OR employees < 3", None, ""),
        ("own_brand OR ip_policy OR (own_brand AND NOT ip_policy AND employees < 0)", "arm_never_met", "低于 0 人"),
    ],
)
def test_an_alternative_that_never_counts_is_refused(test: str, code: str | None, words: str) -> None:
    if code is None:
        assert loaded([test]).parts[0].condition is not None
        return
    with pytest.raises(RulebookError) as caught:
        loaded([test])
    (fault,) = caught.value.faults
    assert (fault.code, fault.line) == (code, 16)
    assert words in fault.zh


def test_an_alternative_may_wait_for_another_setting() -> None:
    setting = '\n[parameters.many]\nvalue = 9\nbasis = "理由"\n'
    text = f'{HEAD}{CRITERION}test = "employees >= :many OR employees >= 5"\n{setting}'
    assert load_rulebook(text, origin="x").parameters["many"].value == 9
    with pytest.raises(RulebookError):
        load_rulebook(text.replace(":many", "9").replace(setting, ""), origin="x")


@pytest.mark.parametrize(
    "criteria",
    [
        [["employees > 5 AND employees < 7"]],
        [["rd_staff >= 0.5 * NULLIF(employees, 0)"]],
        [["employees <> 5"]],
        # A neighbour that may be excused, or that holds without the fact, settles nothing.
        [["in_principle: employees >= 5", "employees >= 3"]],
        [["employees >= 5", "judgement: employees >= 3"]],
        [["rd_staff >= 5", "rd_staff + employees >= 5"]],
        # It fails, and is known to, where its neighbours are still unknown.
        [["rd_staff >= 5", "employees >= rd_staff", "employees >= 5"]],
        [["rd_staff >= 5 OR employees >= 9", "rd_staff + employees >= 5"]],
        [["rd_staff >= 5", "rd_staff >= 0.5 * NULLIF(employees, 0)"]],
        [["employees = 0 OR employees >= 9", "employees <= 10"]],
        [["rd_staff >= 1", "employees <= 9", "rd_staff >= 0.1 * NULLIF(employees, 0)"]],
        # Across criteria each is told by itself.
        [["employees >= 5"], ["employees >= 3"]],
        [["employees <= 5"], ["in_principle: employees >= 6"]],
    ],
)
def test_what_can_matter_is_let_through(criteria: list[list[str]]) -> None:
    assert len(loaded(*criteria).criteria) == len(criteria)


FACTS: dict[str, list[Any]] = {
    "rd_staff": [0, 1, 2, 3, None],
    "employees": [0, 1, 2, 4, None],
    "own_brand": [True, False, None],
    "size_class": ["small", "large", None],
}
NUMBER = st.sampled_from(("rd_staff", "employees", "NULLIF(employees, 0)", "0.5 * employees", "1", "2", "rd_staff + 1"))
LEAF = st.one_of(
    st.builds("{} {} {}".format, NUMBER, st.sampled_from(("=", "<>", ">", ">=", "<", "<=")), NUMBER).filter(
        lambda text: "_" in text or "employees" in text
    ),
    st.sampled_from(("own_brand", "size_class = 'small'", "size_class <> 'large'")),
)
TEST = st.recursive(
    LEAF,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(("AND", "OR")), inner) | inner.map("NOT ({})".format)
    ),
    max_leaves=4,
)


ROWS = [dict(zip(FACTS, values, strict=True)) for values in product(*FACTS.values())]


@settings(max_examples=120, deadline=None)
@given(TEST, TEST)
def test_never_says_no_where_some_facts_say_yes(one: str, other: str) -> None:
    first, second = (parse_condition(text, catalogue()) for text in (one, other))
    seen = {(evaluate(first, row), evaluate(second, row)) for row in ROWS}
    for left, right in seen:
        if left is not None:
            assert possible([(first, "true" if left else "false")])
        if left and right is not None:
            assert possible([(first, "true"), (second, "true" if right else "false")])
        if left and right is not True:
            assert possible([(first, "true"), (second, "not_true")])
        if left is False and right is not False:
            assert possible([(first, "false"), (second, "not_false")])
    if idle(second, first):
        assert all(left == joined_value(AnyOf(()), [left, right]) for left, right in seen)
    if implied(second, [first]):
        assert all(left == joined_value(AllOf(()), [left, right]) for left, right in seen)
