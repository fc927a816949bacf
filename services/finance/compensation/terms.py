"""The province's terms of compensation: how much of a loss at most, and coded reasons for refusing."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from shared.reference.province import province


@dataclass(frozen=True, slots=True)
class ClaimRefusal:
    code: str
    title: str
    basis: str


@dataclass(frozen=True, slots=True)
class CompensationTerms:
    """`most_percent` of what is claimed is compensated at most; `basis` says where that is from."""

    most_percent: int
    basis: str
    refusals: dict[str, ClaimRefusal]


@cache
def compensation_terms() -> CompensationTerms:
    """As `compensation.toml` of the province has them; ValueError where they make no sense."""
    told = tomllib.loads((province().folder / "compensation.toml").read_text(encoding="utf-8"))
    terms, refusals = told["terms"], [ClaimRefusal(**one) for one in told["refusal"]]
    by_code = {one.code: one for one in refusals}
    if not 1 <= terms["most_percent"] <= 100 or len(by_code) != len(refusals):
        raise ValueError("compensation.toml: a share beyond 1 to 100, or a code twice")
    return CompensationTerms(terms["most_percent"], terms["basis"], by_code)
