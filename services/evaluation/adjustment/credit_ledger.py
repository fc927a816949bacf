"""Each city's replacement credits (增补名额, 二(六)12(2)) as the ledger has them, and what a plan makes of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.credit_rules import CreditEntry, balance, minted
from services.evaluation.adjustment.rules import Rules
from shared.calendar import business_date
from shared.models.evaluation import ReplacementCreditEntry


@dataclass(frozen=True, slots=True)
class CityCredits:
    """A city's credits on a day: those good before, of which `expired` since they were last booked are taken off first.

    `before` is what is good on the day; `minted` is what graduates add, `spent` what admissions take, `after` the rest.
    """

    city_code: str
    before: int
    expired: int
    minted: int
    spent: int

    @property
    def after(self) -> int:
        """What the city has once the plan is committed; never below zero."""
        return self.before + self.minted - self.spent


async def ledger(session: AsyncSession, pool_code: str, known_at: datetime) -> dict[str, list[ReplacementCreditEntry]]:
    """Every entry of a pool by city, in the order in which they were entered."""
    statement = (
        select(ReplacementCreditEntry)
        .where(
            ReplacementCreditEntry.pool_code == pool_code, ReplacementCreditEntry.entered_on <= business_date(known_at)
        )
        .order_by(ReplacementCreditEntry.city_code, ReplacementCreditEntry.entered_on, ReplacementCreditEntry.id)
    )
    found: dict[str, list[ReplacementCreditEntry]] = defaultdict(list)
    for entry in (await session.execute(statement)).scalars():
        found[entry.city_code].append(entry)
    return found


def good_on(entries: list[ReplacementCreditEntry], on: date) -> int:
    """What is good at the end of a day. What was booked as expired is left out: the minted lines know it themselves."""
    lines = [
        CreditEntry(one.entered_on, one.credits, one.expires_on)
        for one in entries
        if one.kind != "expired" and one.entered_on <= on
    ]
    return balance(lines, on)


def cities_after(
    rules: Rules,
    entries: Mapping[str, list[ReplacementCreditEntry]],
    graduates: Mapping[str, int],
    spent: Counter[str],
    on: date,
) -> list[CityCredits]:
    """Every city that has, mints or spends credits, by code."""
    minting = {one.city_code: one.credits for one in minted(rules, graduates, on)}
    told: list[CityCredits] = []
    for city in sorted({*entries, *minting, *spent}):
        booked = sum(one.credits for one in entries.get(city, ()) if one.entered_on <= on)
        before = good_on(entries.get(city, []), on)
        told.append(CityCredits(city, before, booked - before, minting.get(city, 0), spent[city]))
    return told
