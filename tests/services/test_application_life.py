"""The life of an application over HTTP: decisions, corrections by section, passing on, history, revisions."""

from __future__ import annotations

import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from support.forms import HUANGSHI, form, patent, with_changes
from support.system import System

from services.intake.applications.transitions import TABLE
from shared.models.intake.applications import APPLICATION_SECTIONS, APPLICATION_STATUSES
from shared.reference.province import province

CITY = "420100"
APPLY = "/v1/cycles/2024-1/applications"
# Which columns a status asks for, so that only the move itself can be at fault.
_FITTING = """
    return_reasons = CASE WHEN $2 = 'returned' THEN '{"items": []}'::jsonb END,
    reopened_sections = CASE WHEN $2 = 'returned' THEN ARRAY['finance'] END,
    correct_until = CASE WHEN $2 = 'returned' THEN now() END,
    status_reason = CASE WHEN $2 = 'not_recommended' THEN '理由' END,
    revision = CASE WHEN $2 = 'draft' THEN 0 ELSE 1 END,
    submitted_at = CASE WHEN $2 = 'draft' THEN NULL ELSE now() END
"""


async def test_the_database_knows_the_same_moves(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    received = await system.submit(form(1))
    await owner.execute("ALTER TABLE application DROP CONSTRAINT ck_application_draft_unsubmitted")
    await owner.execute("ALTER TABLE application DISABLE TRIGGER submission_dated")
    moves = {(before, after) for rule in TABLE.values() for before, after in rule.moves.items()}
    for before, after in itertools.product(APPLICATION_STATUSES, repeat=2):
        await owner.execute("ALTER TABLE application DISABLE TRIGGER moves")
        await owner.execute(f"UPDATE application SET status = $2, {_FITTING} WHERE id = $1", received["id"], before)
        await owner.execute("ALTER TABLE application ENABLE TRIGGER moves")
        refused = None
        try:
            await owner.execute(f"UPDATE application SET status = $2, {_FITTING} WHERE id = $1", received["id"], after)
        except asyncpg.CheckViolationError as error:
            refused = error.constraint_name
        expected = None if before == after or (before, after) in moves else "ck_application_transition"
        assert refused == expected, (before, after)
    copy = "INSERT INTO application SELECT (jsonb_populate_record(a, $1)).* FROM application a"
    for first in APPLICATION_STATUSES:
        changes = {"id": "018f0000-0000-7000-8000-000000000000", "status": first, "enterprise_id": None}
        with pytest.raises((asyncpg.CheckViolationError, asyncpg.NotNullViolationError)) as refused:
            await owner.execute(copy, json.dumps(changes))
        begins = getattr(refused.value, "constraint_name", None) != "ck_application_transition"
        assert begins == ((None, first) in moves), first


async def _decide(system: System, act: str, id_: str, token: str, body: dict[str, Any] | None = None) -> None:
    await system.ok("intake", "POST", f"/v1/applications/{id_}:{act}", token, json=body or {})


async def _read(system: System, id_: str, what: str = "", **params: Any) -> Any:
    token = system.officer("auditor", "auditor")
    return await system.ok("intake", "GET", f"/v1/applications/{id_}{what}", token, params=params)


async def test_what_is_not_recommended_has_a_reason_and_may_be_reconsidered(system: System) -> None:
    await system.open_cycle()
    id_ = (await system.submit(form(1)))["id"]
    city, why = system.officer("o", "city_officer", CITY), {"reason": "专利产业化率不足"}
    path = f"/v1/applications/{id_}"
    for body in ({}, {"reason": ""}):
        await system.refused("intake", "POST", f"{path}:decline", city, "validation_failed", 422, json=body)
    for _ in range(2):
        await _decide(system, "decline", id_, city, why)
    shown = await _read(system, id_)
    assert (shown["status"], shown["status_reason"]) == ("not_recommended", why["reason"])
    other = {"reason": "另一个理由"}
    await system.refused("intake", "POST", f"{path}:decline", city, "application_status", 409, json=other)
    elsewhere = system.officer("x", "city_officer", "420200")
    await system.refused("intake", "POST", f"{path}:reconsider", elsewhere, "not_found", 404, json=why)
    await _decide(system, "reconsider", id_, city, {"reason": "企业补充说明后复议"})
    await system.recommend(CITY, [id_])
    assert (await _read(system, id_))["status_reason"] is None


async def test_a_correction_reopens_only_the_sections_that_it_names(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    id_ = (await system.submit(form(1)))["id"]
    city, province_officer = system.officer("o", "city_officer", CITY), system.officer("p", "province_officer")
    await system.ok("intake", "POST", "/v1/applications:recommend", city, json={"application_ids": [id_]})
    reasons = {"reasons": [{"field": "/people/rd_staff", "reason": "与社保人数不符"}]}
    await system.refused("intake", "POST", f"/v1/applications/{id_}:reopen", city, "forbidden", 403, json=reasons)
    for _ in range(2):
        await _decide(system, "reopen", id_, province_officer, reasons)
    shown = await _read(system, id_)
    standing = {one["section"]: (one["reopened"], one["confirmed_revision"]) for one in shown["sections"]}
    assert standing == {name: (name == "people", None if name == "people" else 1) for name in APPLICATION_SECTIONS}

    token = system.enterprise(form(1)["uscc"])
    stray = with_changes(form(1), "people", rd_staff=21)
    stray = with_changes(stray, "finance", revenue_cny="1.00") | {"contact_name": "王五", "patents": [patent(9)]}
    problem = await system.refused("intake", "POST", APPLY, token, "section_not_reopened", 422, json=stray)
    places = ["/contact_name", "/finance/revenue_cny", "/patents"]
    assert [one["pointer"] for one in problem["violations"]] == places
    assert (await _read(system, id_))["revision"] == 1
    assert await owner.fetchval("SELECT count(*) FROM application_snapshot") == 1

    again = await system.submit(with_changes(form(1), "people", rd_staff=21))
    assert (again["id"], again["revision"]) == (id_, 2)
    other = system.officer("second", "city_officer", CITY)
    await system.ok("intake", "POST", "/v1/applications:recommend", other, json={"application_ids": [id_]})
    confirmed = {
        one["section"]: (one["confirmed_revision"], one["confirmed_by"])
        for one in (await _read(system, id_))["sections"]
    }
    assert confirmed == {name: (2, "second") if name == "people" else (1, "o") for name in APPLICATION_SECTIONS}
    acts = (await _read(system, id_, "/history"))["items"]
    assert [(one["act"], one["actor"]) for one in acts] == [
        ("submit", f"enterprise-{form(1)['uscc']}"),
        ("recommend", "o"),
        ("reopen", "p"),
        ("resubmit", f"enterprise-{form(1)['uscc']}"),
        ("recommend", "second"),
    ]
    assert [one["sections"] for one in acts] == [None, list(APPLICATION_SECTIONS), ["people"], ["people"], ["people"]]
    assert acts[2]["reasons"] == reasons["reasons"]
    assert [(one["status_before"], one["status_after"]) for one in acts][2:4] == [
        ("recommended", "returned"),
        ("returned", "submitted"),
    ]


async def test_an_empty_pointer_reopens_all_and_one_to_nothing_is_refused(system: System) -> None:
    await system.open_cycle()
    id_ = (await system.submit(form(1)))["id"]
    city = system.officer("o", "city_officer", CITY)
    nowhere = {"reasons": [{"field": "/robots", "reason": "请核对"}]}
    problem = await system.refused(
        "intake", "POST", f"/v1/applications/{id_}:return", city, "validation_failed", 422, json=nowhere
    )
    assert [(one["pointer"], one["code"]) for one in problem["violations"]] == [("/reasons/0/field", "field_unknown")]
    await _decide(system, "return", id_, city, {"reasons": [{"field": "", "reason": "请整体补充"}]})
    assert all(one["reopened"] for one in (await _read(system, id_))["sections"])
    assert (await system.submit(form(1, name="【虚构】改名有限公司", trademark_nos=[])))["revision"] == 2


async def _close(owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE cycle SET opens_at = now() - interval '2 days', closes_at = now() - interval '1 hour'")


async def test_a_correction_has_a_time_of_its_own_after_the_window(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    ids = [(await system.submit(form(number)))["id"] for number in (1, 2, 3)]
    await _close(owner)
    city = system.officer("o", "city_officer", CITY)
    reasons = {"reasons": [{"field": "/finance", "reason": "请核对"}]}
    for id_ in ids[:2]:
        await _decide(system, "return", id_, city, reasons)
    until = datetime.fromisoformat((await _read(system, ids[0]))["correct_until"])
    days = timedelta(days=province().correction_days)
    assert abs(until - datetime.now(UTC) - days) < timedelta(minutes=5)
    corrected = with_changes(form(1), "finance", rd_expense_cny="13000000.00")
    assert (await system.submit(corrected))["revision"] == 2
    assert (await _read(system, ids[0]))["correct_until"] is None

    await owner.execute("UPDATE application SET correct_until = now() WHERE id = $1", ids[1])
    for number, code in (
        (2, "correction_overdue"),
        (3, "outside_application_window"),
        (4, "outside_application_window"),
    ):
        token = system.enterprise(form(number)["uscc"])
        problem = await system.refused("intake", "POST", APPLY, token, code, 409, json=form(number))
        assert "(UTC+8)" in problem["detail_zh"]
    # While the window is open it is the window that counts, where it is the later one.
    await owner.execute("UPDATE cycle SET closes_at = now() + interval '90 days'")
    await _decide(system, "return", ids[2], city, reasons)
    until = datetime.fromisoformat((await _read(system, ids[2]))["correct_until"])
    assert until == await owner.fetchval("SELECT closes_at FROM cycle")


async def test_evaluation_passes_on_what_it_took_in_and_only_that(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    ids = [(await system.submit(form(number)))["id"] for number in (1, 2, 3, 4)]
    await system.recommend(CITY, ids)
    # Evaluation takes them in; before intake hears of it, one is withdrawn, one reopened, one corrected and so on.
    taken = await owner.fetch("SELECT id FROM application_snapshot ORDER BY application_id")
    await _decide(system, "withdraw", ids[0], system.enterprise(form(1)["uscc"]))
    reasons = {"reasons": [{"field": "/finance", "reason": "请核对"}]}
    for id_ in ids[1:3]:
        await _decide(system, "reopen", id_, system.officer("p", "province_officer"), reasons)
    await system.submit(with_changes(form(3), "finance", rd_expense_cny="13000000.00"))
    await system.recommend(CITY, [ids[2]])
    payload = json.dumps({"snapshot_ids": [str(row["id"]) for row in taken]})
    await owner.execute("UPDATE outbox_event SET processed_at = now()")
    event = """
        INSERT INTO outbox_event (id, event_id, topic, consumer, payload)
        VALUES (gen_random_uuid(), gen_random_uuid(), 'evaluation.applications_taken', 'intake.pass_on_applications', $1)
    """
    for _ in range(2):
        await owner.execute(event, payload)
        await system.drain()
        statuses = [(await _read(system, id_))["status"] for id_ in ids]
        assert statuses == ["withdrawn", "returned", "recommended", "passed_on"]
    # The whole way: what is recommended is judged, and then passed on, once.
    first = "(SELECT id FROM outbox_event WHERE topic = 'intake.applications_recommended' ORDER BY id LIMIT 1)"
    await owner.execute(f"UPDATE outbox_event SET processed_at = NULL, due_at = now() WHERE id = {first}")
    await system.drain()
    assert [(await _read(system, id_))["status"] for id_ in ids[2:]] == ["passed_on", "passed_on"]
    history = (await _read(system, ids[3], "/history"))["items"]
    assert [(one["act"], one["actor"]) for one in history][2:] == [("pass_on", "system")]
    assert {one["uscc"] for one in await system.assessments()} == {form(3)["uscc"], form(4)["uscc"]}


async def test_revisions_are_kept_compared_and_within_reach(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    id_ = (await system.submit(form(1)))["id"]
    reasons = {"reasons": [{"field": "/patents", "reason": "请核对"}]}
    await _decide(system, "return", id_, system.officer("o", "city_officer", CITY), reasons)
    corrected = form(1, patents=[patent(11, industrialised=False), patent(77)])
    digest = (await system.submit(corrected))["digest"]
    page = await _read(system, id_, "/revisions", limit=1)
    assert ([one["revision"] for one in page["items"]], page["next_cursor"]) == ([1], 1)
    page = await _read(system, id_, "/revisions", cursor=1)
    assert [(one["revision"], one["digest"], one["form"]) for one in page["items"]] == [(2, digest, None)]
    assert (await _read(system, id_, "/revisions/1"))["form"]["patents"][0]["application_no"] == patent(10)[
        "application_no"
    ]
    compared = await _read(system, id_, "/revisions:compare", **{"from": 1, "to": 2})
    assert {change["section"] for change in compared["changes"]} == {"patents"}
    assert [(change["kind"], change["pointer"]) for change in compared["changes"]] == [
        ("removed", f"/patents/{patent(10)['application_no']}"),
        ("added", f"/patents/{patent(77)['application_no']}"),
    ]
    token = system.officer("auditor", "auditor")
    await system.refused("intake", "GET", f"/v1/applications/{id_}/revisions/3", token, "not_found", 404)
    elsewhere = system.officer("x", "city_officer", "420200")
    for what in ("/revisions", "/revisions/1", "/revisions:compare?from=1&to=2", "/history"):
        await system.refused("intake", "GET", f"/v1/applications/{id_}{what}", elsewhere, "not_found", 404)
    for statement in ("UPDATE application_snapshot SET payload = '{}'", "DELETE FROM application_snapshot"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
            await owner.execute(statement)


async def test_a_list_is_filtered_and_intake_reads_no_more_of_the_trail_than_it_needs(
    system: System, database_urls: dict[str, str]
) -> None:
    await system.open_cycle()
    await system.submit(form(1))
    theirs = await system.submit(form(2, HUANGSHI))
    await _decide(system, "withdraw", theirs["id"], system.enterprise(form(2, HUANGSHI)["uscc"]))
    province_officer = system.officer("p", "province_officer")

    async def usccs(**params: str) -> list[str]:
        page = await system.ok("intake", "GET", "/v1/applications", province_officer, params=params)
        return [one["uscc"] for one in page["items"]]

    ours, other = form(1)["uscc"], form(2, HUANGSHI)["uscc"]
    assert await usccs(city="420200") == await usccs(uscc=other) == await usccs(status="withdrawn") == [other]
    assert await usccs(cycle="2024-1", city=CITY) == await usccs(status="submitted") == [ours]
    assert await usccs(cycle="none") == await usccs(uscc=ours, city="420200") == []
    wuhan = system.officer("o", "city_officer", CITY)
    page = await system.ok("intake", "GET", "/v1/applications", wuhan, params={"city": "420200"})
    assert page["items"] == []
    intake = await asyncpg.connect(database_urls["intake"].replace("+asyncpg", ""))
    for statement in ("SELECT * FROM audit_entry", "SELECT summary FROM selection_plan", "DELETE FROM application"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await intake.execute(statement)
    await intake.close()


async def test_a_return_whose_time_is_over_stays_and_is_seen_as_overdue(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    late, waiting, plain = [(await system.submit(form(number)))["id"] for number in (1, 2, 3)]
    city, enterprise = system.officer("o", "city_officer", CITY), system.enterprise(form(1)["uscc"])
    reasons = {"reasons": [{"field": "/people", "reason": "请核对"}]}
    for id_ in (late, waiting):
        await system.ok("intake", "POST", f"/v1/applications/{id_}:return", city, json=reasons)
    await owner.execute("UPDATE application SET correct_until = now() WHERE id = $1", uuid.UUID(late))
    for token in (city, enterprise):
        assert (await system.ok("intake", "GET", f"/v1/applications/{late}", token))["correction_overdue"] is True

    async def listed(**params: str) -> list[tuple[str, bool, str]]:
        page = await system.ok("intake", "GET", "/v1/applications", city, params=params)
        return [(one["id"], one["correction_overdue"], one["status"]) for one in page["items"]]

    assert await listed() == [(late, True, "returned"), (waiting, False, "returned"), (plain, False, "submitted")]
    assert await listed(correction_overdue="true") == [(late, True, "returned")]
    assert [id_ for id_, *_ in await listed(correction_overdue="false")] == [waiting, plain]
    changed = with_changes(form(1), "people", rd_staff=21)
    await system.refused("intake", "POST", APPLY, enterprise, "correction_overdue", 409, json=changed)
    await system.ok("intake", "POST", f"/v1/applications/{late}:withdraw", enterprise, json={})
    assert await listed(correction_overdue="true") == []
