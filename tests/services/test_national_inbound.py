"""What the national system pushes: each record on its own, idempotent, in any order."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.forms import form, with_changes
from support.national_pushes import Pusher, application, pusher, status
from support.national_system import NationalSystem
from support.system import System
from support.thoroughness import drawn


@pytest.fixture
async def push(system: System, national: NationalSystem) -> Pusher:
    await system.open_cycle()
    return await pusher(system, national)


async def _application(system: System, application_id: str) -> dict[str, Any]:
    reader = system.officer("auditor", "auditor")
    return await system.ok("intake", "GET", f"/v1/applications/{application_id}", reader)


async def test_an_application_and_its_recommendation_go_the_usual_way(system: System, push: Pusher) -> None:
    answer = (await push.send([application(form(1)), status("recommended")])).json()
    assert answer["counts"] == {"accepted": 2}
    found = await _application(system, answer["results"][0]["application_id"])
    assert (found["status"], found["uscc"], found["revision"]) == ("recommended", form(1)["uscc"], 1)
    await system.drain()
    assert len(await system.assessments()) == 1
    assert (await system.ok("intake", "GET", "/v1/national/deliveries", system.officer("a", "auditor")))["items"] == []


async def test_a_bad_record_never_stops_the_good_ones(system: System, push: Pusher, owner: asyncpg.Connection) -> None:
    bad = with_changes(form(2), "finance", revenue_cny=1.5)
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    answer = (
        await push.send(
            [
                application(form(1)),
                application(bad, record_id="GJ-2"),
                application(form(3) | {"uscc": form(3)["uscc"][:-1] + "0"}, record_id="GJ-3"),
                application(form(4), record_id="GJ-4", cycle="2099-9"),
                application(form(5), record_id="GJ-5", filed_at="2020-01-01T00:00:00Z"),
                application(form(1), record_id="GJ-6"),
                {"kind": "application"},
                {"record_id": "GJ-8", "version": 1, "kind": "else", "deep": deep},
                {"record_id": "GJ-7", "version": 1, "kind": "application", "no\x00": "no\x00"},
                status("returned", of="GJ-1", reason="no\x00"),
                application(form(9), record_id="GJ-9"),
            ]
        )
    ).json()
    assert [one["outcome"] for one in answer["results"]] == ["accepted", *["rejected"] * 9, "accepted"]
    codes = [one["violations"][0]["code"] for one in answer["results"] if one["violations"]]
    assert codes[:5] == [
        "not_canonical",
        "uscc_check_digit",
        "cycle_not_found",
        "outside_application_window",
        "application_exists",
    ]
    assert answer["results"][2]["violations"][0]["pointer"] == "/form/uscc"
    assert answer["results"][6]["record_id"] is None
    assert await owner.fetchval("SELECT count(*) FROM application") == 2
    reader = system.officer("auditor", "auditor")
    page = await system.ok("intake", "GET", "/v1/national/records", reader, params={"outcome": "rejected"})
    assert {one["record_id"] for one in page["items"]} == {"GJ-1-S1", "GJ-3", "GJ-4", "GJ-5", "GJ-6", "GJ-7"}
    assert all(one["violations"][0]["message_zh"] for one in page["items"])


async def test_the_same_record_again_is_unchanged_and_other_content_needs_a_higher_version(push: Pusher) -> None:
    first, second = application(form(1)), application(form(1, contact_name="王五（虚构）"), version=2)
    assert await push.outcomes(first) == ["accepted"]
    assert await push.outcomes(first) == ["unchanged"]
    reused = (await push.send([second | {"version": 1}])).json()["results"][0]
    assert (reused["outcome"], reused["violations"][0]["code"]) == ("rejected", "version_reused")
    assert await push.outcomes(second) == ["accepted"]
    assert await push.outcomes(first, second) == ["unchanged", "unchanged"]
    assert await push.outcomes(application(form(1), version=4)) == ["accepted"]
    assert await push.outcomes(application(form(1, contact_name="x"), version=3)) == ["stale"]


async def test_a_new_version_is_a_new_revision_with_both_acts_on_record(
    system: System, push: Pusher, owner: asyncpg.Connection
) -> None:
    await push.send([application(form(1))])
    answer = (await push.send([application(form(1, contact_name="王五（虚构）"), version=2)])).json()
    found = await _application(system, answer["results"][0]["application_id"])
    assert (found["revision"], found["form"]["contact_name"]) == (2, "王五（虚构）")
    acts = await owner.fetch("SELECT action FROM audit_entry WHERE subject_type = 'application' ORDER BY id")
    assert sorted(row["action"] for row in acts) == ["application.return", "application.submit", "application.submit"]


async def test_the_same_batch_gets_the_same_answer_and_other_content_is_refused(
    system: System, push: Pusher, owner: asyncpg.Connection
) -> None:
    record = application(form(1))
    answers = await asyncio.gather(*(push.send([record], batch_id="B") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["counts"] == {"accepted": 1}
    other = await push.send([application(form(2), record_id="GJ-2")], batch_id="B")
    assert (other.status_code, other.json()["code"]) == (409, "batch_reused")
    assert await owner.fetchval("SELECT count(*) FROM national_batch") == 1
    assert await owner.fetchval("SELECT count(*) FROM application_snapshot") == 1
    batches = await system.ok("intake", "GET", "/v1/national/batches", system.officer("auditor", "auditor"))
    assert [(one["batch_id"], one["counts"]) for one in batches["items"]] == [("B", {"accepted": 1})]


async def test_batches_with_the_same_records_at_once_apply_each_once(push: Pusher, owner: asyncpg.Connection) -> None:
    records = [application(form(number), record_id=f"GJ-{number}") for number in range(1, 9)]
    records += [status("recommended", of=f"GJ-{number}") for number in range(1, 9)]
    answers = await asyncio.gather(*(push.send(records[turn:] + records[:turn]) for turn in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert await owner.fetchval("SELECT count(*) FROM application WHERE status = 'recommended'") == 8
    assert await owner.fetchval("SELECT count(*) FROM application_snapshot") == 8
    assert sum(answer.json()["counts"].get("accepted", 0) for answer in answers) == 16


async def test_a_status_waits_for_its_application_and_for_the_version_it_is_about(system: System, push: Pusher) -> None:
    early = (await push.send([status("recommended", version=2)])).json()["results"][0]
    assert (early["outcome"], early["violations"][0]["code"]) == ("waiting", "application_awaited")
    assert (await system.ok("intake", "GET", "/v1/national/status", system.officer("a", "auditor")))[
        "records_waiting"
    ] == 1
    first = (await push.send([application(form(1))])).json()["results"][0]
    assert (await _application(system, first["application_id"]))["status"] == "submitted"
    await push.send([application(form(1, contact_name="x"), version=2)])
    assert (await _application(system, first["application_id"]))["status"] == "recommended"
    assert await push.outcomes(status("recommended", version=2)) == ["unchanged"]


async def test_of_two_changes_of_status_the_later_stands(system: System, push: Pusher) -> None:
    later = status("returned", record_id="GJ-1-S", sequence=2, reason="请补正") | {"version": 2}
    earlier = status("recommended", record_id="GJ-1-S")
    answer = (await push.send([application(form(1)), later])).json()
    assert await push.outcomes(earlier) == ["stale"], "an older version of the same record"
    assert await push.outcomes(status("recommended", record_id="GJ-1-T")) == ["stale"], "an earlier change"
    found = await _application(system, answer["results"][0]["application_id"])
    assert (found["status"], found["return_reasons"][0]["reason"]) == ("returned", "请补正")
    reused = (await push.send([application(form(2), record_id="GJ-1-S", version=3)])).json()["results"][0]
    assert reused["violations"][0]["code"] == "record_changed_kind"


async def test_what_a_decision_forbids_waits_and_the_reason_is_told(system: System, push: Pusher) -> None:
    (first, _) = (await push.send([application(form(1)), status("recommended")])).json()["results"]
    late = (await push.send([application(form(1, contact_name="x"), version=2)])).json()["results"][0]
    assert (late["outcome"], late["violations"][0]["code"]) == ("waiting", "application_status")
    assert (await _application(system, first["application_id"]))["revision"] == 1


@pytest.mark.parametrize("kind", ["not_recommended", "withdrawn"])
async def test_what_was_decided_upstream_is_decided_here_for_the_same_reason(
    system: System, push: Pusher, kind: str
) -> None:
    (first, told) = (await push.send([application(form(1)), status(kind, reason="上游已决定")])).json()["results"]
    assert told["outcome"] == "accepted"
    found = await _application(system, first["application_id"])
    assert (found["status"], found["status_reason"]) == (kind, "上游已决定")


async def test_only_the_national_system_pushes(system: System, push: Pusher, national: NationalSystem) -> None:
    push.token = system.officer("planner", "province_officer")
    answer = await push.send([application(form(1))])
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    del national


async def test_nobody_moves_what_another_client_filed(system: System, push: Pusher, owner: asyncpg.Connection) -> None:
    """What one client calls GJ-1 is its own: another's words about GJ-1 are about another filing, in any order."""
    filed = application(form(1))
    first = (await push.send([filed])).json()["results"][0]["application_id"]
    intruder = Pusher(system, NationalSystem("", keyid="gj-b"), *await system.client_token("intake", "national_system"))
    await intruder.trust()
    assert await intruder.outcomes(status("withdrawn", reason="冒名")) == ["waiting"]
    assert await intruder.outcomes(status("recommended", sequence=9)) == ["waiting"]
    update = (await intruder.send([application(form(1, contact_name="冒名"), version=9)])).json()["results"][0]
    assert (update["outcome"], update["violations"][0]["code"]) == ("rejected", "application_exists")
    found = await _application(system, first)
    assert (found["status"], found["revision"]) == ("submitted", 1)
    # The same record id in the other's hand takes nothing from the first: its versions and sequences go on.
    assert await push.outcomes(status("returned", reason="请补正"), filed) == ["accepted", "unchanged"]
    correction = (await intruder.send([application(form(1, contact_name="冒名"), version=10)])).json()["results"][0]
    assert (correction["outcome"], correction["violations"][0]["code"]) == ("rejected", "filed_by_another")
    assert (await _application(system, first))["status"] == "returned"
    assert await push.outcomes(application(form(1, contact_name="更正"), version=2)) == ["accepted"]
    assert (await _application(system, first))["form"]["contact_name"] == "更正"
    senders = await owner.fetch("SELECT DISTINCT sender FROM national_filing WHERE record_id = 'GJ-1'")
    assert {row["sender"] for row in senders} == {push.client_id, intruder.client_id}
    with pytest.raises(asyncpg.ExclusionViolationError):
        await owner.execute(
            "UPDATE national_filing SET application_id = $1 WHERE sender = $2", uuid.UUID(first), intruder.client_id
        )


