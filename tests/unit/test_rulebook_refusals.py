"""What a rulebook may not contain: each fault is refused with its code, its file and the line where it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.errors import ExpressionError, RulebookError
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.loader import load_rulebook, load_rulebooks, rulebook_by_id
from services.evaluation.rulebooks.normal_form import POLARS, to_sql
from shared.reference.province import province

GOOD = """\
# 注释
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
key = "only"
title = "唯一"
kind = "hard"
test = "legal_person AND employees >= :reading"

[[criterion]]
number = 2
key = "second"
clause = "附件2"
title = "第二条"
text = "第二条的文字"

[[criterion.part]]
key = "only"
title = "唯一"
kind = "in_principle"
test = "own_brand"

[[ranking]]
title = "指标"
numerator = "rd_staff"
denominator = "employees"
direction = "descending"
basis = "理由"

[parameters.reading]
value = 1
basis = "理由"
"""
FIRST, FIRST_PART, SECOND, SECOND_PART = 7, 14, 20, 27
PARAMETER = 40
# The last line of what was put in.
CHANGED = 0


def refusal(text: str) -> RulebookError:
    with pytest.raises(RulebookError) as caught:
        load_rulebook(text, origin="example.toml")
    return caught.value


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        # Injection, and everything else that is more than a test.
        ("legal_person; DROP TABLE enterprise", "not_allowed"),
        ("legal_person -- OR TRUE", "not_allowed"),
        ("legal_person /* */ AND own_brand", "not_allowed"),
        ("(SELECT legal_person FROM enterprise)", "not_allowed"),
        ("employees IN (SELECT 1)", "not_allowed"),
        ("EXISTS (SELECT 1)", "not_allowed"),
        ("employees > ALL (SELECT 1)", "not_allowed"),
        ("CAST(employees AS text) = '1'", "not_allowed"),
        ("employees::text = '1'", "not_allowed"),
        ("pg_sleep(10) > 0", "not_allowed"),
        ("pg_read_file('/etc/passwd') = 'x'", "not_allowed"),
        ("COALESCE(employees, 0) >= 0", "not_allowed"),
        ("ABS(employees) > 0", "not_allowed"),
        ("CASE WHEN legal_person THEN own_brand END", "not_allowed"),
        ("legal_person AS x", "not_allowed"),
        ("legal_person own_brand", "not_allowed"),
        ("other.legal_person", "not_allowed"),
        ('"legal_person"', "not_allowed"),
        ("size_class LIKE 's%'", "not_allowed"),
        ("size_class ~ 's'", "not_allowed"),
        ("size_class || 'x' = 'small'", "not_allowed"),
        ("employees[1] > 0", "not_allowed"),
        (":employees > 0", "unknown_parameter"),
        ("employees > $1", "not_allowed"),
        ("employees BETWEEN SYMMETRIC 2 AND 1", "not_allowed"),
        ("employees ^ 2 > 1", "not_allowed"),
        ("employees IN ()", "not_allowed"),
        ("NULLIF(employees, 1) > 0", "not_allowed"),
        ("NULLIF(employees + 1, 0) > 0", "not_allowed"),
        ("TRUE", "not_allowed"),
        ("NULL", "not_allowed"),
        ("1 >= 0", "not_allowed"),
        ("legal_person = TRUE", "type_mismatch"),
        ("employees > 1e3", "not_allowed"),
        ("employees > 0x10", "not_allowed"),
        ("employees > 5_000", "not_allowed"),
        ("employees > 99999999999999999999", "not_allowed"),
        ("employees / 2 > 1", "division"),
        ("employees % 2 = 1", "division"),
        # Reading a gap would let a withheld fact turn 不符合 into 符合.
        ("employees IS NULL", "reads_absence"),
        ("employees IS NOT NULL", "reads_absence"),
        ("legal_person IS TRUE", "reads_absence"),
        ("employees IS DISTINCT FROM 1", "reads_absence"),
        # Facts and types.
        ("turnover > 1", "unknown_fact"),
        ("Employees > 1", "unknown_fact"),
        ("employees", "type_mismatch"),
        ("size_class", "type_mismatch"),
        ("legal_person > 1", "type_mismatch"),
        ("NOT employees", "type_mismatch"),
        ("employees AND legal_person", "type_mismatch"),
        ("employees > '1'", "type_mismatch"),
        ("size_class = 1", "type_mismatch"),
        ("size_class > 'small'", "type_mismatch"),
        ("employees = size_class", "type_mismatch"),
        ("size_class IN ('small', 1)", "type_mismatch"),
        ("size_class IN ('small', 'smal')", "unknown_option"),
        ("size_class = 'SMALL'", "unknown_option"),
        ("revenue_cny > employees", "unit_mismatch"),
        ("revenue_cny + employees > 1", "unit_mismatch"),
        ("valid_patents > employees", "unit_mismatch"),
        ("employees * rd_staff > 1", "not_linear"),
        ("123456789012345678.123456789 * revenue_cny > 0.000000001 * rd_expense_cny", "overflow"),
        # Not expressions at all.
        ("", "unparsable"),
        ("legal_person AND", "unparsable"),
        ("employees >", "unparsable"),
        ("size_class = 'small", "unparsable"),
        ("(legal_person", "unparsable"),
        ("NULLIF(employees) > 1", "unparsable"),
        ("(" * 480 + "legal_person" + ")" * 480, "too_long"),
        ("NOT " * 300 + "legal_person", "too_long"),
    ],
)
def test_expression_is_refused(expression: str, code: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        to_sql(parse_condition(expression, catalogue()), POLARS)
    assert caught.value.code == code
    assert caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ('test = "own_brand"', 'test = "own_brands"', "unknown_fact", CHANGED),
        ('test = "own_brand"', 'test = "own_brand; DELETE"', "not_allowed", CHANGED),
        ('test = "own_brand"', 'test = "employees / 2 > 1"', "division", CHANGED),
        ('test = "own_brand"', "", "missing", SECOND_PART),
        ('test = "own_brand"', 'test = " "', "missing", CHANGED),
        ('test = "legal_person AND employees >= :reading"', "test = true", "malformed", CHANGED),
        ("number = 2", "number = 1", "numbering", CHANGED),
        ("number = 2", "number = 3", "numbering", CHANGED),
        ("number = 2", 'number = "2"', "malformed", CHANGED),
        ("number = 1", "number = true", "malformed", CHANGED),
        ("number = 1\n", "", "missing", FIRST),
        ('clause = "附件2"\n', "", "missing", SECOND),
        ('text = "第二条的文字"', 'text = ""', "missing", CHANGED),
        ('title = "第一条"\n', "", "missing", FIRST),
        ('key = "second"', 'key = "first"', "duplicate", CHANGED),
        ('key = "second"', 'key = "第二"', "malformed", CHANGED),
        ('kind = "in_principle"', 'kind = "soft"', "malformed", CHANGED),
        ('kind = "in_principle"', 'kind = "in_principle"\nweight = 3', "unknown_key", CHANGED),
        ('clause = "附件1"', 'clause = "附件1"\nvetoed = true', "unknown_key", CHANGED),
        ('clause = "附件2"', 'clause = "附件2"\nveto = true', "malformed", SECOND_PART + 4),
        ('id = "example-2024"', 'id = "../example"', "malformed", CHANGED),
        ('id = "example-2024"', 'id = "example-2024"\nscore = 0.5', "unknown_key", CHANGED),
        ("effective_from = 2024-06-06\n", "", "missing", 1),
        ("effective_from = 2024-06-06", 'effective_from = "2024-06-06"', "malformed", CHANGED),
        ("effective_from = 2024-06-06", "effective_from = 2024-06-06T00:00:00Z", "malformed", CHANGED),
        ("effective_from = 2024-06-06", "effective_from = 2024-06-06\neffective_to = 2024-06-05", "malformed", CHANGED),
        ('numerator = "rd_staff"', 'numerator = "staff"', "unknown_fact", CHANGED),
        ('numerator = "rd_staff"', 'numerator = "own_brand"', "type_mismatch", CHANGED),
        ('direction = "descending"', 'direction = "down"', "malformed", CHANGED),
        ("value = 1", "value = 0.5", "malformed", CHANGED),
        ("value = 1\n", "", "missing", PARAMETER),
        ("[parameters.reading]", "[parameter.reading]", "unknown_key", CHANGED),
        ("number = 2", "number = = 2", "not_toml", 21),
        ("number = 2", "number = 2\nnumber = 2", "not_toml", 22),
    ],
)
def test_rulebook_is_refused_at_its_line(old: str, new: str, code: str, line: int) -> None:
    assert GOOD.count(old) == 1
    if line == CHANGED:
        line = (GOOD[: GOOD.index(old)] + new).count("\n") + 1
    error = refusal(GOOD.replace(old, new))
    (told,) = (one for one in error.faults if (one.code, one.line) == (code, line))
    assert str(told).startswith(f"example.toml:{line}:{told.column}: {code}: ")
    assert re.search(r"[\u4e00-\u9fff]", told.zh)


def test_criteria_without_parts_and_rulebooks_without_criteria_are_refused() -> None:
    head, _, rest = GOOD.partition("[[criterion]]")
    assert refusal(head).code == "missing"
    without_part = rest.partition("[[criterion.part]]")[0]
    assert (refusal(head + "[[criterion]]" + without_part).code) == "missing"
    assert refusal(head + "criterion = [{ number = 1 }]").code == "missing"
    assert (
        refusal(GOOD.replace('key = "only"\ntitle = "唯一"\nkind = "hard"', 'key = "only"\nkind = "hard"')).code
        == "missing"
    )
    twice = GOOD.replace(
        "[[ranking]]", '[[criterion.part]]\nkey = "only"\ntitle = "又"\nkind = "judgement"\n\n[[ranking]]'
    )
    assert (refusal(twice).code, refusal(twice).line) == ("duplicate", 34)


def test_digest_follows_the_content_and_not_the_layout() -> None:
    rulebook = load_rulebook(GOOD, origin="a.toml")
    relaid = GOOD.replace("# 注释\n", "\n\n").replace('number = 1\nkey = "first"', 'key   = "first"\nnumber = 1')
    assert load_rulebook(relaid, origin="b.toml").digest == rulebook.digest
    for old, new in (('"own_brand"', '"NOT own_brand"'), ("2024-06-06", "2024-06-07"), ('"理由"', '"别的理由"')):
        assert load_rulebook(GOOD.replace(old, new), origin="a.toml").digest != rulebook.digest


def test_folder_of_rulebooks_is_read_by_id(tmp_path: Path) -> None:
    (tmp_path / "example-2024.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "notes.md").write_text("not a rulebook", encoding="utf-8")
    assert list(load_rulebooks(tmp_path)) == ["example-2024"]
    assert rulebook_by_id(tmp_path, "example-2024").digest == load_rulebooks(tmp_path)["example-2024"].digest
    for absent in ("example-2025", "../example-2024", ""):
        with pytest.raises(RulebookError) as caught:
            rulebook_by_id(tmp_path, absent)
        assert caught.value.code == "unknown_rulebook"
    (tmp_path / "misnamed.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(RulebookError):
        load_rulebooks(tmp_path)


def test_shipped_rulebook_states_its_source_and_a_basis_for_every_reading() -> None:
    rulebook = load_rulebooks(province().rulebooks)["hubei-2024"]
    assert rulebook.source_document == "鄂知发〔2024〕14号"
    assert rulebook.criteria[4].text == "专利产业化率不低于50%"
    assert rulebook.criteria[6].basis
    assert all(part.basis for part in rulebook.parts if part.kind == "judgement")
    assert all(parameter.basis for parameter in rulebook.parameters.values())
    assert [one.name for one in rulebook.derivations] == [
        "industrialisation_numerator",
        "industrialisation_denominator",
    ]
    assert all(derivation.basis for derivation in rulebook.derivations)
    assert rulebook.ranking[0].numerator == "industrialised_patents"
    assert (rulebook.is_effective(rulebook.effective_from), rulebook.effective_to) == (True, None)
