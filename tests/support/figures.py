"""Figures as a dashboard asks for them: polled with the ETag that it holds, followed to the rows behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from support.members import HUANGSHI_CITY, WUHAN_CITY
from support.system import System

FIGURES = "/v1/figures"
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


async def check(system: System, token: str, asked: str, *, limit: int = 500) -> dict[str, Any]:
    """The figure, whose total, groups and cells are as many as their rows and add up."""
    told = await figure(system, token, asked)
    assert told["total"] == sum(one["count"] for one in told["groups"]) == sum(one["count"] for one in told["cells"])
    found = await rows(system, token, told["rows"], limit)
    assert len({one["id"] for one in found}) == len(found) == told["total"], asked
    for part in told["groups"] + told["cells"]:
        assert len(await rows(system, token, part["rows"], limit)) == part["count"], (asked, part)
    return told


def by_city(told: dict[str, Any]) -> dict[tuple[str, str | None], tuple[int, str | None]]:
    """Count and amount by group and city."""
    return {(one["group"], one["city_code"]): (one["count"], one["amount_cny"]) for one in told["cells"]}


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
