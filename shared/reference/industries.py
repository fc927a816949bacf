"""The national classification of industries, GB/T 4754—2017 with its first amendment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from shared.reference.tables import national_table


@dataclass(frozen=True, slots=True)
class Industry:
    """One heading. `level`: 1 门类, 2 大类, 3 中类, 4 小类; `ancestors` from the 门类 down to the direct parent."""

    code: str
    name: str
    level: int
    ancestors: tuple[Industry, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Its own code and those above it, nearest first."""
        return (self.code, *(ancestor.code for ancestor in reversed(self.ancestors)))


@cache
def industries() -> Mapping[str, Industry]:
    """Every heading by code, in the order of the standard."""
    found: dict[str, Industry] = {}
    # The table lists parents before their children.
    for row in national_table("gbt4754-2017"):
        parent = found.get(row["parent_code"])
        ancestors = (*parent.ancestors, parent) if parent else ()
        found[row["code"]] = Industry(row["code"], row["name"], int(row["level"]), ancestors)
    return MappingProxyType(found)


def industry(code: str) -> Industry:
    """The heading with this code, of any level (`C`, `39`, `397`, `3976`); KeyError where there is none."""
    return industries()[code]


def is_industry_class(code: str) -> bool:
    """Whether this is the four-digit code of a class (小类)."""
    found = industries().get(code)
    return found is not None and found.level == 4


@cache
def industry_classes() -> tuple[Industry, ...]:
    """All classes (小类), in the order of the standard."""
    return tuple(one for one in industries().values() if one.level == 4)
