"""The pool over time: a clock to put, reports accepted, incidents confirmed, adjustments planned and committed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from support.notices import CITIES, Clock
from support.rounds import PLANS, approved
from support.system import System

POOL = "cultivation"
ADJUSTMENTS = "/v1/adjustments"
DOCUMENT = {
    "title": "关于有关情形的通报",
    "issuer": "【虚构】示范市监管局",
    "number": "（虚构）1号",
    "issued_on": "2024-08-01",
}
_ZONE = ZoneInfo("Asia/Shanghai")


def products(*years: tuple[int, str, str], recognised: int = 2023, name: str = "示范产品") -> list[dict[str, Any]]:
    """One recognised product with (year, sales, profit)."""
    told = [{"year": year, "sales_cny": sales, "profit_cny": profit} for year, sales, profit in years]
    return [{"name": name, "recognised_year": recognised, "recognised_on": f"{recognised}-12-20", "years": told}]


def report(industrialised: int, valid: int, recognised: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "patents": {"valid_count": valid, "industrialised_count": industrialised},
        "finance": {"revenue_cny": "130000000.00"},
        "filed_products": [],
        "recognised_products": recognised or [],
        "loans": [],
        "market_steps": [],
        "equity_financings": [],
        "standards": [],
        "awards": [],
        "declarations": {"truthful": True},
    }


@dataclass
class History:
    """One system under a clock that a test puts."""

    system: System
    clock: Clock

    def __post_init__(self) -> None:
        self.planner = self.system.officer("planner", "province_officer")
        self.approver = self.system.officer("approver", "province_officer")

    def put(self, day: str, at: str = "09:00") -> None:
        self.clock.put(f"{day} {at}")

    async def cycle(self, code: str, *forms: dict[str, Any], **changes: Any) -> None:
        """Forms submitted, recommended, judged and found to meet everything in a cycle of their own, today."""
        today = self.clock.moment.astimezone(_ZONE)
        window = {
            "opens_at": (today - timedelta(days=1)).isoformat(),
            "closes_at": (today + timedelta(days=30)).isoformat(),
            "assessed_on": today.date().isoformat(),
        }
        await self.system.open_cycle(code, **(window | changes))
        by_city: dict[str, list[str]] = {}
        for one in forms:
            received = await self.system.submit(one, code)
            by_city.setdefault(CITIES[one["registered_division"]], []).append(received["id"])
        for city, ids in by_city.items():
            await self.system.recommend(city, ids)
        await self.system.drain()
        for one in await self.system.assessments(code):
            await self.system.settle(one["id"])

    async def passed_over(self, code: str, *forms: dict[str, Any]) -> None:
        """Forms of a cycle whose selection had no place for any of them."""
        await self.admitted(code, *forms, quotas=dict.fromkeys(CITIES.values(), 0))

    async def admitted(self, code: str, *forms: dict[str, Any], **changes: Any) -> None:
        """The same, selected and committed."""
        await self.cycle(code, *forms, **changes)
        body = {"cycle": code, "pool": POOL}
        plan = await self.system.ok("evaluation", "POST", PLANS, self.planner, json=body)
        await approved(self.system, plan)
        await self.system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:commit", self.planner)
        await self.system.drain()

    async def period(self, code: str, covers_from: str, covers_to: str) -> None:
        today = self.clock.moment.astimezone(_ZONE)
        body = {
            "code": code,
            "title": "测试报告期",
            "covers_from": covers_from,
            "covers_to": covers_to,
            "opens_at": (today - timedelta(hours=1)).isoformat(),
            "closes_at": (today + timedelta(days=20)).isoformat(),
        }
        await self.system.ok("intake", "POST", "/v1/reporting-periods", self.planner, json=body)

    async def reported(self, period: str, member: dict[str, Any], form: dict[str, Any]) -> None:
        """A report begun, submitted and accepted."""
        token = self.system.enterprise(member["uscc"])
        path = f"/v1/reporting-periods/{period}/reports"
        begun = await self.system.ok("intake", "POST", path, token, json={"form": form})
        own = f"/v1/progress-reports/{begun['id']}"
        headers = {"If-Match": f'"{begun["version"]}"'}
        await self.system.ok("intake", "POST", f"{own}:submit", token, headers=headers)
        city = CITIES[member["registered_division"]]
        officer = self.system.officer(f"officer-{city}", "city_officer", city)
        await self.system.ok("intake", "POST", f"{own}:accept", officer)

    async def incident(self, member: dict[str, Any], kind: str, occurred_on: date) -> None:
        """An incident alleged by one officer and confirmed by another."""
        body = {
            "uscc": member["uscc"],
            "kind": kind,
            "occurred_on": occurred_on.isoformat(),
            "reason": "经核查属实",
            "document": DOCUMENT,
        }
        alleged = await self.system.ok("intake", "POST", "/v1/incidents", self.planner, json=body)
        path = f"/v1/incidents/{alleged['id']}:confirm"
        await self.system.ok("intake", "POST", path, self.approver, json={"reason": "经核查属实", "document": DOCUMENT})

    async def plan(self, **changes: Any) -> dict[str, Any]:
        body = {"pool": POOL} | changes
        return await self.system.ok("evaluation", "POST", ADJUSTMENTS, self.planner, json=body)

    async def approve(self, plan: dict[str, Any]) -> None:
        await self.system.ok("evaluation", "POST", f"{ADJUSTMENTS}/{plan['id']}:approve", self.approver)

    async def commit(self, plan: dict[str, Any]) -> dict[str, Any]:
        return await self.system.ok("evaluation", "POST", f"{ADJUSTMENTS}/{plan['id']}:commit", self.planner)

    def try_commit(self, plan: dict[str, Any]) -> Any:
        return self.system.request("evaluation", "POST", f"{ADJUSTMENTS}/{plan['id']}:commit", self.planner)

    async def adjusted(self, **changes: Any) -> dict[str, Any]:
        """A plan made, approved and committed."""
        plan = await self.plan(**changes)
        await self.approve(plan)
        return await self.commit(plan)

    async def actions(self, plan: dict[str, Any]) -> dict[str, str]:
        path = f"{ADJUSTMENTS}/{plan['id']}/entries"
        page = await self.system.ok("evaluation", "GET", path, self.planner, params={"limit": 500})
        return {one["uscc"]: one["action"] for one in page["items"]}

    async def members(self, **params: Any) -> set[str]:
        path = f"/v1/pools/{POOL}/members"
        page = await self.system.ok("evaluation", "GET", path, self.planner, params={"limit": 500, **params})
        return {one["uscc"] for one in page["items"]}

    async def credits(self) -> dict[str, int]:
        found = await self.system.ok("evaluation", "GET", f"/v1/pools/{POOL}/credits", self.planner)
        return {one["city_code"]: one["after"] for one in found["cities"]}


def moment(text: str) -> str:
    """`2026-06-30 09:00` in China, with its offset."""
    return datetime.fromisoformat(text).replace(tzinfo=_ZONE).isoformat()


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")
