"""The kinds of support that the province counts, as its data names them with their clauses."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from shared.reference.province import province

Amount: TypeAlias = Literal["required", "optional", "none"]


@dataclass(frozen=True, slots=True)
class SupportKind:
    """`family` joins kinds under which one and the same thing could be recorded twice.

    `taken_from` names the part of an accepted progress report that such actions are taken from, `from_events` what comes
    of matchmaking that is one of them.
    """

    code: str
    title: str
    clause: str
    family: str
    amount: Amount
    taken_from: str | None = None
    from_events: str | None = None

    def __post_init__(self) -> None:
        if self.amount not in get_args(Amount) or not self.clause:
            raise ValueError(f"support kind {self.code}: an amount rule and a clause")


@dataclass(frozen=True, slots=True)
class SupportData:
    """`comparable_days` is by how many days two periods may differ whose revenue is compared; `basis` says why."""

    kinds: Mapping[str, SupportKind]
    comparable_days: int
    basis: str


@cache
def _read(folder: Path) -> SupportData:
    content: dict[str, Any] = tomllib.loads((folder / "support.toml").read_text(encoding="utf-8"))
    kinds = [SupportKind(**one) for one in content["kind"]]
    if len({one.code for one in kinds}) != len(kinds):
        raise ValueError("support.toml: a kind is there twice")
    outcomes = content["outcomes"]
    return SupportData(
        MappingProxyType({one.code: one for one in kinds}), outcomes["comparable_days"], outcomes["basis"]
    )


def support_data() -> SupportData:
    """The support settings of the province that this process serves."""
    return _read(province().folder)


def kind_taken_from(part: str) -> SupportKind | None:
    """The kind that a part of a report, or of matchmaking, becomes; None where the province takes none from it."""
    kinds = support_data().kinds.values()
    return next((one for one in kinds if part in {one.taken_from, one.from_events}), None)


def kinds_of_family(family: str) -> list[str]:
    """Codes of the kinds of one family."""
    return [one.code for one in support_data().kinds.values() if one.family == family]


def title_of(kind: str) -> str:
    """What officers read; a kind that the data no longer names keeps its code."""
    found = support_data().kinds.get(kind)
    return kind if found is None else found.title
