"""The kinds of value that forms hold: identifiers, money, counts and dates, each checked in one place."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from shared import calendar
from shared.calendar import business_date
from shared.identifiers import (
    IdentifierError,
    parse_patent_application_no,
    parse_uscc,
)
from shared.reference.divisions import is_registered_division
from shared.reference.industries import is_industry_class
from shared.validation import custom_error, iso_date

# 10^13 元 exceeds any enterprise; in 分 (10^15) thresholds times 100 still fit 64 bits.
MONEY_LIMIT = Decimal(10000000000000)
PEOPLE_LIMIT = 10_000_000
_PLAIN_DECIMAL = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\ud800-\udfff]")


def _uscc(value: str) -> str:
    try:
        return parse_uscc(value)
    except IdentifierError as error:
        raise custom_error(error.code) from None


def _patent_no(value: str) -> str:
    try:
        return parse_patent_application_no(value)
    except IdentifierError as error:
        raise custom_error(error.code) from None


def _division(value: str) -> str:
    if not is_registered_division(value):
        raise custom_error("division_unknown")
    return value


def _industry(value: str) -> str:
    if not is_industry_class(value):
        raise custom_error("industry_class_unknown")
    return value


def _no_control_characters(value: str) -> str:
    """PostgreSQL cannot store NUL, and control characters in names only ever come from broken exports."""
    # isprintable is many times quicker, and true of nearly every text.
    if not value.isprintable() and _CONTROL.search(value):
        raise custom_error("control_character")
    return value


def _not_after_today(value: date) -> date:
    # No clock is more than a day ahead of China's: what lies before today anywhere is past there, too.
    if value >= date.today() and value > business_date(calendar.now()):  # noqa: DTZ011 (a quick bound, see above)
        raise custom_error("future_date")
    return value


def _not_after_this_year(value: int) -> int:
    if value >= date.today().year and value > business_date(calendar.now()).year:  # noqa: DTZ011 (as above)
        raise custom_error("future_date")
    return value


def _exact(value: Any) -> Any:
    # A JSON number passes through binary floating point in most clients; money does not.
    if isinstance(value, float | bool):
        raise custom_error("money_as_string")
    if isinstance(value, str) and not _PLAIN_DECIMAL.fullmatch(value.strip()):
        raise custom_error("not_a_number")
    return value


def _money_text(value: Decimal) -> str:
    return f"{value + 0:.2f}"  # minus zero is zero


Uscc = Annotated[str, Field(max_length=40, examples=["91420100MA4KABCD1X"]), AfterValidator(_uscc)]
PatentNo = Annotated[str, Field(max_length=40, examples=["202010566088.9"]), AfterValidator(_patent_no)]
Division = Annotated[str, Field(pattern=r"^\d{6}$", examples=["420106"]), AfterValidator(_division)]
IndustryClass = Annotated[str, Field(pattern=r"^\d{4}$", examples=["3976"]), AfterValidator(_industry)]
Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_no_control_characters)]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(ge=0, le=PEOPLE_LIMIT, strict=True)]
PlainDate = Annotated[date, Field(ge=date(1949, 10, 1), le=date(2100, 12, 31)), BeforeValidator(iso_date)]
PastDate = Annotated[PlainDate, AfterValidator(_not_after_today)]
Year = Annotated[int, Field(ge=1990, le=2100, strict=True), AfterValidator(_not_after_this_year)]
_money = PlainSerializer(_money_text, return_type=str)
_DECIMAL_TEXT = WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d{1,2})?$", "examples": ["12000000.00"]})
_is_exact = BeforeValidator(_exact)
_precise = Field(max_digits=16, decimal_places=2)
Money = Annotated[Decimal, Field(ge=0, le=MONEY_LIMIT), _precise, _is_exact, _money, _DECIMAL_TEXT]
SignedMoney = Annotated[Decimal, Field(ge=-MONEY_LIMIT, le=MONEY_LIMIT), _precise, _is_exact, _money, _DECIMAL_TEXT]
Percent = Annotated[Decimal, Field(ge=0, le=100), _precise, _is_exact, _money, _DECIMAL_TEXT]


class FormPart(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
