"""Identifiers that pass every check of form and can belong to nobody.

Codes of organisations: positions 9 to 17 of a 统一社会信用代码 are the organisation's own code, whose last character
is a check character of its own (GB 11714). Ours begins with XXX and carries a wrong one, so no registry can ever have
issued it, while the check character of the whole code (GB 32100) is right.

Patent numbers: offices number the applications of a year upwards and have stayed below four million in every kind;
ours start at nine million, with a valid check digit. Telephone numbers use the area code 000, trademarks nine digits.
"""

from __future__ import annotations

from stdnum.cn import uscc

from shared.identifiers import patent_check_digit

_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KIND_DIGITS = {"invention": "1", "utility_model": "2", "design": "3"}
FIRST_PATENT_SERIAL = 9_000_000


def invented_uscc(division: str, series: str, serial: int) -> str:
    """A code under `division` (six digits); `series` is one letter, `serial` 0 to 9999."""
    body = f"XXX{series}{serial:04d}"
    right = organisation_check_character(body)
    wrong = str((int(right) + 1) % 10) if right != "X" else "0"
    front = f"91{division}{body}{wrong}"
    return front + str(uscc.calc_check_digit(front))


def organisation_check_character(body: str) -> str:
    """The check character that GB 11714 asks for after eight characters."""
    total = sum(
        _ALPHABET.index(character) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    value = 11 - total % 11
    return {10: "X", 11: "0"}.get(value, str(value))


def invented_patent_no(year: int, kind: str, serial: int) -> str:
    """An application number of `kind` filed in `year`; `serial` counts from 0."""
    body = f"{year}{_KIND_DIGITS[kind]}{FIRST_PATENT_SERIAL + serial:07d}"
    return f"{body}.{patent_check_digit(body)}"


def invented_phone(serial: int) -> str:
    """A telephone number in an area code that does not exist."""
    return f"000-{serial:08d}"


def invented_trademark_no(serial: int) -> str:
    """Nine digits; registrations have eight."""
    return f"99{serial:07d}"
