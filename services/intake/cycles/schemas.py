"""What HTTP says about cycles."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from shared.reference.divisions import cities
from shared.validation import custom_error, iso_date

Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 12, 31, tzinfo=UTC))]


_Places = Annotated[int, Field(ge=0, le=100_000, strict=True)]


class QuotaIn(BaseModel):
    """The least and most admissions of a city. The minimum is kept as far as the city has eligible enterprises."""

    model_config = ConfigDict(extra="forbid")

    minimum: Annotated[_Places, Field(examples=[2])] = 0
    maximum: Annotated[_Places, Field(examples=[20])]

    @model_validator(mode="after")
    def _in_order(self) -> QuotaIn:
        if self.minimum > self.maximum:
            raise custom_error("minimum_above_maximum")
        return self


class ReserveIn(BaseModel):
    """Places for a condition that the rulebook names, or (`condition` null) held back from everybody.

    What is unused returns to the `shared` remainder or stays `empty`; what is held back always stays empty.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    condition: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$", examples=["little_giant"])] = None
    places: Annotated[int, Field(ge=1, le=100_000, strict=True, examples=[5])]
    unused: Literal["shared", "empty"]
    basis: Annotated[str, Field(min_length=1, max_length=1000, examples=["厅务会纪要：为国家级小巨人企业预留"])]

    @model_validator(mode="after")
    def _held_back_stays_empty(self) -> ReserveIn:
        if self.condition is None and self.unused == "shared":
            raise custom_error("held_back_but_shared")
        return self


class CycleIn(BaseModel):
    """A new cycle. `quotas` gives the most admissions per city code, or `{minimum, maximum}`; a city left out is
    limited by the pool alone. `reserved` places are given in the order stated, before all others.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$", examples=["2024-1"])]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    rulebook_id: Annotated[str, Field(max_length=100)]
    rulebook_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    opens_at: Moment
    closes_at: Moment
    assessed_on: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31)), BeforeValidator(iso_date)]
    quotas: Annotated[
        dict[str, _Places | QuotaIn], Field(examples=[{"420100": {"minimum": 2, "maximum": 20}, "420200": 10}])
    ] = {}
    reserved: Annotated[list[ReserveIn], Field(max_length=20)] = []

    @field_validator("quotas")
    @classmethod
    def _known_cities(cls, quotas: dict[str, int | QuotaIn]) -> dict[str, int | QuotaIn]:
        if not quotas.keys() <= {city.code for city in cities()}:
            raise custom_error("city_unknown")
        return quotas

    @field_validator("reserved")
    @classmethod
    def _each_condition_once(cls, reserved: list[ReserveIn]) -> list[ReserveIn]:
        if len({one.condition for one in reserved}) < len(reserved):
            raise custom_error("duplicate_condition")
        return reserved

    @property
    def bounds(self) -> dict[str, QuotaIn]:
        """Every quota with its minimum, 0 where only a maximum was given."""
        return {
            city: QuotaIn(maximum=quota) if isinstance(quota, int) else quota for city, quota in self.quotas.items()
        }

    @model_validator(mode="after")
    def _window_in_order(self) -> CycleIn:
        if self.closes_at <= self.opens_at:
            raise custom_error("window_empty")
        return self


class CycleOut(BaseModel):
    """As it was opened: a quota without a minimum is its maximum alone."""

    id: uuid.UUID
    code: str
    title: str
    rulebook_id: str
    rulebook_digest: str
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    assessed_on: date
    quotas: dict[str, int | QuotaIn]
    reserved: list[ReserveIn]
