"""Enterprises on record over HTTP: their history, who sees them, moves to another city, changes of code."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import pytest
from stdnum.cn.uscc import calc_check_digit
from stdnum.iso7064 import mod_11_10
from support.enterprises import ENTERPRISES, Registry, other_code
from support.forms import HUANGSHI, WUHAN, form, uscc
from support.system import System

from shared.identifiers import organisation_check_digit

WUHAN_CITY, HUANGSHI_CITY = "420100", "420200"
REGISTRATION_NO = "4201000000000" + "1" + mod_11_10.calc_check_digit("42010000000001")
CONTENT = ("uscc", "name", "division_code", "city_code")


def _path(cycle: str) -> str:
    return f"/v1/cycles/{cycle}/applications"


async def test_every_name_and_division_is_kept_by_the_database(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    await system.open_cycle("2024-2")
    code = uscc(1)
    await system.submit(form(1))
    between = datetime.now(UTC).isoformat()
    await system.submit(form(1, name="【虚构】改名之后有限公司"), "2024-2")
    record = await Registry(system).read(code)
    assert [one["name"] for one in record["history"]] == [form(1)["name"], "【虚构】改名之后有限公司"]
    first, second = record["history"]
    assert (first["until"], second["until"]) == (second["since"], None)
    assert record["codes"][0] | {"since": None} == {
        "code": code,
        "scheme": "uscc",
        "kind": "current",
        "since": None,
        "change_id": None,
    }
    then = await Registry(system).read(code, at=between)
    assert (then["as_of"]["name"], then["name"]) == (form(1)["name"], "【虚构】改名之后有限公司")
    path = f"{ENTERPRISES}/{code}"
    keeper = system.officer("p", "province_officer")
    before = {"at": "2020-01-01T00:00:00Z"}
    await system.refused("intake", "GET", path, keeper, "not_on_record_then", 404, params=before)
    assert await owner.fetchval("SELECT count(*) FROM enterprise_version") == 2


async def test_an_unchanged_enterprise_gets_no_new_version(system: System, owner: asyncpg.Connection) -> None:
    for cycle in ("2024-1", "2024-2"):
        await system.open_cycle(cycle)
        await system.submit(form(1), cycle)
    assert await owner.fetchval("SELECT count(*) FROM enterprise_version") == 1


async def test_history_is_nobodys_to_write(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    await system.open_cycle()
    await system.submit(form(1))
    await Registry(system).made(uscc(1), "rename", name="【虚构】新名")
    for statement in (
        "UPDATE enterprise_version SET name = 'x'",
        "DELETE FROM enterprise_version",
        "TRUNCATE enterprise_version CASCADE",
        "UPDATE enterprise_change SET reason = 'x'",
        "DELETE FROM enterprise_change",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(statement)
    with pytest.raises(asyncpg.ExclusionViolationError):
        await owner.execute(
            "INSERT INTO enterprise_version (enterprise_id, during, uscc, name, division_code, city_code) "
            "SELECT enterprise_id, during, uscc, name, division_code, city_code FROM enterprise_version"
        )
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="current code"):
        await owner.execute("UPDATE enterprise SET uscc = $1", uscc(2))
    intake = await asyncpg.connect(database_urls["intake"].replace("+asyncpg", ""))
    for statement in ("DELETE FROM enterprise_version", "UPDATE enterprise_change SET reason = 'x'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await intake.execute(statement)
    await intake.close()


async def test_a_move_is_the_remedy_for_a_wrong_city(system: System) -> None:
    """Put on record by a wrong city, an enterprise could not apply where it is; moved, it can, and both cities read."""
    for cycle in ("2024-1", "2024-2", "2024-3"):
        await system.open_cycle(cycle)
    registry, code = Registry(system), uscc(1)
    filed = await system.submit(form(1))
    true = form(1) | {"registered_division": HUANGSHI}
    token = system.enterprise(code)
    await system.refused("intake", "POST", _path("2024-2"), token, "registered_elsewhere", 409, json=true)

    wuhan, huangshi = (
        system.officer("w", "city_officer", WUHAN_CITY),
        system.officer("h", "city_officer", HUANGSHI_CITY),
    )
    await system.refused("intake", "GET", f"{ENTERPRISES}/{code}", huangshi, "not_found", 404)
    change = await registry.made(code, "relocate", registered_division=HUANGSHI)
    assert (change["before"]["city_code"], change["after"]["city_code"]) == (WUHAN_CITY, HUANGSHI_CITY)
    second = await system.ok("intake", "POST", _path("2024-2"), token, json=true)

    for city in (wuhan, huangshi):
        seen = await registry.read(code, city)
        assert [one["division_code"] for one in seen["history"]] == [WUHAN, HUANGSHI]
    jingmen = system.officer("j", "city_officer", "420800")
    await system.refused("intake", "GET", f"{ENTERPRISES}/{code}", jingmen, "not_found", 404)
    await system.refused("intake", "GET", f"{ENTERPRISES}/{code}/changes", jingmen, "not_found", 404)
    for city, application in ((wuhan, filed), (huangshi, second)):
        listed = await system.ok("intake", "GET", "/v1/applications", city)
        assert [one["id"] for one in listed["items"]] == [application["id"]]
    await system.recommend(WUHAN_CITY, [filed["id"]])
    await registry.refused(code, "relocate", "nothing_changes", registered_division=HUANGSHI)

    await registry.undone(change)
    await system.refused("intake", "POST", _path("2024-3"), token, "registered_elsewhere", 409, json=true)
    assert (await registry.read(code, huangshi))["city_code"] == WUHAN_CITY, "it has applied there"


async def test_every_code_ever_used_resolves_and_only_the_present_one_applies(system: System) -> None:
    await system.open_cycle()
    await system.open_cycle("2024-2")
    body = f"91{WUHAN}MAQ00001{organisation_check_digit('MAQ00001')}"
    old = body + calc_check_digit(body)
    registry, new, filed = Registry(system), other_code(old), form(1) | {"uscc": old}
    await system.submit(filed)
    await registry.made(old, "changeCode", old_code=REGISTRATION_NO, new_code=old)
    await registry.made(old, "changeCode", old_code=f"{old[8:16]}-{old[16]}", new_code=new)
    for code in (old, new, old[8:17], REGISTRATION_NO):
        record = await registry.read(code)
        assert record["uscc"] == new
        assert await registry.listed(uscc=code) == [new]
    kinds = {one["code"]: (one["scheme"], one["kind"]) for one in record["codes"]}
    assert kinds == {
        old: ("uscc", "former"),
        new: ("uscc", "current"),
        old[8:17]: ("organisation_code", "former"),
        REGISTRATION_NO: ("registration_no", "former"),
    }
    token = system.enterprise(old)
    problem = await system.refused("intake", "POST", _path("2024-2"), token, "uscc_superseded", 409, json=filed)
    assert problem["detail"] == problem["detail_zh"] == new
    await registry.refused(old, "rename", "uscc_superseded", name="【虚构】新名")
    await system.submit(filed | {"uscc": new}, "2024-2")
    # Its credentials may still be those of the old code.
    assert (await registry.read(new, token))["uscc"] == new
    assert (await registry.read(new, token))["changes"][0]["made_by"] is None
    stranger = system.enterprise(uscc(2))
    await system.refused("intake", "GET", f"{ENTERPRISES}/{new}", stranger, "not_found", 404)


async def test_an_organisation_code_is_checked_against_the_new_code(system: System) -> None:
    await system.open_cycle()
    await system.submit(form(1))
    await system.submit(form(2))
    registry, code = Registry(system), uscc(1)
    for body, pointer in (
        ({"new_code": uscc(3)}, "/new_code"),
        ({"new_code": code, "old_code": "D2143569-X"}, "/old_code"),
    ):
        problem = await registry.refused(code, "changeCode", "organisation_part_differs", 422, **body)
        assert [one["pointer"] for one in problem["violations"]] == [pointer]
    wrong = {"new_code": code, "old_code": "D2143569-1"}
    problem = await registry.refused(code, "changeCode", "validation_failed", 422, **wrong)
    assert [one["code"] for one in problem["violations"]] == ["organisation_code_check_digit"]
    await registry.refused(code, "changeCode", "nothing_changes", new_code=code)
    await registry.refused(code, "changeCode", "code_in_use", new_code=uscc(2), mismatch_confirmed=True)
    change = await registry.made(code, "changeCode", new_code=uscc(3), mismatch_confirmed=True)
    assert change["after"]["organisation_part_differs"]
    await registry.refused(uscc(2), "changeCode", "code_in_use", new_code=code, mismatch_confirmed=True)


async def test_a_code_change_is_undone_unless_the_new_code_was_used(system: System) -> None:
    await system.open_cycle()
    await system.open_cycle("2024-2")
    await system.submit(form(1))
    registry, old, new = Registry(system), uscc(1), other_code(uscc(1))
    change = await registry.made(old, "changeCode", new_code=new)
    await registry.undone(change)
    assert [one["code"] for one in (await registry.read(old))["codes"]] == [old]
    await system.refused("intake", "GET", f"{ENTERPRISES}/{new}", registry.keeper, "not_found", 404)
    await registry.not_undone(change, "already")

    again = await registry.made(old, "changeCode", new_code=new)
    await system.submit(form(1) | {"uscc": new}, "2024-2")
    await registry.not_undone(again, "used since")
    # The way back is a change of its own: both codes stay on record.
    back = await registry.made(new, "changeCode", new_code=old)
    await registry.not_undone(again, back["id"])
    record = await registry.read(new)
    assert record["uscc"] == old
    assert [one["uscc"] for one in record["history"]] == [old, new, old, new, old]


async def test_lists_are_filtered_paged_and_within_reach(system: System) -> None:
    await system.open_cycle()
    for number in range(1, 4):
        await system.submit(form(number, name=f"【虚构】第{number}有限公司"))
    await system.submit(form(4, HUANGSHI, name="【虚构】百分之百%有限公司"))
    registry = Registry(system)
    await registry.made(uscc(1), "rename", name="【虚构】焕然一新有限公司")
    everyone = await registry.listed()
    assert everyone == [uscc(1), uscc(2), uscc(3), uscc(4, HUANGSHI)]
    assert await registry.listed(name="第1有限") == [uscc(1)], "found by its earlier name"
    assert await registry.listed(name="%") == [uscc(4, HUANGSHI)]
    assert await registry.listed(city=HUANGSHI_CITY) == [uscc(4, HUANGSHI)]
    assert await registry.listed(system.officer("h", "city_officer", HUANGSHI_CITY)) == [uscc(4, HUANGSHI)]
    assert await registry.listed(system.officer("h", "city_officer", HUANGSHI_CITY), city=WUHAN_CITY) == []
    assert await registry.listed(system.enterprise(uscc(2))) == [uscc(2)]
    for role in ("reviewer", "auditor"):
        assert await registry.listed(system.officer("a", role)) == everyone
    seen, cursor = [], {}
    while True:
        page = await system.ok("intake", "GET", ENTERPRISES, registry.keeper, params={"limit": 3} | cursor)
        seen += [one["uscc"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == everyone
    for role, city in (("city_officer", WUHAN_CITY), ("auditor", None)):
        token = system.officer("x", role, city)
        body = {"reason": "x", "effective_on": "2024-01-01", "name": "【虚构】"}
        await system.refused("intake", "POST", f"{ENTERPRISES}/{uscc(1)}:rename", token, "forbidden", 403, json=body)
