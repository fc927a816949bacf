"""Merging records over HTTP: applications, codes, the pool; undoing; and what happens at the same moment."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from support.enterprises import ENTERPRISES, GROUNDS, Registry
from support.forms import HUANGSHI, form, uscc
from support.system import System

from services.intake.enterprises.change_code import change_code
from services.intake.enterprises.merge import merge
from services.intake.enterprises.schemas import ChangeCodeIn, MergeIn
from shared.security.tokens import actor_of_role

LOSER, SURVIVOR, THIRD = uscc(1), uscc(2), uscc(3)


async def _cycles(system: System, count: int = 3) -> None:
    for number in range(1, count + 1):
        await system.open_cycle(f"2024-{number}")


async def _whose(system: System, application_id: str) -> str:
    keeper = system.officer("p", "province_officer")
    return (await system.ok("intake", "GET", f"/v1/applications/{application_id}", keeper))["uscc"]


async def test_a_merge_keeps_both_histories_and_gives_the_applications(
    system: System, owner: asyncpg.Connection
) -> None:
    await _cycles(system)
    registry = Registry(system)
    ours, theirs = await system.submit(form(1)), await system.submit(form(2), "2024-2")
    snapshots = await owner.fetch("SELECT * FROM application_snapshot ORDER BY id")
    first = await registry.read(LOSER)
    change = await registry.made(LOSER, "merge", into=SURVIVOR)
    assert (change["uscc"], change["into"], change["after"]["applications"]) == (LOSER, SURVIVOR, [ours["id"]])
    record = await registry.read(LOSER)
    assert record["uscc"] == SURVIVOR
    (absorbed,) = record["absorbed"]
    assert [one["name"] for one in absorbed["history"]] == [form(1)["name"]]
    assert absorbed["history"][0]["until"] is not None
    assert {one["code"]: one["kind"] for one in record["codes"]} == {LOSER: "merged", SURVIVOR: "current"}
    assert (await registry.read(LOSER, at=first["history"][0]["since"]))["as_of"]["uscc"] == LOSER
    assert await registry.listed() == [SURVIVOR]
    assert [await _whose(system, one["id"]) for one in (ours, theirs)] == [SURVIVOR, SURVIVOR]
    assert await owner.fetch("SELECT * FROM application_snapshot ORDER BY id") == snapshots

    token = system.enterprise(LOSER)
    for body in (form(1), form(1, HUANGSHI, uscc=LOSER)):
        problem = await system.refused(
            "intake",
            "POST",
            "/v1/cycles/2024-3/applications",
            token,
            "uscc_superseded",
            409,
            json=body | {"uscc": LOSER},
        )
        assert problem["detail"] == SURVIVOR
    # A merged record's credentials do not open the file of the one that stayed.
    await system.refused("intake", "GET", f"{ENTERPRISES}/{LOSER}", token, "not_found", 404)

    await system.submit(form(2), "2024-3")
    await registry.undone(change)
    again = await registry.read(LOSER)
    present = ("uscc", "name", "division_code", "city_code", "codes", "absorbed")
    assert {name: again[name] for name in present} == {name: first[name] for name in present}
    assert [one["until"] is None for one in again["history"]] == [False, True]
    assert [await _whose(system, one["id"]) for one in (ours, theirs)] == [LOSER, SURVIVOR]
    await system.submit(form(1), "2024-3")


async def test_two_applications_in_one_cycle_stand_in_the_way(system: System, owner: asyncpg.Connection) -> None:
    await _cycles(system)
    for number in (1, 2):
        for cycle in ("2024-1", "2024-2"):
            await system.submit(form(number), cycle)
    problem = await Registry(system).refused(LOSER, "merge", "merge_conflict", into=SURVIVOR)
    assert problem["detail"] == "applications in: 2024-1, 2024-2"
    assert await owner.fetchval("SELECT count(*) FROM enterprise_change") == 0
    assert await Registry(system).listed() == [LOSER, SURVIVOR]


async def test_a_merge_names_two_present_enterprises(system: System) -> None:
    await _cycles(system)
    registry = Registry(system)
    await system.submit(form(1))
    await registry.refused(LOSER, "merge", "nothing_changes", into=LOSER)
    await registry.refused(LOSER, "merge", "into_unknown", 422, into=SURVIVOR)
    await registry.refused(SURVIVOR, "merge", "not_found", 404, into=LOSER)
    for number in (2, 3):
        await system.submit(form(number), f"2024-{number}")
    await registry.made(LOSER, "merge", into=SURVIVOR)
    for into in (LOSER, SURVIVOR):
        path = THIRD if into == LOSER else LOSER
        problem = await registry.refused(path, "merge", "uscc_superseded", into=into if into == LOSER else THIRD)
        assert problem["detail"] == SURVIVOR


async def test_later_changes_are_undone_first(system: System) -> None:
    await _cycles(system)
    registry = Registry(system)
    for number in (1, 2, 3):
        await system.submit(form(number), f"2024-{number}")
    renamed = await registry.made(LOSER, "rename", name="【虚构】一次改名")
    moved = await registry.made(LOSER, "relocate", registered_division=HUANGSHI)
    merged = await registry.made(LOSER, "merge", into=SURVIVOR)
    onward = await registry.made(SURVIVOR, "merge", into=THIRD)
    assert [one["id"] for one in (await registry.read(LOSER))["changes"]] == [
        one["id"] for one in (renamed, moved, merged, onward)
    ]
    await registry.not_undone(merged, onward["id"])
    await registry.not_undone(renamed, merged["id"])
    await registry.undone(onward)
    assert (await registry.read(LOSER))["uscc"] == SURVIVOR
    await registry.undone(merged)
    await registry.undone(renamed)
    record = await registry.read(LOSER)
    assert (record["name"], record["division_code"]) == (form(1)["name"], HUANGSHI), "a name is no part of a move"


async def test_what_was_stated_or_filed_since_is_not_undone_with_the_change(system: System) -> None:
    await _cycles(system)
    registry, city = Registry(system), system.officer("o", "city_officer", "420100")
    filed = await system.submit(form(1))
    renamed = await registry.made(LOSER, "rename", name="【虚构】一次改名")
    await system.submit(form(1, name="【虚构】申报中又改"), "2024-2")
    await registry.not_undone(renamed, "stated anew")

    await system.submit(form(2), "2024-3")
    returning = f"/v1/applications/{filed['id']}:return"
    reasons = {"reasons": [{"field": "/name", "reason": "请核对"}]}
    await system.ok("intake", "POST", returning, city, json=reasons)
    merged = await registry.made(LOSER, "merge", into=SURVIVOR)
    assert (await system.submit(form(2)))["id"] == filed["id"]
    await registry.not_undone(merged, "filed or judged since")


async def test_the_same_merge_at_the_same_moment_happens_once(system: System, owner: asyncpg.Connection) -> None:
    await _cycles(system)
    registry = Registry(system)
    for number in (1, 2):
        await system.submit(form(number), f"2024-{number}")
    twins = await asyncio.gather(*(registry.try_(LOSER, "merge", key="twin", into=SURVIVOR) for _ in range(6)))
    assert {one.status_code for one in twins} == {201}
    assert len({one.text for one in twins}) == 1
    others = await asyncio.gather(*(registry.try_(LOSER, "merge", into=SURVIVOR) for _ in range(4)))
    assert {(one.status_code, one.json()["code"]) for one in others} == {(409, "uscc_superseded")}
    assert await owner.fetchval("SELECT count(*) FROM enterprise_change") == 1
    undone = await asyncio.gather(*(registry.undo(twins[0].json()) for _ in range(4)))
    assert sorted(one.status_code for one in undone) == [200, 409, 409, 409]

    opposed = await asyncio.gather(
        registry.try_(LOSER, "merge", into=SURVIVOR), registry.try_(SURVIVOR, "merge", into=LOSER)
    )
    assert sorted(one.status_code for one in opposed) == [201, 409]
    assert len(await registry.listed()) == 1


@pytest.mark.parametrize("act", ["changeCode", "merge"])
async def test_submissions_racing_a_change_are_whole_or_refused(
    system: System, owner: asyncpg.Connection, act: str
) -> None:
    await _cycles(system, 8)
    registry, token = Registry(system), system.enterprise(LOSER)
    await system.submit(form(1))
    await system.submit(form(2), "2024-2")
    body = {"into": SURVIVOR} if act == "merge" else {"new_code": THIRD, "mismatch_confirmed": True}
    paths = [f"/v1/cycles/2024-{number}/applications" for number in range(3, 9)]
    race = [system.request("intake", "POST", path, token, json=form(1, name=f"【虚构】{path[-14]}")) for path in paths]
    *answers, changed = await asyncio.gather(*race[:3], registry.try_(LOSER, act, **body), *race[3:])
    answers.insert(0, changed)
    (change,) = [one for one in answers if "kind" in one.json()]
    assert change.status_code == 201, change.text
    for one in answers:
        assert one.status_code == 201 or one.json()["code"] == "uscc_superseded", one.text
    accepted = sum(one.status_code == 201 for one in answers) - 1
    present = SURVIVOR if act == "merge" else THIRD
    owned = await owner.fetch("SELECT uscc FROM application JOIN enterprise ON enterprise.id = enterprise_id")
    assert sorted(row["uscc"] for row in owned) == sorted([present] * (accepted + 1) + [SURVIVOR])
    assert await _codes_are_sound(owner)


async def _someone_waits(owner: asyncpg.Connection) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(10):
        while not await owner.fetchval(waiting):
            pass


@pytest.mark.parametrize("act", ["changeCode", "merge"])
async def test_a_submission_that_waited_for_a_change_is_refused(
    system: System, owner: asyncpg.Connection, act: str
) -> None:
    """It read the code as present, and waits for the record's lock; what it read is true no more."""
    await _cycles(system)
    await system.submit(form(1))
    await system.submit(form(2), "2024-2")
    keeper = actor_of_role("registrar", "province_officer")
    async with system.apps["intake"].state.database.sessions.begin() as session:
        if act == "merge":
            await merge(session, keeper, LOSER, MergeIn.model_validate(GROUNDS | {"into": SURVIVOR}))
        else:
            body = GROUNDS | {"new_code": THIRD, "mismatch_confirmed": True}
            await change_code(session, keeper, LOSER, ChangeCodeIn.model_validate(body))
        path, token = "/v1/cycles/2024-3/applications", system.enterprise(LOSER)
        submitting = asyncio.create_task(system.request("intake", "POST", path, token, json=form(1)))
        await _someone_waits(owner)
    answer = await submitting
    assert (answer.status_code, answer.json()["code"]) == (409, "uscc_superseded"), answer.text
    assert answer.json()["detail"] == (SURVIVOR if act == "merge" else THIRD)
    assert await owner.fetchval("SELECT count(*) FROM enterprise") == 2
    assert await _codes_are_sound(owner)


