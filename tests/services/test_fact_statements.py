"""Statements over HTTP: who may state what, what stands, and how applications are judged again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from support.enterprises import Registry, other_code
from support.evidence import pdf
from support.forms import HUANGSHI, form, uscc, with_changes
from support.rounds import approved, committed_plan, frozen_plan, settle_all
from support.system import System

from services.evaluation.rulebooks.loader import load_rulebook
from services.evaluation.rulebooks.receipt import replay

CITY = "420100"
USCC = uscc(1)
STATEMENTS, FACTS = f"/v1/enterprises/{USCC}/fact-statements", f"/v1/enterprises/{USCC}/facts"
BATCH = "/v1/fact-statements:batch"
ON = {"on": "2024-06-30"}
BASIS = "经全国高新技术企业认定管理网查询"


def stated(fact: str, value: Any, source: str = "registry", as_of: str = "2024-06-20", **more: Any) -> dict[str, Any]:
    return {"fact": fact, "source": source, "value": value, "as_of": as_of, "basis": BASIS} | more


def keeper(system: System) -> str:
    return system.officer("keeper", "province_officer")


def city(system: System, code: str = CITY, who: str = "verifier") -> str:
    return system.officer(who, "city_officer", code)


async def _state(system: System, token: str, *given: dict[str, Any]) -> list[dict[str, Any]]:
    return [await system.ok("evaluation", "POST", STATEMENTS, token, json=one) for one in given]


async def _judged(system: System, one: dict[str, Any] | None = None) -> dict[str, Any]:
    await system.open_cycle()
    received = await system.submit(one or form(1))
    await system.recommend(CITY, [received["id"]])
    await system.drain()
    return await _current(system)


async def _current(system: System) -> dict[str, Any]:
    (summary,) = await system.assessments()
    return await system.ok(
        "evaluation", "GET", f"/v1/assessments/{summary['id']}", system.officer("auditor", "auditor")
    )


def _part(assessment: dict[str, Any], name: str) -> dict[str, Any]:
    return next(part for one in assessment["criteria"] for part in one["parts"] if part["part"] == name)


def _fact(content: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in content["facts"] if one["fact"] == name)


async def test_a_registry_overrides_the_form_and_the_application_is_judged_again(
    system: System, owner: asyncpg.Connection
) -> None:
    before = await _judged(system)
    (statement,) = await _state(system, keeper(system), stated("qualification_high_tech", value=False))
    await system.drain()
    after = await _current(system)
    assert after["id"] != before["id"]
    assert (_part(before, "2.qualification")["computed"], before["conflicts"]) == ("met", [])
    assert _part(after, "2.qualification")["computed"] == "not_met"
    assert _fact(after, "qualification_high_tech") | {"title": "", "as_of_meaning": ""} == {
        "fact": "qualification_high_tech",
        "title": "",
        "as_of_meaning": "",
        "unit": None,
        "value": False,
        "source": "registry",
        "as_of": "2024-06-20",
        "statement_id": statement["id"],
        "evidence_digest": None,
        "self_reported": True,
    }
    (conflict,) = after["conflicts"]
    assert (conflict["source"], conflict["value"], conflict["parts"]) == ("registry", False, ["2.qualification"])
    assert [(one["source"], one["value"]) for one in conflict["against"]] == [("self_reported", True)]
    rows = await owner.fetch("SELECT id, current, conflicts FROM assessment ORDER BY id")
    assert [(str(row["id"]), row["current"], row["conflicts"]) for row in rows] == [
        (before["id"], False, 0),
        (after["id"], True, 1),
    ]


async def test_a_receipt_comes_as_stored_with_its_digest_and_replays(system: System, owner: asyncpg.Connection) -> None:
    await _judged(system)
    await _state(
        system, keeper(system), stated("employees", 90), stated("rd_expense_cny", "13000000.50", as_of="2023-12-31")
    )
    await system.drain()
    current = await _current(system)
    path, reviewer = f"/v1/assessments/{current['id']}/receipt", system.officer("auditor", "auditor")
    answer = await system.request("evaluation", "GET", path, reviewer)
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert answer.headers["etag"] == f'"{current["receipt_digest"]}"'
    rulebook = load_rulebook(await owner.fetchval("SELECT text FROM rulebook_version"), origin="stored")
    assert replay(answer.text, rulebook) == answer.text
    content = json.loads(answer.content)
    assert content["format"] == "assessment-receipt/2"
    assert (content["facts"]["rd_expense_cny"], content["sources"]["rd_expense_cny"]["self_reported"]) == (
        1_300_000_050,
        1_200_000_000,
    )
    assert set(content["sources"]) == {"employees", "rd_expense_cny"}
    again = {"headers": {"If-None-Match": answer.headers["etag"]}}
    assert (await system.request("evaluation", "GET", path, reviewer, **again)).status_code == 304
    await system.refused("evaluation", "GET", f"/v1/assessments/{uuid.uuid4()}/receipt", reviewer, "not_found", 404)
    assert _fact(current, "rd_expense_cny")["value"] == "13000000.50"


async def test_files_of_the_snapshot_and_of_a_statement_are_in_the_receipt(system: System) -> None:
    await system.open_cycle()
    received = await system.submit(form(1))
    enterprise, path = system.enterprise(USCC), f"/v1/applications/{received['id']}/attachments"
    files = [pdf("first"), pdf("second"), pdf("third")]
    kept = [
        await system.ok("intake", "POST", path, enterprise, content=content, params={"file_name": "a.pdf"} | where)
        for content, where in zip(files, ({"criterion": 6}, {"criterion": 6}, {}), strict=True)
    ]
    verdict = {"reasons": [{"field": "/people/rd_staff", "reason": "请补正"}]}
    await system.ok("intake", "POST", f"/v1/applications/{received['id']}:return", city(system), json=verdict)
    await system.submit(with_changes(form(1), "people", rd_staff=21))
    # Stored after the last submission: no part of what the enterprise submitted, but good for a statement.
    late = pdf("late")
    proof = await system.ok("intake", "POST", path, enterprise, content=late, params={"file_name": "b.pdf"})
    await _state(system, keeper(system), stated("employees", 90, attachment_id=proof["id"]))
    await system.recommend(CITY, [received["id"]])
    await system.drain()
    receipt = (await _current(system))["receipt"]
    digests = [hashlib.sha256(content).hexdigest() for content in files]
    assert len(kept) == 3
    assert receipt["attachments"] == {"6": sorted(digests[:2]), "all": digests[2:]}
    assert receipt["sources"]["employees"]["evidence"] == hashlib.sha256(late).hexdigest()
    other = stated("employees", 91, attachment_id=str(uuid.uuid4()))
    problem = await system.refused(
        "evaluation", "POST", STATEMENTS, keeper(system), "evidence_unknown", 422, json=other
    )
    assert problem["violations"][0]["pointer"] == "/attachment_id"


async def test_a_retraction_brings_the_former_judgement_back_with_its_findings(
    system: System, owner: asyncpg.Connection
) -> None:
    before = await _judged(system)
    await system.settle(before["id"])
    (statement,) = await _state(system, keeper(system), stated("qualification_high_tech", value=False))
    await system.drain()
    assert (await _current(system))["id"] != before["id"]
    path = f"/v1/fact-statements/{statement['id']}:retract"
    body = {"basis": "查询对象有误，系同名企业"}
    retraction = await system.ok("evaluation", "POST", path, keeper(system), json=body)
    assert (retraction["retracts"], retraction["value"]) == (statement["id"], None)
    assert await system.ok("evaluation", "POST", path, keeper(system), json=body) == retraction
    someone = system.officer("someone", "province_officer")
    await system.refused("evaluation", "POST", path, someone, "statement_retracted", 409, json=body)
    own = f"/v1/fact-statements/{retraction['id']}:retract"
    await system.refused("evaluation", "POST", own, keeper(system), "not_retractable", 409, json=body)
    await system.drain()
    after = await _current(system)
    assert (after["id"], after["overall"]) == (before["id"], "met")
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 2
    assert await owner.fetchval("SELECT count(*) FROM fact_statement") == 2
    known = await system.ok("evaluation", "GET", FACTS, keeper(system), params=ON)
    (judged,) = _fact(known, "qualification_high_tech")["statements"]
    assert (judged["why"], judged["retracted_by"]) == ("retracted", retraction["id"])


async def test_the_same_inputs_are_never_judged_twice(system: System, owner: asyncpg.Connection) -> None:
    await _judged(system)
    body = stated("employees", 90)
    first, second = await _state(system, keeper(system), body, body)
    assert first == second
    await system.drain()
    await owner.execute("UPDATE outbox_event SET processed_at = NULL, due_at = now()")
    await system.drain()
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 2
    assert await owner.fetchval("SELECT count(*) FROM assessment WHERE current") == 1
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'fact.state'") == 1
    # What says nothing that counts changes nothing: unknown, as of a later day, too old.
    await _state(
        system,
        keeper(system),
        stated("employees", None),
        stated("employees", 91, as_of="2024-07-01"),
        stated("employees", 92, as_of="2020-01-01"),
    )
    await system.drain()
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 2


async def test_nothing_is_judged_again_once_the_selection_is_committed(
    system: System, owner: asyncpg.Connection
) -> None:
    before = await _judged(system)
    await settle_all(system)
    await committed_plan(system)
    await _state(system, keeper(system), stated("qualification_high_tech", value=False))
    await owner.execute("UPDATE outbox_event SET processed_at = NULL, due_at = now()")
    await system.drain()
    assert (await _current(system))["receipt_digest"] == before["receipt_digest"]
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 1


async def test_whoever_states_a_fact_is_told_what_it_does(system: System) -> None:
    """Not judged yet; counts; too new, of another year or outranked for the day that is judged; selected."""
    await system.open_cycle()
    received = await system.submit(form(1))
    (early,) = await _state(system, keeper(system), stated("own_brand", value=True))
    assert (early["consequences"], early["told_zh"][:6]) == ([], "该企业尚无已")
    await system.recommend(CITY, [received["id"]])
    await system.drain()
    day = (await _current(system))["assessed_on"]

    async def becomes(token: str, one: dict[str, Any]) -> tuple[bool, str, str]:
        (made,) = await _state(system, token, one)
        (found,) = made["consequences"]
        assert (found["application_id"], found["on"]) == (received["id"], day)
        return found["counts"], found["why"], made["told_zh"]

    high_tech = "qualification_high_tech"
    assert await becomes(keeper(system), stated(high_tech, value=False)) == (True, "stands", "将据此重新评判1件申报")
    lower = await becomes(city(system), stated(high_tech, True, "city_verified"))
    assert lower == (False, "higher_source", "本陈述已记录，但不影响现有评判——未采用：有级别更高的来源")
    assert (await becomes(keeper(system), stated(high_tech, True, as_of="2024-07-20")))[1] == "after_the_date"
    assert (await becomes(keeper(system), stated("valid_patents", 3, as_of="2020-01-01")))[1] == "too_old"
    assert (await becomes(keeper(system), stated("revenue_cny", "5.00", as_of="2022-12-31")))[1] == "other_period"
    await settle_all(system)
    await committed_plan(system)
    counts, why, told = await becomes(keeper(system), stated("qualification_ip_advantage", value=True))
    assert (counts, why) == (False, "stands")
    assert told == "本陈述已记录，但不影响现有评判——不再评判：本批次入库名单已确定"


async def test_a_statement_and_the_commit_of_a_selection_race(system: System, owner: asyncpg.Connection) -> None:
    """Either the new judgement makes the plan stale, or the selection stands and nothing is judged again."""
    await _judged(system)
    await settle_all(system)
    plan = await frozen_plan(system)
    await approved(system, plan)
    await _state(system, keeper(system), stated("qualification_high_tech", value=False))
    planner = system.officer("planner", "province_officer")
    commit = system.request("evaluation", "POST", f"/v1/selection-plans/{plan['id']}:commit", planner)
    answer, _ = await asyncio.gather(commit, system.drain())
    judged = await owner.fetchval("SELECT count(*) FROM assessment")
    members = await owner.fetchval("SELECT count(*) FROM membership")
    outcome = (answer.status_code, judged, members)
    assert outcome in {(200, 1, 1), (409, 2, 0)}, answer.text
    await system.drain()
    assert await owner.fetchval("SELECT count(*) FROM assessment") == judged


async def test_two_officers_state_the_same_fact_at_once(system: System, owner: asyncpg.Connection) -> None:
    await _judged(system)
    numbers = range(6)
    officers = [city(system, who=f"officer-{number}") for number in numbers]
    answers = await asyncio.gather(
        *(
            system.ok("evaluation", "POST", STATEMENTS, who, json=stated("employees", 60 + number, "city_verified"))
            for number, who in zip(numbers, officers, strict=True)
        ),
        *(
            system.ok("evaluation", "POST", STATEMENTS, officers[0], json=stated("ip_staff", 3, "city_verified"))
            for _ in numbers
        ),
    )
    assert await owner.fetchval("SELECT count(*) FROM fact_statement") == 7
    newest = max(answers[:6], key=lambda one: datetime.fromisoformat(one["stated_at"]))
    await system.drain()
    current = await _current(system)
    assert _fact(current, "employees")["statement_id"] == newest["id"]
    assert await owner.fetchval("SELECT count(*) FROM assessment WHERE current") == 1
    known = _fact(await system.ok("evaluation", "GET", FACTS, keeper(system), params=ON), "employees")
    assert known["standing"]["statement_id"] == newest["id"]
    assert sorted(one["why"] for one in known["statements"]) == ["newer_statement"] * 5 + ["stands"]


async def test_what_is_known_says_who_stands_why_and_what_contradicts(system: System) -> None:
    await _judged(system)
    await _state(system, keeper(system), stated("valid_patents", 3), stated("valid_patents", None, as_of="2024-06-25"))
    await _state(system, city(system), stated("valid_patents", 4, "city_verified"))
    reviewer = system.officer("auditor", "auditor")
    known = await system.ok("evaluation", "GET", FACTS, reviewer, params=ON)
    fact = _fact(known, "valid_patents")
    assert (fact["standing"]["source"], fact["standing"]["value"]) == ("registry", 3)
    assert [(one["source"], one["value"]) for one in fact["conflicts"]] == [("city_verified", 4), ("self_reported", 2)]
    assert [one["why"] for one in fact["statements"]] == ["stands", "says_unknown", "higher_source"]
    assert all(one["why_zh"] for one in fact["statements"])
    assert (fact["sources"], fact["most_days"]) == (["registry", "city_verified", "self_reported"], 183)
    assert _fact(known, "employees")["standing"]["value"] == 100
    later = await system.ok("evaluation", "GET", FACTS, reviewer)
    assert {one["why"] for one in _fact(later, "valid_patents")["statements"]} == {"too_old"}


async def test_an_application_is_judged_the_first_time_by_what_was_stated_before(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    received = await system.submit(with_changes(form(1), "people", employees=None))
    await _state(system, city(system), stated("employees", 70, "city_verified", application_id=received["id"]))
    await system.drain()
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 0
    await system.recommend(CITY, [received["id"]])
    await system.drain()
    current = await _current(system)
    assert (_fact(current, "employees")["value"], current["conflicts"]) == (70, [])
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 1


async def test_statements_follow_an_enterprise_to_its_new_code(system: System) -> None:
    await _judged(system)
    await _state(system, keeper(system), stated("employees", 90))
    await system.drain()
    new = other_code(USCC)
    await Registry(system).made(USCC, "changeCode", new_code=new)
    path = f"/v1/enterprises/{new}/fact-statements"
    await system.ok("evaluation", "POST", path, keeper(system), json=stated("rd_staff", 30))
    await system.drain()
    current = await _current(system)
    assert [_fact(current, name)["value"] for name in ("employees", "rd_staff")] == [90, 30]
    known = [
        await system.ok("evaluation", "GET", f"/v1/enterprises/{code}/facts", keeper(system), params=ON)
        for code in (USCC, new)
    ]
    assert known[0] == known[1]
    assert known[0]["uscc"] == new


REFUSALS: list[tuple[str, dict[str, Any], str, int, str]] = [
    ("province", stated("no_such_fact", value=True), "fact_unknown", 422, "/fact"),
    ("province", stated("core_patent_on_main_product", value=True), "source_not_allowed", 422, "/source"),
    ("province", stated("employees", value=True), "fact_value", 422, "/value"),
    ("province", stated("revenue_cny", 120000), "fact_value", 422, "/value"),
    ("province", stated("size_class", "giant"), "fact_value", 422, "/value"),
    (
        "province",
        stated("employees", 5, application_id=str(uuid.UUID(int=1))),
        "application_unknown",
        422,
        "/application_id",
    ),
    ("city", stated("employees", 5), "source_not_yours", 403, "/source"),
]


async def test_a_faulty_statement_is_refused_at_its_place(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    await system.submit(form(1))
    for who, body, code, status, pointer in REFUSALS:
        token = keeper(system) if who == "province" else city(system)
        problem = await system.refused("evaluation", "POST", STATEMENTS, token, code, status, json=body)
        assert [(one["code"], one["pointer"]) for one in problem["violations"]] == [(code, pointer)]
    assert await owner.fetchval("SELECT count(*) FROM fact_statement") == 0
    on_record = await owner.fetch(
        "SELECT detail->>'code' FROM audit_entry WHERE action = 'fact.state.refused' ORDER BY id"
    )
    assert [row[0] for row in on_record] == [code for _, _, code, _, _ in REFUSALS]


async def test_days_to_come_other_cities_and_other_roles_are_refused(system: System) -> None:
    await system.open_cycle()
    await system.submit(form(1))
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    body = stated("employees", 5, as_of=tomorrow)
    await system.refused("evaluation", "POST", STATEMENTS, keeper(system), "as_of_future", 422, json=body)
    body = stated("employees", 5, "city_verified")
    await system.refused("evaluation", "POST", STATEMENTS, city(system, "420200"), "not_found", 404, json=body)
    await system.refused("evaluation", "GET", FACTS, city(system, "420200"), "not_found", 404)
    (own,) = await _state(system, city(system), body)
    path, why = f"/v1/fact-statements/{own['id']}:retract", {"basis": "核实有误"}
    await system.refused("evaluation", "POST", path, city(system, "420200"), "not_found", 404, json=why)
    (registry,) = await _state(system, keeper(system), stated("employees", 5))
    path = f"/v1/fact-statements/{registry['id']}:retract"
    await system.refused("evaluation", "POST", path, city(system), "source_not_yours", 403, json=why)
    for token in (system.enterprise(USCC), system.officer("auditor", "auditor"), system.officer("b", "auditor")):
        await system.refused("evaluation", "POST", STATEMENTS, token, "forbidden", 403, json=body)
    await system.refused("evaluation", "GET", FACTS, system.enterprise(USCC), "forbidden", 403)
    nobody = f"/v1/enterprises/{uscc(9)}"
    await system.refused("evaluation", "GET", f"{nobody}/facts", keeper(system), "not_found", 404)
    for wrong in (
        {},
        {"value": [1]},
        {"value": 1.5},
        {"basis": ""},
        {"as_of": "1"},
        {"more": 1},
        {"source": "self_reported"},
    ):
        sent = stated("employees", 5) | wrong
        if not wrong:
            del sent["value"]
        await system.refused("evaluation", "POST", STATEMENTS, keeper(system), "validation_failed", 422, json=sent)


async def test_a_batch_is_all_or_nothing_with_every_fault_at_its_place(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    for one in (form(1), form(2), form(3, HUANGSHI)):
        await system.submit(one)
    mine = [stated("employees", 60, "city_verified", uscc=uscc(n)) for n in (1, 2)]
    faulty = [*mine, stated("nothing", 1, "city_verified", uscc=uscc(1)), mine[0] | {"uscc": uscc(3, HUANGSHI)}]
    problem = await system.refused(
        "evaluation", "POST", BATCH, city(system), "fact_unknown", 422, json={"statements": faulty}
    )
    assert [(one["code"], one["pointer"]) for one in problem["violations"]] == [
        ("fact_unknown", "/statements/2/fact"),
        ("not_found", "/statements/3/uscc"),
    ]
    contradiction = {"statements": [*mine, mine[1] | {"value": 61}]}
    problem = await system.refused(
        "evaluation", "POST", BATCH, city(system), "contradicts_itself", 422, json=contradiction
    )
    assert problem["violations"][0]["pointer"] == "/statements/2/value"
    too_many = {"statements": [mine[0]] * 1001}
    await system.refused("evaluation", "POST", BATCH, city(system), "validation_failed", 422, json=too_many)
    assert await owner.fetchval("SELECT count(*) FROM fact_statement") == 0
    done = await system.ok("evaluation", "POST", BATCH, city(system), json={"statements": [*mine, mine[0]]})
    assert [one["uscc"] for one in done["statements"]] == [uscc(1), uscc(2), uscc(1)]
    assert await owner.fetchval("SELECT count(*) FROM fact_statement") == 2
    assert await owner.fetchval("SELECT count(*) FROM outbox_event WHERE topic = 'evaluation.facts_stated'") == 1


async def test_the_database_keeps_statements_as_they_are(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    await system.submit(form(1))
    (statement,) = await _state(system, keeper(system), stated("employees", 5))
    everything = "TRUNCATE fact_statement CASCADE"  # without CASCADE its foreign keys refuse before the trigger does
    for sql in ("UPDATE fact_statement SET number = 6", "DELETE FROM fact_statement", everything):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(sql)
    copy = (
        "INSERT INTO fact_statement (id, uscc, fact, source, as_of, basis, stated_by, number, retracts, city_code) "
        "SELECT uuidv7(), uscc, {}, source, {}, basis, stated_by, {}, {}, {} FROM fact_statement WHERE number = 5"
    )
    wrong = [
        ("fact", "current_date + 2", "6", "NULL", "NULL", asyncpg.CheckViolationError),
        ("fact", "as_of", "-1", "NULL", "NULL", asyncpg.CheckViolationError),
        ("fact", "as_of", "6", "NULL", "'420100'", asyncpg.CheckViolationError),
        ("fact", "as_of", "6", "id", "NULL", asyncpg.CheckViolationError),
        ("'rd_staff'", "as_of", "NULL", "id", "NULL", asyncpg.ForeignKeyViolationError),
    ]
    for *columns, error in wrong:
        with pytest.raises(error):
            await owner.execute(copy.format(*columns))
    await owner.execute(copy.format("fact", "as_of", "NULL", "id", "NULL"))
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(copy.format("fact", "as_of", "NULL", "id", "NULL"))
    retraction = await owner.fetchval("SELECT id FROM fact_statement WHERE retracts IS NOT NULL")
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(copy.format("fact", "as_of", "NULL", f"'{retraction}'::uuid", "NULL"))
    assert statement["value"] == 5
