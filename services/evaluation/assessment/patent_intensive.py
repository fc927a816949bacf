"""Whether an industry class is patent-intensive (国家统计局令第25号, 2019): yes, no, or for a human to settle."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import polars as pl

from shared.reference.industries import Industry, industry_classes
from shared.reference.tables import national_table

_LISTED = frozenset({"confirmed_by_count", "likely"})


@cache
def membership_by_class() -> Mapping[str, bool | None]:
    """Every class (小类) of GB/T 4754: True listed, False not listed, None undetermined.

    Undetermined are mere candidates, and classes within the ranges where our copy of the list has gaps.
    """
    status = {row["gb4754_code"]: row["status"] for row in national_table("patent-intensive-industries")}
    gaps = frozenset(row["code"] for row in national_table("patent-intensive-undetermined"))
    return MappingProxyType({one.code: _membership(one, status.get(one.code), gaps) for one in industry_classes()})


def _membership(one: Industry, status: str | None, gaps: frozenset[str]) -> bool | None:
    if status is not None:
        return True if status in _LISTED else None
    return False if gaps.isdisjoint(one.codes) else None


def is_patent_intensive(industry_class: str | None) -> bool | None:
    """Membership of a four-digit class (附件3); None where it is undetermined, missing or not a class at all."""
    return None if industry_class is None else membership_by_class().get(industry_class)


def patent_intensive(industry_class: pl.Expr) -> pl.Expr:
    """`is_patent_intensive` for a String column; Boolean."""
    return industry_class.replace_strict(membership_by_class(), default=None, return_dtype=pl.Boolean)
