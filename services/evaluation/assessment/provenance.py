"""Facts and conflicts of a receipt as HTTP shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.evaluation.assessment.inputs import Conflict, ConflictingClaim, Input, conflicts_of, fact_inputs
from services.evaluation.assessment.schemas import ConflictingClaimOut, ConflictOut, FactOut
from services.evaluation.facts.known_facts import forms_values
from services.evaluation.facts.values import shown_value
from services.evaluation.rulebooks.catalogue import Fact, FactValue, catalogue
from services.evaluation.rulebooks.rulebook import Rulebook


def facts_shown(receipt: Mapping[str, Any]) -> list[FactOut]:
    """Every fact of a receipt with who says so, in the catalogue's order."""
    inputs, told = fact_inputs(receipt), forms_values(receipt)
    return [_fact(fact, inputs[name], told[name]) for name, fact in catalogue().items() if name in inputs]


def _fact(fact: Fact, one: Input, self_reported: FactValue) -> FactOut:
    return FactOut.model_validate(
        {
            "fact": fact.name,
            "title": fact.title,
            "value": shown_value(fact, one.value),
            "unit": fact.unit,
            "source": one.source,
            "as_of": one.as_of,
            "as_of_meaning": fact.as_of,
            "statement_id": one.statement,
            "evidence_digest": one.evidence,
            "self_reported": shown_value(fact, self_reported),
        }
    )


def conflicts_shown(receipt: Mapping[str, Any], rulebook: Rulebook) -> list[ConflictOut]:
    """The conflicts of a receipt with the parts that they touch."""
    return [_conflict(catalogue()[one.fact], one) for one in conflicts_of(receipt, rulebook)]


def _conflict(fact: Fact, one: Conflict) -> ConflictOut:
    return ConflictOut.model_validate(
        {
            "fact": fact.name,
            "title": fact.title,
            "source": one.source,
            "value": shown_value(fact, one.value),
            "against": [_claim(fact, claim) for claim in one.against],
            "parts": list(one.parts),
        }
    )


def _claim(fact: Fact, claim: ConflictingClaim) -> ConflictingClaimOut:
    return ConflictingClaimOut.model_validate(
        {
            "source": claim.source,
            "value": shown_value(fact, claim.value),
            "as_of": claim.as_of,
            "statement_id": claim.statement,
        }
    )
