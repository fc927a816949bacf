"""All faults of a rulebook at once, each where it stands, with the nearest known name, in Chinese first."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.loader import load_recorded, load_rulebook
from services.evaluation.rulebooks.positions import Positions

GOOD = '''\
id = "example-2024"
title = "示例"
source_document = "示例文件"
effective_from = 2024-06-06

[[criterion]]
number = 1
key = "first"
clause = "附件1"
title = "第一条"
text = "第一条的文字"

[[criterion.part]]
key = "staff"
title = "人员"
kind = "hard"
test = """
legal_person \\
  AND (
    rd_staff >= :least
    OR skilled >= 5
  )"""

[[criterion.part]]
key = "brand"
title = "品牌"
kind = "in_principle"
test = "own_brand"

[[derivation]]
name = "skilled"
type = "integer"
unit = "人"
title = "熟手"
meaning = "两项之和"
expression = "employees + ip_staff"

[parameters.least]
value = 3
basis = "理由"
'''


def told(text: str) -> list[tuple[int, str]]:
    with pytest.raises(RulebookError) as caught:
        load_rulebook(text, origin="example.toml")
    assert all(re.search(r"[\u4e00-\u9fff]", one.zh) and "derivation" not in one.zh for one in caught.value.faults)
    assert all(re.search(r"[a-z]{2}", one.en) for one in caught.value.faults)
    return [(one.line, one.code) for one in caught.value.faults]


def changed(*pairs: tuple[str, str]) -> str:
    text = GOOD
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_all_faults_are_told_at_once_in_order_of_lines() -> None:
    text = changed(
        ('title = "示例"\n', ""),
        ("number = 1", 'number = "1"'),
        ("rd_staff >= :least", "rd_staff / 2 >= :least"),
        ('kind = "in_principle"', 'kind = "in_principal"'),
        ('test = "own_brand"', 'test = "own_brands OR ip_polcy"'),
        ('expression = "employees + ip_staff"', 'expression = "employees + revenue_cny"'),
        ('basis = "理由"', 'basis = ""\nbases = 1'),
    )
    assert told(text) == [
        (1, "missing"),
        (line_of(text, 'number = "1"'), "malformed"),
        # `skilled` is at fault itself, which is told at the derivation alone.
        (line_of(text, "rd_staff / 2"), "division"),
        (line_of(text, 'kind = "in_principal"'), "malformed"),
        (line_of(text, "own_brands"), "unknown_fact"),
        (line_of(text, "own_brands"), "unknown_fact"),
        (line_of(text, "expression ="), "unit_mismatch"),
        (line_of(text, 'basis = ""'), "missing"),
        (line_of(text, "bases ="), "unknown_key"),
    ]


def test_what_follows_from_a_fault_is_not_told_as_well() -> None:
    assert told(changed(('name = "skilled"', 'name = "skilled"\ntype = "number"'), ('type = "integer"\n', ""))) == [
        (line_of(GOOD, 'name = "skilled"') + 1, "malformed")
    ]
    assert told(changed(("value = 3", "value = 0.5"))) == [(line_of(GOOD, "value = 3"), "malformed")]
    # An unknown name in a test hides whether the setting beside it is read; its name stands there, so it is.
    assert told(changed(("legal_person", "legal_persn"))) == [(line_of(GOOD, "legal_person"), "unknown_fact")]


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "words"),
    [
        ('clause = "附件1"', 'claus = "附件1"', 9, 1, "没有 `claus` 这个键，最接近的是 `clause`"),
        ('clause = "附件1"', 'clause = "附件1"\nvetto = true', 10, 1, "最接近的是 `veto`"),
        ('test = "own_brand"', 'tset = "own_brand"', 28, 1, "最接近的是 `test`"),
        ("[parameters.least]\nvalue = 3", "[parameters.least]\nvalu = 3", 39, 1, "最接近的是 `value`"),
        (
            "    OR skilled >= 5",
            "    OR skiled >= 5",
            21,
            8,
            "没有名为 `skiled` 的数据项或派生量，最接近的是 `skilled`",
        ),
        ("    rd_staff >= :least", "    rd_staff >= :lest", 20, 17, "没有名为 `lest` 的设定，最接近的是 `least`"),
        ("legal_person \\", "employees \\", 18, 1, "employees 不是“是或否”"),
        ("    OR skilled >= 5", "    OR skilled >= 5 OR 'a' = 'b'", 21, 24, "是文字，不是数值"),
        ('"employees + ip_staff"', '"employees + 0.5 * ip_staff"', 36, 14, "派生量须为整数"),
        ('test = "own_brand"', "test = 'own_brand AND'", 28, 19, "不是完整的 SQL 表达式"),
        ("effective_from = 2024-06-06", "effective_from = 2024-06-06\ntitle = 3", 5, 10, "不是有效的 TOML"),
        ('title = "品牌"', "title = 3", 26, 9, "`title` 须为文字，不是整数"),
    ],
)
def test_a_fault_is_told_at_its_own_place(old: str, new: str, line: int, column: int, words: str) -> None:
    with pytest.raises(RulebookError) as caught:
        load_rulebook(changed((old, new)), origin="example.toml")
    (fault,) = caught.value.faults
    assert (fault.line, fault.column) == (line, column)
    assert words in fault.zh
    assert str(caught.value) == f"example.toml:{line}:{column}: {fault.code}: {fault.zh} / {fault.en}"


def test_settings_and_derivations_without_effect_are_refused_unless_they_have_judged() -> None:
    unread = "[parameters.year]\nvalue = 2023\nbasis = '理由'\n"
    text = GOOD + unread
    assert told(text) == [(line_of(text, "[parameters.year]"), "unused")]
    # What only an idle derivation reads has no effect either.
    idle = changed(("    OR skilled >= 5\n", ""), ("employees + ip_staff", ":year * employees + ip_staff")) + unread
    assert told(idle) == [
        (line_of(idle, "[[derivation]]"), "unused"),
        (line_of(idle, "[parameters.year]"), "unused"),
    ]
    assert load_recorded(text, origin="stored").parameters.keys() == {"least", "year"}
    with pytest.raises(RulebookError):
        load_recorded(text.replace("own_brand", "own_brands"), origin="stored")


def test_a_setting_that_ranking_alone_reads_is_used() -> None:
    ranking = '[[ranking]]\ntitle = "人数"\nnumerator = "people"\ndirection = "ascending"\nbasis = "理由"\n'
    people = (
        '[[derivation]]\nname = "people"\ntype = "integer"\nunit = "人"\ntitle = "人数"\nmeaning = "人数"\n'
        'expression = "CASE WHEN :all THEN employees ELSE rd_staff END"\n'
        "[parameters.all]\nvalue = true\nbasis = '理由'\n"
    )
    assert load_rulebook(GOOD + ranking + people, origin="x").ranking[0].numerator == "employees"
    assert [code for _, code in told(GOOD + people)] == ["unused", "unused"]


_TEXTS = st.text(st.sampled_from("ab 中\n\"'\\#[]="), max_size=12)


def _basic(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _multiline(text: str) -> str:
    return '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"').replace(" ", " \\\n   ") + '"""'


