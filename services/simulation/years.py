"""What happens in a year of the programme: applications, selection, reports, incidents, holds, adjustments."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from services.simulation.enterprises import Invented, Population
from services.simulation.world import World, city_codes, each
from shared.reference.province import province

_POOL_MONTHS = 12
_PLACES_PER_CITY = 2
_INCIDENTS = ("data_falsification", "tax_evasion", "abnormal_patent_filings", "safety_accident", "other_violation")
_DOCUMENT = {"title": "模拟通报", "issuer": "【虚构】示范市监管局", "number": "（虚构）1号", "issued_on": "2024-06-06"}
_REVIEWERS = ("reviewer-a", "reviewer-b", "reviewer-c")


@dataclass
class Year:
    """The figures of one year, as the system told them."""

    year: int
    applied: int = 0
    admitted: int = 0
    reports: int = 0
    incidents: int = 0
    held: int = 0
    graduated: int = 0
    notices: int = 0
    exited: int = 0
    replaced: int = 0
    credits: int = 0
    members: int = 0

    def row(self) -> dict[str, int]:
        """By name."""
        return asdict(self)


@dataclass
class Programme:
    """The simulation's own knowledge: who applied, who is in, and what is drawn from the seed."""

    world: World
    population: Population
    seed: int
    enterprises: int
    applications: dict[str, str]
    members: set[str]

    @property
    def pool(self) -> str:
        return province().pool_code

    def chance(self, *about: object) -> random.Random:
        """Drawn from the seed and what it is about: nothing depends on the order of requests."""
        return random.Random("/".join(str(one) for one in (self.seed, *about)))


async def begin(programme: Programme) -> None:
    """Register reviewers, each of another city than the next."""
    world = programme.world
    for name, home in zip(_REVIEWERS, city_codes(), strict=False):
        body = {"subject": name, "home_city_code": home, "load_limit": 10_000}
        await world.call("evaluation", "POST", "/v1/reviewers", world.planner, json=body)


async def live(programme: Programme, number: int, first_year: int) -> Year:
    """One year: reports on the last half, a cycle, reports on this half, incidents, two adjustments."""
    year = Year(first_year + number)
    if number:
        programme.world.clock.put(date(year.year, 3, 2))
        await _reports(programme, year, date(year.year - 1, 7, 1), date(year.year - 1, 12, 31))
    programme.world.clock.put(date(year.year, 6, 20))
    await _cycle(programme, year)
    programme.world.clock.put(date(year.year, 8, 5))
    if number:
        await _reports(programme, year, date(year.year, 1, 1), date(year.year, 6, 30))
        programme.world.clock.put(date(year.year, 9, 10))
        await _incidents(programme, year)
        programme.world.clock.put(date(year.year, 10, 14))
        held = await _hold(programme, year)
        await _adjust(programme, year)
        programme.world.clock.put(date(year.year, 10, 20))
        await _reply(programme, year)
        programme.world.clock.put(date(year.year, 11, 20))
        await _decide(programme, year)
        await _lift(programme, held)
        programme.world.clock.put(date(year.year, 12, 10))
        await _adjust(programme, year)
    await _account(programme, year)
    return year


def _moment(day: date) -> str:
    return datetime.combine(day, time(0), province().time_zone).isoformat()


async def _cycle(programme: Programme, year: Year) -> None:
    world, code, today = programme.world, f"{year.year}-1", programme.world.clock.today
    new = programme.population.invent(programme.enterprises, today)
    (rulebook, *_) = await world.call("evaluation", "GET", "/v1/rulebooks", world.planner)
    body = {
        "code": code,
        "title": f"{year.year}年第一批（模拟）",
        "rulebook_id": rulebook["id"],
        "rulebook_digest": rulebook["digest"],
        "opens_at": _moment(today - timedelta(days=1)),
        "closes_at": _moment(today + timedelta(days=20)),
        "assessed_on": today.isoformat(),
        "quotas": dict.fromkeys(city_codes(), _PLACES_PER_CITY),
    }
    await world.call("intake", "POST", "/v1/cycles", world.planner, json=body)
    await each([_apply(programme, code, one) for one in new])
    year.applied = len(new)
    by_city: dict[str, list[str]] = {}
    for one in new:
        by_city.setdefault(one.city, []).append(programme.applications[one.uscc])
    for city, ids in sorted(by_city.items()):
        body = {"application_ids": ids}
        await world.call("intake", "POST", "/v1/applications:recommend", world.city(city), json=body)
    await world.drain()
    await _review(world, code)
    year.admitted = await _select(programme, code)


