"""Files of adjustment rules: what the province's says, every fault refused with its line, and what-if changes."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from services.evaluation.adjustment.rule_sections import INCIDENT_KINDS
from services.evaluation.adjustment.rule_settings import SETTINGS
from services.evaluation.adjustment.rules import Rules, load_rules, provincial_rules, rules_in_force
from services.evaluation.rulebooks.errors import RulebookError
from shared.models.intake import incidents

(RULES,) = provincial_rules()


def refusal(text: str) -> RulebookError:
    with pytest.raises(RulebookError) as caught:
        load_rules(text, origin="example.toml")
    return caught.value


def line_of(text: str) -> int:
    return RULES.text[: RULES.text.index(text)].count("\n") + 1


def test_the_provinces_rules_say_what_the_plan_says() -> None:
    assert RULES.graduation.new_products == 1
    assert RULES.exit.stall_months == 24
    assert RULES.rolling.credits_per_graduate == 2
    assert RULES.rolling.credit_valid_months is None
    assert RULES.rolling.credits_carry_over
    assert [reminder.months for reminder in RULES.radar.reminders] == [12, 18, 21]
    assert {track.key for track in RULES.graduation.tracks} == {"little_giant", "single_champion", "listing_reserve"}
    assert {one.kind for one in RULES.exit.incidents} == set(incidents.INCIDENT_KINDS) == set(INCIDENT_KINDS)
    assert RULES.parameters.keys() == SETTINGS
    assert all(parameter.basis.strip() for parameter in RULES.parameters.values())
    assert len({grouping.sql for grouping in RULES.graduation.groupings}) == 2


def test_rules_apply_from_their_day() -> None:
    assert rules_in_force(date(2024, 6, 6)) is RULES
    with pytest.raises(LookupError):
        rules_in_force(date(2024, 6, 5))


@pytest.mark.parametrize(
    ("before", "after", "code", "header"),
    [
        ('id = "hubei-adjust-2024"', 'id = "../x"', "malformed", None),
        ('id = "hubei-adjust-2024"', "", "missing", None),
        ("effective_from = 2024-06-06", "", "missing", None),
        ("effective_from = 2024-06-06", 'effective_from = "2024"', "malformed", None),
        ('source_document = "鄂知发〔2024〕14号"', "", "missing", None),
        ('title = "湖北省专利', 'surplus = 1\ntitle = "湖北省专利', "unknown_key", None),
        ('clause = "二(六)12(1)"', "", "missing", "[graduation]"),
        ("[rolling]", "[rolling_on]", "missing", None),
        ('[exit]\nclause = "二(六)12(3)"', "[exit]\nclause = 3", "malformed", "[exit]"),
        ("AND (new_product", "AND (new_products", "unknown_fact", "[[grouping]]"),
        ("rate_improved AND (new_product OR", "rate_improved AND (NOT new_product OR", "not_allowed", "[[grouping]]"),
        ("rate_improved AND (new_product OR", "rate_improved; (new_product OR", "not_allowed", "[[grouping]]"),
        (
            "rate_improved AND (new_product OR",
            "rate_improved >= 1 AND (new_product OR",
            "type_mismatch",
            "[[grouping]]",
        ),
        ('key = "rate_and_new_or_growth"', 'key = "rate_and_either"', "duplicate", 'key = "rate_and_new_or_growth"'),
        ('value = "rate_and_either"', 'value = "neither"', "unknown_option", "[parameters.grouping]"),
        ('value = "5"', 'value = "five"', "malformed", "[parameters.rate_points]"),
        ('value = "5"', "value = 5.0", "malformed", "[parameters.rate_points]"),
        ('value = "5"', "value = true", "malformed", "[parameters.rate_points]"),
        ('value = "5"', 'value = "0"', "out_of_range", "[parameters.rate_points]"),
        ('value = "5"', 'value = "100.1"', "out_of_range", "[parameters.rate_points]"),
        ('value = "5"', 'value = "5.00001"', "out_of_range", "[parameters.rate_points]"),
        ("value = 24", 'value = "24"', "malformed", "[parameters.stall_months]"),
        ("value = 24", "value = 0", "out_of_range", "[parameters.stall_months]"),
        ("value = 24", "", "missing", "[parameters.stall_months]"),
        ("value = true", 'value = "yes"', "malformed", "[parameters.credits_carry_over]"),
        ('value = "never"', 'value = "seldom"', "malformed", "[parameters.credit_valid_months]"),
        ('value = "last_progress"', 'value = "first"', "unknown_option", "[parameters.stall_from]"),
        ('points = "只看百分点", ', "", "malformed", "[parameters.rate_needs]"),
        ("[parameters.new_products]", "[parameters.new_patents]", "missing", None),
        ("# 停滞预警。", '[parameters.more]\nvalue = 1\nbasis = "x"\n', "unknown_key", None),
        ('effect = "immediate"', 'effect = "at_once"', "malformed", "[[incident]]"),
        ('kind = "tax_evasion"', 'kind = "late_report"', "malformed", None),
        ('kind = "tax_evasion"', 'kind = "safety_accident"', "duplicate", None),
        ("months = 12", "months = 0", "out_of_range", "[[reminder]]"),
        ("months = 18", "months = 12", "duplicate", None),
        ('at_least = "1"', 'at_least = "1.5"', "malformed", "[[progress]]"),
        ('at_least = "1"', 'at_least = "-1"', "malformed", "[[progress]]"),
        ('kind = "product_sales"', 'kind = "patents_filed"', "malformed", None),
        ('key = "little_giant"', 'key = "Little Giant"', "malformed", "[[track]]"),
        ("text = ", "text = = ", "not_toml", "text = "),
    ],
)
def test_a_fault_is_refused_with_its_code_and_line(before: str, after: str, code: str, header: str | None) -> None:
    assert before in RULES.text
    error = refusal(RULES.text.replace(before, after, 1))
    assert (error.code, error.origin) == (code, "example.toml")
    if header is not None and code != "duplicate":
        assert error.line == line_of(header)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_needs_its_basis(name: str) -> None:
    at = RULES.text.index("basis = ", RULES.text.index(f"[parameters.{name}]"))
    error = refusal(RULES.text[:at] + "motive" + RULES.text[at + len("basis") :])
    assert (error.code, error.line) == ("missing", line_of(f"[parameters.{name}]"))


@pytest.mark.parametrize("section", ["grouping", "track", "progress", "incident", "reminder"])
def test_every_entry_needs_its_words_and_every_section_an_entry(section: str) -> None:
    at = RULES.text.index("title = ", RULES.text.index(f"[[{section}]]"))
    error = refusal(RULES.text[:at] + "name" + RULES.text[at + len("title") :])
    assert (error.code, error.line) == ("missing", line_of(f"[[{section}]]"))
    assert refusal(RULES.text.replace(f"[[{section}]]", f"[[{section}_no_more]]")).code in ("missing", "unknown_key")


def test_an_incident_left_out_is_refused() -> None:
    start = RULES.text.index('[[incident]]\nkind = "other_violation"')
    end = RULES.text.index("# 滚动培育：增补名额")
    error = refusal(RULES.text[:start] + RULES.text[end:])
    assert error.code == "missing"
    assert "other_violation" in error.message


def test_comments_and_layout_do_not_change_the_digest() -> None:
    assert load_rules(f"# 另一注释\n{RULES.text}\n\n", origin="x").digest == RULES.digest


def test_changed_numbers_are_other_rules_and_the_same_numbers_are_the_same() -> None:
    changed = RULES.changed(rate_points="7.5", stall_months=12, credit_valid_months=24, credits_carry_over=False)
    assert changed.digest != RULES.digest
    assert changed.graduation.rate_points == Fraction(15, 2)
    assert (changed.exit.stall_months, changed.rolling.credit_valid_months) == (12, 24)
    assert changed.graduation.grouping == RULES.graduation.grouping
    assert load_rules(changed.text, origin="x") == changed
    back = changed.changed(rate_points="5", stall_months=24, credit_valid_months="never", credits_carry_over=True)
    assert back == RULES
    assert RULES.changed() == RULES


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("cap", 500, "unknown_parameter"),
        ("stall_months", 0, "out_of_range"),
        ("stall_months", 10**30, "malformed"),
        ("rate_needs", "neither", "unknown_option"),
        ("grouping", 'x"\nbasis = "y', "unknown_option"),
        ("rate_points", "", "malformed"),
    ],
)
def test_a_what_if_that_is_no_rule_is_refused(name: str, value: str | int, code: str) -> None:
    with pytest.raises(RulebookError) as caught:
        RULES.changed(**{name: value})
    assert caught.value.code == code


def test_only_a_value_on_a_line_of_its_own_can_be_changed() -> None:
    start = RULES.text.index("[parameters.new_products]")
    end = RULES.text.index("[parameters.sales_growth_percent]")
    moved: Rules = load_rules(
        RULES.text[:start].replace(
            "[graduation]", '[parameters]\nnew_products = { value = 1, basis = "x" }\n\n[graduation]', 1
        )
        + RULES.text[end:],
        origin="x",
    )
    with pytest.raises(RulebookError, match="on a line of its own"):
        moved.changed(new_products=2)
