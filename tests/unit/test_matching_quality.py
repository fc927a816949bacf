"""Affinity against hand-labelled pairs: better than chance and than classes alone."""

from __future__ import annotations

import pytest

from services.finance.matchmaking.quality import labelled_pairs, measured, ndcg
from services.finance.matchmaking.terms import match_terms


def test_affinity_ranks_better_than_chance_and_classes_alone(record_property: pytest.RecordProperty) -> None:
    labelled, terms = labelled_pairs(), match_terms()
    assert labelled.pairs >= 300
    for kind in ("university_patents", "challenge"):
        found = measured(labelled, terms.kinds[kind], terms)
        for name in ("affinity", "classes", "text", "chance"):
            record_property(f"{kind}_{name}", getattr(found, name))
        print(f"{kind}: {found}")  # noqa: T201 (a figure for whoever asks with -s)
        assert found.affinity > found.classes + 0.02 > found.chance + 0.02
        assert found.affinity > found.chance + 0.3


def test_ndcg_is_what_its_definition_says() -> None:
    judged = {"a": 3, "b": 1, "c": 0}
    assert ndcg(judged, {"a": 3, "b": 2, "c": 1}, 10) == 1
    assert ndcg(judged, {"a": 1, "b": 2, "c": 3}, 1) == 0
    # 7 and 1 in the places of log2(2) and log2(3); turned round.
    turned = (1 + 7 / 1.5849625007211562) / (7 + 1 / 1.5849625007211562)
    assert ndcg(judged, {"a": 2, "b": 3, "c": 1}, 10) == pytest.approx(turned)
    # All alike is what shuffling gives on the average.
    assert ndcg(judged, dict.fromkeys(judged, 1), 1) == pytest.approx((8 / 3) / 7)
    assert ndcg({"a": 0}, {"a": 1}, 10) == 1
