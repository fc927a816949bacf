"""The part of an application form that facts are derived from, possibly incomplete, as the preview takes it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from shared.validation import custom_error, iso_date

_PLAIN_DECIMAL = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?", re.ASCII)


def _exact(value: Any) -> Any:
    # A JSON number with a point has passed through binary floating point; money does not.
    if isinstance(value, float | bool):
        raise custom_error("money_as_string")
    if isinstance(value, str) and not _PLAIN_DECIMAL.fullmatch(value.strip()):
        raise custom_error("not_a_number")
    return value


# The front door judges what may be submitted; here only what cannot be read is refused, and other fields pass by.
_Text = Annotated[str, Field(max_length=200)]
_Flag = Annotated[bool, Field(strict=True)]
_Count = Annotated[int, Field(ge=0, le=10_000_000, strict=True)]
_Day = Annotated[
    date, Field(ge=date(1900, 1, 1), le=date(2100, 12, 31), examples=["2024-01-10"]), BeforeValidator(iso_date)
]
_Money = Annotated[
    Decimal,
    Field(ge=0, le=10**13, max_digits=16, decimal_places=2),
    BeforeValidator(_exact),
    PlainSerializer(lambda value: f"{value + 0:.2f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d{1,2})?$", "examples": ["12000000.00"]}),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


class FinanceFacts(_Part):
    fiscal_year: Annotated[int, Field(ge=1900, le=2100, strict=True, examples=[2023])] | None = None
    revenue_cny: _Money | None = None
    total_assets_cny: _Money | None = None
    rd_expense_cny: _Money | None = None


class PeopleFacts(_Part):
    employees: _Count | None = None
    rd_staff: _Count | None = None
    rd_leader: _Text | None = None
    ip_staff: _Count | None = None


class QualificationFacts(_Part):
    type: Annotated[_Text, Field(examples=["high_tech"])] | None = None
    issued_on: _Day | None = None
    expires_on: _Day | None = None


class ProductFacts(_Part):
    name: Annotated[_Text, Field(examples=["示范产品"])] | None = None
    is_main: _Flag | None = None
    filing_no: _Text | None = None
    filed_on: _Day | None = None


class PatentFacts(_Part):
    legal_status: Annotated[_Text, Field(examples=["valid"])] | None = None
    granted_on: _Day | None = None
    source: Annotated[_Text, Field(examples=["own_rd"])] | None = None
    industrialised: _Flag | None = None
    product_names: Annotated[list[_Text | None], Field(max_length=50)] | None = None


class CollaborationFacts(_Part):
    agreement_from: _Day | None = None
    agreement_to: _Day | None = None


class IpManagementFacts(_Part):
    has_policy: _Flag | None = None
    has_unit: _Flag | None = None
    has_budget: _Flag | None = None


class DeclarationFacts(_Part):
    no_abnormal_filing: _Flag | None = None
    no_major_accident: _Flag | None = None
    no_violation: _Flag | None = None
    no_serious_dishonesty: _Flag | None = None


class PartialForm(_Part):
    """An application form as far as it has been filled in; what is absent or null is unknown, other fields are ignored."""

    uscc: Annotated[str | None, Field(max_length=40, examples=["91420106MAXQ000011"])] = None
    registered_division: Annotated[str | None, Field(max_length=6, examples=["420106"])] = None
    legal_person: _Flag | None = None
    industry_class: Annotated[str | None, Field(max_length=4, examples=["3976"])] = None
    finance: FinanceFacts | None = None
    people: PeopleFacts | None = None
    qualifications: Annotated[list[QualificationFacts], Field(max_length=100)] | None = None
    products: Annotated[list[ProductFacts], Field(max_length=500)] | None = None
    patents: Annotated[list[PatentFacts], Field(max_length=2000)] | None = None
    collaborations: Annotated[list[CollaborationFacts], Field(max_length=100)] | None = None
    trademark_nos: Annotated[list[_Text | None], Field(max_length=500)] | None = None
    ip_management: IpManagementFacts | None = None
    declarations: DeclarationFacts | None = None


class PreviewIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    form: PartialForm

    def payload(self) -> dict[str, Any]:
        """The form as a snapshot would hold it."""
        return self.form.model_dump(mode="json")