async def _apply(programme: Programme, code: str, one: Invented) -> None:
    path = f"/v1/cycles/{code}/applications"
    token = programme.world.enterprise(one.uscc)
    received = await programme.world.call("intake", "POST", path, token, json=one.form)
    programme.applications[one.uscc] = received["id"]


async def _review(world: World, code: str) -> None:
    path = f"/v1/cycles/{code}/reviews:assign"
    await world.call("evaluation", "POST", path, world.planner, json={"limit": 10_000})
    for name in _REVIEWERS:
        token = world.officer(name, "reviewer")
        reviews = [one for one in await world.pages("evaluation", "/v1/reviews", token) if one["cycle"] == code]
        if not reviews:
            continue
        body = {"review_ids": [one["id"] for one in reviews]}
        await world.call("evaluation", "POST", "/v1/reviews:declare", token, json=body)
        mine = await world.pages("evaluation", "/v1/reviews", token, cycle=code, status="open")
        await each([_settle(world, token, one["assessment_id"]) for one in mine])


async def _settle(world: World, token: str, assessment_id: str) -> None:
    path = f"/v1/assessments/{assessment_id}"
    full = await world.call("evaluation", "GET", path, token)
    findings = [
        {"part": part["part"], "met": True, "reason": "经查阅材料认定（模拟）"}
        for criterion in full["criteria"]
        for part in criterion["parts"]
        if part["computed"] == "unknown" and part["finding"] is None
    ]
    if findings:
        await world.call("evaluation", "POST", f"{path}/findings", token, json={"findings": findings})


async def _select(programme: Programme, code: str) -> int:
    world, plans = programme.world, "/v1/selection-plans"
    body = {"cycle": code, "pool": programme.pool}
    plan = await world.call("evaluation", "POST", plans, world.planner, json=body)
    await world.call("evaluation", "POST", f"{plans}/{plan['id']}:approve", world.approver)
    await world.call("evaluation", "POST", f"{plans}/{plan['id']}:commit", world.planner)
    entries = await world.pages("evaluation", f"{plans}/{plan['id']}/entries", world.planner)
    programme.members |= {one["uscc"] for one in entries if one["admitted"]}
    await world.drain()
    return sum(one["admitted"] for one in entries)


async def _reports(programme: Programme, year: Year, covers_from: date, covers_to: date) -> None:
    world, today = programme.world, programme.world.clock.today
    code = f"{covers_to.year}-H{1 if covers_to.month == 6 else 2}"
    body = {
        "code": code,
        "title": f"{code} 进展报告（模拟）",
        "covers_from": covers_from.isoformat(),
        "covers_to": covers_to.isoformat(),
        "opens_at": _moment(today),
        "closes_at": _moment(today + timedelta(days=30)),
    }
    await world.call("intake", "POST", "/v1/reporting-periods", world.planner, json=body)
    lived = [programme.population.by_uscc[uscc] for uscc in sorted(programme.members)]
    for one in lived:
        one.live_half_a_year(covers_to)
    telling = [one for one in lived if one.course != "silent"]
    await each([_report(world, code, one) for one in telling])
    year.reports += len(telling)
    await world.drain()


async def _report(world: World, code: str, one: Invented) -> None:
    token, path = world.enterprise(one.uscc), f"/v1/reporting-periods/{code}/reports"
    begun = await world.call("intake", "POST", path, token, json={"form": one.report()})
    own = f"/v1/progress-reports/{begun['id']}"
    headers = {"If-Match": f'"{begun["version"]}"'}
    await world.call("intake", "POST", f"{own}:submit", token, headers=headers)
    await world.call("intake", "POST", f"{own}:accept", world.city(one.city))


