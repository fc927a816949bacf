"""What HTTP says about reports before and after support."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

_Percent = Annotated[str | None, Field(examples=["4.5000"])]


class Measure(BaseModel):
    """Known and unknown changes, and quartiles of the known ones as decimal text, null where none is known."""

    known: Annotated[int, Field(examples=[18])]
    unknown: Annotated[int, Field(examples=[3])]
    lower_quartile: _Percent
    median: _Percent
    upper_quartile: _Percent


class GroupOut(BaseModel):
    """One of the two groups: revenue in percent of the earlier period's, 专利产业化率 in percentage points."""

    members: Annotated[int, Field(examples=[21])]
    revenue_change_percent: Measure
    industrialisation_change_points: Measure


class OutcomesOut(BaseModel):
    """What two groups of members reported. It does not say why: who gets support differs from who does not.

    `day_unknown` counts members with support of this kind on a day that nobody knows: they are in neither group.
    """

    kind: Annotated[str, Field(examples=["ip_pledge_loan"])]
    title: Annotated[str, Field(examples=["知识产权质押融资贷款"])]
    before: Annotated[str, Field(examples=["2025-H1"])]
    after: Annotated[str, Field(examples=["2026-H1"])]
    basis: Annotated[str, Field(examples=["前后两期报告覆盖天数相差不超过3天时才比较营业收入"])]
    with_support: GroupOut
    without_support: GroupOut
    day_unknown: Annotated[int, Field(examples=[0])]
