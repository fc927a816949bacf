"""Objections: each holds one entry until a third person decides; nobody reads who objected but whoever decides."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Iterator

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from support.evidence import pdf
from support.forms import HUANGSHI, form
from support.notices import REASON, SECRET, Clock, Notices, uscc_of
from support.rounds import PLANS, pool_members
from support.system import System
from support.thoroughness import drawn


async def _members(system: System) -> set[str]:
    return {one["uscc"] for one in await pool_members(system)}


async def test_an_objection_holds_its_entry_alone_and_a_dismissed_one_lets_it_in(
    system: System, owner: asyncpg.Connection
) -> None:
    notices = Notices(system)
    await owner.execute("UPDATE pool SET cap = 3")
    await notices.judged(form(1), form(2), form(3), quotas={"420100": 3})
    plan, notice = await notices.published()
    number = notice["number"]
    dismissed, upheld = [await notices.object(number, uscc_of(one)) for one in (1, 2)]
    assert await notices.states(number) == {uscc_of(1): "held", uscc_of(2): "held", uscc_of(3): "listed"}
    await notices.end(number)
    await notices.commit(plan)
    assert await _members(system) == {uscc_of(3)}
    # Both places are kept: the pool is full for anybody else.
    assert await owner.fetchrow("SELECT live, kept FROM pool") == (1, 2)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_pool_within_cap"):
        await owner.execute(
            "INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id) SELECT gen_random_uuid(), "
            "pool_code, 'another', city_code, during, plan_id FROM membership"
        )
    await notices.commit(plan)
    assert await _members(system) == {uscc_of(3)}

    await notices.decide(dismissed, "dismiss")
    await notices.decide(upheld, "uphold")
    assert await owner.fetchrow("SELECT live, kept FROM pool") == (1, 1)
    assert await notices.states(number) == {uscc_of(1): "listed", uscc_of(2): "struck", uscc_of(3): "admitted"}
    with pytest.raises(asyncpg.CheckViolationError, match="ck_membership_not_objected"):
        await owner.execute(
            "INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id) SELECT gen_random_uuid(), "
            "pool_code, $1, city_code, during, plan_id FROM membership",
            uscc_of(2),
        )
    answers = await asyncio.gather(*(notices.try_commit(plan) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert await _members(system) == {uscc_of(1), uscc_of(3)}
    # A struck entry's place is nobody's by itself, and free for a later plan.
    assert await owner.fetchrow("SELECT live, kept FROM pool") == (2, 0)
    assert await owner.fetchval("SELECT used FROM admission_quota") == 2
    events = "SELECT count(DISTINCT event_id) FROM outbox_event WHERE topic = 'evaluation.selection_committed'"
    assert await owner.fetchval(events) == 2
    shown = await system.ok("evaluation", "GET", f"/v1/notices/{number}", notices.planner)
    assert [shown[one] for one in ("listed", "held", "struck", "admitted")] == [3, 0, 1, 2]


async def test_who_recorded_proposed_or_approved_does_not_decide(system: System, owner: asyncpg.Connection) -> None:
    notices = Notices(system)
    await notices.judged(form(1))
    _, notice = await notices.published()
    objection = await notices.object(notice["number"], uscc_of(1))
    path = f"/v1/objections/{objection['id']}:uphold"
    # The same people under another role are the same people.
    for name in ("recorder", "planner", "approver"):
        same = system.officer(name, "reviewer")
        await system.refused("evaluation", "POST", path, same, "decided_by_another", 403, json=REASON)
        with pytest.raises(asyncpg.CheckViolationError, match="decided_by_another"):
            await owner.execute(
                "UPDATE objection SET status = 'upheld', decided_by = $1, decided_at = now(), decision_reason = 'x'",
                name,
            )
    await system.refused("evaluation", "POST", path, notices.recorder, "forbidden", 403, json=REASON)
    for body in ({}, {"reason": ""}):
        await system.refused("evaluation", "POST", path, notices.judge, "validation_failed", 422, json=body)
    await notices.judge_declares("objections", objection["id"], "judge-2")
    decided = await notices.decide(objection, "uphold")
    assert (decided["status"], decided["decided_by"], decided["decision_reason"]) == (
        "upheld",
        "judge",
        REASON["reason"],
    )
    assert await system.ok("evaluation", "POST", path, notices.judge, json=REASON) == decided
    again = f"/v1/objections/{objection['id']}:dismiss"
    await system.refused("evaluation", "POST", again, notices.judge, "decided_already", 409, json=REASON)
    other = system.officer("judge-2", "reviewer")
    await system.refused("evaluation", "POST", path, other, "decided_already", 409, json=REASON)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_objection_decided_once"):
        await owner.execute("UPDATE objection SET status = 'dismissed'")
    codes = await owner.fetch(
        "SELECT detail->>'code' FROM audit_entry WHERE action LIKE 'objection.%.refused' ORDER BY id"
    )
    assert [row[0] for row in codes] == ["decided_by_another"] * 3 + ["decided_already"] * 2


async def test_what_is_no_objection_is_refused_and_changes_nothing(system: System, owner: asyncpg.Connection) -> None:
    notices = Notices(system)
    await notices.judged(form(1), form(2), quotas={"420100": 1})
    _, notice = await notices.published()
    path, body = f"/v1/notices/{notice['number']}/objections", notices.body(uscc_of(1))
    invalid = [
        body | {"grounds": " "},
        {name: value for name, value in body.items() if name != "grounds"},
        {name: value for name, value in body.items() if name != "document"},
        {name: value for name, value in body.items() if name != "uscc"},
        body | {"enterprise_name": form(1)["name"]},
        body | {"objector": {"name": "", "contact": "x"}},
    ]
    for one in invalid:
        await system.refused("evaluation", "POST", path, notices.recorder, "validation_failed", 422, json=one)
    # Left out by the quota, and so not on the notice.
    for named in ({"uscc": uscc_of(2)}, {"uscc": None, "enterprise_name": "【虚构】别家有限公司"}):
        await system.refused("evaluation", "POST", path, notices.recorder, "not_on_notice", 422, json=body | named)
    strange = body | {"attachment_ids": ["018f0000-0000-7000-8000-000000000000"]}
    await system.refused("evaluation", "POST", path, notices.recorder, "evidence_not_found", 422, json=strange)
    elsewhere = system.officer("o", "city_officer", "420200")
    await system.refused("evaluation", "POST", path, elsewhere, "not_found", 404, json=body)
    await system.refused(
        "evaluation", "POST", "/v1/notices/2026-999/objections", elsewhere, "not_found", 404, json=body
    )
    assert await owner.fetchval("SELECT count(*) FROM objection") == 0
    await notices.end(notice["number"])
    closed = "objection_window_closed"
    await system.refused("evaluation", "POST", path, notices.recorder, closed, 409, json=body)


async def _uploaded(system: System, token: str, uscc: str) -> dict:
    path, params = f"/v1/enterprises/{uscc}/attachments", {"purpose": "incident", "file_name": "证据.pdf"}
    return await system.ok("intake", "POST", path, token, params=params, content=pdf())


async def test_an_objection_by_name_with_a_file_of_the_enterprise(system: System) -> None:
    notices = Notices(system)
    one, other, same = form(1, name="【虚构】甲光电有限公司"), form(2), form(3)
    await notices.judged(one, other, same)
    _, notice = await notices.published()
    city = system.officer("o", "city_officer", "420100")
    own, others = [(await _uploaded(system, city, uscc))["id"] for uscc in (uscc_of(1), uscc_of(2))]
    named = {"uscc": None, "enterprise_name": one["name"], "attachment_ids": [own]}
    objection = await notices.object(notice["number"], uscc_of(1), named)
    assert [one["attachment_id"] for one in objection["evidence"]] == [own]
    assert objection["evidence"][0]["digest"] == hashlib.sha256(pdf()).hexdigest()
    path, body = f"/v1/notices/{notice['number']}/objections", notices.body(uscc_of(1))
    anothers = body | {"attachment_ids": [own, others]}
    await system.refused("evaluation", "POST", path, notices.recorder, "evidence_not_found", 422, json=anothers)
    borne_twice = body | {"uscc": None, "enterprise_name": other["name"]}
    problem = await system.refused("evaluation", "POST", path, notices.recorder, "not_on_notice", 422, json=borne_twice)
    assert "同名" in problem["detail_zh"]


async def test_nobody_reads_who_objected_but_whoever_decides(
    system: System, owner: asyncpg.Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    notices = Notices(system)
    await notices.judged(form(1))
    _, notice = await notices.published()
    objection = await notices.object(notice["number"], uscc_of(1))
    path = f"/v1/objections/{objection['id']}/objector"
    await notices.judge_declares("objections", objection["id"])
    told = await system.request("evaluation", "GET", path, notices.judge)
    assert (told.json(), told.headers["cache-control"]) == (SECRET, "no-store")
    for token in (notices.planner, notices.recorder, system.officer("x", "auditor")):
        await system.refused("evaluation", "GET", path, token, "forbidden", 403)
    auditor = system.officer("x", "auditor")
    for path in ("entries", "objections"):
        page = await system.request("evaluation", "GET", f"/v1/notices/{notice['number']}/{path}", auditor)
        assert page.json()["items"]
        assert SECRET["name"] not in page.text
    # Nor is it in any other table, nor in the logs.
    tables = await owner.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    holding = [
        name
        for (name,) in tables
        if await owner.fetchval(f'SELECT bool_or(t::text LIKE $1) FROM "{name}" AS t', f"%{SECRET['contact']}%")
    ]
    assert holding == ["objector"]
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'objector.read'") == 1
    captured = capfd.readouterr()
    assert SECRET["name"] not in captured.out + captured.err
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("DELETE FROM objector")


async def test_a_citys_officers_see_their_citys_entries(system: System) -> None:
    notices = Notices(system)
    await notices.judged(form(1), form(100, HUANGSHI))
    _, notice = await notices.published()
    number = notice["number"]
    for one in (uscc_of(1), uscc_of(100, HUANGSHI)):
        await notices.object(number, one)
    huangshi = system.officer("h", "city_officer", "420200")
    assert await notices.states(number, huangshi) == {uscc_of(100, HUANGSHI): "held"}
    shown = await system.ok("evaluation", "GET", f"/v1/notices/{number}", huangshi)
    assert (shown["listed"], shown["held"]) == (1, 1)
    listed = await system.ok("evaluation", "GET", f"/v1/notices/{number}/objections", huangshi)
    assert [one["uscc"] for one in listed["items"]] == [uscc_of(100, HUANGSHI)]
    first = await system.ok("evaluation", "GET", f"/v1/notices/{number}/objections?limit=1", notices.planner)
    rest = await system.ok(
        "evaluation", "GET", f"/v1/notices/{number}/objections?cursor={first['next_cursor']}", notices.planner
    )
    assert len(first["items"]) == len(rest["items"]) == 1
    page = await system.ok("evaluation", "GET", "/v1/notices", huangshi)
    assert [one["number"] for one in page["items"]] == [number]


MOVES = st.lists(
    st.tuples(st.sampled_from(["object", "uphold", "dismiss", "end", "commit", "publish"]), st.integers(0, 2)),
    min_size=4,
    max_size=12,
)
_LONGEST = [
    ("object", 0),
    ("object", 0),
    ("object", 1),
    ("commit", 0),
    ("dismiss", 0),
    ("end", 0),
    ("commit", 0),
    ("dismiss", 0),
    ("uphold", 1),
    ("commit", 0),
    ("commit", 0),
]


_WALKS: dict[int, Iterator[int]] = {}


@settings(max_examples=drawn(3, 60), suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
@example([("object", 0), ("object", 1), ("object", 2), ("uphold", 0), ("dismiss", 1)])
@example(_LONGEST)
@given(MOVES)
async def test_members_are_the_entries_neither_held_nor_struck(
    system: System, owner: asyncpg.Connection, moves: list[tuple[str, int]]
) -> None:
    notices = Notices(system)
    if id(system) not in _WALKS:
        # Every example has a cycle of its own in one system: making a system takes longer than walking.
        _WALKS[id(system)] = iter(range(12))
        await notices.judged_each({f"walk-{seen}": [form(seen * 3 + one) for one in (1, 2, 3)] for seen in range(12)})
    await _walk(notices, owner, next(_WALKS[id(system)]), moves)


async def _walk(notices: Notices, owner: asyncpg.Connection, seen: int, moves: list[tuple[str, int]]) -> None:
    code, usccs = f"walk-{seen}", [uscc_of(seen * 3 + one) for one in (1, 2, 3)]
    plan, notice = await notices.published(code)
    open_, struck, objections = dict.fromkeys(usccs, 0), set[str](), dict[str, list[dict]]()
    ended = committed = False
    members = set[str]()
    for move, index in [*moves, ("end", 0), ("commit", 0)]:
        uscc = usccs[index]
        waiting = objections.setdefault(uscc, [])
        match move:
            case "object":
                path = f"/v1/notices/{notice['number']}/objections"
                body = notices.body(uscc)
                answer = await notices.system.request("evaluation", "POST", path, notices.recorder, json=body)
                assert answer.status_code == (409 if ended else 201)
                if not ended:
                    waiting.append(answer.json())
                    open_[uscc] += 1
            case "uphold" | "dismiss" if waiting:
                await notices.decide(waiting.pop(), move)
                open_[uscc] -= 1
                if move == "uphold":
                    struck.add(uscc)
            case "end":
                await notices.end(notice["number"])
                ended = True
            case "commit":
                answer = await notices.try_commit(plan)
                assert answer.status_code == (200 if ended else 409), answer.text
                committed = committed or ended
                if committed:
                    members = {one for one in usccs if not open_[one] and one not in struck}
            case "publish":
                path = f"{PLANS}/{plan}:publish"
                await notices.system.ok("evaluation", "POST", path, notices.planner)
        stored = await owner.fetch("SELECT uscc FROM membership WHERE plan_id = $1", plan)
        assert {row[0] for row in stored} == members
        live, kept = await owner.fetchrow("SELECT live, kept FROM pool")
        assert live == await owner.fetchval("SELECT count(*) FROM membership")
        assert kept == await owner.fetchval("SELECT count(*) FROM kept_place WHERE released_at IS NULL")


async def _until_blocked(owner: asyncpg.Connection, connections: int) -> None:
    """Returns once so many connections of this database wait for a lock."""
    waiting = """
        SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND datname = current_database()
    """
    async with asyncio.timeout(10):
        while await owner.fetchval(waiting) < connections:
            pass


async def test_a_commit_waits_for_an_objection_under_way_and_holds_its_entry(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    notices = Notices(system)
    await notices.judged(form(1), form(2))
    plan, notice = await notices.published()
    # The objection is held up in its middle, by somebody who lets nobody write down who objects.
    holder = await asyncpg.connect(database_urls["owner"].replace("+asyncpg", ""))
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("LOCK TABLE objector IN SHARE MODE")
    objecting = asyncio.create_task(notices.object(notice["number"], uscc_of(1)))
    await _until_blocked(owner, 1)
    await notices.end(notice["number"])
    committing = asyncio.create_task(notices.try_commit(plan))
    await _until_blocked(owner, 2)
    await transaction.rollback()
    await holder.close()
    assert (await objecting)["status"] == "open"
    assert (await committing).status_code == 200
    assert await _members(system) == {uscc_of(2)}


async def test_an_objection_waits_for_a_commit_under_way_whatever_its_own_clock_says(
    strict: Notices, clock: Clock, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    await strict.judged(form(1))
    clock.put("2026-11-23 09:00")
    plan, notice = await strict.published()
    holder = await asyncpg.connect(database_urls["owner"].replace("+asyncpg", ""))
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("SELECT FROM pool FOR UPDATE")
    clock.put("2026-12-01 00:00")
    committing = asyncio.create_task(strict.try_commit(plan))
    await _until_blocked(owner, 1)
    clock.put("2026-11-30 23:59:59")
    path, body = f"/v1/notices/{notice['number']}/objections", strict.body(uscc_of(1))
    objecting = asyncio.create_task(strict.system.request("evaluation", "POST", path, strict.recorder, json=body))
    await _until_blocked(owner, 2)
    clock.put("2026-12-01 00:00")
    await transaction.rollback()
    await holder.close()
    assert (await committing).status_code == 200
    clock.put("2026-11-30 23:59:59")
    assert (await objecting).json()["code"] == "objection_window_closed"
    again = await strict.system.request("evaluation", "POST", path, strict.recorder, json=body)
    assert again.json()["code"] == "objection_window_closed"
    assert await owner.fetchval("SELECT count(*) FROM objection") == 0


async def test_an_objection_beside_a_commit_never_admits_and_holds(system: System, owner: asyncpg.Connection) -> None:
    notices, chance = Notices(system), random.Random(20240606)
    races = {f"race-{round_}": [round_ * 10 + one for one in (1, 2, 3)] for round_ in range(6)}
    await notices.judged_each({code: [form(one) for one in numbers] for code, numbers in races.items()})
    for code, numbers in races.items():
        plan, notice = await notices.published(code)
        path = f"/v1/notices/{notice['number']}"
        acts = [
            *(
                system.request(
                    "evaluation", "POST", f"{path}/objections", notices.recorder, json=notices.body(uscc_of(one))
                )
                for one in numbers
            ),
            system.request("evaluation", "POST", f"{path}:end", notices.planner),
            *(notices.try_commit(plan) for _ in range(3)),
        ]
        chance.shuffle(acts)
        answers = await asyncio.gather(*acts)
        assert {answer.status_code for answer in answers} <= {200, 201, 409}
        await notices.commit(plan)
        both = """
            SELECT count(*) FROM membership JOIN public_notice USING (plan_id)
            JOIN public_notice_entry AS e ON e.notice_id = public_notice.id AND e.uscc = membership.uscc
            JOIN objection USING (notice_id, assessment_id)
        """
        assert await owner.fetchval(both) == 0
        assert await owner.fetchval("SELECT count(*) FROM membership WHERE plan_id = $1", plan) == 3 - sum(
            answer.status_code == 201 for answer in answers
        )
