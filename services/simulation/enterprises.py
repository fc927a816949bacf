"""Invented enterprises over the years: how each fares is drawn once, and told in its progress reports."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from services.demo.invented_forms import Inventor
from services.demo.invented_trades import TRADES
from shared.reference.divisions import city_of

Course = Literal["rising", "steady", "stalled", "silent"]
_COURSES: tuple[Course, ...] = ("rising", "steady", "stalled", "silent")
_SHARES = (45, 32, 17, 6)
# A letter that codes may hold, and that no other set of invented enterprises has.
_SERIES = "Y"


@dataclass
class Invented:
    """One enterprise: its form, its course, and its figures now."""

    form: dict[str, Any]
    course: Course
    chance: random.Random
    industrialised: int
    valid: int
    products: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def uscc(self) -> str:
        return self.form["uscc"]

    @property
    def city(self) -> str:
        return city_of(self.form["registered_division"])

    def live_half_a_year(self, until: date) -> None:
        """What becomes of it by the end of a half year, as its course has it."""
        if self.course == "rising":
            self.valid += self.chance.randint(0, 1)
            self.industrialised = min(self.valid, self.industrialised + self.chance.randint(1, 2))
            if self.chance.random() < 0.3:
                self._recognise(until)
        elif self.course == "steady" and self.chance.random() < 0.5:
            self.valid += 1
            self.industrialised += 1
        for product in self.products:
            self._sell(product, until)

    def _recognise(self, until: date) -> None:
        on = until.replace(day=self.chance.randint(1, 28))
        name = f"虚构产品{len(self.products) + 1}"
        self.products.append({"name": name, "recognised_year": on.year, "recognised_on": on.isoformat(), "years": []})

    def _sell(self, product: dict[str, Any], until: date) -> None:
        if until.month != 12:
            return
        sales = Decimal(self.chance.randint(1_000_000, 9_000_000)) / 100
        product["years"].append(
            {"year": until.year, "sales_cny": f"{sales:.2f}", "profit_cny": f"{sales * Decimal('0.1'):.2f}"}
        )

    def report(self) -> dict[str, Any]:
        """The progress report on the half year that has just been lived."""
        revenue = Decimal(self.form["finance"]["revenue_cny"])
        return {
            "patents": {"valid_count": self.valid, "industrialised_count": self.industrialised},
            "finance": {"revenue_cny": f"{revenue / 2:.2f}"},
            "filed_products": [],
            "recognised_products": self.products,
            "loans": [],
            "market_steps": [],
            "equity_financings": [],
            "standards": [],
            "awards": [],
            "declarations": {"truthful": True},
        }


class Population:
    """The enterprises of all years: the same seed invents the same ones."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._inventor = Inventor(seed, _SERIES, date(2024, 6, 30))
        self._chance = random.Random(f"{seed}/courses")
        self.by_uscc: dict[str, Invented] = {}

    def invent(self, count: int, as_of: date) -> list[Invented]:
        """So many new ones, who apply to be judged on `as_of`."""
        self._inventor.as_of = as_of
        return [self._one(county) for county in self._inventor.counties(count)]

    def _one(self, county: Any) -> Invented:
        form = self._inventor.strong_form(county, self._chance.choice(TRADES))
        valid = [one for one in form["patents"] if one["legal_status"] == "valid"]
        found = Invented(
            form=form,
            course=self._chance.choices(_COURSES, _SHARES)[0],
            chance=random.Random(f"{self._seed}/{form['uscc']}"),
            industrialised=sum(one["industrialised"] is True for one in valid),
            valid=len(valid),
        )
        self.by_uscc[found.uscc] = found
        return found
