"""The progress report's form (进展报告表) as typed data: what the graduation and exit tests of 二(六)12 need.

No official form is published. A field that is missing stays missing (`null`), and a list that is `null` was not
answered while an empty one says that there are none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from services.intake.applications.schemas import (
    Count,
    Declarations,
    Flag,
    FormPart,
    Money,
    PastDate,
    PatentNo,
    SignedMoney,
    Text,
    Year,
)
from shared.validation import custom_error

LongText = Annotated[str, Field(min_length=1, max_length=5000, examples=["完成中试线建设，两件专利用于新产品量产。"])]


class PatentProgress(FormPart):
    """Patents at the end of the period: 专利产业化率 is the industrialised among the valid. Numbers are optional."""

    valid_count: Count | None = None
    industrialised_count: Count | None = None
    valid_application_nos: Annotated[list[PatentNo], Field(max_length=5000)] | None = None
    industrialised_application_nos: Annotated[list[PatentNo], Field(max_length=5000)] | None = None

    @field_validator("industrialised_count")
    @classmethod
    def _within_valid(cls, value: int | None, info: ValidationInfo) -> int | None:
        valid: int | None = info.data.get("valid_count")
        if value is not None and valid is not None and value > valid:
            raise custom_error("industrialised_exceeds_valid")
        return value

    @field_validator("valid_application_nos", "industrialised_application_nos")
    @classmethod
    def _as_many_as_counted(cls, numbers: list[str] | None, info: ValidationInfo) -> list[str] | None:
        if numbers is None:
            return None
        if len(set(numbers)) != len(numbers):
            raise custom_error("duplicate_patent")
        count: int | None = info.data.get(str(info.field_name).replace("application_nos", "count"))
        if count is not None and count != len(numbers):
            raise custom_error("count_differs_from_list")
        if info.field_name == "industrialised_application_nos":
            valid: list[str] | None = info.data.get("valid_application_nos")
            if valid is not None and not set(numbers) <= set(valid):
                raise custom_error("industrialised_not_valid")
        return numbers


class FiledProduct(FormPart):
    """A patent product put on file in the period (专利产品备案). Filing is not recognition and counts for neither test."""

    name: Text
    filing_no: Text | None = None
    filed_on: PastDate | None = None


class ProductYear(FormPart):
    """A product's sales and profit in a calendar year, in 元; of a year that is not over yet, so far."""

    year: Year
    sales_cny: Money | None = None
    profit_cny: SignedMoney | None = None


class RecognisedProduct(FormPart):
    """A product recognised as patent-intensive (专利密集型产品认定), in this period or before it, with its results."""

    name: Text
    recognised_year: Year
    document_no: Text | None = None
    recognised_on: PastDate | None = None
    years: Annotated[list[ProductYear], Field(max_length=50)] | None = None

    @model_validator(mode="after")
    def _dates_and_years(self) -> RecognisedProduct:
        # The list of a year may be announced in the next one, never before that year.
        if self.recognised_on and self.recognised_on.year < self.recognised_year:
            raise custom_error("recognised_before_its_year")
        if self.years and len({one.year for one in self.years}) != len(self.years):
            raise custom_error("duplicate_year")
        return self


class PeriodFinance(FormPart):
    """Figures of the days that the period covers, in 元 as decimal strings."""

    revenue_cny: Money | None = None
    profit_cny: SignedMoney | None = None
    rd_expense_cny: Money | None = None


class Loan(FormPart):
    """A loan granted in the period; `ip_pledged` says whether intellectual property secures it (质押融资)."""

    bank: Text
    amount_cny: Money | None = None
    ip_pledged: Flag | None = None
    granted_on: PastDate | None = None


class MarketStep(FormPart):
    """A step towards or on the capital market in the period, the regional equity market (四板) included."""

    stage: Literal["regional_market", "neeq_quoted", "listing_guidance", "listing_accepted", "listed"]
    market: Text | None = None
    reached_on: PastDate | None = None


class EquityFinancing(FormPart):
    """A round of equity financing closed in the period; money in 元."""

    stage: Literal["seed", "angel", "series_a", "series_b", "series_c_or_later", "strategic", "pre_ipo", "other"]
    investor: Text | None = None
    amount_cny: Money | None = None
    closed_on: PastDate | None = None


class Standard(FormPart):
    number: Text
    level: Literal["international", "national", "industry", "local", "group"] | None = None
    published_on: PastDate | None = None


class Award(FormPart):
    name: Text
    issuer: Text | None = None
    awarded_on: PastDate | None = None


class ProgressForm(FormPart):
    """One member's progress in one period. Dated events must lie in the period, so that none is told twice."""

    patents: PatentProgress = PatentProgress()
    finance: PeriodFinance = PeriodFinance()
    filed_products: Annotated[list[FiledProduct], Field(max_length=500)] | None = None
    recognised_products: Annotated[list[RecognisedProduct], Field(max_length=500)] | None = None
    loans: Annotated[list[Loan], Field(max_length=500)] | None = None
    market_steps: Annotated[list[MarketStep], Field(max_length=50)] | None = None
    equity_financings: Annotated[list[EquityFinancing], Field(max_length=50)] | None = None
    standards: Annotated[list[Standard], Field(max_length=200)] | None = None
    awards: Annotated[list[Award], Field(max_length=200)] | None = None
    narrative: LongText | None = None
    declarations: Declarations

    @field_validator("filed_products", "recognised_products")
    @classmethod
    def _products_once(
        cls, products: list[FiledProduct] | list[RecognisedProduct] | None
    ) -> list[FiledProduct] | list[RecognisedProduct] | None:
        # Claimed twice it would count twice, however its name is spaced or cased.
        if products and len({_name_key(product.name) for product in products}) != len(products):
            raise custom_error("duplicate_product")
        return products


def _name_key(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def events_of(form: ProgressForm) -> Iterator[tuple[str, date | None]]:
    """JSON pointer and date of everything that happened in the period."""
    dated = {
        "filed_products": ("filed_on", form.filed_products),
        "loans": ("granted_on", form.loans),
        "market_steps": ("reached_on", form.market_steps),
        "equity_financings": ("closed_on", form.equity_financings),
        "standards": ("published_on", form.standards),
        "awards": ("awarded_on", form.awards),
    }
    for name, (field, items) in dated.items():
        for index, item in enumerate(items or ()):
            yield f"/{name}/{index}/{field}", getattr(item, field)
