"""Major problems: a city reports, the province acknowledges and answers, others look on or see nothing."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from support.forms import HUANGSHI, form
from support.members import HUANGSHI_CITY, WUHAN_CITY, on_record
from support.system import System

PATH = "/v1/major-problems"
BODY = {"title": "贷款集中到期", "description": "涉及三家企业", "severity": "major"}
ANSWER = {"answer": "已协调续贷"}


async def test_a_problem_is_reported_acknowledged_and_settled(system: System, owner: asyncpg.Connection) -> None:
    await on_record(system, form(1), form(2, HUANGSHI))
    city, province = system.officer("c", "city_officer", WUHAN_CITY), system.officer("p", "province_officer")
    filed = await system.ok("intake", "POST", PATH, city, json=BODY | {"uscc": form(1)["uscc"]})
    assert (filed["status"], filed["city_code"], filed["uscc"]) == ("reported", WUHAN_CITY, form(1)["uscc"])
    path = f"{PATH}/{filed['id']}"
    await system.refused("intake", "POST", f"{path}:settle", province, "major_problem_status", 409, json=ANSWER)
    await system.refused("intake", "POST", f"{path}:acknowledge", city, "forbidden", 403)
    race = [system.request("intake", "POST", f"{path}:acknowledge", province) for _ in range(4)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*race)) == [200] + [409] * 3
    settled = await system.ok("intake", "POST", f"{path}:settle", province, json=ANSWER)
    assert (settled["status"], settled["answer"], settled["settled_by"]) == ("settled", "已协调续贷", "p")
    assert await system.ok("intake", "GET", path, city) == settled
    await system.refused("intake", "POST", f"{path}:settle", province, "major_problem_status", 409, json=ANSWER)
    with pytest.raises(asyncpg.CheckViolationError, match="may not go settled>settled"):
        await owner.execute("UPDATE major_problem SET answer = 'x'")
    elsewhere = BODY | {"uscc": form(2, HUANGSHI)["uscc"]}
    await system.refused("intake", "POST", PATH, city, "not_found", 404, json=elsewhere)
    actions = await owner.fetch("SELECT action FROM audit_entry WHERE subject_type = 'major_problem' ORDER BY id")
    assert [row["action"].removeprefix("major_problem.") for row in actions] == ["report", "acknowledge", "settle"]


async def test_problems_are_read_by_reach(system: System) -> None:
    await on_record(system, form(1))
    filed = []
    for city in (WUHAN_CITY, HUANGSHI_CITY):
        token = system.officer("c", "city_officer", city)
        filed.append((await system.ok("intake", "POST", PATH, token, json=BODY))["id"])
    for role in ("province_officer", "auditor"):
        token = system.officer("x", role)
        page = await system.ok("intake", "GET", PATH, token, params={"limit": 1})
        rest = await system.ok("intake", "GET", PATH, token, params={"limit": 1, "cursor": page["next_cursor"]})
        assert [one["id"] for one in page["items"] + rest["items"]] == filed
        assert rest["next_cursor"] is None
        for params, count in (({"status": "settled"}, 0), ({"severity": "major"}, 2)):
            assert len((await system.ok("intake", "GET", PATH, token, params=params))["items"]) == count
        await system.refused("intake", "POST", PATH, token, "forbidden", 403, json=BODY)
    wuhan = system.officer("c", "city_officer", WUHAN_CITY)
    assert [one["id"] for one in (await system.ok("intake", "GET", PATH, wuhan))["items"]] == filed[:1]
    await system.refused("intake", "GET", f"{PATH}/{filed[1]}", wuhan, "not_found", 404)
    enterprise = system.enterprise(form(1)["uscc"])
    assert (await system.ok("intake", "GET", PATH, enterprise))["items"] == []
    await system.refused("intake", "GET", f"{PATH}/{filed[0]}", enterprise, "not_found", 404)
