"""The pool over two years over HTTP: reports, an adjustment that a bank sees, a notice and its reply, a check, a ranking."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.forms import HUANGSHI, form
from support.notices import Clock
from support.pool_history import ADJUSTMENTS, POOL, History, moment, products, report
from support.spot_checks import DRAWS, drawn, fact_found, finding_body, members
from support.system import System

GROWN = [
    *products((2023, "10000000.00", "1000000.00"), (2024, "13000000.00", "1300000.00")),
    *products((2024, "1.00", "1.00"), recognised=2024, name="新产品"),
]
LEADER, IDLE, CHEAT, FAR, NEXT = form(1), form(2), form(3), form(100, HUANGSHI), form(4)
LIST = "/v1/lists/pool-members"


@pytest.fixture
def history(system: System, clock: Clock) -> History:
    return History(system, clock)


async def _bank(history: History) -> str:
    client_id, bank = await history.system.client_token("finance", "bank")
    body = {"client_id": client_id}
    await history.system.ok("finance", "POST", f"{LIST}/subscriptions", history.planner, json=body)
    return bank


async def _edition(history: History, bank: str) -> dict[str, Any]:
    await history.system.drain()
    return await history.system.ok("finance", "GET", f"{LIST}/editions/latest", bank)


async def test_members_graduate_are_replaced_end_and_are_checked(history: History) -> None:
    history.put("2024-07-01")
    await history.admitted("2024-1", LEADER, IDLE, CHEAT, FAR)
    bank = await _bank(history)
    first = await _edition(history, bank)
    assert (first["serial"], first["count"]) == (1, 4)

    done = await _adjusted(history)
    await _list_follows(history, bank, done)
    await _graduate_goes_on(history)
    await _notice_is_carried_out(history)
    await _idle_is_seen_and_checked(history)
    await _year_is_ranked(history)


async def _adjusted(history: History) -> dict[str, Any]:
    system = history.system
    # Half a year on, three report; the fourth is caught.
    history.put("2025-03-03")
    await history.period("2024-H2", "2024-07-01", "2024-12-31")
    await history.reported("2024-H2", LEADER, report(2, 2, GROWN))
    for one in (IDLE, FAR):
        await history.reported("2024-H2", one, report(1, 2))
    await history.incident(CHEAT, "tax_evasion", date(2025, 1, 1))
    await history.incident(FAR, "data_falsification", date(2025, 1, 10))
    await history.passed_over("2025-1", NEXT)

    what_if = {"pool": POOL, "numbers": {"new_products": 2, "rate_needs": "points", "rate_points": "60"}}
    found = await system.ok("evaluation", "POST", f"{ADJUSTMENTS}:whatIf", history.planner, json=what_if)
    assert [one["uscc"] for one in found["differences"]] == [LEADER["uscc"]]

    done = await history.adjusted(cycle="2025-1", spend={"420100": 1})
    assert await history.actions(done) == {
        LEADER["uscc"]: "graduate",
        IDLE["uscc"]: "stay",
        CHEAT["uscc"]: "exit",
        FAR["uscc"]: "give_notice",
        NEXT["uscc"]: "admit",
    }
    assert await history.credits() == {"420100": 1}
    receipt = f"{ADJUSTMENTS}/{done['id']}/entries/{LEADER['uscc']}/receipt"
    assert (await system.ok("evaluation", "GET", receipt, history.planner))["member"]["latest_industrialised"] == 2

    return done


async def _list_follows(history: History, bank: str, done: dict[str, Any]) -> None:
    """Each change with the plan behind it."""
    system = history.system
    second = await _edition(history, bank)
    assert {one["uscc"] for one in second["entries"]} == {IDLE["uscc"], FAR["uscc"], NEXT["uscc"]}
    delta = await system.ok("finance", "GET", f"{LIST}/changes", bank, params={"since": 1})
    assert set(delta["content"]["removed"]) == {LEADER["uscc"], CHEAT["uscc"]}
    assert {one["basis_id"] for one in delta["content"]["reasons"]} == {done["id"]}


async def _graduate_goes_on(history: History) -> None:
    system = history.system
    (follow_on,) = (await system.ok("evaluation", "GET", f"/v1/pools/{POOL}/follow-ons", history.planner))["items"]
    path = f"/v1/follow-ons/{follow_on['id']}:assignTrack"
    body = {"track": "little_giant", "basis": "主导产品市场占有率居全国前列"}
    assigned = await system.ok("evaluation", "POST", path, history.planner, json=body)
    assert (assigned["uscc"], assigned["track"]) == (LEADER["uscc"], "little_giant")


async def _notice_is_carried_out(history: History) -> None:
    """Who got it replies in time; another person decides; the next plan ends the stay."""
    system = history.system
    own = system.enterprise(FAR["uscc"])
    (notice,) = (await system.ok("evaluation", "GET", "/v1/exit-notices", own))["items"]
    path = f"/v1/exit-notices/{notice['id']}"
    await system.ok("evaluation", "POST", f"{path}:reply", own, json={"reply": "统计口径差异，附审计报告"})
    verdict = {"decision": "end", "reason": "陈述理由不成立"}
    history.put("2025-03-18")
    await system.ok("evaluation", "POST", f"{path}:decide", history.approver, json=verdict)
    assert (await history.actions(await history.adjusted()))[FAR["uscc"]] == "exit"
    assert await history.members() == {IDLE["uscc"], NEXT["uscc"]}
    # An exit mints nothing, and what was known before it still can be asked for.
    assert await history.credits() == {"420100": 1}
    assert await history.members(on="2025-03-18", known_at=moment("2025-03-17 12:00")) == {
        IDLE["uscc"],
        NEXT["uscc"],
        FAR["uscc"],
    }
    assert await history.members(on="2024-12-31") == {one["uscc"] for one in (LEADER, IDLE, CHEAT, FAR)}


async def _idle_is_seen_and_checked(history: History) -> None:
    """A year without progress is seen; what a check finds not to be so becomes an allegation."""
    system = history.system
    history.put("2025-12-01")
    radar = (await system.ok("evaluation", "GET", f"/v1/pools/{POOL}/radar", history.planner))["items"]
    assert [(one["uscc"], one["months"]) for one in radar] == [(IDLE["uscc"], 12)]
    number = await drawn(system, history.clock)
    (checked,) = [one["uscc"] for one in await members(system, history.planner, number, drawn=True)]
    facts = [fact_found("patent_intensive", value=False, outcome="contradicted")]
    path = f"{DRAWS}/{number}/members/{checked}/finding"
    await system.ok("evaluation", "POST", path, history.planner, json=finding_body(history.clock, facts=facts))
    await system.drain()
    alleged = await system.ok("intake", "GET", "/v1/incidents", history.planner, params={"status": "alleged"})
    assert [one["uscc"] for one in alleged["items"]] == [checked]


async def _year_is_ranked(history: History) -> None:
    """The year of each city, from the ledgers alone."""
    system = history.system
    history.put("2026-01-05")
    ranking = await system.ok("evaluation", "GET", "/v1/performance/2025", history.planner)
    figures = {
        city["city_code"]: {one["indicator"]: one["value"] for one in city["figures"]} for city in ranking["cities"]
    }
    assert {key: figures["420100"][key] for key in ("admissions", "graduations", "exits", "spot_checked")} == {
        "admissions": "1",
        "graduations": "1",
        "exits": "1",
        "spot_checked": "1",
    }
    assert figures["420200"]["exits"] == "1"
    frozen = await system.ok("evaluation", "POST", "/v1/performance/2025:freeze", history.planner)
    assert len(frozen["digest"]) == 64
