"""Public notices: a clock that stands where a test puts it, plans brought to their notice, objections and decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from support.forms import HUANGSHI, WUHAN, form
from support.rounds import PLANS, approved, frozen_plan
from support.system import System

CITIES = {WUHAN: "420100", HUANGSHI: "420200"}
SECRET = {"name": "王某某（虚构）", "contact": "（虚构）139-0000-0000"}
REASON = {"reason": "经核查材料后决定"}


@dataclass
class Clock:
    """What `shared.calendar.now` answers."""

    moment: datetime

    def __call__(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def put(self, text: str) -> None:
        """To a minute or second in China, such as `2025-09-26 09:00`."""
        self.moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def uscc_of(number: int, division: str = WUHAN) -> str:
    return form(number, division)["uscc"]


@dataclass
class Notices:
    """One system with people of every part; each acts under a name of its own."""

    system: System
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    applications: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.planner = self.system.officer("planner", "province_officer")
        self.recorder = self.system.officer("recorder", "province_officer")
        self.judge = self.system.officer("judge", "reviewer")

    async def judged(self, *forms: dict[str, Any], code: str = "2024-1", **cycle: Any) -> None:
        """Apply, be recommended and found to meet everything that needs a person."""
        await self.judged_each({code: forms}, **cycle)

    async def judged_each(self, cycles: Mapping[str, Sequence[dict[str, Any]]], **cycle: Any) -> None:
        """The same for several cycles at once."""
        for code, forms in cycles.items():
            await self.system.open_cycle(code, **cycle)
            await self._recommended(code, forms)
        await self.system.drain()
        for code in cycles:
            for one in await self.system.assessments(code):
                await self.system.settle(one["id"])

    async def _recommended(self, code: str, forms: Sequence[dict[str, Any]]) -> None:
        by_city: dict[str, list[str]] = {}
        for one in forms:
            received = await self.system.submit(one, code)
            self.forms[one["uscc"]], self.applications[one["uscc"]] = one, received["id"]
            by_city.setdefault(CITIES[one["registered_division"]], []).append(received["id"])
        for city, ids in by_city.items():
            await self.system.recommend(city, ids)

    async def approved_plan(self, code: str = "2024-1") -> str:
        plan = await frozen_plan(self.system, code)
        await approved(self.system, plan)
        return plan["id"]

    async def published(self, code: str = "2024-1") -> tuple[str, dict[str, Any]]:
        """A plan's id and its notice."""
        plan = await self.approved_plan(code)
        return plan, await self.system.ok("evaluation", "POST", f"{PLANS}/{plan}:publish", self.planner)

    async def object(self, number: str, uscc: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        body = self.body(uscc) | (changes or {})
        return await self.system.ok("evaluation", "POST", f"/v1/notices/{number}/objections", self.recorder, json=body)

    def body(self, uscc: str) -> dict[str, Any]:
        return {"uscc": uscc, "grounds": "产品并非由其专利转化", "document": "（虚构）异议书1号", "objector": SECRET}

    async def decide(self, objection: dict[str, Any], act: str) -> dict[str, Any]:
        if objection["status"] == "open":
            await self.judge_declares("objections", objection["id"])
        path = f"/v1/objections/{objection['id']}:{act}"
        return await self.system.ok("evaluation", "POST", path, self.judge, json=REASON)

    async def judge_declares(
        self, kind: str, of: str, name: str = "judge", *, conflict: bool = False
    ) -> dict[str, Any]:
        """Have a reviewer of a city that nobody is of declare on an objection or an appeal."""
        await self.system.register_reviewer(name)
        body = {"conflict": conflict} | ({"reason": "与企业有关联"} if conflict else {})
        token = self.system.officer(name, "reviewer")
        return await self.system.ok("evaluation", "POST", f"/v1/{kind}/{of}:declare", token, json=body)

    async def accept(self, appeal: dict[str, Any]) -> dict[str, Any]:
        await self.judge_declares("appeals", appeal["id"])
        path = f"/v1/appeals/{appeal['id']}:accept"
        return await self.system.ok("evaluation", "POST", path, self.judge, json=REASON)

    async def end(self, number: str) -> None:
        await self.system.ok("evaluation", "POST", f"/v1/notices/{number}:end", self.planner)

    async def commit(self, plan: str) -> dict[str, Any]:
        return await self.system.ok("evaluation", "POST", f"{PLANS}/{plan}:commit", self.planner)

    async def try_commit(self, plan: str) -> httpx.Response:
        return await self.system.request("evaluation", "POST", f"{PLANS}/{plan}:commit", self.planner)

    async def states(self, number: str, token: str | None = None) -> dict[str, str]:
        path = f"/v1/notices/{number}/entries"
        page = await self.system.ok("evaluation", "GET", path, token or self.planner)
        return {one["uscc"]: one["state"] for one in page["items"]}
