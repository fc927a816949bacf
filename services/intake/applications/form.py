"""The application form (申报表) as typed data: what HTTP and workbooks must both satisfy.

Derived from the ten standards of 鄂知发〔2024〕14号 附件; no official form is published. A field that is
missing stays missing (`null`): evaluation judges it unknown, never zero.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from services.intake.applications.example_form import EXAMPLE_FORM
from services.intake.applications.form_types import (
    Count,
    Division,
    Flag,
    FormPart,
    IndustryClass,
    Money,
    PastDate,
    PatentNo,
    Percent,
    PlainDate,
    SignedMoney,
    Text,
    Uscc,
    Year,
)
from shared.identifiers import patent_filing_year, patent_kind
from shared.validation import custom_error


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


class Applicant(FormPart):
    """Who applies: the least that a draft must say, too."""

    uscc: Uscc
    name: Text
    registered_division: Division


class ApplicationForm(Applicant):
    """One enterprise's application (申报) to one cycle. Money in 元, dates ISO 8601, shares in percent.

    A list that is `null` was not answered (unknown); an empty list says that there are none.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_FORM]})

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
