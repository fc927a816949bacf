"""Identifiers: real codes pass, one changed character does not."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn.uscc import calc_check_digit

from shared.identifiers import (
    IdentifierError,
    parse_patent_application_no,
    parse_uscc,
    patent_check_digit,
    patent_filing_year,
    patent_kind,
)

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_uscc_body = st.builds(
    lambda division, organisation: f"91{division:06d}{organisation}",
    st.integers(0, 999_999),
    st.text(_ALPHABET, min_size=9, max_size=9),
)
_patent_body = st.builds(
    lambda year, kind, serial: f"{year}{kind}{serial:07d}",
    st.integers(1985, 2030),
    st.sampled_from("12389"),
    st.integers(0, 9_999_999),
)


@pytest.mark.parametrize("code", ["914403001922038216", "9144030071526726XG", "91110000802100433B"])
def test_published_codes_are_valid(code: str) -> None:
    assert parse_uscc(f" {code.lower()} ") == code


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("914403001922038215", "uscc_check_digit"),
        ("9111000080210043OB", "uscc_format"),
        ("91110000802100433", "uscc_format"),
        ("", "uscc_format"),
    ],
)
def test_a_wrong_code_says_why(code: str, reason: str) -> None:
    with pytest.raises(IdentifierError) as refused:
        parse_uscc(code)
    assert refused.value.code == reason


@given(_uscc_body, st.integers(0, 16), st.sampled_from(_ALPHABET))
def test_one_changed_character_of_a_code_is_noticed(body: str, position: int, other: str) -> None:
    assume(body[position] != other)
    code = parse_uscc(body + calc_check_digit(body))
    changed = code[:position] + other + code[position + 1 :]
    with pytest.raises(IdentifierError):
        parse_uscc(changed)


@pytest.mark.parametrize(
    "number",
    ["202010566088.9", "201510958772.0", "200510096239.4", "201811564288.X", "202322865413.3", "202510942578.7"],
)
def test_published_patent_numbers_are_valid(number: str) -> None:
    for written in (number, f"ZL{number}", number.replace(".", ""), number.lower(), f" {number} "):
        assert parse_patent_application_no(written) == number


@pytest.mark.parametrize("number", ["202310123456.7", "202410123456.7"])
def test_invented_looking_patent_numbers_fail_their_check_digit(number: str) -> None:
    with pytest.raises(IdentifierError, match="patent_no_check_digit"):
        parse_patent_application_no(number)


@given(_patent_body, st.integers(0, 11), st.sampled_from("0123456789"))
def test_one_changed_digit_of_a_patent_number_is_noticed(body: str, position: int, digit: str) -> None:
    assume(body[position] != digit)
    check = patent_check_digit(body)
    assert parse_patent_application_no(f"{body}.{check}") == f"{body}.{check}"
    with pytest.raises(IdentifierError):
        parse_patent_application_no(f"{body[:position]}{digit}{body[position + 1 :]}.{check}")


def test_kind_and_year_are_read_from_both_forms() -> None:
    assert (patent_kind("202322865413.3"), patent_filing_year("202322865413.3")) == ("utility_model", 2023)
    old = "98100001"
    number = parse_patent_application_no(f"{old}.{patent_check_digit(old)}")
    assert (patent_kind(number), patent_filing_year(number)) == ("invention", 1998)
    assert patent_filing_year("02100001.X") == 2002
