"""The province's industry chains, as its plans name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from shared.reference.province import province
from shared.reference.tables import read_table


@dataclass(frozen=True, slots=True)
class Chain:
    """`code` is the list's key and the number in it: the same name may stand in several lists."""

    code: str
    name: str
    list_name: str
    source: str


@cache
def _chains(folder: Path) -> Mapping[str, Chain]:
    rows = read_table(folder / "industries.csv")
    found = [Chain(f"{row['list_key']}-{row['seq']}", row["name"], row["list_name"], row["source"]) for row in rows]
    return MappingProxyType({one.code: one for one in found})


def chains() -> Mapping[str, Chain]:
    """Every chain by code, in the order of the lists."""
    return _chains(province().folder)
