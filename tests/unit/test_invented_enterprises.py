"""The demo's enterprises: nobody's codes, every city, and awkward cases that do what their labels say."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.demo.invented_enterprises import DEFAULT_AS_OF, Expectation, invented_forms, invented_workbook
from services.demo.invented_identifiers import (
    FIRST_PATENT_SERIAL,
    invented_patent_no,
    invented_uscc,
    organisation_check_character,
)
from services.demo.invented_trades import city_short_name
from services.intake.applications.schemas import ApplicationForm
from services.intake.imports.workbook_reader import WorkbookReading, read_workbook
from shared.identifiers import parse_patent_application_no, parse_uscc, patent_kind
from shared.reference.divisions import cities, city_of


@pytest.fixture(scope="module")
def made() -> tuple[bytes, Expectation]:
    return invented_workbook()


@pytest.fixture(scope="module")
def expectation(made: tuple[bytes, Expectation]) -> Expectation:
    return made[1]


@pytest.fixture(scope="module")
def reading(made: tuple[bytes, Expectation]) -> WorkbookReading:
    return read_workbook(made[0])


@pytest.fixture(scope="module")
def forms(expectation: Expectation, reading: WorkbookReading) -> dict[str, Any]:
    """The form of each label's row; of several with one label, the first."""
    by_row = {read.row: read.form for read in reading.forms}
    return {case.label: by_row[case.row] for case in reversed(expectation.cases) if case.row in by_row}


def test_the_reader_does_with_every_row_what_is_expected(expectation: Expectation, reading: WorkbookReading) -> None:
    accepted = {read.row: read.form.uscc for read in reading.forms}
    rejected = {row.row: {v.code for v in row.violations} for row in reading.rejections if row.sheet == "企业"}
    assert accepted == {case.row: case.uscc for case in expectation.cases if case.effect == "accepted"}
    assert rejected == {case.row: {case.code} for case in expectation.cases if case.effect == "rejected"}
    orphans = [row for row in reading.rejections if row.sheet != "企业"]
    assert [row.violations[0].code for row in orphans] == ["detail_orphan"] * expectation.orphan_rows
    assert (reading.rows_read, len(reading.forms)) == (expectation.rows, expectation.good_rows) == (200, 188)
    assert sum(expectation.rejected_by_label.values()) == expectation.rejected_rows == 12
    assert reading.warnings == []


def test_every_city_has_enterprises_and_everyone_is_marked_as_invented(reading: WorkbookReading) -> None:
    counted = Counter(city_of(read.form.registered_division) for read in reading.forms)
    assert set(counted) == {city.code for city in cities()}
    assert {code for code in counted if code[2:4] == "90"} == {"429004", "429005", "429006", "429021"}
    assert all(read.form.name.startswith("【虚构】") for read in reading.forms)
    assert len({read.form.name for read in reading.forms}) == len(reading.forms)


def test_the_mixture_is_that_of_a_real_round(expectation: Expectation) -> None:
    labels = expectation.accepted_by_label
    assert 0.5 < labels["strong"] / expectation.rows < 0.7
    assert 0.1 < labels["weak"] / expectation.rows < 0.16
    assert labels["deviation"] > 10
    assert labels["unknown"] > 10


def share(form: Any) -> Decimal:
    return Decimal(form.finance.rd_expense_cny) / Decimal(form.finance.revenue_cny)


def used_and_valid(form: ApplicationForm) -> tuple[int, int]:
    valid = [patent for patent in form.patents or () if patent.legal_status == "valid" and patent.source != "licensed"]
    return sum(bool(patent.industrialised and patent.product_names) for patent in valid), len(valid)


def test_the_figures_stand_exactly_at_the_thresholds(forms: dict[str, Any]) -> None:
    assert used_and_valid(forms["industrialisation_exactly_half"]) == (5, 10)
    assert used_and_valid(forms["industrialisation_just_under_half"]) == (999, 1999)
    assert used_and_valid(forms["no_patent_in_force"])[1] == 0
    assert share(forms["rd_share_exactly_10_percent"]) == Decimal("0.1")
    assert share(forms["rd_share_9_99_percent"]) == Decimal("0.0999")
    assert forms["rd_exactly_500_wan"].finance.rd_expense_cny == 5_000_000
    assert forms["rd_one_fen_under_500_wan"].finance.rd_expense_cny == Decimal("4999999.99")
    assert share(forms["rd_one_fen_under_500_wan"]) < Decimal("0.1")
    assert forms["zero_revenue"].finance.revenue_cny == 0
    staff = forms["research_staff_exactly_20_percent"].people
    assert staff.rd_staff * 5 == staff.employees