async def _incidents(programme: Programme, year: Year) -> None:
    """A few members misbehave; what can be put right sometimes is."""
    world, chance = programme.world, programme.chance("incidents", year.year)
    members = sorted(programme.members)
    for uscc in chance.sample(members, min(len(members), max(1, len(members) // 25))):
        kind = chance.choice(_INCIDENTS)
        occurred = world.clock.today - timedelta(days=chance.randint(10, 60))
        step = {"reason": "模拟：经核查属实", "document": _DOCUMENT}
        body = {"uscc": uscc, "kind": kind, "occurred_on": occurred.isoformat(), **step}
        alleged = await world.call("intake", "POST", "/v1/incidents", world.planner, json=body)
        path = f"/v1/incidents/{alleged['id']}"
        await world.call("intake", "POST", f"{path}:confirm", world.approver, json=step)
        year.incidents += 1
        if chance.random() < 0.25:
            await world.call("intake", "POST", f"{path}:cure", world.approver, json=step)


async def _hold(programme: Programme, year: Year) -> str | None:
    """One member's graduation is held, where there is anybody to hold."""
    members = sorted(programme.members)
    if not members:
        return None
    uscc = programme.chance("hold", year.year).choice(members)
    body = {"uscc": uscc, "kind": "graduation", "reason": "模拟：核查结束前暂缓"}
    path = f"/v1/pools/{programme.pool}/holds"
    held = await programme.world.call("evaluation", "POST", path, programme.world.planner, json=body)
    year.held += 1
    return held["id"]


async def _lift(programme: Programme, held: str | None) -> None:
    if held is not None:
        body = {"reason": "模拟：核查结束"}
        await programme.world.call("evaluation", "POST", f"/v1/holds/{held}:lift", programme.world.planner, json=body)


async def _adjust(programme: Programme, year: Year) -> None:
    """Plan, approve, commit; the candidates are the year's own, as far as credits admit."""
    world, plans = programme.world, "/v1/adjustments"
    body: dict[str, Any] = {"pool": programme.pool, "cycle": f"{year.year}-1"}
    plan = await world.call("evaluation", "POST", plans, world.planner, json=body)
    await world.call("evaluation", "POST", f"{plans}/{plan['id']}:approve", world.approver)
    await world.call("evaluation", "POST", f"{plans}/{plan['id']}:commit", world.planner)
    entries = await world.pages("evaluation", f"{plans}/{plan['id']}/entries", world.planner)
    done = Counter(one["action"] for one in entries)
    year.graduated += done["graduate"]
    year.exited += done["exit"]
    year.notices += done["give_notice"]
    year.replaced += done["admit"]
    programme.members -= _of(entries, "graduate", "exit")
    programme.members |= _of(entries, "admit")
    await world.drain()


def _of(entries: Sequence[dict[str, Any]], *actions: str) -> set[str]:
    return {one["uscc"] for one in entries if one["action"] in actions}


async def _notices(world: World) -> list[dict[str, Any]]:
    return await world.pages("evaluation", "/v1/exit-notices", world.approver, undecided=True)


async def _reply(programme: Programme, year: Year) -> None:
    world = programme.world
    for notice in await _notices(world):
        if notice["reply"] is None and programme.chance("reply", year.year, notice["uscc"]).random() < 0.6:
            path = f"/v1/exit-notices/{notice['id']}:reply"
            body = {"reply": "模拟：情况说明如附"}
            await world.call("evaluation", "POST", path, world.enterprise(notice["uscc"]), json=body)


async def _decide(programme: Programme, year: Year) -> None:
    """Whoever replied is kept half the time; nobody else is."""
    world = programme.world
    for notice in await _notices(world):
        kept = notice["reply"] is not None and programme.chance("keep", year.year, notice["uscc"]).random() < 0.5
        body = {"decision": "keep" if kept else "end", "reason": "模拟：经审议决定"}
        path = f"/v1/exit-notices/{notice['id']}:decide"
        await world.call("evaluation", "POST", path, world.approver, json=body)


async def _account(programme: Programme, year: Year) -> None:
    world = programme.world
    pool = await world.call("evaluation", "GET", f"/v1/pools/{programme.pool}", world.planner)
    found = await world.call("evaluation", "GET", f"/v1/pools/{programme.pool}/credits", world.planner)
    year.members = pool["live"]
    year.credits = sum(one["after"] for one in found["cities"])