async def test_two_clients_that_correct_one_application_at_once_leave_it_to_its_own(
    system: System, push: Pusher
) -> None:
    others = [
        Pusher(
            system,
            NationalSystem("", keyid=f"gj-{number}"),
            *await system.client_token("intake", "national_system"),
        )
        for number in range(3)
    ]
    for one in others:
        await one.trust()
    id_ = (await push.send([application(form(1)), status("returned", reason="请补正")])).json()["results"][0]
    mended = application(form(1, contact_name="更正"), version=2)
    outcomes = await asyncio.gather(*(one.outcomes(mended) for one in (*others, push)))
    assert outcomes == [["rejected"]] * 3 + [["accepted"]]
    assert (await _application(system, id_["application_id"]))["revision"] == 2


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[str, int, int]], list[int]]:
    """A history that an upstream may have: filings, each perhaps returned, a decision at the end; and an arrival of
    its records in any order, any of them several times."""
    history: list[tuple[str, int, int]] = []
    sequence, versions = 0, draw(st.integers(1, 3))
    for version in range(1, versions + 1):
        history.append(("application", version, 0))
        if version < versions and draw(st.booleans()):
            sequence += 1
            history.append(("returned", version, sequence))
    if ending := draw(st.sampled_from(["", "recommended", "returned"])):
        history.append((ending, versions, sequence + 1))
    repeated = draw(st.lists(st.sampled_from(range(len(history))), max_size=3))
    arrival = draw(st.permutations([*range(len(history)), *repeated]))
    return history, arrival