@settings(max_examples=50)
@given(st.lists(st.tuples(_TEXTS, st.sampled_from((_basic, _multiline))), min_size=1, max_size=4), st.booleans())
@example([("a b中\n", _multiline), ('"#[[x]]', _basic)], True)
def test_every_character_of_every_text_is_found(texts: list[tuple[str, object]], crlf: bool) -> None:
    """Whatever stands before it: tables, arrays, comments and texts that look like them."""
    text = "# [[a]]\n"
    for number, (value, write) in enumerate(texts):
        written = write(value)  # type: ignore[operator]
        text += f"[[ a . 'b' ]] # 中\nc.d = [ 1, # ]\n  {{ e = {written} }}, ]\nf = {written}\n"
        text += f"[g.h{number}]\ni = 2024-01-01\n"
    written_as = text.replace("\n", "\r\n") if crlf else text
    content, positions, lines = tomllib.loads(written_as), Positions(written_as), text.split("\n")
    for number, entry in enumerate(content["a"]["b"]):
        for path, value in (((), entry["f"]), (("c", "d", 1, "e"), entry["c"]["d"][1]["e"])):
            key = ("a", "b", number, *(path or ("f",)))
            for at, character in enumerate(value):
                line, column = positions.of_value(key, at)
                rest = lines[line - 1][column - 1 :] + "\n"
                assert rest.startswith((character, "\\" + character, "\\n" if character == "\n" else character))
        line, column = positions.of_key(("g", f"h{number}", "i"))
        assert lines[line - 1][column - 1 :] == "i = 2024-01-01"
        assert lines[line - 2] == f"[g.h{number}]"
        assert lines[positions.of_key(("a", "b", number))[0] - 1].startswith("[[ a")
