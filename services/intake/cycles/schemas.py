"""What HTTP says about cycles."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from shared.reference.divisions import cities
from shared.validation import custom_error, iso_date

Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 12, 31, tzinfo=UTC))]


class CycleIn(BaseModel):
    """A new cycle. `quotas` gives the most admissions per city code; a city left out is limited by the pool alone."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$", examples=["2024-1"])]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    rulebook_id: Annotated[str, Field(max_length=100)]
    rulebook_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    opens_at: Moment
    closes_at: Moment
    assessed_on: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31)), BeforeValidator(iso_date)]
    quotas: dict[str, Annotated[int, Field(ge=0, le=100_000, strict=True)]] = {}

    @field_validator("quotas")
    @classmethod
    def _known_cities(cls, quotas: dict[str, int]) -> dict[str, int]:
        if not quotas.keys() <= {city.code for city in cities()}:
            raise custom_error("city_unknown")
        return quotas

    @model_validator(mode="after")
    def _window_in_order(self) -> CycleIn:
        if self.closes_at <= self.opens_at:
            raise custom_error("window_empty")
        return self


class CycleOut(BaseModel):
    id: uuid.UUID
    code: str
    title: str
    rulebook_id: str
    rulebook_digest: str
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    assessed_on: date
    quotas: dict[str, int]
