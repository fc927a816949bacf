"""Which patents may be pledged: in three values, and a pledge is refused for what is known alone."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.forms import patent_no

from services.evaluation.programmes.patents import may_be_pledged, pledgeable
from services.evaluation.programmes.qualifications import held
from services.finance.outcomes.money import fen_of, percent_of, rate_of, yuan_of
from services.finance.outcomes.pledge_checks import OnRecord, found_against
from services.finance.outcomes.refusal_grounds import pledge_grounds
from services.finance.outcomes.schemas import PledgedPatentIn, PledgeIn
from shared.models.finance import PatentExtract
from shared.models.reads import PatentOnRecord
from shared.reference.patents import last_day_of_patent

TODAY = date(2026, 3, 1)
_SOON = st.one_of(st.none(), st.integers(-3, 3).map(lambda days: TODAY + timedelta(days=days)))
_UNSURE = st.sampled_from((True, False, None))
PATENTS = st.builds(
    PatentOnRecord,
    patent_no=st.just(patent_no(1)),
    uscc=st.just(""),
    legal_status=st.sampled_from(("valid", "terminated", "pending")),
    filed_on=st.sampled_from((date(2020, 6, 1), date(2006, 3, 1), date(2006, 3, 2))),
    fees_paid_until=_SOON,
    suspended=_UNSURE,
    as_of=st.just(TODAY),
    pledged=st.booleans(),
)


@given(st.lists(PATENTS, max_size=4), st.one_of(st.none(), st.integers(0, 4)))
def test_one_that_is_known_is_enough_and_no_is_said_only_of_all(
    patents: list[PatentOnRecord], valid: int | None
) -> None:
    answers = [may_be_pledged(one, TODAY) for one in patents]
    value, count = pledgeable(patents, valid, TODAY)
    assert (value is True) == (True in answers)
    if value is False:
        assert set(answers) <= {False}
        assert valid is not None
    # To learn that something is well never turns a yes into anything else.
    if value is True:
        known = [one for one in patents if may_be_pledged(one, TODAY)]
        assert pledgeable(known, valid, TODAY) == (True, count)


def test_a_patent_ends_the_day_before_its_anniversary() -> None:
    design = "202030000001.X"
    cases = (
        (patent_no(1), date(2006, 3, 2), date(2026, 3, 1)),
        (design, date(2021, 5, 31), date(2031, 5, 30)),
        (design, date(2021, 6, 1), date(2036, 5, 31)),
        (patent_no(1), date(2024, 2, 29), date(2044, 2, 28)),
        (patent_no(1), date(1980, 1, 1), None),
    )
    for number, filed_on, last in cases:
        assert last_day_of_patent(number, filed_on) == last


@given(st.lists(_UNSURE, min_size=4, max_size=4), _SOON, st.booleans(), st.booleans())
def test_a_pledge_is_refused_for_what_is_known_and_told_what_is_not(
    flags: list[bool | None], paid: date | None, owned: bool, agreed: bool
) -> None:
    suspended, attacked, co_owned, twin = flags
    extract = PatentExtract(
        legal_status="valid",
        filed_on=date(2020, 6, 1),
        fees_paid_until=paid,
        suspended=suspended,
        invalidation_pending=attacked,
        co_owned=co_owned,
        same_day_twin=twin,
    )
    patent = PledgedPatentIn(patent_no=patent_no(1), co_owners_agree=agreed, declared=["invalidation_pending"])
    pledge = PledgeIn(registration_no="1", registered_on=TODAY, contract_complete=True, patents=[patent])
    found = {
        one.ground: one.known
        for one in found_against(pledge, date(2030, 1, 1), {patent_no(1): OnRecord(extract, owned)})
    }
    assert found.keys() <= pledge_grounds().keys()
    assert found.get("annual_fee_unpaid") == (None if paid is not None and paid >= TODAY else paid is not None)
    assert found.get("suspended_or_preserved") == {True: True, None: False, False: None}[suspended]
    assert ("pledgor_not_registered_owner" in found) == (not owned)
    assert ("co_owner_no_consent" in found) == (not agreed and co_owned is not False)
    assert "invalidation_pending" not in found


@given(st.integers(0, 10**15), st.integers(0, 10**6))
def test_money_and_rates_are_read_back_as_they_were(fen: int, rate: int) -> None:
    assert (fen_of(yuan_of(fen)), rate_of(percent_of(rate))) == (fen, rate)


def test_a_qualification_counts_from_its_first_day_to_its_last() -> None:
    one = {"type": "single_champion", "issued_on": "2024-02-29", "expires_on": None}
    for day, is_held in ((date(2024, 2, 28), False), (date(2024, 2, 29), True), (date(2099, 1, 1), None)):
        if is_held is not None:
            assert held({"qualifications": [one]}, ("single_champion",), day) is is_held
    assert held({"qualifications": [one | {"issued_on": None}]}, ("single_champion",), TODAY) is None
    assert held({"qualifications": []}, ("single_champion",), TODAY) is False
    assert held({}, ("single_champion",), TODAY) is None
