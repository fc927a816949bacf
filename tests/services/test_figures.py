"""Figures over HTTP: what they count, that their rows are as many, who sees them, and when they are the same."""

from __future__ import annotations

from typing import Any

from support.forms import HUANGSHI, form
from support.members import WUHAN_CITY, admit
from support.system import System

FIGURES = "/v1/figures"
MINE, OTHERS = [form(1), form(2)], [form(3, HUANGSHI)]
ASKED = (
    "/funnel?cycle=2024-1",
    "/pool?by=city",
    "/pool?by=chain",
    "/pool?by=size",
    "/pool?by=qualification",
    "/pool?by=age",
    "/pool?by=stay",
    "/occupancy",
    "/deadlines?days=30",
    "/reports-overdue",
    "/financing",
    "/financing?by=year",
)


def province(system: System) -> str:
    return system.officer("planner", "province_officer")


def city(system: System, code: str = WUHAN_CITY) -> str:
    return system.officer(f"officer-{code}", "city_officer", code)


async def figure(system: System, token: str, asked: str) -> dict[str, Any]:
    return await system.ok("evaluation", "GET", FIGURES + asked, token)


async def rows(system: System, token: str, link: dict[str, str]) -> list[dict[str, Any]]:
    """Every row behind a link, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        joined = link["href"] + ("&" if "?" in link["href"] else "?") + "limit=3"
        page = await system.ok(
            link["service"], "GET", joined + "".join(f"&cursor={one}" for one in cursor.values()), token
        )
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def check(system: System, token: str, asked: str) -> dict[str, Any]:
    """The figure, whose total, groups and cells are as many as their rows and add up."""
    told = await figure(system, token, asked)
    assert told["total"] == sum(one["count"] for one in told["groups"]) == sum(one["count"] for one in told["cells"])
    assert len(await rows(system, token, told["rows"])) == told["total"]
    for part in told["groups"] + told["cells"]:
        assert len(await rows(system, token, part["rows"])) == part["count"], part
    return told


async def test_every_figure_is_as_many_as_its_rows(system: System) -> None:
    await admit(system, *MINE, *OTHERS)
    for asked in ASKED:
        await check(system, province(system), asked)
