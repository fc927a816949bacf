"""A list with members, a bank that may pull it, and what happens to its members."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import httpx

from shared.security.tokens import actor_of_role
from support.forms import uscc
from support.system import System

LIST = "/v1/lists/pool-members"


@dataclass
class Lists:
    """The list of the pool as its officer and one bank meet it; `owner` does what no use case does yet."""

    system: System
    owner: asyncpg.Connection
    bank_id: str
    bank: str

    @property
    def officer(self) -> str:
        return self.system.officer("planner", "province_officer")

    async def publish(self, **body: Any) -> dict[str, Any]:
        return await self.system.ok(
            "finance", "POST", f"{LIST}/publications", self.officer, json={"reason": "测试发布"} | body
        )

    async def pull(self, serial: int | str = "latest", **headers: str) -> httpx.Response:
        path = f"{LIST}/editions/{serial}"
        return await self.system.request("finance", "GET", path, self.bank, headers=headers)

    async def get(self, path: str, **params: Any) -> Any:
        return await self.system.ok("finance", "GET", f"{LIST}{path}", self.bank, params=params)

    async def end_stay(self, *numbers: int) -> None:
        """End stays behind every use case's back, as its owner could: by a plan that was never committed."""
        plan = await self.owner.fetchval(_FROZEN)
        await self._by_hand(
            "during = tstzrange(lower(during), now()), ended_reason = 'no_progress', ended_by_plan = $2", numbers, plan
        )

    async def renew_stay(self, *numbers: int) -> None:
        await self._by_hand(
            "during = tstzrange(lower(during), NULL), ended_reason = NULL, ended_by_plan = $2", numbers, None
        )

    async def _by_hand(self, changes: str, numbers: tuple[int, ...], plan: uuid.UUID | None) -> None:
        async with self.owner.transaction():
            await self.owner.execute("ALTER TABLE membership DISABLE TRIGGER USER")
            codes = [uscc(number) for number in numbers]
            await self.owner.execute(f"UPDATE membership SET {changes} WHERE uscc = ANY($1)", codes, plan)
            await self.owner.execute("ALTER TABLE membership ENABLE TRIGGER USER")

    async def decide(self, number: int) -> dict[str, Any]:
        """The decision on paper behind a removal."""
        body = {
            "uscc": uscc(number),
            "document": "（虚构）鄂知函〔2026〕8号",
            "decided_on": "2026-03-01",
            "reason": "企业已注销",
        }
        return await self.system.ok("finance", "POST", f"{LIST}/removal-decisions", self.officer, json=body)


_FROZEN = """
    WITH rules AS (
        INSERT INTO adjustment_rules (digest, rules_id, effective_from, text)
        VALUES ('by hand', 'by hand', '2024-06-06', '') ON CONFLICT (digest) DO NOTHING
    )
    INSERT INTO adjustment_plan (id, pool_code, judged_on, rules_digest, status, inputs_digest, summary, credits,
                                 valid_until, proposed_by)
    VALUES (uuidv7(), 'cultivation', '2026-01-01', 'by hand', 'frozen', '', '{}', '[]', '9999-12-31', 'planner')
    RETURNING id
"""
_PLAN = """
    INSERT INTO selection_plan (id, cycle_id, pool_code, status, inputs_digest, summary, valid_until, proposed_by,
                                approved_by, approved_at, committed_by, committed_at)
    VALUES ($1, $1, 'cultivation', 'committed', '', '{}', '9999-12-31', 'planner', 'second', now(), 'planner', now())
"""
_ENTERPRISES = """
    INSERT INTO enterprise (id, uscc, name, division_code, city_code)
    SELECT gen_random_uuid(), code, '【虚构】' || code, '420106', '420100' FROM unnest($1::text[]) AS code
"""
_STAYS = """
    INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id)
    SELECT gen_random_uuid(), 'cultivation', code, '420100', tstzrange(now(), NULL), $1 FROM unnest($2::text[]) AS code
"""
_BANK = "INSERT INTO api_client (id, client_id, name, role, secret_hash) VALUES ($1, $2, '【虚构】银行', 'bank', '')"


async def a_list(system: System, owner: asyncpg.Connection, count: int = 3) -> Lists:
    """Edition 1 with `count` members of a committed plan, as a round would leave them, and a subscribed bank."""
    plan_id, codes = uuid.uuid4(), [uscc(number) for number in range(1, count + 1)]
    await owner.execute(_PLAN, plan_id)
    await owner.execute(_ENTERPRISES, codes)
    await owner.execute(_STAYS, plan_id, codes)
    await owner.execute(_BANK, uuid.uuid4(), "bank-1")
    lists = Lists(system, owner, "bank-1", bank_token(system, "bank-1"))
    await system.ok("finance", "POST", f"{LIST}/subscriptions", lists.officer, json={"client_id": "bank-1"})
    assert (await lists.publish())["edition"]["serial"] == 1
    return lists


def bank_token(system: System, client_id: str) -> str:
    """What a bank's client gets for its secret."""
    return system._authority.issue(actor_of_role(client_id, "bank"), timedelta(hours=1))
