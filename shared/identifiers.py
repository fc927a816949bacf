"""Chinese identifiers: codes of enterprises (GB 32100, GB 11714, GS 15) and patent application numbers (ZC 0006-2003)."""

from __future__ import annotations

import re
from operator import mul

from stdnum.cn import uscc as stdnum_uscc
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.iso7064 import mod_11_10

_REGISTRATION_NO = re.compile(r"\d{15}", re.ASCII)
_ORGANISATION_CODE = re.compile(r"([0-9A-Z]{8})-?([0-9X])", re.ASCII)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PATENT_NO = re.compile(r"(?:ZL)?(\d{12}|\d{8})\.?([\dX])", re.IGNORECASE | re.ASCII)
_PATENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
PATENT_KINDS = {"1": "invention", "2": "utility_model", "3": "design", "8": "invention", "9": "utility_model"}


class IdentifierError(ValueError):
    """`code` is stable: `<what>_format` or `<what>_check_digit`.

    What: `uscc`, `registration_no`, `organisation_code`, `patent_no`; and `enterprise_code_format` for none of them.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_uscc(text: str) -> str:
    """Return the 18 upper-case characters of a valid 统一社会信用代码; IdentifierError otherwise."""
    candidate = text.strip().upper()
    try:
        return str(stdnum_uscc.validate(candidate))
    except InvalidChecksum:
        raise IdentifierError("uscc_check_digit") from None
    except ValidationError:
        raise IdentifierError("uscc_format") from None


def _weigh(digits: str, offset: int) -> int:
    return sum(map(mul, map(int, digits), _PATENT_WEIGHTS[offset:]))


# Weighted sums of every four digits at each of their places: a form lists many patents, and this was its dearest check.
_WEIGHED = tuple({f"{n:04d}": _weigh(f"{n:04d}", offset) for n in range(10_000)} for offset in (0, 4, 8))


def parse_registration_no(text: str) -> str:
    """Return the 15 digits of a valid 工商注册号 (GS 15-2006; the last by ISO 7064 MOD 11,10); IdentifierError otherwise."""
    candidate = text.strip()
    if not _REGISTRATION_NO.fullmatch(candidate):
        raise IdentifierError("registration_no_format")
    if not mod_11_10.is_valid(candidate):
        raise IdentifierError("registration_no_check_digit")
    return candidate


def organisation_check_digit(body: str) -> str:
    """Check character of the eight of an 组织机构代码: 11 less the weighted sum modulo 11, ten written as X."""
    check = -sum(map(mul, (int(character, 36) for character in body), _ORGANISATION_WEIGHTS)) % 11
    return "X" if check == 10 else str(check)


def parse_organisation_code(text: str) -> str:
    """Return the nine characters of a valid 组织机构代码 (GB 11714-1997), without its hyphen; IdentifierError otherwise."""
    match = _ORGANISATION_CODE.fullmatch(text.strip().upper())
    if match is None:
        raise IdentifierError("organisation_code_format")
    body, check = match.groups()
    if organisation_check_digit(body) != check:
        raise IdentifierError("organisation_code_check_digit")
    return body + check


def organisation_part(uscc: str) -> str:
    """The 主体标识码 of a 统一社会信用代码: the organisation code of an enterprise that had one before 三证合一."""
    return uscc[8:17]


def parse_enterprise_code(text: str) -> tuple[str, str]:
    """Scheme (`uscc`, `registration_no` or `organisation_code`, told by length) and the valid code; IdentifierError."""
    compact = text.strip().replace("-", "")
    match len(compact):
        case 18:
            return "uscc", parse_uscc(compact)
        case 15:
            return "registration_no", parse_registration_no(compact)
        case 9:
            return "organisation_code", parse_organisation_code(compact)
        case _:
            raise IdentifierError("enterprise_code_format")


def patent_check_digit(body: str) -> str:
    """Check character of an 8- or 12-digit body: weighted sum modulo 11, ten written as X."""
    total = _WEIGHED[0][body[:4]] + _WEIGHED[1][body[4:8]]
    if len(body) == 12:
        total += _WEIGHED[2][body[8:]]
    return "0123456789X"[total % 11]


def parse_patent_application_no(text: str) -> str:
    """Return `YYYYKNNNNNNN.C` (or the pre-2003 `YYKNNNNN.C`); a leading ZL is dropped; IdentifierError otherwise."""
    match = _PATENT_NO.fullmatch(text.strip())
    if match is None:
        raise IdentifierError("patent_no_format")
    body, check = match.group(1), match.group(2).upper()
    if patent_kind(body) is None:
        raise IdentifierError("patent_no_format")
    if patent_check_digit(body) != check:
        raise IdentifierError("patent_no_check_digit")
    return f"{body}.{check}"


def patent_kind(number: str) -> str | None:
    """`invention`, `utility_model` or `design`, read from the kind digit of a valid number."""
    body = number.split(".", maxsplit=1)[0]
    return PATENT_KINDS.get(body[4] if len(body) == 12 else body[2])


def patent_filing_year(number: str) -> int:
    """Year of filing: four digits in the current form; two digits (85 to 03) in the form used until 2003."""
    body = number.split(".", maxsplit=1)[0]
    if len(body) == 12:
        return int(body[:4])
    year = int(body[:2])
    return 1900 + year if year >= 85 else 2000 + year
