"""The application form (申报表) as typed data: what HTTP and workbooks must both satisfy.

Derived from the ten standards of 鄂知发〔2024〕14号 附件; no official form is published. A field that is
missing stays missing (`null`): evaluation judges it unknown, never zero.
"""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from services.intake.applications.example_form import EXAMPLE_FORM
from shared.calendar import business_date, now
from shared.identifiers import (
    IdentifierError,
    parse_patent_application_no,
    parse_uscc,
    patent_filing_year,
    patent_kind,
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
    if _CONTROL.search(value):
        raise custom_error("control_character")
    return value


def _not_after_today(value: date) -> date:
    if value > business_date(now()):
        raise custom_error("future_date")
    return value


def _not_after_this_year(value: int) -> int:
    if value > business_date(now()).year:
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


Uscc = Annotated[str, Field(max_length=40, examples=["91420106MAXQ00001A"]), AfterValidator(_uscc)]
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


class Finance(FormPart):
    """Figures of `fiscal_year`, in 元 with at most two decimals, as decimal strings."""

    fiscal_year: Year | None = None
    revenue_cny: Money | None = None
    total_assets_cny: Money | None = None
    profit_cny: SignedMoney | None = None
    rd_expense_cny: Money | None = None
    financing_need_cny: Money | None = None


class People(FormPart):
    employees: Count | None = None
    rd_staff: Count | None = None
    rd_leader: Text | None = None
    ip_staff: Count | None = None
    has_technology_vice_president: Flag | None = None

    @field_validator("rd_staff", "ip_staff")
    @classmethod
    def _staff_within_employees(cls, value: int | None, info: ValidationInfo) -> int | None:
        employees: int | None = info.data.get("employees")
        if value is not None and employees is not None and value > employees:
            raise custom_error(f"{info.field_name}_exceeds_employees")
        return value


QualificationType = Literal[
    "sme_specialised",
    "little_giant_national",
    "little_giant_provincial_old",
    "innovative_sme",
    "high_tech",
    "ip_advantage",
    "ip_demonstration",
    "industrial_ip_pilot",
    "single_champion",
    "single_champion_provincial",
    "gold_seed",
    "silver_seed",
    "gazelle",
]


class Qualification(FormPart):
    type: QualificationType
    certificate_no: Text | None = None
    issued_on: PastDate | None = None
    expires_on: PlainDate | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Qualification:
        if self.issued_on and self.expires_on and self.expires_on < self.issued_on:
            raise custom_error("expires_before_issue")
        return self


class Patent(FormPart):
    application_no: PatentNo
    kind: Literal["invention", "utility_model", "design"]
    ipc_main: Annotated[str, Field(pattern=r"^(?:[A-H]\d{2}[A-Z](?: ?\d{1,4}/\d{2,6})?|\d{2}-\d{2})$")] | None = None
    legal_status: Literal["valid", "pending", "terminated", "invalidated", "expired"] | None = None
    granted_on: PastDate | None = None
    source: Literal["own_rd", "assigned", "licensed"] | None = None
    industrialised: Flag | None = None
    product_names: Annotated[list[Text], Field(max_length=50)] | None = None

    @model_validator(mode="after")
    def _agrees_with_its_number(self) -> Patent:
        if patent_kind(self.application_no) != self.kind:
            raise custom_error("patent_kind_mismatch")
        if self.granted_on and self.granted_on.year < patent_filing_year(self.application_no):
            raise custom_error("granted_before_filing")
        return self


class Product(FormPart):
    name: Text
    is_main: Flag | None = None
    sales_cny: Money | None = None
    profit_cny: SignedMoney | None = None
    filing_no: Text | None = None
    filed_on: PastDate | None = None
    recognised_year: Year | None = None


class Collaboration(FormPart):
    """A research agreement with a university or institute (产学研合作)."""

    partner: Text
    agreement_from: PlainDate | None = None
    agreement_to: PlainDate | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Collaboration:
        if self.agreement_from and self.agreement_to and self.agreement_to < self.agreement_from:
            raise custom_error("agreement_ends_before_start")
        return self


class IpManagement(FormPart):
    has_policy: Flag | None = None
    has_unit: Flag | None = None
    has_budget: Flag | None = None


class Declarations(FormPart):
    """What the enterprise declares (附件 10). `truthful` must be true; the rest may be left unanswered."""

    truthful: Flag
    no_abnormal_filing: Flag | None = None
    no_major_accident: Flag | None = None
    no_violation: Flag | None = None
    no_serious_dishonesty: Flag | None = None

    @field_validator("truthful")
    @classmethod
    def _must_commit(cls, value: bool) -> bool:
        if not value:
            raise custom_error("truth_commitment_missing")
        return value


class ApplicationForm(FormPart):
    """One enterprise's application (申报) to one cycle. Money in 元, dates ISO 8601, shares in percent.

    A list that is `null` was not answered (unknown); an empty list says that there are none.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_FORM]})

    uscc: Uscc
    name: Text
    registered_division: Division
    established_on: PastDate | None = None
    legal_person: Flag | None = None
    industry_class: IndustryClass | None = None
    main_business_share_percent: Percent | None = None
    contact_name: Text | None = None
    contact_phone: Annotated[str, Field(pattern=r"^[0-9+\-() ]{5,30}$")] | None = None
    finance: Finance = Finance()
    people: People = People()
    qualifications: Annotated[list[Qualification], Field(max_length=100)] | None = None
    products: Annotated[list[Product], Field(max_length=500)] | None = None
    patents: Annotated[list[Patent], Field(max_length=2000)] | None = None
    collaborations: Annotated[list[Collaboration], Field(max_length=100)] | None = None
    trademark_nos: Annotated[list[Text], Field(max_length=500)] | None = None
    ip_management: IpManagement = IpManagement()
    declarations: Declarations

    @field_validator("products")
    @classmethod
    def _products_once(cls, products: list[Product] | None) -> list[Product] | None:
        if products and len({product.name for product in products}) != len(products):
            raise custom_error("duplicate_product")
        return products

    @field_validator("patents")
    @classmethod
    def _patents_once_and_linked(cls, patents: list[Patent] | None, info: ValidationInfo) -> list[Patent] | None:
        if not patents:
            return patents
        if len({patent.application_no for patent in patents}) != len(patents):
            raise custom_error("duplicate_patent")
        # Absent when the products themselves were invalid: they are reported on their own.
        if "products" in info.data:
            known = {product.name for product in info.data["products"] or ()}
            if any(name not in known for patent in patents for name in patent.product_names or ()):
                raise custom_error("product_unknown")
        return patents


class ApplicationReceived(BaseModel):
    """The answer to a submission; `digest` is the SHA-256 of the snapshot's canonical JSON (RFC 8785)."""

    id: uuid.UUID
    cycle: str
    uscc: str
    status: str
    revision: int
    digest: str


class ReturnReason(FormPart):
    """Why a form goes back: the field as a JSON pointer (or empty for the whole form) and what is wrong."""

    field: Annotated[str, Field(max_length=200, pattern=r"^(?:/[^/]+)*$", examples=["/people/rd_staff"])]
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class ReturnIn(FormPart):
    reasons: Annotated[list[ReturnReason], Field(min_length=1, max_length=50)]


class RecommendIn(FormPart):
    application_ids: Annotated[list[uuid.UUID], Field(min_length=1, max_length=500)]


class Recommended(BaseModel):
    """`recommended` counts those that changed; ones recommended before stay as they are."""

    recommended: int
    already_recommended: int


class ApplicationOut(BaseModel):
    id: uuid.UUID
    cycle: str
    uscc: str
    name: str
    city_code: str
    status: str
    revision: int
    return_reasons: list[ReturnReason] | None
    submitted_at: datetime
    form: dict[str, Any] | None = None


class ApplicationPage(BaseModel):
    items: list[ApplicationOut]
    next_cursor: uuid.UUID | None
