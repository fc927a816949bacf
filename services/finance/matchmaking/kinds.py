"""Kinds of events, stages and industry chains, as the province has them."""

from __future__ import annotations

from services.finance.matchmaking.chains import chains
from services.finance.matchmaking.schemas import ChainOut, KindOut, KindsOut
from services.finance.matchmaking.terms import KindTerms, match_terms


def kinds_out() -> KindsOut:
    """Everything that an event may name."""
    terms = match_terms()
    return KindsOut(
        kinds=[_kind(one) for one in terms.kinds.values()],
        stages=dict(terms.stages),
        chains=[ChainOut.model_validate(one, from_attributes=True) for one in chains().values()],
    )


def _kind(one: KindTerms) -> KindOut:
    return KindOut(
        code=one.code,
        title=one.title,
        clause=one.clause,
        enterprise_side=one.enterprise_side,
        partner_side=one.partner_side,
        partner_kinds=list(one.partner_kinds),
        weights={str(part): weight for part, weight in one.weights.items()},
        bars=sorted(one.bars),
        floor=one.floor,
        who=one.who,
        basis=one.basis,
    )