def test_an_expired_qualification_has_expired(expectation: Expectation, forms: dict[str, Any]) -> None:
    (only,) = forms["qualification_expired"].qualifications
    assert only.expires_on < DEFAULT_AS_OF
    assert expectation.case("qualification_expired").criteria == {2: "not_met"}


def test_zero_none_and_not_answered_are_three_things(forms: dict[str, Any]) -> None:
    assert forms["patents_none"].patents == []
    assert forms["patents_not_answered"].patents is None
    assert forms["qualifications_not_answered"].qualifications is None
    assert forms["rd_expense_missing"].finance.rd_expense_cny is None
    assert forms["no_trademark"].trademark_nos == []


def test_qualifications_are_in_force_on_the_day_unless_expired_on_purpose() -> None:
    day = date(2025, 3, 1)
    for form in invented_forms(11, 60, day):
        assert form["qualifications"]
        assert all(q["issued_on"] < day.isoformat() < q["expires_on"] for q in form["qualifications"])
        assert form["finance"]["fiscal_year"] == 2024


def test_forms_are_valid_in_the_usual_mixture_and_disjoint_from_the_workbook(expectation: Expectation) -> None:
    forms = invented_forms(2024, 120)
    assert all(ApplicationForm.model_validate(form).model_dump(mode="json") for form in forms)
    assert not {form["uscc"] for form in forms} & {case.uscc for case in expectation.cases}
    numbers = [patent["application_no"] for form in forms for patent in form["patents"]]
    assert len(set(numbers)) == len(numbers)


def test_the_same_arguments_give_the_same_bytes_and_others_do_not(made: tuple[bytes, Expectation]) -> None:
    assert invented_workbook() == made
    assert invented_forms(1, 5) == invented_forms(1, 5)
    assert invented_forms(1, 5) != invented_forms(2, 5)


@pytest.mark.parametrize("count", [0, 39, 10_000])
def test_too_few_or_too_many_enterprises_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="enterprises"):
        invented_workbook(1, count)


def test_an_unknown_label_is_an_error(expectation: Expectation) -> None:
    with pytest.raises(LookupError):
        expectation.case("no such case")


@given(st.sampled_from(["420106", "429021", "422801"]), st.sampled_from("WH"), st.integers(0, 9999))
def test_invented_codes_pass_every_check_and_belong_to_nobody(division: str, series: str, serial: int) -> None:
    code = invented_uscc(division, series, serial)
    assert parse_uscc(code) == code
    body = code[8:17]
    assert body.startswith("XXX")
    assert organisation_check_character(body[:8]) != body[8]


@pytest.mark.parametrize(("body", "check"), [("19220382", "1"), ("71526726", "X"), ("80210043", "3")])
def test_real_codes_keep_the_organisations_own_check_character(body: str, check: str) -> None:
    assert organisation_check_character(body) == check


@given(st.integers(2004, 2030), st.sampled_from(["invention", "utility_model", "design"]), st.integers(0, 999_999))
def test_invented_patent_numbers_pass_every_check_and_are_out_of_reach(year: int, kind: str, serial: int) -> None:
    number = invented_patent_no(year, kind, serial)
    assert parse_patent_application_no(number) == number
    assert patent_kind(number) == kind
    assert int(number[5:12]) >= FIRST_PATENT_SERIAL


@pytest.mark.parametrize(
    ("name", "short"),
    [("武汉市", "武汉"), ("恩施土家族苗族自治州", "恩施"), ("神农架林区", "神农架"), ("仙桃市", "仙桃")],
)
def test_names_use_the_citys_short_name(name: str, short: str) -> None:
    assert city_short_name(name) == short
