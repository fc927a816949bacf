"""Replacement credits (增补名额) by the rules of 二(六)12(2): what graduates mint, and what is left on a day. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from services.evaluation.adjustment.rules import Rolling, Rules


@dataclass(frozen=True, slots=True)
class Minted:
    """So many credits of one city for its graduates of one day; good up to and including `expires_on`, None for ever."""

    city_code: str
    credits: int
    minted_on: date
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class CreditEntry:
    """One line of a city's ledger: credits minted (above zero, perhaps with an expiry) or spent (below zero)."""

    on: date
    credits: int
    expires_on: date | None = None


class CreditsOverdrawn(ValueError):  # noqa: N818 (a ledger that never was, rather than an error of the reader's)
    """More was spent on a day than was good on it."""

    def __init__(self, on: date, lacking: int) -> None:
        super().__init__(on, lacking)
        self.on = on
        self.lacking = lacking

    def __str__(self) -> str:
        return f"{self.lacking} credits more than the balance were spent on {self.on}"


def minted(rules: Rules, graduates: Mapping[str, int], on: date) -> tuple[Minted, ...]:
    """What the graduates of each city (code → how many) mint on a day, by city; cities without any mint nothing.

    Exits mint nothing. ValueError for a number below zero.
    """
    if wrong := sorted(city for city, count in graduates.items() if count < 0):
        raise ValueError(f"fewer than no graduates: {', '.join(wrong)}")
    expires_on, each = expiry(rules.rolling, on), rules.rolling.credits_per_graduate
    return tuple(
        Minted(city, count * each, on, expires_on) for city, count in sorted(graduates.items()) if count * each
    )


def expiry(rolling: Rolling, minted_on: date) -> date | None:
    """The last day on which credits minted on a day are good: the earlier of their term's and, not carried over, the year's."""
    last: list[date] = []
    if rolling.credit_valid_months is not None:
        last.append(months_after(minted_on, rolling.credit_valid_months))
    if not rolling.credits_carry_over:
        last.append(date(minted_on.year, 12, 31))
    return min(last, default=None)


def balance(entries: Iterable[CreditEntry], on: date) -> int:
    """What is good at the end of a day, from the entries up to it. Whatever expires first is spent first.

    Within a day what is minted comes before what is spent. Raises CreditsOverdrawn where more was spent than was good
    on that day, and ValueError for an entry of nothing or a spending that expires.
    """
    lots: list[tuple[date, int]] = []
    for entry in sorted((one for one in entries if one.on <= on), key=lambda one: (one.on, one.credits < 0)):
        _check(entry)
        if entry.credits > 0:
            lots.append((entry.expires_on or date.max, entry.credits))
            lots.sort()
        else:
            lots = _spend(lots, entry)
    return sum(left for last, left in lots if last >= on)


def _spend(lots: list[tuple[date, int]], entry: CreditEntry) -> list[tuple[date, int]]:
    wanted, rest = -entry.credits, list[tuple[date, int]]()
    for last, left in lots:
        if last < entry.on:
            continue
        taken = min(wanted, left)
        wanted -= taken
        if left > taken:
            rest.append((last, left - taken))
    if wanted:
        raise CreditsOverdrawn(entry.on, wanted)
    return rest


def _check(entry: CreditEntry) -> None:
    if entry.credits == 0 or (entry.credits < 0 and entry.expires_on is not None):
        raise ValueError(f"neither minted nor spent: {entry}")
    if entry.expires_on is not None and entry.expires_on < entry.on:
        raise ValueError(f"expired before it was minted: {entry}")


def months_after(day: date, months: int) -> date:
    """The day of that number, or the month's last where there is none: as terms in months are reckoned everywhere here."""
    return pl.Series([day]).dt.offset_by(f"{months}mo")[0]
