"""Lay what registers and cities state over what the forms say, for a batch of applications at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from services.evaluation.facts.standing import Claim, Standing, standing
from services.evaluation.rulebooks.catalogue import FactValue, catalogue
from services.evaluation.rulebooks.origins import FORM_ALONE, Origins


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose facts a row holds: the enterprise's present code, and the application."""

    uscc: str
    application_id: uuid.UUID


def overlay(
    facts: pl.DataFrame, whose: Sequence[Whose], claims: Mapping[str, Sequence[Claim]], on: date
) -> tuple[pl.DataFrame, list[Origins]]:
    """`facts` (a row per application, a column per fact) with the claims that stand, and where each row's come from.

    `claims` by present code. Without any the frame is returned as it is.
    """
    origins: list[Origins] = [FORM_ALONE] * len(whose)
    changes: dict[str, dict[int, FactValue]] = {}
    for row, one in enumerate(whose):
        if stated := claims.get(one.uscc):
            stands = _standing(facts.row(row, named=True), stated, on, one.application_id)
            origins[row] = _origins(stands)
            for name, (standing_claim, _) in stands.items():
                changes.setdefault(name, {})[row] = standing_claim.claim.value
    return facts.with_columns(_changed(facts[name], by_row) for name, by_row in changes.items()), origins


def _standing(
    told: Mapping[str, FactValue], stated: Sequence[Claim], on: date, application_id: uuid.UUID
) -> dict[str, tuple[Standing, FactValue]]:
    """By fact: what stands where somebody but the form has a word that counts or is contradicted, and the form's word."""
    by_fact: dict[str, list[Claim]] = {}
    for claim in stated:
        by_fact.setdefault(claim.fact, []).append(claim)
    found: dict[str, tuple[Standing, FactValue]] = {}
    for name in sorted(by_fact.keys() & catalogue().keys()):
        own = Claim(name, "self_reported", told[name])
        stands = standing(catalogue()[name], [own, *by_fact[name]], on, application_id)
        if stands is not None and (stands.claim != own or stands.against):
            found[name] = (stands, told[name])
    return found


def _changed(column: pl.Series, by_row: Mapping[int, FactValue]) -> pl.Series:
    return column.scatter(list(by_row), pl.Series(list(by_row.values()), dtype=column.dtype))


def _origins(found: Mapping[str, tuple[Standing, FactValue]]) -> Origins:
    if not found:
        return FORM_ALONE
    sources = {
        name: _claimed(stands.claim) | {"evidence": stands.claim.evidence, "self_reported": told}
        for name, (stands, told) in found.items()
        if stands.claim.source != "self_reported"
    }
    conflicts = [
        {"fact": name, "source": stands.claim.source, "against": [_against(claim) for claim in stands.against]}
        for name, (stands, _) in found.items()
        if stands.against
    ]
    return Origins(sources, conflicts)


def _against(claim: Claim) -> dict[str, Any]:
    return _claimed(claim) | {"value": claim.value}


def _claimed(claim: Claim) -> dict[str, Any]:
    stated = claim.statement_id is not None
    return {
        "source": claim.source,
        "as_of": claim.as_of.isoformat() if stated else None,
        "statement": str(claim.statement_id) if stated else None,
    }
