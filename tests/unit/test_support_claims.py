"""Claims, money and quartiles of the support ledger, whatever they are given."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.support.claims import claim_of
from services.evaluation.support.kinds import support_data
from services.evaluation.support.money import fen_of, yuan_of
from services.evaluation.support.outcomes import measure

LOAN, TRAINING = support_data().kinds["ip_pledge_loan"], support_data().kinds["training"]
DAY = date(2024, 6, 20)


@given(st.integers(0, 10**15 - 1))
def test_money_there_and_back_is_the_same(fen: int) -> None:
    assert fen_of(yuan_of(fen)) == fen


@given(st.text(max_size=20), st.integers(0, 10**15), st.integers(0, 10**15), st.text(max_size=9))
def test_a_claim_is_that_of_its_money_or_its_subject(provider: str, one: int, two: int, subject: str) -> None:
    claim = claim_of(LOAN, DAY, provider, subject, one)
    assert (claim == claim_of(LOAN, DAY, f" {provider}　", None, two)) == (one == two)
    assert claim_of(TRAINING, DAY, provider, subject, None) == claim_of(TRAINING, DAY, provider, f"{subject} ", None)
    assert claim_of(LOAN, None, provider, subject, one) is claim_of(LOAN, DAY, None, subject, one) is None


@given(st.lists(st.none() | st.fractions(min_value=-100, max_value=1000, max_denominator=1000), max_size=12))
def test_quartiles_are_of_what_is_known(changes: list[Fraction | None]) -> None:
    found, known = measure(changes), [one for one in changes if one is not None]
    assert (found.known, found.known + found.unknown) == (len(known), len(changes))
    if not known:
        assert found.median is found.lower_quartile is found.upper_quartile is None
        return
    quartiles = [float(one or "nan") for one in (found.lower_quartile, found.median, found.upper_quartile)]
    assert quartiles == sorted(quartiles)
    assert float(min(known)) - 0.0001 <= quartiles[0] <= quartiles[2] <= float(max(known)) + 0.0001


def test_every_kind_has_a_clause_and_every_part_of_a_report_has_one_kind() -> None:
    kinds = support_data().kinds.values()
    assert all(one.clause and one.title for one in kinds)
    taken = [one.taken_from for one in kinds if one.taken_from]
    assert sorted(taken) == sorted(set(taken))
    assert set(taken) == {"loans.pledged", "loans.not_pledged", "loans.pledge_unknown", "equity_financings"}
