"""Spot checks brought to their draw: a seed that the officer keeps, and a clock moved past the time to reveal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.evaluation.spot_checks.draw import commitment_of
from shared.calendar import business_date
from support.members import HUANGSHI_CITY, WUHAN_CITY
from support.notices import Clock
from support.system import System

DRAWS = "/v1/spot-checks"
SEED, NONCE = "5e" * 32, "ab" * 32
REVEAL = {"seed": SEED, "nonce": NONCE}


def province(system: System, who: str = "planner") -> str:
    return system.officer(who, "province_officer")


def wuhan(system: System, who: str = "zhang-wei") -> str:
    return system.officer(who, "city_officer", WUHAN_CITY)


def huangshi(system: System) -> str:
    return system.officer("li-na", "city_officer", HUANGSHI_CITY)


def draw_body(clock: Clock, seed: str = SEED, hours: float = 25) -> dict[str, Any]:
    return {
        "title": "测试抽查",
        "commitment": commitment_of(seed, NONCE),
        "reveal_from": (clock.moment + timedelta(hours=hours)).isoformat(),
    }


async def publish(system: System, clock: Clock, seed: str = SEED) -> dict[str, Any]:
    """Published long enough ago that its seed can be revealed now: the database's own clock stands still for nobody."""
    clock.moment -= timedelta(hours=26)
    return await system.ok("evaluation", "POST", DRAWS, province(system), json=draw_body(clock, seed))


async def reveal(system: System, clock: Clock, number: str) -> dict[str, Any]:
    """A day and a bit later."""
    clock.moment += timedelta(hours=25, minutes=1)
    return await system.ok("evaluation", "POST", f"{DRAWS}/{number}:reveal", province(system), json=REVEAL)


async def drawn(system: System, clock: Clock) -> str:
    """The number of a draw that was published and revealed."""
    number = (await publish(system, clock))["number"]
    await reveal(system, clock, number)
    return number


async def members(system: System, token: str, number: str, **params: Any) -> list[dict[str, Any]]:
    page = await system.ok("evaluation", "GET", f"{DRAWS}/{number}/members", token, params=params)
    return page["items"]


def finding_body(clock: Clock, **changes: Any) -> dict[str, Any]:
    """What a check finds that finds everything as the form says."""
    return {
        "checked_on": business_date(clock.moment).isoformat(),
        "document": "（虚构）核查记录1号",
        "summary": "现场核查，与申报一致",
        "facts": [fact_found("legal_person", value=True)],
    } | changes


def fact_found(fact: str, *, value: Any, outcome: str = "verified", **more: Any) -> dict[str, Any]:
    return {"fact": fact, "outcome": outcome, "value": value, "basis": "查验营业执照原件"} | more
