"""What HTTP says about figures."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

City = Annotated[str | None, Field(examples=["420100"])]
CityName = Annotated[str | None, Field(examples=["武汉市"])]
Group = Annotated[str, Field(examples=["recommended"])]
GroupTitle = Annotated[str, Field(examples=["市州已推荐"])]
Amount = Annotated[str | None, Field(description="元; what is unknown is not in it", examples=["5000000.00"])]
Unknown = Annotated[int | None, Field(description="How many of the rows have no amount", examples=[1])]


class RowsLink(BaseModel):
    """Where the rows are: following `next_cursor` through this list finds exactly as many as were counted."""

    service: Annotated[Literal["evaluation", "intake"], Field(examples=["evaluation"])]
    href: Annotated[str, Field(examples=["/v1/figures/funnel/rows?cycle=2024-1&group=recommended"])]


class CatalogueEntry(BaseModel):
    """A figure's name, definition, clause of the plan, unit, dimensions, and templates of its own and its rows' links."""

    key: Annotated[str, Field(examples=["funnel"])]
    title_zh: Annotated[str, Field(examples=["申报进展"])]
    definition_zh: Annotated[str, Field(examples=["一个申报批次的申报件，按所处状态各计一次"])]
    clause: Annotated[str, Field(examples=["二（六）10、11"])]
    unit: Annotated[str, Field(examples=["件"])]
    dimensions: Annotated[list[str], Field(examples=[["stage", "city"]])]
    link: Annotated[str, Field(examples=["/v1/figures/funnel?cycle={cycle}"])]
    rows_link: Annotated[str, Field(examples=["/v1/figures/funnel/rows?cycle={cycle}&group={stage}&city={city}"])]


class Catalogue(BaseModel):
    items: list[CatalogueEntry]


class GroupOut(BaseModel):
    """A count within one group, in all cities of the reader's reach."""

    group: Group
    title: GroupTitle
    count: Annotated[int, Field(examples=[12])]
    amount_cny: Amount = None
    amounts_unknown: Unknown = None
    rows: RowsLink


class CellOut(GroupOut):
    """The same within one city; null for what belongs to none."""

    city_code: City
    city: CityName


class FigureOut(BaseModel):
    """`total` is the number of rows, the sum of the groups and of the cells; `on` the business day it is as of."""

    key: Annotated[str, Field(examples=["funnel"])]
    title_zh: Annotated[str, Field(examples=["申报进展"])]
    definition_zh: Annotated[str, Field(examples=["一个申报批次的申报件，按所处状态各计一次"])]
    clause: Annotated[str, Field(examples=["二（六）10、11"])]
    unit: Annotated[str, Field(examples=["件"])]
    on: Annotated[date | None, Field(examples=["2024-06-30"])]
    by: Annotated[str, Field(examples=["stage"])]
    total: Annotated[int, Field(examples=[12])]
    amount_cny: Amount = None
    amounts_unknown: Unknown = None
    groups: list[GroupOut]
    cells: list[CellOut]
    rows: RowsLink


class CityCredits(BaseModel):
    """A city's replacement credits (增补名额) good today."""

    city_code: City
    city: CityName
    credits: Annotated[int, Field(examples=[2])]


class OccupancyOut(FigureOut):
    """`free` is the province's to know; `credits` has the cities within reach that ever had any, `credits_total` their sum."""

    pool: Annotated[str, Field(examples=["cultivation"])]
    cap: Annotated[int, Field(examples=[500])]
    cap_basis: Annotated[str, Field(examples=["任何时点在库企业不超过500家"])]
    free: Annotated[int | None, Field(examples=[488])]
    credits_total: Annotated[int, Field(examples=[2])]
    credits: list[CityCredits]
    credit_rows: RowsLink


class PointCell(BaseModel):
    city_code: City
    city: CityName
    count: Annotated[int, Field(examples=[12])]
    rows: RowsLink


class PointOut(BaseModel):
    """Members at the end of a day, and by city."""

    on: Annotated[date, Field(examples=["2024-06-30"])]
    count: Annotated[int, Field(examples=[12])]
    rows: RowsLink
    cells: list[PointCell]


class SeriesOut(BaseModel):
    """One point for the last day of each month or quarter of the span, and one for the span's last day."""

    key: Annotated[str, Field(examples=["pool_series"])]
    title_zh: Annotated[str, Field(examples=["在库企业走势"])]
    definition_zh: Annotated[str, Field(examples=["各月（季）末日终的在库企业家数"])]
    clause: Annotated[str, Field(examples=["二（六）11、12"])]
    unit: Annotated[str, Field(examples=["家"])]
    step: Annotated[Literal["month", "quarter"], Field(examples=["month"])]
    points: list[PointOut]


class RowOut(BaseModel):
    """One row behind a figure, its enterprise under its present code and name; `on` is the day that counts for it."""

    id: Annotated[str, Field(examples=["recommended.018f0000-0000-7000-8000-000000000000"])]
    group: Group
    city_code: City
    uscc: Annotated[str | None, Field(examples=["91420106MAXQ000011"])]
    name: Annotated[str | None, Field(examples=["【虚构】武汉示例科技有限公司"])]
    on: Annotated[date | None, Field(examples=["2024-06-20"])]
    amount_cny: Amount = None
    title: Annotated[str | None, Field(examples=["2024-1"])] = None


class RowPage(BaseModel):
    """In order of id; `next_cursor` is null on the last page."""

    items: list[RowOut]
    next_cursor: Annotated[str | None, Field(examples=[None])]
