"""Invented applications as the JSON of the application form, in a mixture of strong and weak cases."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from services.demo import invented_identifiers as identifiers
from services.demo.invented_trades import (
    CANDIDATE_TRADES,
    PARTNERS,
    PEOPLE,
    TRADES,
    UNLISTED_TRADES,
    Trade,
    invented_name,
)
from shared.reference.divisions import Division, cities, city_of, counties_of, division

Form = dict[str, Any]
Profile = Literal["strong", "deviation", "unknown", "weak"]
# Out of a hundred: how many of each.
MIXTURE: tuple[tuple[Profile, int], ...] = (("strong", 66), ("deviation", 10), ("unknown", 9), ("weak", 15))

_CENT = Decimal("0.01")


class Inventor:
    """Makes applications, the same ones for the same seed, series and date.

    `series` is one letter that keeps the codes of two sets apart; `as_of` is the date on which the applications are
    to be judged: qualifications are in force and agreements are running on it, figures are those of the year before.
    """

    def __init__(self, seed: int, series: str, as_of: date) -> None:
        self.random = random.Random(f"{seed}/{series}")
        self.series = series
        self.as_of = as_of
        self._serials = 0
        self._patents = 0 if series == "W" else 500_000

    def counties(self, count: int) -> Iterator[Division]:
        """`count` counties in a random order: every city three times where there is room, then by size."""
        everywhere = [city.code for city in cities()]
        by_size = [city.code for city in cities() for _ in counties_of(city.code)]
        chosen = (everywhere * 3)[:count]
        chosen += self.random.choices(by_size, k=count - len(chosen))
        self.random.shuffle(chosen)
        return (self.random.choice(counties_of(code)) for code in chosen)

    def profiles(self, count: int) -> list[Profile]:
        """`count` profiles in the proportions of the mixture, in a random order."""
        chosen: list[Profile] = [profile for profile, share in MIXTURE for _ in range(round(count * share / 100))]
        while len(chosen) < count:
            chosen.append("strong")
        del chosen[count:]
        self.random.shuffle(chosen)
        return chosen

    def form(self, county: Division, profile: Profile) -> Form:
        """One application from `county`: a strong one, made weaker as the profile says."""
        trades, weaken = self.random.choice(_WEAKNESSES[profile])
        form = self.strong_form(county, self.random.choice(trades))
        weaken(self, form)
        return form

    def strong_form(self, county: Division, trade: Trade) -> Form:
        """An application on which nothing is missing and every measurable standard is met with room to spare."""
        self._serials += 1
        products = self._products(trade)
        patents = self._patents_for(trade, [product["name"] for product in products])
        return {
            "uscc": identifiers.invented_uscc(county.code, self.series, self._serials),
            "name": invented_name(division(city_of(county.code)).name, trade, self._serials - 1),
            "registered_division": county.code,
            "established_on": self._past(365 * 6, 365 * 20),
            "legal_person": True,
            "industry_class": trade.industry_class,
            "main_business_share_percent": f"{self.random.randint(5500, 9900) / 100:.2f}",
            "contact_name": self.random.choice(PEOPLE),
            "contact_phone": identifiers.invented_phone(self._serials),
            "finance": self._finance(),
            "people": self._people(trade),
            "qualifications": self._qualifications(),
            "products": products,
            "patents": patents,
            "collaborations": [self._collaboration()] if self._happens(0.6) else [],
            "trademark_nos": [identifiers.invented_trademark_no(self._serials * 10 + index) for index in range(2)],
            "ip_management": {"has_policy": True, "has_unit": True, "has_budget": True},
            "declarations": dict.fromkeys(
                ("truthful", "no_abnormal_filing", "no_major_accident", "no_violation", "no_serious_dishonesty"), True
            ),
        }

    def _finance(self) -> dict[str, Any]:
        revenue = money(self.random.randint(600_00, 26_000_00) * 100)
        share = Decimal(self.random.randint(1050, 2200)) / 10_000
        return {
            "fiscal_year": self.as_of.year - 1,
            "revenue_cny": str(revenue),
            "total_assets_cny": str(money(revenue * Decimal(self.random.randint(80, 190)) / 100)),
            "profit_cny": str(money(revenue * Decimal(self.random.randint(-4, 18)) / 100)),
            "rd_expense_cny": str(money(revenue * share)),
            "financing_need_cny": str(money(self.random.randint(0, 30) * 1_000_000)),
        }

    def _people(self, trade: Trade) -> dict[str, Any]:
        employees = self.random.randint(24, trade.most_employees)
        return {
            "employees": employees,
            "rd_staff": max(5, employees * self.random.randint(22, 45) // 100),
            "rd_leader": self.random.choice(PEOPLE),
            "ip_staff": self.random.randint(1, 5),
            "has_technology_vice_president": self._happens(0.3),
        }

    def _qualifications(self) -> list[dict[str, Any]]:
        usual = ("high_tech", "sme_specialised", "ip_advantage", "innovative_sme")
        chosen = [self.random.choice(usual[:2])] + [one for one in usual[2:] if self._happens(0.3)]
        return [self.qualification(kind, self.random.randint(60, 800)) for kind in chosen]

    def qualification(self, kind: str, days_ago: int) -> dict[str, Any]:
        """A qualification issued `days_ago` days before the date of judgement, for three years."""
        issued = self.as_of - timedelta(days=days_ago)
        return {
            "type": kind,
            "certificate_no": f"虚构{issued.year}第{self._serials:04d}号",
            "issued_on": issued.isoformat(),
            "expires_on": (issued + timedelta(days=3 * 365)).isoformat(),
        }

    def _products(self, trade: Trade) -> list[dict[str, Any]]:
        names = trade.products[: self.random.randint(1, len(trade.products))]
        return [self._product(name, is_main=index == 0) for index, name in enumerate(names)]

    def _product(self, name: str, *, is_main: bool) -> dict[str, Any]:
        filed = is_main or self._happens(0.4)
        sales = money(self.random.randint(80_00, 5_000_00) * 100)
        return {
            "name": name,
            "is_main": is_main,
            "sales_cny": str(sales),
            "profit_cny": str(money(sales * Decimal(self.random.randint(3, 24)) / 100)),
            "filing_no": f"虚构备案{self._serials:04d}-{self.random.randint(100, 999)}" if filed else None,
            "filed_on": self._past(30, 700) if filed else None,
            "recognised_year": self.as_of.year - 1 if filed and self._happens(0.2) else None,
        }

    def _patents_for(self, trade: Trade, products: list[str]) -> list[dict[str, Any]]:
        count = self.random.randint(5, 18)
        used = max(3, count * self.random.randint(58, 95) // 100)
        patents = [self.patent(trade, products[index % len(products)], used=index < used) for index in range(count)]
        patents += [self._without_effect(trade) for _ in range(self.random.randint(0, 3))]
        return patents

    def patent(self, trade: Trade, product: str, *, used: bool) -> dict[str, Any]:
        """A patent in force, own or assigned, linked to `product` where it is used."""
        kind = self.random.choices(("invention", "utility_model", "design"), (5, 6, 1))[0]
        year = self.as_of.year - self.random.randint(3, 8)
        granted = date(year + 1, self.random.randint(1, 12), self.random.randint(1, 28))
        return {
            "application_no": self.patent_no(year, kind),
            "kind": kind,
            "ipc_main": "14-02" if kind == "design" else self.random.choice(trade.ipc),
            "legal_status": "valid",
            "granted_on": granted.isoformat(),
            "source": self.random.choices(("own_rd", "assigned"), (9, 1))[0],
            "industrialised": used,
            "product_names": [product] if used else [],
        }

    def patent_no(self, year: int, kind: str) -> str:
        """The next unused application number."""
        self._patents += 1
        return identifiers.invented_patent_no(year, kind, self._patents)

    def _without_effect(self, trade: Trade) -> dict[str, Any]:
        """A patent that does not count: still pending, or ended."""
        status = self.random.choice(("pending", "terminated"))
        idle = self.patent(trade, "", used=False) | {"legal_status": status}
        return idle | {"granted_on": None} if status == "pending" else idle

    def _collaboration(self) -> dict[str, Any]:
        return {
            "partner": self.random.choice(PARTNERS),
            "agreement_from": self._past(100, 600),
            "agreement_to": (self.as_of + timedelta(days=self.random.randint(200, 900))).isoformat(),
        }

    def _happens(self, probability: float) -> bool:
        return self.random.random() < probability

    def _past(self, nearest: int, furthest: int) -> str:
        return (self.as_of - timedelta(days=self.random.randint(nearest, furthest))).isoformat()

    # What makes an application weaker. Each takes a strong form and changes one thing.

    def as_it_is(self, form: Form) -> None:
        """Nothing is changed; what may be weak is the trade."""

    def without_qualification(self, form: Form) -> None:
        """附件2 not met: none of the named qualifications."""
        form["qualifications"] = [self.qualification("innovative_sme", 200)]

    def without_filing(self, form: Form) -> None:
        """附件4, second half, not met: no product has been filed."""
        for product in form["products"]:
            product |= {"filing_no": None, "filed_on": None, "recognised_year": None}

    def without_rd_figures(self, form: Form) -> None:
        """附件6 unknown: research spending was left blank."""
        form["finance"]["rd_expense_cny"] = None

    def half_answered(self, form: Form) -> None:
        """附件9 and 附件10 unknown: management and one declaration were left blank."""
        form["ip_management"] = {"has_policy": True, "has_unit": None, "has_budget": None}
        form["declarations"]["no_serious_dishonesty"] = None

    def hardly_industrialised(self, form: Form) -> None:
        """附件5 not met: one patent in use, so that the core patent (附件4) stays."""
        for patent in form["patents"][1:]:
            patent |= {"industrialised": False, "product_names": []}

    def little_research(self, form: Form) -> None:
        """附件6 not met: 3 percent of a revenue of at most 9,000 万元."""
        revenue = money(self.random.randint(900_00, 9_000_00) * 100)
        form["finance"] |= {"revenue_cny": str(revenue), "rd_expense_cny": str(money(revenue * Decimal("0.03")))}

    def small_team(self, form: Form) -> None:
        """附件7 not met: 6 percent research staff and no partner."""
        form["people"]["rd_staff"] = form["people"]["employees"] * 6 // 100
        form["collaborations"] = []


Weakness = tuple[Sequence[Trade], Callable[[Inventor, Form], None]]
_WEAKNESSES: Mapping[Profile, Sequence[Weakness]] = {
    "strong": [(TRADES, Inventor.as_it_is)],
    "deviation": [
        (TRADES, Inventor.without_qualification),
        (UNLISTED_TRADES, Inventor.as_it_is),  # 附件3 not met: not patent-intensive
        (TRADES, Inventor.without_filing),
    ],
    "unknown": [
        (CANDIDATE_TRADES, Inventor.as_it_is),  # 附件3 unknown: may or may not be patent-intensive
        (TRADES, Inventor.without_rd_figures),
        (TRADES, Inventor.half_answered),
    ],
    "weak": [
        (TRADES, Inventor.hardly_industrialised),
        (TRADES, Inventor.little_research),
        (TRADES, Inventor.small_team),
    ],
}


def money(yuan: Decimal | int) -> Decimal:
    """元, to the 分."""
    return Decimal(yuan).quantize(_CENT)
