"""Figures as a dashboard asks for them: polled with the ETag that it holds, followed to the rows behind them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from support.forms import HUANGSHI, form
from support.members import HUANGSHI_CITY, WUHAN_CITY
from support.notices import Clock
from support.pool_history import History, products, report
from support.system import System

FIGURES = "/v1/figures"
GRADUATE, SILENT, ENDED, DISCREET = form(1), form(2), form(100, HUANGSHI), form(101, HUANGSHI)
_GROWN = [
    *products((2023, "10000000.00", "1000000.00"), (2024, "13000000.00", "1300000.00")),
    *products((2024, "1.00", "1.00"), recognised=2024, name="新产品"),
]
_BANK = {"bank": "【虚构】示范银行", "ip_pledged": True}
_LOANS = [
    _BANK | {"amount_cny": "5000000.50", "granted_on": "2024-10-08"},
    _BANK | {"amount_cny": "1.50", "granted_on": "2024-11-08"},
]
CITIES = (WUHAN_CITY, HUANGSHI_CITY)
# Every figure in every dimension that is not by what tests name themselves.
STANDING = (
    *(f"/pool?by={one}" for one in ("city", "chain", "size", "qualification", "age", "stay")),
    "/occupancy",
    "/deadlines?days=60",
    "/reports-overdue",
    "/financing",
    "/financing?by=year",
)


def province(system: System, role: str = "province_officer") -> str:
    return system.officer("planner", role)


def city(system: System, code: str = WUHAN_CITY) -> str:
    return system.officer(f"officer-{code}", "city_officer", code)


async def a_year(system: System, clock: Clock) -> History:
    """Members of two cities since July 2024, of whom one graduated and one ended in 2025; reports that tell of loans.

    One never reported. The clock stands in December 2025.
    """
    history = History(system, clock)
    history.put("2024-07-01")
    await history.admitted("2024-1", GRADUATE, SILENT, ENDED, DISCREET)
    history.put("2025-03-03")
    await history.period("2024-H2", "2024-07-01", "2024-12-31")
    # An officer knew of one of the loans before its report came: it is no less reported.
    known = {"uscc": GRADUATE["uscc"], "kind": "ip_pledge_loan", "document": "（虚构）合同", "provider": _BANK["bank"]}
    known |= {"happened_on": "2024-10-08", "amount_cny": "5000000.50"}
    await system.ok("evaluation", "POST", "/v1/support-actions", province(system), json=known)
    await history.reported("2024-H2", GRADUATE, report(2, 2, _GROWN) | {"loans": _LOANS})
    await history.reported("2024-H2", DISCREET, report(1, 2) | {"loans": [_BANK]})
    await system.drain()
    history.put("2025-04-01")
    await history.incident(ENDED, "tax_evasion", date(2025, 1, 1))
    await history.adjusted()
    history.put("2025-12-01")
    return history


async def figure(system: System, token: str, asked: str) -> dict[str, Any]:
    return await system.ok("evaluation", "GET", FIGURES + asked, token)


async def rows(system: System, token: str, link: dict[str, str], limit: int = 500) -> list[dict[str, Any]]:
    """Every row behind a link, page by page."""
    found: list[dict[str, Any]] = []
    first = link["href"] + ("&" if "?" in link["href"] else "?") + f"limit={limit}"
    cursor = ""
    while True:
        page = await system.ok(link["service"], "GET", first + cursor, token)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def check(system: System, token: str, asked: str, *, limit: int = 500, thorough: bool = True) -> dict[str, Any]:
    """The figure, whose total, groups and cells are as many as their rows and add up.

    Links of cities within groups, and of groups of nothing, are followed where it is to be `thorough`.
    """
    told = await figure(system, token, asked)
    assert told["total"] == sum(one["count"] for one in told["groups"]) == sum(one["count"] for one in told["cells"])
    found = await rows(system, token, told["rows"], limit)
    assert len({one["id"] for one in found}) == len(found) == told["total"], asked
    assert by_city(told) == Counter((one["group"], one["city_code"]) for one in found)
    parts = told["groups"] + told["cells"] if thorough else [one for one in told["groups"] if one["count"]]
    for part in parts:
        assert len(await rows(system, token, part["rows"], limit)) == part["count"], (asked, part)
    return told


def by_city(told: dict[str, Any]) -> dict[tuple[str, str | None], int]:
    """Count by group and city."""
    return {(one["group"], one["city_code"]): one["count"] for one in told["cells"]}


def by_group(told: dict[str, Any]) -> dict[str, int]:
    """How many there are of each group of which there are any."""
    return {one["group"]: one["count"] for one in told["groups"] if one["count"]}


@dataclass
class Dashboard:
    """One reader who polls one figure; `bodies` has what was answered under each ETag."""

    system: System
    token: str
    asked: str
    tag: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)

    async def poll(self) -> bool:
        """Whether there was anything new. What has one ETag is one and the same answer."""
        headers = {"If-None-Match": self.tag} if self.tag else {}
        answer = await self.system.request("evaluation", "GET", FIGURES + self.asked, self.token, headers=headers)
        assert answer.headers["cache-control"] == "private, no-cache"
        if answer.status_code == 304:
            assert answer.headers["etag"] == self.tag
            assert answer.content == b""
            return False
        assert answer.status_code == 200, answer.text
        self.tag, self.body = answer.headers["etag"], answer.json()
        assert self.bodies.setdefault(self.tag, answer.text) == answer.text
        return True
