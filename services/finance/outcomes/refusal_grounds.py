"""Coded reasons: why a bank refused, and the grounds on which a patent pledge is not registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from shared.reference.province import province
from shared.reference.tables import national_table


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason with where it is from; `declarable`: whoever was told and declares to go on may pledge nevertheless."""

    code: str
    title: str
    source: str
    declarable: bool = False


@cache
def pledge_grounds() -> Mapping[str, Ground]:
    """The grounds of 专利权质押登记办法 by key."""
    found = [
        Ground(row["key"], row["condition_reworded"], row["source"], row["overridable_by_declaration"] == "1")
        for row in national_table("pledge-registration-refusals")
    ]
    return MappingProxyType({one.code: one for one in found})


def refusal_reasons() -> Mapping[str, Ground]:
    """Every code that a refusal may carry: the province's own, then those of pledge registration."""
    own = {one.code: Ground(one.code, one.title, one.basis) for one in province().programmes.refusal_reasons}
    return own | dict(pledge_grounds())
