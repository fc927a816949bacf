"""Ranking: exact order, never by chance."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.rulebooks.rulebook import RankingIndicator
from services.evaluation.selection.ranking import Candidate, indicator_value, rank

INDICATORS = (
    RankingIndicator("专利产业化率", "industrialised_patents", "valid_patents", "descending", "测试"),
    RankingIndicator("研发投入", "rd_expense_cny", None, "descending", "测试"),
)
_count = st.none() | st.integers(0, 5)
_candidates = st.lists(
    st.builds(
        lambda number, city, industrialised, valid, rd: Candidate(
            assessment_id=str(number),
            uscc=f"{number:018d}",
            city_code=city,
            receipt_digest="",
            overall="met",
            facts={"industrialised_patents": industrialised, "valid_patents": valid, "rd_expense_cny": rd},
        ),
        st.integers(0, 10_000),
        st.sampled_from(["420100", "420200", "429004"]),
        _count,
        _count,
        _count,
    ),
    unique_by=lambda candidate: candidate.uscc,
    max_size=40,
)


@given(_candidates, st.randoms())
def test_the_order_is_total_and_does_not_depend_on_where_it_started(candidates: list[Candidate], random) -> None:
    ranked = rank(INDICATORS, candidates)
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert rank(INDICATORS, shuffled) == ranked
    for better, worse in pairwise(ranked):
        for indicator in INDICATORS:
            above, below = indicator_value(indicator, better.facts), indicator_value(indicator, worse.facts)
            if above == below:
                continue
            assert below is None or (above is not None and above > below)
            break
        else:
            assert better.uscc < worse.uscc


def test_an_indicator_is_exact_and_unknown_without_its_facts() -> None:
    rate = INDICATORS[0]
    assert indicator_value(rate, {"industrialised_patents": 1, "valid_patents": 3}) == Fraction(1, 3)
    assert indicator_value(rate, {"industrialised_patents": 0, "valid_patents": 0}) is None
    assert indicator_value(rate, {"industrialised_patents": 1, "valid_patents": None}) is None
