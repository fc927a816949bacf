"""Codes from before 三证合一: published examples pass, one changed character does not."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_10

from shared.identifiers import (
    IdentifierError,
    organisation_check_digit,
    organisation_part,
    parse_enterprise_code,
    parse_organisation_code,
    parse_registration_no,
    parse_uscc,
)

_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_the_standards_own_examples_are_valid() -> None:
    # GB 11714-1997, GS 15-2006 and GB 32100-2015 in turn.
    assert parse_organisation_code(" d2143569-x ") == "D2143569X"
    assert parse_registration_no(" 110108000000016 ") == "110108000000016"
    assert parse_uscc("91350100m000100y43") == "91350100M000100Y43"


@pytest.mark.parametrize("uscc", ["914403001922038216", "9144030071526726XG", "91110000802100433B"])
def test_published_codes_contain_a_valid_organisation_code(uscc: str) -> None:
    assert parse_organisation_code(organisation_part(uscc)) == uscc[8:17]


def test_the_scheme_is_told_by_length() -> None:
    assert parse_enterprise_code("D2143569-X") == ("organisation_code", "D2143569X")
    assert parse_enterprise_code("110108000000016") == ("registration_no", "110108000000016")
    assert parse_enterprise_code("91350100m000100y43") == ("uscc", "91350100M000100Y43")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("D2143569-1", "organisation_code_check_digit"),
        ("D21435691X", "enterprise_code_format"),
        ("D214356一X", "organisation_code_format"),
        ("110108000000017", "registration_no_check_digit"),
        ("11010800000001X", "registration_no_format"),
        ("１10108000000016", "registration_no_format"),
        ("91350100M000100Y4Z", "uscc_format"),
        ("", "enterprise_code_format"),
    ],
)
def test_a_wrong_code_says_why(text: str, code: str) -> None:
    with pytest.raises(IdentifierError) as refused:
        parse_enterprise_code(text)
    assert refused.value.code == code


@given(st.text(_BASE36, min_size=8, max_size=8), st.integers(0, 7), st.sampled_from("0123456789"))
def test_one_changed_digit_of_an_organisation_code_is_noticed(body: str, position: int, digit: str) -> None:
    # Among digits only: 11 letters and digits apart share a remainder, as the standard has it.
    assume(body[position] in "0123456789" and body[position] != digit)
    check = organisation_check_digit(body)
    assert parse_organisation_code(body + check) == body + check
    with pytest.raises(IdentifierError):
        parse_organisation_code(body[:position] + digit + body[position + 1 :] + check)


@given(st.from_regex(r"[0-9]{14}", fullmatch=True), st.integers(0, 13), st.sampled_from("0123456789"))
def test_one_changed_digit_of_a_registration_number_is_noticed(body: str, position: int, digit: str) -> None:
    assume(body.isascii() and body[position] != digit)
    check = mod_11_10.calc_check_digit(body)
    assert parse_registration_no(body + check) == body + check
    with pytest.raises(IdentifierError):
        parse_registration_no(body[:position] + digit + body[position + 1 :] + check)
