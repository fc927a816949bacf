"""Lists by rule as their people meet them: an enterprise, a city, the province, a finance officer and a bank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg

from shared import outbox
from shared.events import Event, PoolAdjusted
from support.forms import WUHAN, form, patent_no, uscc
from support.lists import a_list, bank_token
from support.members import HUANGSHI_CITY, WUHAN_CITY, admit, end_memberships
from support.system import System

WHITELIST = "pledge-whitelist"
_QUALIFIED = [{"type": "high_tech", "certificate_no": "GR0000", "issued_on": "2022-11-01", "expires_on": "2032-10-31"}]
_BANK = """
    INSERT INTO api_client (id, client_id, name, role, secret_hash)
    VALUES (gen_random_uuid(), $1, '【虚构】示范银行', 'bank', '')
"""
# What the copy of the register says of a patent that may be pledged.
CLEAR = {
    "legal_status": "valid",
    "filed_on": "2020-06-01",
    "granted_on": "2022-01-01",
    "fees_paid_until": "2099-06-01",
    "suspended": False,
    "invalidation_pending": False,
    "co_owned": False,
    "same_day_twin": False,
    "as_of": "2026-03-01",
}


@dataclass
class Programmes:
    """Three members: 1 and 2 of Wuhan, 3 of Huangshi."""

    system: System
    owner: asyncpg.Connection
    codes: dict[int, str]
    bank: str

    @property
    def planner(self) -> str:
        return self.system.officer("planner", "province_officer")

    @property
    def treasurer(self) -> str:
        return self.system.officer("treasurer", "finance_officer")

    def city(self, code: str = WUHAN_CITY) -> str:
        return self.system.officer(f"officer-{code}", "city_officer", code)

    def enterprise(self, number: int) -> str:
        return self.system.enterprise(self.codes[number])

    async def subscribe(self, programme: str) -> None:
        path, body = f"/v1/lists/{programme}/subscriptions", {"client_id": "bank-1"}
        await self.system.ok("finance", "POST", path, self.planner, json=body)

    async def consent(self, number: int, purpose: str = "pledge_financing") -> dict[str, Any]:
        body = {"uscc": self.codes[number], "purpose": purpose, "given_on": "2026-03-01"}
        return await self.system.ok("finance", "POST", "/v1/consents", self.enterprise(number), json=body)

    async def extract(self, number: int, index: int = 0, **changes: Any) -> dict[str, Any]:
        """A copy of the register about the enterprise's first or second patent."""
        patent = patent_no(number * 10 + index)
        body = {"uscc": self.codes[number], "patent_no": patent, "document": f"（虚构）副本 {number}-{index}"}
        path = "/v1/patent-extracts"
        return await self.system.ok("finance", "POST", path, self.planner, json=CLEAR | body | changes)

    async def judge(self, programme: str = WHITELIST, token: str | None = None) -> dict[str, Any]:
        path = f"/v1/programmes/{programme}/judgements"
        judgement = await self.system.ok("evaluation", "POST", path, token or self.planner)
        await self.system.drain()
        return judgement

    async def entries(self, judgement: dict[str, Any]) -> dict[str, tuple[str, list[str]]]:
        """By code: the verdict, and the names of what is missing."""
        path = f"/v1/programmes/{judgement['programme']}/judgements/{judgement['id']}/entries"
        page = await self.system.ok("evaluation", "GET", path, self.planner)
        return {one["uscc"]: (one["verdict"], [fact["fact"] for fact in one["missing"]]) for one in page["items"]}

    async def proposal(self, programme: str = WHITELIST) -> dict[str, Any]:
        """The newest, with its entries."""
        path = f"/v1/lists/{programme}/proposals"
        (newest, *_) = (await self.system.ok("finance", "GET", path, self.treasurer))["items"]
        return await self.system.ok("finance", "GET", f"{path}/{newest['id']}", self.treasurer)

    async def approve(self, proposal: dict[str, Any], **body: Any) -> dict[str, Any]:
        path = f"/v1/lists/{proposal['programme']}/proposals/{proposal['id']}:approve"
        content = {"digest": proposal["digest"], "reason": "经核对，同意发布"} | body
        return await self.system.ok("finance", "POST", path, self.treasurer, json=content)

    async def publish(self, programme: str = WHITELIST) -> dict[str, Any]:
        """Judge, and approve what is proposed."""
        await self.judge(programme)
        approved = await self.approve(await self.proposal(programme))
        assert approved["edition"], approved
        return approved["edition"]

    async def whitelist(self, *numbers: int) -> dict[str, Any]:
        """An edition of the whitelist with these members on it, with whatever that takes."""
        for number in numbers:
            await self.consent(number)
            await self.extract(number)
        return await self.publish()

    async def get(self, path: str, programme: str = WHITELIST, **params: Any) -> Any:
        return await self.system.ok("finance", "GET", f"/v1/lists/{programme}{path}", self.bank, params=params)

    async def listed(self, programme: str = WHITELIST) -> list[str]:
        return [one["uscc"] for one in (await self.get("/editions/latest", programme))["entries"]]

    async def end_stay(self, number: int, reason: str) -> None:
        """As a committed adjustment would, with the event that it publishes."""
        await end_memberships(self.owner, reason=reason, uscc=self.codes[number])
        plan_id = await self.owner.fetchval("SELECT id FROM adjustment_plan ORDER BY id DESC LIMIT 1")
        assert plan_id is not None
        await self.tell(PoolAdjusted(plan_id=plan_id, pool_code="cultivation"))

    async def tell(self, event: Event) -> None:
        async with self.system.apps["evaluation"].state.database.sessions.begin() as session:
            await outbox.publish(session, event)
        await self.system.drain()


async def programmes(system: System, owner: asyncpg.Connection) -> Programmes:
    """The pool's list published, a bank subscribed to it and to the whitelist; nobody of them was judged."""
    await a_list(system, owner)
    moved = "UPDATE enterprise SET city_code = '420200', division_code = '420202' WHERE uscc = $1"
    await owner.execute(moved, uscc(3))
    running = Programmes(system, owner, {n: uscc(n) for n in (1, 2, 3)}, bank_token(system, "bank-1"))
    await running.subscribe(WHITELIST)
    return running


async def judged_programmes(system: System, owner: asyncpg.Connection) -> Programmes:
    """As `programmes`, of two enterprises that were admitted by their forms."""
    forms = [form(n, WUHAN, qualifications=_QUALIFIED) for n in (1, 2)]
    await admit(system, *forms)
    await system.drain()
    await owner.execute(_BANK, "bank-1")
    codes = {n: one["uscc"] for n, one in enumerate(forms, start=1)}
    running = Programmes(system, owner, codes, bank_token(system, "bank-1"))
    await running.subscribe(WHITELIST)
    return running


__all__ = ["CLEAR", "HUANGSHI_CITY", "WHITELIST", "WUHAN_CITY", "Programmes", "judged_programmes", "programmes"]
