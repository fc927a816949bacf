"""Spot checks over HTTP: the draw that is published, revealed and verified, and what checkers find."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from support.forms import HUANGSHI, form
from support.members import HUANGSHI_CITY, WUHAN_CITY, admit, on_record, open_period
from support.notices import Clock
from support.spot_checks import (
    DRAWS,
    NONCE,
    REVEAL,
    SEED,
    draw_body,
    drawn,
    fact_found,
    finding_body,
    huangshi,
    members,
    province,
    publish,
    reveal,
    wuhan,
)
from support.system import System
from typer.testing import CliRunner

from services.cli import app

FIRST, SECOND, FAR = form(1), form(2), form(3, HUANGSHI)
PUBLIC = "/public/spot-checks"
JSON = {"headers": {"accept": "application/json"}}


async def public(system: System, path: str = "") -> Any:
    return await system.ok("evaluation", "GET", PUBLIC + path, None, **JSON)


async def test_a_draw_is_published_revealed_and_verified_by_anybody(
    system: System, clock: Clock, tmp_path: Path
) -> None:
    await admit(system, FIRST, SECOND, FAR)
    draw = await publish(system, clock)
    number = draw["number"]
    before = await public(system, f"/{number}")
    assert (before["digest"], before["commitment"]) == (draw["digest"], draw["commitment"])
    assert (before["seed"], before["enterprises"], before["members"], before["size"]) == (None, None, 3, 2)
    frame = await system.request("evaluation", "GET", f"{PUBLIC}/{number}/frame.json", None)
    assert frame.headers["etag"] == f'"{draw["digest"]}"'
    assert not any(one[key] in frame.text for one in (FIRST, SECOND, FAR) for key in ("uscc", "name"))
    await system.refused("evaluation", "GET", f"{PUBLIC}/{number}/result.json", None, "not_found", 404)
    await reveal(system, clock, number)
    after = await public(system, f"/{number}")
    assert after["seed"] == SEED
    assert {one["city"] for one in after["enterprises"]} == {"武汉市", "黄石市"}
    assert all(one.keys() == {"name", "city"} for one in after["enterprises"])
    result = await system.request("evaluation", "GET", f"{PUBLIC}/{number}/result.json", None)
    page = await system.request("evaluation", "GET", f"{DRAWS}/{number}/members", province(system))
    for name, answer in (("frame", frame), ("result", result), ("members", page)):
        (tmp_path / f"{name}.json").write_bytes(answer.content)
    files = [str(tmp_path / f"{name}.json") for name in ("frame", "result", "members")]
    verify = ["spotcheck", "verify", "--digest", before["digest"], "--commitment", before["commitment"]]
    for given in (files[:2], files):
        answer = CliRunner().invoke(app, [*verify, *given])
        assert (answer.exit_code, answer.stdout) == (0, f"equal 复核一致 {draw['digest']}\n"), answer.output
    changed = result.text.replace(SEED, "5f" * 32)
    (tmp_path / "result.json").write_text(changed, encoding="utf-8")
    answer = CliRunner().invoke(app, [*verify, *files])
    assert (answer.exit_code, "result_digest" in answer.stderr) == (1, True)


async def test_the_pages_are_for_everybody(system: System, clock: Clock) -> None:
    await admit(system, FIRST)
    html = {"headers": {"accept": "text/html"}}
    assert "目前没有核查抽查" in (await system.request("evaluation", "GET", PUBLIC, None, **html)).text
    number = (await publish(system, clock))["number"]
    page = await system.request("evaluation", "GET", f"{PUBLIC}/{number}", None, **html)
    assert "待揭示种子" in page.text
    assert FIRST["name"] not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    await reveal(system, clock, number)
    page = await system.request("evaluation", "GET", f"{PUBLIC}/{number}", None, **html)
    assert FIRST["name"] in page.text
    assert FIRST["uscc"] not in page.text
    again = {"headers": html["headers"] | {"if-none-match": page.headers["etag"]}}
    assert (await system.request("evaluation", "GET", f"{PUBLIC}/{number}", None, **again)).status_code == 304
    assert [one["number"] for one in (await public(system))["items"]] == [number]
    await system.refused("evaluation", "GET", f"{PUBLIC}/2020-001", None, "not_found", 404)


async def test_a_seed_is_revealed_in_its_time_and_no_other_one(
    system: System, clock: Clock, owner: asyncpg.Connection
) -> None:
    await admit(system, FIRST, FAR)
    await system.refused(
        "evaluation",
        "POST",
        DRAWS,
        province(system),
        "spot_check_reveal_too_soon",
        422,
        json=draw_body(clock, hours=23),
    )
    body = draw_body(clock)
    draw = await system.ok("evaluation", "POST", DRAWS, province(system), json=body)
    path = f"{DRAWS}/{draw['number']}:reveal"
    assert (await system.ok("evaluation", "POST", DRAWS, province(system), json=body))["number"] == draw["number"]
    await system.refused(
        "evaluation", "POST", DRAWS, province(system, "other"), "spot_check_commitment_used", 409, json=body
    )
    for table in ("spot_check", "spot_check_member", "idempotency_record", "audit_entry", "outbox_event"):
        rows = await owner.fetch(f"SELECT t::text FROM {table} AS t")
        assert not any(SEED in row[0] or NONCE in row[0] for row in rows), f"{table}: nobody here knows the seed"
    await system.refused("evaluation", "POST", path, province(system), "spot_check_not_yet", 409, json=REVEAL)
    await system.refused(
        "evaluation", "GET", f"{DRAWS}/{draw['number']}/members", province(system), "spot_check_not_revealed", 409
    )
    await system.refused("evaluation", "POST", path, wuhan(system), "forbidden", 403, json=REVEAL)
    clock.moment += timedelta(hours=26)
    for other in ({"seed": NONCE, "nonce": SEED}, {"seed": SEED, "nonce": SEED}):
        await system.refused("evaluation", "POST", path, province(system), "spot_check_other_seed", 409, json=other)
    answers = await asyncio.gather(
        *(system.ok("evaluation", "POST", path, province(system, f"p{at}"), json=REVEAL) for at in range(4))
    )
    assert {json.dumps(one, sort_keys=True) for one in answers} == {json.dumps(answers[0], sort_keys=True)}
    assert await owner.fetchval("SELECT count(*) FROM spot_check_drawn") == 2
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'spot_check.reveal'") == 1
    await system.refused(
        "evaluation", "POST", path, province(system), "spot_check_other_seed", 409, json=REVEAL | {"seed": NONCE}
    )


async def test_the_database_alone_keeps_frame_seed_and_draw(
    system: System, clock: Clock, owner: asyncpg.Connection
) -> None:
    await admit(system, FIRST, SECOND, FAR)
    number = (await publish(system, clock))["number"]
    seed = f"INSERT INTO spot_check_reveal SELECT id, '{{}}', '{NONCE}', 'x', {{}} FROM spot_check"
    late = "now() + interval '9 days'"
    refused = {
        "UPDATE spot_check SET frame = frame || ' '": "never changed",
        "DELETE FROM spot_check_member": "",
        "INSERT INTO spot_check_member SELECT spot_check_id, 'x', name, city_code, stratum, signs, salt, encode(sha256("
        "convert_to(salt || chr(10) || 'x' || chr(10) || city_code || chr(10) || name, 'UTF8')), 'hex') "
        "FROM spot_check_member LIMIT 1": "not the published one",
        "INSERT INTO spot_check_stratum SELECT spot_check_id, 99, '420300', risk, 1, 1 FROM spot_check_stratum LIMIT 1": (
            "not the published one"
        ),
        seed.format("77" * 32, late): "another seed",
        seed.format(SEED, "now() - interval '9 days'"): "too early",
        seed.format(SEED, late): "draws others",
    }
    for statement, told in refused.items():
        with pytest.raises(asyncpg.PostgresError, match=told or "never changed"):
            await owner.execute(statement)
    await reveal(system, clock, number)
    undrawn = "INSERT INTO spot_check_drawn SELECT spot_check_id, uscc FROM spot_check_member ON CONFLICT DO NOTHING"
    with pytest.raises(asyncpg.PostgresError, match="draws others"):
        await owner.execute(undrawn)
    for statement in (
        "DELETE FROM spot_check_drawn",
        "UPDATE spot_check_reveal SET seed = nonce",
        "TRUNCATE spot_check_fact",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await owner.execute(statement)


async def test_signs_of_risk_make_a_stratum_that_the_public_cannot_tell(system: System, clock: Clock) -> None:
    await admit(system, FIRST, SECOND, FAR)
    incident = {
        "uscc": FIRST["uscc"],
        "kind": "tax_evasion",
        "occurred_on": "2024-07-20",
        "reason": "接到举报",
        "document": {"title": "（虚构）通报", "issuer": "【虚构】示范市局"},
    }
    await system.ok("intake", "POST", "/v1/incidents", province(system), json=incident)
    period = {"closes_at": (clock.moment + timedelta(hours=2)).isoformat()}
    await open_period(system, "2026-H2", **period)
    yesterday = (clock.moment - timedelta(days=2)).date().isoformat()
    statement = {"fact": "legal_person", "source": "registry", "value": False, "as_of": yesterday, "basis": "登记注销"}
    path = f"/v1/enterprises/{FAR['uscc']}/fact-statements"
    await system.ok("evaluation", "POST", path, province(system), json=statement)
    await system.drain()
    clock.moment += timedelta(hours=1)
    number = await drawn(system, clock)
    told = {one["uscc"]: (one["risk"], one["signs"]) for one in await members(system, province(system), number)}
    assert told == {
        FIRST["uscc"]: ("elevated", ["open_incident"]),
        SECOND["uscc"]: ("ordinary", []),
        FAR["uscc"]: ("elevated", ["conflicting_sources"]),
    }
    clock.moment += timedelta(hours=3)
    # By now all of them owe a report.
    body = draw_body(clock, "7a" * 32)
    later = await system.ok("evaluation", "POST", DRAWS, province(system), json=body)
    assert (later["size"], later["members"]) == (2, 3)
    frame = await public(system, f"/{number}/frame.json")
    assert all(one.keys() == {"seal", "stratum"} for one in frame["members"])
    assert all(one.keys() == {"stratum", "members", "size"} for one in frame["strata"])
    assert [one["uscc"] for one in await members(system, huangshi(system), number)] == [FAR["uscc"]]
    assert await members(system, huangshi(system), number, drawn=False) == []


async def test_an_empty_pool_gives_no_draw(system: System, clock: Clock, owner: asyncpg.Connection) -> None:
    await on_record(system, FIRST)
    await system.refused(
        "evaluation", "POST", DRAWS, province(system), "spot_check_pool_empty", 409, json=draw_body(clock)
    )
    assert await owner.fetchval("SELECT count(*) FROM spot_check") == 0
    assert (await public(system)) == {"items": [], "next_cursor": None}


def finding_path(number: str, uscc: str) -> str:
    return f"{DRAWS}/{number}/members/{uscc}/finding"


async def test_what_is_verified_becomes_a_fact_and_what_is_contradicted_an_allegation(
    system: System, clock: Clock, owner: asyncpg.Connection
) -> None:
    await admit(system, FIRST)
    number = await drawn(system, clock)
    facts = [
        fact_found("legal_person", value=True),
        fact_found("patent_intensive", value=False, outcome="contradicted", basis="主营产品不属密集型产业"),
    ]
    body = finding_body(clock, facts=facts, summary="主营业务与申报不符")
    path = finding_path(number, FIRST["uscc"])
    finding = await system.ok("evaluation", "POST", path, wuhan(system), json=body)
    assert (finding["contradicted"], finding["found_by"]) == (True, "zhang-wei")
    assert [(one["outcome"], one["claimed"], one["found"]) for one in finding["facts"]] == [
        ("verified", True, True),
        ("contradicted", True, False),
    ]
    assert (await system.ok("evaluation", "POST", path, wuhan(system), json=body))["id"] == finding["id"]
    known = await system.ok("evaluation", "GET", f"/v1/enterprises/{FIRST['uscc']}/facts", wuhan(system))
    standing = {one["fact"]: one["standing"] for one in known["facts"]}
    assert {one["statement_id"] for one in finding["facts"]} == {
        standing[name]["statement_id"] for name in ("legal_person", "patent_intensive")
    }
    assert standing["patent_intensive"]["source"] == "city_verified"
    await system.drain()
    # Told twice, it is alleged once.
    await owner.execute(
        "UPDATE outbox_event SET processed_at = NULL, due_at = now() WHERE consumer LIKE 'intake.allege%'"
    )
    await system.drain()
    left = "SELECT count(*) FROM outbox_event WHERE consumer LIKE 'intake.allege%' AND processed_at IS NULL"
    assert await owner.fetchval(left) == 0
    (incident,) = (await system.ok("intake", "GET", "/v1/incidents", province(system)))["items"]
    assert (incident["kind"], incident["status"], incident["counts"]) == ("data_falsification", "alleged", False)
    (step,) = incident["steps"]
    assert (step["by"], step["document"]["digest"]) == ("zhang-wei", finding["digest"])
    shown = await system.ok("evaluation", "GET", f"{DRAWS}/{number}", wuhan(system))
    assert (shown["checked"], shown["contradicted"]) == (1, 1)
    (member,) = await members(system, wuhan(system), number)
    assert member["finding_id"] == finding["id"]
    one = await system.ok("evaluation", "GET", f"/v1/spot-check-findings/{finding['id']}", wuhan(system))
    assert one == finding
    listed = await system.ok("evaluation", "GET", f"{DRAWS}/{number}/findings", system.officer("aud", "auditor"))
    assert listed["items"] == [finding]
    document = {"title": "（虚构）认定书", "issuer": "【虚构】示范市局"}
    confirm = {"reason": "属实", "document": document}
    confirming = f"/v1/incidents/{incident['id']}:confirm"
    await system.refused(
        "intake", "POST", confirming, province(system, "zhang-wei"), "second_person_required", 403, json=confirm
    )


async def test_findings_are_refused_clearly_and_change_nothing(
    system: System, clock: Clock, owner: asyncpg.Connection
) -> None:
    await admit(system, FIRST, SECOND, FAR)
    number = (await publish(system, clock))["number"]
    early = finding_path(number, FAR["uscc"])
    body = finding_body(clock)
    await system.refused("evaluation", "POST", early, province(system), "spot_check_not_revealed", 409, json=body)
    await reveal(system, clock, number)
    everyone = await members(system, province(system), number)
    (undrawn,) = [one["uscc"] for one in everyone if not one["drawn"]]
    (chosen,) = [one["uscc"] for one in everyone if one["drawn"] and one["city_code"] == WUHAN_CITY]
    path, body = finding_path(number, chosen), finding_body(clock)
    days = {name: (clock.moment + timedelta(days=by)).date().isoformat() for name, by in (("late", 2), ("early", -2))}
    legal = fact_found("legal_person", value=True)
    cases: list[tuple[str, str, str, int, dict[str, Any]]] = [
        (finding_path(number, undrawn), wuhan(system), "spot_check_not_drawn", 409, {}),
        (finding_path(number, form(9)["uscc"]), province(system), "not_found", 404, {}),
        (path, huangshi(system), "not_found", 404, {}),
        (finding_path("2020-001", chosen), wuhan(system), "not_found", 404, {}),
        (path, system.officer("r", "reviewer"), "forbidden", 403, {}),
        (path, wuhan(system, f"officer-{WUHAN_CITY}"), "spot_check_by_another", 403, {}),
        (path, wuhan(system, f" Officer-{WUHAN_CITY}"), "spot_check_by_another", 403, {}),
        (path, province(system, f"officer-{WUHAN_CITY}"), "spot_check_by_another", 403, {}),
        (path, wuhan(system), "spot_check_in_future", 422, {"checked_on": days["late"]}),
        (path, wuhan(system), "spot_check_before_draw", 422, {"checked_on": days["early"]}),
        (path, wuhan(system), "fact_unknown", 422, {"facts": [legal | {"fact": "nothing"}]}),
        (path, wuhan(system), "fact_value", 422, {"facts": [legal | {"value": "yes"}]}),
        (path, wuhan(system), "spot_check_outcome", 422, {"facts": [legal | {"value": False}]}),
        (path, wuhan(system), "spot_check_outcome", 422, {"facts": [legal | {"outcome": "contradicted"}]}),
        (path, wuhan(system), "contradicts_itself", 422, {"facts": [legal, legal]}),
        (path, wuhan(system), "validation_failed", 422, {"facts": []}),
        (path, wuhan(system), "validation_failed", 422, {"facts": [legal | {"value": None}]}),
        (path, wuhan(system), "evidence_unknown", 422, {"facts": [legal | {"attachment_id": NONCE[:32]}]}),
    ]
    for where, who, code, status, changes in cases:
        problem = await system.refused("evaluation", "POST", where, who, code, status, json=body | changes)
        if "violations" in problem and code != "validation_failed":
            assert problem["violations"][0]["pointer"].startswith(("/facts/", "/checked_on"))
    for table in ("spot_check_finding", "fact_statement"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0
    await system.ok("evaluation", "POST", path, wuhan(system), json=body)
    for who, changes in ((wuhan(system), {"summary": "另一结论"}), (province(system), {})):
        await system.refused("evaluation", "POST", path, who, "spot_check_found_already", 409, json=body | changes)


async def test_of_many_checkers_at_once_one_finds(system: System, clock: Clock, owner: asyncpg.Connection) -> None:
    await admit(system, form(3, HUANGSHI, legal_person=None))
    number = await drawn(system, clock)
    path, body = (
        finding_path(number, FAR["uscc"]),
        finding_body(clock, facts=[fact_found("patent_intensive", value=True)]),
    )
    # Who told nothing has told nothing false.
    for outcome, value in (("contradicted", False), ("verified", True)):
        untold = body | {"facts": [fact_found("legal_person", value=value, outcome=outcome)]}
        await system.refused(
            "evaluation", "POST", path, province(system), "spot_check_nothing_claimed", 422, json=untold
        )
    answers = await asyncio.gather(
        *(system.request("evaluation", "POST", path, province(system, f"p{at}"), json=body) for at in range(5))
    )
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"spot_check_found_already"}
    assert await owner.fetchval("SELECT count(*) FROM fact_statement") == 1
    assert [one["city_code"] for one in await members(system, huangshi(system), number)] == [HUANGSHI_CITY]
