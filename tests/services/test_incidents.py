"""Incidents: only what a second person confirmed counts, every step is kept, and the enterprise sees no more than that."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from support.enterprises import Registry
from support.evidence import pdf
from support.forms import HUANGSHI, form
from support.members import HUANGSHI_CITY, WUHAN_CITY, on_record
from support.system import System

from shared.models.reads import StandingIncident, standing_incidents

MINE, OTHER = form(1), form(2, HUANGSHI)
PATH = "/v1/incidents"
DOCUMENT = {
    "title": "关于有关情形的通报",
    "issuer": "【虚构】示范市监管局",
    "number": "（虚构）1号",
    "issued_on": "2024-08-01",
}
STEP = {"reason": "经核查属实", "document": DOCUMENT}
TODAY = datetime.now(UTC).date()


def _allegation(**changes: Any) -> dict[str, Any]:
    return {"uscc": MINE["uscc"], "kind": "tax_evasion", "occurred_on": "2024-07-20"} | STEP | changes


def _people(system: System) -> tuple[str, str, str]:
    """Two officers of the province, and one of the city."""
    city = system.officer("city", "city_officer", WUHAN_CITY)
    return system.officer("first", "province_officer"), system.officer("second", "province_officer"), city


async def _allege(system: System, token: str, **changes: Any) -> str:
    return (await system.ok("intake", "POST", PATH, token, json=_allegation(**changes)))["id"]


async def _standing(
    system: System, on: date = TODAY, codes: list[str] | None = None, **known: Any
) -> list[StandingIncident]:
    """As evaluation and finance read it, each with its own rights."""
    found: dict[str, list[StandingIncident]] = {}
    for service in ("evaluation", "finance"):
        database = system.apps[service].state.database
        async with database.sessions() as session:
            found[service] = await standing_incidents(session, codes or [MINE["uscc"], OTHER["uscc"]], on, **known)
    assert found["evaluation"] == found["finance"]
    return found["evaluation"]


async def test_an_incident_counts_from_confirmation_to_cure(system: System, owner: asyncpg.Connection) -> None:
    await on_record(system, MINE)
    first, second, city = _people(system)
    id_ = await _allege(system, city)
    path = f"{PATH}/{id_}"
    assert await _standing(system) == []
    before = datetime.now(UTC)
    await system.refused("intake", "POST", f"{path}:confirm", city, "forbidden", 403, json=STEP)
    await system.refused("intake", "POST", f"{path}:cure", first, "incident_status", 409, json=STEP)
    confirmed = await system.ok("intake", "POST", f"{path}:confirm", first, json=STEP)
    assert (confirmed["status"], confirmed["counts"], confirmed["kind_title"]) == ("confirmed", True, "偷漏税")
    (standing,) = await _standing(system)
    assert (str(standing.incident_id), standing.uscc, standing.kind) == (id_, MINE["uscc"], "tax_evasion")
    assert await _standing(system, date(2024, 7, 19)) == []
    assert await _standing(system, known_at=before) == []

    for act in ("confirm", "dismiss"):
        await system.refused("intake", "POST", f"{path}:{act}", second, "incident_status", 409, json=STEP)
    early = STEP | {"cured_on": "2024-07-01"}
    await system.refused("intake", "POST", f"{path}:cure", second, "cured_before_it_occurred", 422, json=early)
    cured = await system.ok("intake", "POST", f"{path}:cure", second, json=STEP | {"cured_on": "2024-12-01"})
    assert (cured["status"], cured["counts"], cured["cured_on"]) == ("cured", False, "2024-12-01")
    assert [(one["act"], one["by"]) for one in cured["steps"]] == [
        ("allege", "city"),
        ("confirm", "first"),
        ("cure", "second"),
    ]
    assert cured["steps"][0]["document"]["number"] == "（虚构）1号"
    assert await _standing(system) == []
    assert [one.kind for one in await _standing(system, date(2024, 11, 30))] == ["tax_evasion"]
    actions = await owner.fetch("SELECT action FROM audit_entry WHERE subject_type = 'incident' ORDER BY id")
    assert [row["action"] for row in actions] == ["incident.allege", "incident.confirm", "incident.cure"]
    # Nobody consumes these events yet: publishing leaves nothing behind.
    assert await owner.fetchval("SELECT count(*) FROM outbox_event") == 0
    for statement in ("UPDATE {} SET reason = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
            await owner.execute(statement.format("incident_step"))


async def test_an_incident_is_about_members_and_applicants_only(system: System, owner: asyncpg.Connection) -> None:
    await on_record(system, MINE)
    first, _, city = _people(system)
    (application,) = (await system.ok("intake", "GET", "/v1/applications", city))["items"]
    enterprise = system.enterprise(MINE["uscc"])
    path = f"/v1/applications/{application['id']}:withdraw"
    await system.ok("intake", "POST", path, enterprise, json={"reason": "计划有变"})
    for token in (first, city):
        await system.refused("intake", "POST", PATH, token, "not_in_programme", 409, json=_allegation())
    assert await owner.fetchval("SELECT count(*) FROM incident") == 0
    await system.submit(MINE)
    assert await _allege(system, city)


async def test_an_incident_counts_by_every_code_of_the_enterprise(system: System) -> None:
    await on_record(system, MINE)
    first, _, city = _people(system)
    id_ = await _allege(system, city)
    await system.ok("intake", "POST", f"{PATH}/{id_}:confirm", first, json=STEP)
    new = form(9)["uscc"]
    await Registry(system).made(MINE["uscc"], "changeCode", new_code=new, mismatch_confirmed=True)
    assert [(str(one.incident_id), one.uscc) for one in await _standing(system)] == [(id_, new)]
    assert await _standing(system, codes=[MINE["uscc"], new]) == await _standing(system, codes=[new])
    record = await system.ok("intake", "GET", f"/v1/enterprises/{new}/conduct-record", first)
    assert record["standing"] == 1


async def _evidence(system: System, token: str, text: str, of: str = MINE["uscc"]) -> str:
    path, params = f"/v1/enterprises/{of}/attachments", {"purpose": "incident", "file_name": "通报.pdf"}
    return (await system.ok("intake", "POST", path, token, content=pdf(text), params=params))["id"]


async def test_a_document_names_evidence_of_its_enterprise_which_stays(
    system: System, owner: asyncpg.Connection
) -> None:
    await on_record(system, MINE, OTHER)
    first, second, city = _people(system)
    notices = "/v1/business-notices"
    listing = {"uscc": MINE["uscc"], "kind": "abnormal_operations", "listed_on": "2024-03-01"}
    mine, others = await _evidence(system, city, "a"), await _evidence(system, first, "b", OTHER["uscc"])
    removed, unknown = await _evidence(system, city, "c"), "01890000-0000-7000-8000-000000000000"
    await system.ok("intake", "DELETE", f"/v1/attachments/{removed}", city)
    good = DOCUMENT | {"attachment_id": mine}
    id_ = await _allege(system, city, document=good)
    notice = await system.ok("intake", "POST", notices, city, json=listing | {"source": good})
    assert notice["source"]["attachment_id"] == mine
    for wrong in (others, removed, unknown):
        bad = DOCUMENT | {"attachment_id": wrong}
        for path, body, pointer in (
            (PATH, _allegation(document=bad, occurred_on="2024-07-21"), "/document/attachment_id"),
            (f"{PATH}/{id_}:confirm", STEP | {"document": bad}, "/document/attachment_id"),
            (notices, listing | {"listed_on": "2020-01-01", "source": bad}, "/source/attachment_id"),
            (f"{notices}/{notice['id']}:remove", {"removed_on": "2024-09-01", "source": bad}, "/source/attachment_id"),
        ):
            problem = await system.refused("intake", "POST", path, first, "attachment_not_referable", 422, json=body)
            assert [one["pointer"] for one in problem["violations"]] == [pointer]
    await system.refused("intake", "DELETE", f"/v1/attachments/{mine}", city, "attachment_in_use", 409)
    assert (await system.ok("intake", "GET", f"{PATH}/{id_}", first))["status"] == "alleged"
    confirmed = await system.ok("intake", "POST", f"{PATH}/{id_}:confirm", second, json=STEP | {"document": good})
    assert [one["document"]["attachment_id"] for one in confirmed["steps"]] == [mine, mine]
    document = f"""'{{"title": "x", "issuer": "y", "attachment_id": "{unknown}"}}'"""
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="fk_incident_step_attachment_id_attachment"):
        await owner.execute(
            "INSERT INTO incident_step (id, incident_id, number, act, reason, document, by) "
            f"SELECT uuidv7(), id, 9, 'cure', 'x', {document}, 'x' FROM incident"
        )
    for changed in (f"source = {document}", f"removed_on = '2024-09-01', removal_source = {document}"):
        with pytest.raises(asyncpg.ForeignKeyViolationError, match="fk_business_notice_"):
            await owner.execute(f"UPDATE business_notice SET {changed}")


async def test_who_alleged_does_not_confirm(system: System, owner: asyncpg.Connection) -> None:
    await on_record(system, MINE)
    first, second, _ = _people(system)
    path = f"{PATH}/{await _allege(system, first)}"
    await system.refused("intake", "POST", f"{path}:confirm", first, "second_person_required", 403, json=STEP)
    service = await asyncpg.connect(system.settings["intake"].database_url.get_secret_value().replace("+asyncpg", ""))
    confirm = "UPDATE incident SET status = 'confirmed', confirmed_at = now(), confirmed_by = {}"
    with pytest.raises(asyncpg.CheckViolationError, match="ck_incident_second_person"):
        await service.execute(confirm.format("alleged_by"))
    with pytest.raises(asyncpg.CheckViolationError, match="ck_incident_confirmed_by_somebody"):
        await service.execute("UPDATE incident SET status = 'confirmed'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute("UPDATE incident SET alleged_by = 'somebody else'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute("DELETE FROM incident")
    born_confirmed = """
        INSERT INTO incident (id, enterprise_id, kind, occurred_on, reported_on, status, alleged_by, confirmed_by,
                              confirmed_at)
        SELECT gen_random_uuid(), enterprise_id, 'other_violation', occurred_on, reported_on, 'confirmed', 'a', 'b',
               now() FROM incident
    """
    with pytest.raises(asyncpg.CheckViolationError, match="incident may not go >confirmed"):
        await service.execute(born_confirmed)
    await service.close()
    with pytest.raises(asyncpg.CheckViolationError, match="ck_incident_second_person"):
        await owner.execute(confirm.format("alleged_by"))
    assert await _standing(system) == []
    await system.ok("intake", "POST", f"{path}:confirm", second, json=STEP)


async def test_a_dismissed_allegation_is_alleged_anew_as_another_incident(system: System) -> None:
    await on_record(system, MINE)
    first, second, city = _people(system)
    id_ = await _allege(system, city)
    again = {"json": _allegation()}
    await system.refused("intake", "POST", PATH, first, "incident_exists", 409, **again)
    dismissed = await system.ok("intake", "POST", f"{PATH}/{id_}:dismiss", second, json={"reason": "查无实据"})
    assert (dismissed["status"], dismissed["steps"][1]["document"]) == ("dismissed", None)
    for act in ("confirm", "cure", "dismiss"):
        await system.refused("intake", "POST", f"{PATH}/{id_}:{act}", second, "incident_status", 409, json=STEP)
    anew = await _allege(system, city)
    assert anew != id_
    await system.ok("intake", "POST", f"{PATH}/{anew}:confirm", first, json=STEP)
    await system.refused("intake", "POST", PATH, city, "incident_exists", 409, **again)
    await _allege(system, city, occurred_on="2024-07-21")


async def test_of_concurrent_decisions_one_stands(system: System, owner: asyncpg.Connection) -> None:
    await on_record(system, MINE)
    first, second, city = _people(system)
    race = [system.request("intake", "POST", PATH, token, json=_allegation()) for token in (first, second, city) * 2]
    assert sorted(answer.status_code for answer in await asyncio.gather(*race)) == [201] + [409] * 5
    (incident,) = (await system.ok("intake", "GET", PATH, city))["items"]
    decider = second if incident["steps"][0]["by"] != "second" else first
    acts = [
        system.request("intake", "POST", f"{PATH}/{incident['id']}:{act}", decider, json=STEP)
        for act in ("confirm", "dismiss") * 3
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*acts)) == [200] + [409] * 5
    assert await owner.fetchval("SELECT count(*) FROM incident_step") == 2


async def test_the_enterprise_sees_what_was_confirmed_and_no_names(system: System) -> None:
    await on_record(system, MINE, OTHER)
    first, second, city = _people(system)
    shown, alleged = await _allege(system, city), await _allege(system, city, kind="data_falsification")
    gone = await _allege(system, city, kind="serious_dishonesty")
    await system.ok("intake", "POST", f"{PATH}/{shown}:confirm", first, json=STEP)
    await system.ok("intake", "POST", f"{PATH}/{gone}:dismiss", second, json=STEP)
    token = system.enterprise(MINE["uscc"])
    answer = await system.request("intake", "GET", PATH, token)
    (mine,) = answer.json()["items"]
    assert (mine["id"], [(one["act"], one["by"]) for one in mine["steps"]]) == (shown, [("confirm", None)])
    assert not any(name in answer.text for name in ('"first"', '"second"', '"city"'))
    for hidden in (alleged, gone):
        await system.refused("intake", "GET", f"{PATH}/{hidden}", token, "not_found", 404)
    record = await system.ok("intake", "GET", f"/v1/enterprises/{MINE['uscc']}/conduct-record", token)
    assert (record["standing"], [one["id"] for one in record["incidents"]]) == (1, [shown])
    other = system.enterprise(OTHER["uscc"])
    assert (await system.ok("intake", "GET", PATH, other))["items"] == []
    await system.refused("intake", "GET", f"{PATH}/{shown}", other, "not_found", 404)
    await system.refused("intake", "POST", PATH, token, "forbidden", 403, json=_allegation())


async def test_a_city_reaches_its_own_and_pages_end(system: System) -> None:
    await on_record(system, MINE, OTHER)
    first, _, city = _people(system)
    ours, theirs = await _allege(system, first), await _allege(system, first, uscc=OTHER["uscc"])
    outside = _allegation(uscc=OTHER["uscc"])
    await system.refused("intake", "POST", PATH, city, "not_found", 404, json=outside)
    await system.refused("intake", "POST", PATH, first, "not_found", 404, json=_allegation(uscc=form(9)["uscc"]))
    await system.refused("intake", "GET", f"{PATH}/{theirs}", city, "not_found", 404)
    assert [one["id"] for one in (await system.ok("intake", "GET", PATH, city))["items"]] == [ours]
    auditor = system.officer("a", "auditor")
    page = await system.ok("intake", "GET", PATH, auditor, params={"limit": 1})
    rest = await system.ok("intake", "GET", PATH, auditor, params={"limit": 1, "cursor": page["next_cursor"]})
    assert [page["items"][0]["id"], rest["items"][0]["id"], rest["next_cursor"]] == [ours, theirs, None]
    for params, found in (
        ({"uscc": OTHER["uscc"]}, [theirs]),
        ({"kind": "safety_accident"}, []),
        ({"status": "confirmed"}, []),
        ({"status": "alleged"}, [ours, theirs]),
    ):
        items = (await system.ok("intake", "GET", PATH, auditor, params=params))["items"]
        assert [one["id"] for one in items] == found
    await system.refused("intake", "POST", PATH, auditor, "forbidden", 403, json=_allegation())


async def test_an_allegation_is_retried_safely_and_checked(system: System, owner: asyncpg.Connection) -> None:
    await on_record(system, MINE)
    first, *_ = _people(system)
    key = {"Idempotency-Key": "k"}
    answers = [await system.request("intake", "POST", PATH, first, json=_allegation(), headers=key) for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert await owner.fetchval("SELECT count(*) FROM incident") == 1
    tomorrow = (TODAY + timedelta(days=2)).isoformat()
    for change, pointer in (
        ({"kind": "abnormal_operations"}, "/kind"),
        ({"occurred_on": tomorrow}, "/occurred_on"),
        ({"reported_on": "2024-01-01"}, ""),
        ({"document": None}, "/document"),
        ({"reason": ""}, "/reason"),
        ({"document": DOCUMENT | {"digest": "x"}}, "/document/digest"),
    ):
        body = _allegation(**change)
        problem = await system.refused("intake", "POST", PATH, first, "validation_failed", 422, json=body)
        assert [one["pointer"] for one in problem["violations"]] == [pointer]


async def test_a_notice_is_shown_beside_incidents_and_never_counts(system: System) -> None:
    await on_record(system, MINE, OTHER)
    first, _, city = _people(system)
    notices = "/v1/business-notices"
    body = {"uscc": MINE["uscc"], "kind": "abnormal_operations", "listed_on": "2024-03-01", "source": DOCUMENT}
    race = [system.request("intake", "POST", notices, token, json=body) for token in (first, city) * 2]
    answers = await asyncio.gather(*race)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 3
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"notice_exists"}
    (notice,) = (await system.ok("intake", "GET", notices, city))["items"]
    await system.refused("intake", "POST", notices, city, "not_found", 404, json=body | {"uscc": OTHER["uscc"]})
    huangshi = system.officer("h", "city_officer", HUANGSHI_CITY)
    path, removal = f"{notices}/{notice['id']}:remove", {"removed_on": "2024-09-01", "source": DOCUMENT}
    await system.refused("intake", "POST", path, huangshi, "not_found", 404, json=removal)
    early = removal | {"removed_on": "2024-02-01"}
    await system.refused("intake", "POST", path, city, "removed_before_listed", 422, json=early)
    for token in (city, system.enterprise(MINE["uscc"])):
        record = await system.ok("intake", "GET", f"/v1/enterprises/{MINE['uscc']}/conduct-record", token)
        assert (record["standing"], record["incidents"]) == (0, [])
        assert [one["kind_title"] for one in record["notices"]] == ["列入经营异常名录"]
    assert await _standing(system) == []
    ended = await system.ok("intake", "POST", path, city, json=removal)
    assert ended["removed_on"] == "2024-09-01"
    await system.refused("intake", "POST", path, city, "notice_removed", 409, json=removal)
    await system.refused("intake", "POST", notices, city, "notice_exists", 409, json=body | {"listed_on": "2024-05-01"})
    await system.ok("intake", "POST", notices, city, json=body | {"listed_on": "2024-10-01"})
    unseen = f"/v1/enterprises/{MINE['uscc']}/conduct-record"
    await system.refused("intake", "GET", unseen, huangshi, "not_found", 404)
