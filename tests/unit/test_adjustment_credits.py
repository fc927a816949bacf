"""Replacement credits: what graduates mint, when it expires, and balances that never fall below zero."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.adjustment.credit_rules import CreditEntry, CreditsOverdrawn, balance, expiry, minted
from services.evaluation.adjustment.rules import provincial_rules

(RULES,) = provincial_rules()
DAY = date(2026, 8, 31)


def test_each_graduate_mints_two_for_its_city_for_ever() -> None:
    found = minted(RULES, {"420500": 1, "420100": 3, "420200": 0}, DAY)
    assert [(one.city_code, one.credits, one.expires_on) for one in found] == [("420100", 6, None), ("420500", 2, None)]
    assert minted(RULES.changed(credits_per_graduate=0), {"420100": 3}, DAY) == ()
    with pytest.raises(ValueError, match="420100"):
        minted(RULES, {"420100": -1}, DAY)


@pytest.mark.parametrize(
    ("months", "carry_over", "last"),
    [
        ("never", True, None),
        (6, True, date(2027, 2, 28)),
        ("never", False, date(2026, 12, 31)),
        (3, False, date(2026, 11, 30)),
        (6, False, date(2026, 12, 31)),
    ],
)
def test_expiry(months: str | int, carry_over: bool, last: date | None) -> None:
    rules = RULES.changed(credit_valid_months=months, credits_carry_over=carry_over)
    assert expiry(rules.rolling, DAY) == last


def test_credits_are_good_on_their_last_day_and_spent_before_they_expire() -> None:
    last = DAY + timedelta(days=10)
    entries = [CreditEntry(DAY, 2, last), CreditEntry(DAY, 2), CreditEntry(last, -1)]
    assert balance(entries, DAY - timedelta(days=1)) == 0
    assert balance(entries, DAY) == 4
    assert balance(entries, last) == 3
    assert balance(entries, last + timedelta(days=1)) == 2
    with pytest.raises(CreditsOverdrawn, match="1 credits more"):
        balance([*entries, CreditEntry(last + timedelta(days=1), -3)], last + timedelta(days=1))


@pytest.mark.parametrize(
    "entry",
    [CreditEntry(DAY, 0), CreditEntry(DAY, -1, DAY), CreditEntry(DAY, 1, DAY - timedelta(days=1))],
)
def test_entries_that_are_none(entry: CreditEntry) -> None:
    with pytest.raises(ValueError, match=r"neither|before it"):
        balance([CreditEntry(DAY, 5), entry], DAY)


DAYS = st.integers(0, 12).map(lambda days: DAY + timedelta(days=days))
MINTED = st.tuples(DAYS, st.integers(1, 4), st.none() | st.integers(0, 8)).map(
    lambda one: CreditEntry(one[0], one[1], None if one[2] is None else one[0] + timedelta(days=one[2]))
)
SPENT = st.tuples(DAYS, st.integers(-3, -1)).map(lambda one: CreditEntry(*one))


@given(entries=st.lists(MINTED | SPENT, max_size=12), on=DAYS)
def test_a_balance_is_that_of_single_credits_spent_one_by_one(entries: list[CreditEntry], on: date) -> None:
    lasting: list[date] | None = []
    for entry in sorted((one for one in entries if one.on <= on), key=lambda one: (one.on, one.credits < 0)):
        for _ in range(abs(entry.credits)):
            if lasting is None:
                break
            if entry.credits > 0:
                lasting.append(entry.expires_on or date.max)
            elif good := [last for last in lasting if last >= entry.on]:
                lasting.remove(min(good))
            else:
                lasting = None
    if lasting is None:
        with pytest.raises(CreditsOverdrawn):
            balance(entries, on)
    else:
        assert balance(entries, on) == sum(last >= on for last in lasting)
