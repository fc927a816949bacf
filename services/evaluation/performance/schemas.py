"""What HTTP says about the annual performance."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.evaluation.performance.indicators import Unit
from services.evaluation.support.money import Yuan

_Key = Annotated[str, Field(examples=["financing"])]
_City = Annotated[str, Field(examples=["420100"])]
_CityName = Annotated[str, Field(examples=["武汉市"])]
_Year = Annotated[int, Field(examples=[2025])]
_Value = Annotated[str | None, Field(examples=["5000000.00"])]
_Points = Annotated[str, Field(examples=["87.50"])]
_Digest = Annotated[str, Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
_Moment = Annotated[datetime, Field(examples=["2026-01-15T09:30:00+08:00"])]


class IndicatorOut(BaseModel):
    """What an indicator counts, by which clause, and what it is worth; `zero_at` and `full_at` null: not scored."""

    key: _Key
    title_zh: Annotated[str, Field(examples=["获得融资额"])]
    definition_zh: Annotated[str, Field(examples=["支持台账中发生日期在当年、列入融资口径的各类支持金额之和。"])]
    clause: Annotated[str, Field(examples=["二（三）、三（三）"])]
    unit: Annotated[Unit, Field(examples=["元"])]
    weight: Annotated[int, Field(examples=[25])]
    over: Annotated[str | None, Field(examples=["members"])]
    zero_at: Annotated[str | None, Field(examples=["0"])]
    full_at: Annotated[str | None, Field(examples=["5000000"])]
    basis: Annotated[str, Field(examples=["户均500万元得满分。"])]


class PartOut(BaseModel):
    """The rows of one kind within a figure."""

    part: Annotated[str | None, Field(examples=["ip_pledge_loan"])]
    title_zh: Annotated[str | None, Field(examples=["知识产权质押融资贷款"])]
    value: _Value
    rows: Annotated[int, Field(examples=[3])]
    unknown_rows: Annotated[int, Field(examples=[0])]


class FigureOut(BaseModel):
    """One figure: `value` in the indicator's unit as decimal text, null where unknown; it is the sum of its rows.

    `unknown_rows` are rows without a value, counted and not summed. `points` null: not scored, or unknown.
    """

    indicator: _Key
    value: _Value
    rows: Annotated[int, Field(examples=[3])]
    unknown_rows: Annotated[int, Field(examples=[0])]
    points: Annotated[str | None, Field(examples=["20.00"])]


class LinkedFigureOut(FigureOut):
    """With its parts, how its points come about, the city's own figure, and where the rows are."""

    parts: list[PartOut]
    explanation_zh: Annotated[
        str | None,
        Field(examples=["获得融资额÷在库数为 4000000，0 得 0 分、5000000 得满分，权重 20，得 16.00 分"]),
    ]
    reported: _Value
    difference: Annotated[str | None, Field(description="Reported less computed", examples=["-100.00"])]
    rows_url: Annotated[str, Field(examples=["/v1/performance/2025/cities/420100/rows/financing"])]


class StandingOut(BaseModel):
    """A city's score: `score` is certainly earned, `unknown_weight` belongs to what cannot be computed.

    `score_at_most` if that, and what rows without a value could add, were earned. `rank` is by `score`; `rank_at_best` with `score_at_most`.
    """

    city_code: _City
    city_name: _CityName
    rank: Annotated[int, Field(examples=[1])]
    rank_at_best: Annotated[int, Field(examples=[1])]
    score: _Points
    score_at_most: _Points
    unknown_weight: Annotated[int, Field(examples=[0])]


class RankedCityOut(StandingOut):
    figures: list[FigureOut]


class ChangeOut(BaseModel):
    """A figure, or with `indicator` "score" or "score_at_most" a score, that is not what was frozen."""

    city_code: _City
    indicator: _Key
    frozen: _Value
    now: _Value


class FrozenOut(BaseModel):
    digest: _Digest
    frozen_at: _Moment
    frozen_by: Annotated[str, Field(examples=["zhao-min"])]


class ComparisonOut(BaseModel):
    """What differs now from what was frozen; `settings_changed` where weights or scales are others."""

    settings_changed: Annotated[bool, Field(examples=[False])]
    changes: list[ChangeOut]


class YearOut(BaseModel):
    """Cities by rank, then code; a city's officer sees its own only. `province` sums all cities, null for a city."""

    year: _Year
    over: Annotated[bool, Field(description="Whether the year has ended", examples=[True])]
    as_of: _Moment
    settings_digest: _Digest
    unknown_basis: Annotated[str, Field(examples=["无法计算的指标不得分、也不按零计。"])]
    indicators: list[IndicatorOut]
    cities: list[RankedCityOut]
    province: list[FigureOut] | None
    frozen: FrozenOut | None
    comparison: ComparisonOut | None


class StatementOut(BaseModel):
    """The city's own figures as they stand, and how often they were reported."""

    id: Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    supersedes: Annotated[uuid.UUID | None, Field(examples=[None])]
    reason: Annotated[str | None, Field(examples=[None])]
    reported_by: Annotated[str, Field(examples=["zhang-wei"])]
    reported_at: _Moment


class CityYearOut(StandingOut):
    """One city's year with everything behind it."""

    year: _Year
    over: Annotated[bool, Field(description="Whether the year has ended", examples=[True])]
    as_of: _Moment
    figures: list[LinkedFigureOut]
    reported: StatementOut | None
    frozen: FrozenOut | None
    comparison: ComparisonOut | None


class ReportedFigureIn(BaseModel):
    """One figure in the indicator's unit; null says that the city does not know it."""

    model_config = ConfigDict(extra="forbid")

    indicator: Annotated[str, Field(min_length=1, max_length=40, examples=["financing"])]
    value: Yuan | None


class ReportedIn(BaseModel):
    """The city's own figures of the year. A correction gives all of them again, with the reason."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    figures: Annotated[list[ReportedFigureIn], Field(min_length=1, max_length=100)]
    reason: Annotated[str, Field(min_length=2, max_length=2000, examples=["融资额漏计一笔"])] | None = None


class RowOut(BaseModel):
    """One row behind a figure: what it adds, null unknown. `part` is its kind, cycle or reporting period."""

    id: Annotated[str, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    part: Annotated[str | None, Field(examples=["ip_pledge_loan"])]
    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    name: Annotated[str | None, Field(examples=["【虚构】武汉示例科技有限公司"])]
    happened_on: Annotated[date, Field(examples=["2025-06-20"])]
    value: _Value


class RowPage(BaseModel):
    """Rows in order of id; `next_cursor` is the id that the next page comes after."""

    items: list[RowOut]
    next_cursor: Annotated[str | None, Field(examples=[None])]


class FrozenCity(StandingOut):
    figures: list[FigureOut]
    reported: dict[str, str | None] | None


class FrozenContent(BaseModel):
    """What the digest is of: SHA-256 of this object's canonical JSON (RFC 8785)."""

    format: Annotated[Literal["peiyu-performance-1"], Field(examples=["peiyu-performance-1"])]
    year: _Year
    frozen_at: Annotated[str, Field(examples=["2026-01-15T01:30:00Z"])]
    settings_digest: _Digest
    indicators: list[IndicatorOut]
    cities: list[FrozenCity]


class FrozenYearOut(FrozenOut):
    content: FrozenContent