async def test_a_merged_record_is_dead_even_to_the_owner(system: System, owner: asyncpg.Connection) -> None:
    await _cycles(system)
    await system.submit(form(1))
    await system.submit(form(2), "2024-2")
    await Registry(system).made(LOSER, "merge", into=SURVIVOR)
    late = (
        "SELECT uuidv7(), cycle.id, enterprise.id, city_code, 'submitted', 1 FROM cycle, enterprise "
        "WHERE cycle.code = '2024-3' AND merged_into IS NOT NULL"
    )
    for statement in (
        "UPDATE enterprise SET name = 'x' WHERE merged_into IS NOT NULL",
        f"INSERT INTO application (id, cycle_id, enterprise_id, city_code, status, revision) {late}",
    ):
        with pytest.raises(asyncpg.PostgresError, match="uscc_superseded"):
            await owner.execute(statement)


async def _codes_are_sound(owner: asyncpg.Connection) -> bool:
    """Every code stands for a living record, whose own code is its current one."""
    return await owner.fetchval(
        "SELECT (SELECT bool_and(e.merged_into IS NULL AND (c.kind = 'current') = (c.code = e.uscc)) "
        "FROM enterprise_code c JOIN enterprise e ON e.id = c.enterprise_id) "
        "AND NOT EXISTS (SELECT FROM enterprise e WHERE NOT EXISTS "
        "(SELECT FROM enterprise_code c WHERE c.code = e.uscc))"
    )


async def test_a_new_enterprise_and_a_code_change_want_the_same_code(system: System, owner: asyncpg.Connection) -> None:
    await _cycles(system, 1)
    await system.submit(form(1))
    registry = Registry(system)
    changing = registry.try_(LOSER, "changeCode", new_code=THIRD, mismatch_confirmed=True)
    path = "/v1/cycles/2024-1/applications"
    applying = system.request("intake", "POST", path, system.enterprise(THIRD), json=form(3))
    changed, applied = await asyncio.gather(changing, applying)
    assert changed.status_code in {201, 409, 503}, changed.text
    assert applied.status_code in {201, 409, 503}, applied.text
    assert await owner.fetchval("SELECT count(*) FROM enterprise_code WHERE code = $1", THIRD) == 1
    assert await _codes_are_sound(owner)