_NUMBERS = iter(range(100_000, 900_000))


def _record(step: tuple[str, int, int], number: int) -> dict[str, Any]:
    kind, version, sequence = step
    record_id = f"GJ-{number}"
    if kind == "application":
        return application(
            form(number, contact_name=f"第{version}版"), record_id=record_id, version=version, filed_at=_FILED
        )
    return status(kind, of=record_id, version=version, sequence=sequence)


_FILED = application({})["filed_at"]


async def test_any_order_and_any_repetition_end_alike(push: Pusher, owner: asyncpg.Connection) -> None:
    """The end state is a function of what was said, not of how it arrived."""

    async def end_state(number: int) -> Any:
        return await owner.fetchrow(
            "SELECT a.status, s.payload->>'contact_name', f.application_version, "
            "(SELECT count(*) FROM national_record r WHERE r.filing_id = f.record_id AND outcome = 'waiting') "
            "FROM national_filing f JOIN application a ON a.id = f.application_id "
            "JOIN application_snapshot s ON s.application_id = a.id AND s.revision = a.revision "
            "WHERE f.record_id = $1",
            f"GJ-{number}",
        )

    async def arrives(history: list[tuple[str, int, int]], arrival: list[int], split: int) -> None:
        told, mixed = next(_NUMBERS), next(_NUMBERS)
        for step in history:
            await push.outcomes(_record(step, told))
        records = [_record(history[index], mixed) for index in arrival]
        while records:
            await push.outcomes(*records[:split])
            records = records[split:]
        assert tuple(await end_state(mixed)) == tuple(await end_state(told)), (history, arrival, split)
        assert (await end_state(told))[1] == f"第{max(step[1] for step in history)}版"
        assert (await end_state(told))[3] == 0

    loop = asyncio.get_running_loop()

    @settings(max_examples=drawn(8, 100), suppress_health_check=[HealthCheck.too_slow])
    @given(histories(), st.integers(1, 4))
    def run(drawn: tuple[list[tuple[str, int, int]], list[int]], split: int) -> None:
        asyncio.run_coroutine_threadsafe(arrives(*drawn, split), loop).result()

    await asyncio.to_thread(run)
