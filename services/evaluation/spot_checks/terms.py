"""How the province draws: what makes a member's risk elevated, how many of a stratum, how long before the reveal."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from shared.reference.province import province

Risk: TypeAlias = Literal["elevated", "ordinary"]
Sign: TypeAlias = Literal["open_incident", "overdue_report", "conflicting_sources"]


@dataclass(frozen=True, slots=True)
class StratumTerms:
    """The share of a city's members of one risk that is drawn, and the fewest; `basis` says why."""

    risk: Risk
    share_percent: int
    minimum: int
    basis: str

    def __post_init__(self) -> None:
        if not (0 < self.share_percent <= 100 and self.minimum >= 1 and self.basis.strip()):
            raise ValueError(f"spot_checks.toml: stratum {self.risk}: a share, a minimum of at least 1, a basis")


@dataclass(frozen=True, slots=True)
class DrawTerms:
    """`signs` are those of an elevated risk; `overdue_within_days` is how long a closed period is looked back at."""

    notice_hours: int
    notice_basis: str
    signs: frozenset[Sign]
    overdue_within_days: int
    risk_basis: str
    strata: Mapping[Risk, StratumTerms]


@cache
def _read(folder: Path) -> DrawTerms:
    content: dict[str, Any] = tomllib.loads((folder / "spot_checks.toml").read_text(encoding="utf-8"))
    draw, risk = content["draw"], content["risk"]
    strata: dict[Risk, StratumTerms] = {one["risk"]: StratumTerms(**one) for one in content["stratum"]}
    if set(strata) != set(get_args(Risk)) or not set(risk["signs"]) <= set(get_args(Sign)):
        raise ValueError("spot_checks.toml: a stratum of each risk, and known signs")
    return DrawTerms(
        notice_hours=draw["notice_hours"],
        notice_basis=draw["basis"],
        signs=frozenset(risk["signs"]),
        overdue_within_days=risk["overdue_within_days"],
        risk_basis=risk["basis"],
        strata=MappingProxyType(strata),
    )


def draw_terms() -> DrawTerms:
    """The settings of the province that this process serves."""
    return _read(province().folder)
