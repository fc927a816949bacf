"""How the province matches: weights, wishes, fairness, limits and kinds of events, each with its basis."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from shared.reference.province import province

Part: TypeAlias = Literal["ipc", "industry", "amount", "region", "stage", "text"]
PARTS: tuple[Part, ...] = get_args(Part)
IPC_LEVELS = ("section", "class", "subclass", "group", "subgroup")
INDUSTRY_LEVELS = ("section", "division", "group", "class")
# Scores are thousandths.
FULL = 1000


@dataclass(frozen=True, slots=True)
class AffinityTerms:
    """Thousandths: `unknown` for a part that a side does not tell; levels from the widest class to the narrowest."""

    unknown: int
    ipc_levels: tuple[int, ...]
    industry_levels: tuple[int, ...]
    near_percent: int
    near_score: int
    common_words: frozenset[str]

    def __post_init__(self) -> None:
        scores = (self.unknown, self.near_score, *self.ipc_levels, *self.industry_levels)
        if not all(0 <= one <= FULL for one in scores) or not 0 <= self.near_percent <= 100:
            raise ValueError("matchmaking.toml: scores are thousandths, near_percent a percentage")
        if any(list(levels) != sorted(levels) for levels in (self.ipc_levels, self.industry_levels)):
            raise ValueError("matchmaking.toml: a narrower class in common never counts less than a wider one")


@dataclass(frozen=True, slots=True)
class KindTerms:
    """A kind of event: `bars` are parts of which a known misfit excludes a pair, `floor` the least score of a meeting."""

    code: str
    title: str
    clause: str
    enterprise_side: str
    partner_side: str
    partner_kinds: tuple[str, ...]
    bars: frozenset[Part]
    floor: int
    monthly: bool
    yearly_minimum_per_city: int
    who: str
    basis: str
    weights: Mapping[Part, int]

    def __post_init__(self) -> None:
        if set(self.weights) != set(PARTS) or min(self.weights.values()) < 0 or not sum(self.weights.values()):
            raise ValueError(f"matchmaking.toml: kind {self.code}: a weight of every part, not all of them zero")
        if not self.bars <= set(PARTS) or not self.who.strip() or not self.basis.strip():
            raise ValueError(
                f"matchmaking.toml: kind {self.code}: known parts, a known rule of who takes part, a basis"
            )


@dataclass(frozen=True, slots=True)
class MatchTerms:
    """`fair_meetings`: how many meetings anyone may have before everybody has one; `gap_permille` the worst accepted."""

    affinity: AffinityTerms
    one_sided_wish: int
    mutual_wish: int
    fair_meetings: int
    solver_seconds: float
    gap_permille: int
    largest_pairs: int
    seed: int
    follow_up_days: tuple[int, ...]
    days_ahead: int
    push_kind: str
    stages: Mapping[str, str]
    kinds: Mapping[str, KindTerms]


_BASED = ("affinity", "wishes", "fairness", "solver", "follow_up", "planning", "push", "stages")


def _kind(content: dict[str, Any]) -> KindTerms:
    changed: dict[str, Any] = {
        "bars": frozenset(content["bars"]),
        "partner_kinds": tuple(content["partner_kinds"]),
        "weights": MappingProxyType(content["weights"]),
    }
    return KindTerms(**(content | changed))


def _affinity(content: dict[str, Any]) -> AffinityTerms:
    amount, words = content["amount"], content["text"]
    return AffinityTerms(
        unknown=content["unknown"],
        ipc_levels=tuple(content["ipc_levels"][level] for level in IPC_LEVELS),
        industry_levels=tuple(content["industry_levels"][level] for level in INDUSTRY_LEVELS),
        near_percent=amount["near_percent"],
        near_score=amount["near_score"],
        common_words=frozenset(words["common_words"]),
    )


@cache
def read_terms(folder: Path) -> MatchTerms:
    """The settings of a province's data folder; ValueError where they contradict themselves."""
    content: dict[str, Any] = tomllib.loads((folder / "matchmaking.toml").read_text(encoding="utf-8"))
    without = [name for name in _BASED if not content[name].get("basis", "").strip()]
    if without:
        raise ValueError(f"matchmaking.toml: no basis for {without}")
    kinds = [_kind(one) for one in content["kind"]]
    if content["push"]["kind"] not in {one.code for one in kinds}:
        raise ValueError("matchmaking.toml: [push] names a kind of event")
    solver = content["solver"]
    return MatchTerms(
        affinity=_affinity(content["affinity"]),
        one_sided_wish=content["wishes"]["one_sided"],
        mutual_wish=content["wishes"]["mutual"],
        fair_meetings=content["fairness"]["meetings_before_everyone"],
        solver_seconds=float(solver["seconds"]),
        gap_permille=solver["gap_permille"],
        largest_pairs=solver["largest_pairs"],
        seed=solver["seed"],
        follow_up_days=tuple(content["follow_up"]["days"]),
        days_ahead=content["planning"]["days_ahead"],
        push_kind=content["push"]["kind"],
        stages=MappingProxyType({code: title for code, title in content["stages"].items() if code != "basis"}),
        kinds=MappingProxyType({one.code: one for one in kinds}),
    )


def match_terms() -> MatchTerms:
    """The settings of the province that this process serves."""
    return read_terms(province().folder)
