"""Applications over HTTP: what is accepted, what is refused and how, and that nothing is half-stored."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from support.forms import form, patent, with_changes
from support.system import System

PATH = "/v1/cycles/2024-1/applications"
CITY = "420100"


def _bad(part: str | None = None, **changes: object) -> dict:
    return with_changes(form(1), part, **changes) if part else form(1, **changes)


BAD_FORMS = {
    "unknown field": (_bad(colour="red"), "/colour", "unknown_field"),
    "unknown nested field": (_bad("people", robots=3), "/people/robots", "unknown_field"),
    "wrong type": (_bad("people", employees="many"), "/people/employees", "not_an_integer"),
    "number as text": (_bad("people", employees="12"), "/people/employees", "not_an_integer"),
    "fraction of a person": (_bad("people", employees=1.5), "/people/employees", "not_an_integer"),
    "check digit of the code": (_bad(uscc=form(1)["uscc"][:-1] + "0"), "/uscc", "uscc_check_digit"),
    "length of the code": (_bad(uscc="123"), "/uscc", "uscc_format"),
    "check digit of a patent": (
        _bad(patents=[patent(1) | {"application_no": "202310123456.7"}]),
        "/patents/0/application_no",
        "patent_no_check_digit",
    ),
    "patent twice": (_bad(patents=[patent(1), patent(1)]), "/patents", "duplicate_patent"),
    "patent of an unknown product": (
        _bad(patents=[patent(1) | {"product_names": ["别的产品"]}]),
        "/patents",
        "product_unknown",
    ),
    "kind against number": (_bad(patents=[patent(1) | {"kind": "design"}]), "/patents/0", "patent_kind_mismatch"),
    "impossible date": (_bad(established_on="2023-02-30"), "/established_on", "not_a_date"),
    "date before the republic": (_bad(established_on="1800-01-01"), "/established_on", "too_small"),
    "expiry before issue": (
        _bad(qualifications=[{"type": "high_tech", "issued_on": "2024-01-01", "expires_on": "2023-01-01"}]),
        "/qualifications/0",
        "expires_before_issue",
    ),
    "negative amount": (_bad("finance", revenue_cny="-1.00"), "/finance/revenue_cny", "too_small"),
    "amount as a number": (_bad("finance", revenue_cny=1200.5), "/finance/revenue_cny", "money_as_string"),
    "tenth of a fen": (_bad("finance", revenue_cny="1.001"), "/finance/revenue_cny", "too_precise"),
    "amount beyond sense": (_bad("finance", revenue_cny="1" * 30), "/finance/revenue_cny", "too_large"),
    "not a number": (_bad("finance", revenue_cny="NaN"), "/finance/revenue_cny", "not_a_number"),
    "more research staff than staff": (
        _bad("people", employees=10, rd_staff=11),
        "/people/rd_staff",
        "rd_staff_exceeds_employees",
    ),
    "another province": (_bad(registered_division="440305"), "/registered_division", "division_unknown"),
    "a city for a county": (_bad(registered_division="420100"), "/registered_division", "division_unknown"),
    "unknown industry": (_bad(industry_class="9999"), "/industry_class", "industry_class_unknown"),
    "no truthfulness": (_bad("declarations", truthful=False), "/declarations/truthful", "truth_commitment_missing"),
    "name missing": ({k: v for k, v in form(1).items() if k != "name"}, "/name", "required"),
    "control character": (_bad(name="甲\u0000乙"), "/name", "control_character"),
    "unknown qualification": (_bad(qualifications=[{"type": "best"}]), "/qualifications/0/type", "not_an_option"),
}


@pytest.mark.parametrize("case", BAD_FORMS, ids=str)
async def test_a_bad_form_is_refused_at_its_place(system: System, owner: asyncpg.Connection, case: str) -> None:
    bad, pointer, code = BAD_FORMS[case]
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    problem = await system.refused("intake", "POST", PATH, token, "validation_failed", 422, json=bad)
    assert (pointer, code) in [(one["pointer"], one["code"]) for one in problem["violations"]]
    assert all(one["message_zh"] and one["message_en"] for one in problem["violations"])
    await _nothing_stored(owner)


async def _nothing_stored(owner: asyncpg.Connection) -> None:
    for table in ("enterprise", "application", "application_snapshot", "idempotency_record WHERE key <> 'key-1'"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0, table


@pytest.mark.parametrize("body", [b"", b"{", b"[1,2]", b'"text"', b"\xff\xfe", b'{"uscc": ' + b"[" * 5000])
async def test_what_is_no_json_object_is_refused(system: System, owner: asyncpg.Connection, body: bytes) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    answer = await system.request(
        "intake", "POST", PATH, token, content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["code"] in {"validation_failed", "bad_request"}
    await _nothing_stored(owner)


async def test_a_body_over_the_limit_is_refused_before_it_is_stored(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    big = form(1, name="甲" * (3 * 1024 * 1024))
    await system.refused("intake", "POST", PATH, token, "payload_too_large", 413, json=big)

    async def chunks():
        for _ in range(40):
            yield b"x" * 100_000

    answer = await system.request("intake", "POST", PATH, token, content=chunks())
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    await _nothing_stored(owner)


@pytest.mark.parametrize(("opens", "closes"), [(-2, -1), (1, 2)], ids=["past", "future"])
async def test_an_application_outside_the_window_is_refused(system: System, opens: int, closes: int) -> None:
    now = datetime.now(UTC)
    window = {"opens_at": now + timedelta(days=opens), "closes_at": now + timedelta(days=closes)}
    await system.open_cycle(**{name: moment.isoformat() for name, moment in window.items()})
    token = system.enterprise(form(1)["uscc"])
    await system.refused("intake", "POST", PATH, token, "outside_application_window", 409, json=form(1))
    await system.refused("intake", "POST", PATH.replace("2024-1", "none"), token, "cycle_not_found", 404, json=form(1))


async def test_a_second_application_to_the_cycle_is_refused(system: System) -> None:
    await system.open_cycle()
    first = await system.submit(form(1))
    token = system.enterprise(form(1)["uscc"])
    await system.refused("intake", "POST", PATH, token, "application_exists", 409, json=form(1, name="【虚构】改名"))
    stored = await system.ok("intake", "GET", f"/v1/applications/{first['id']}", token)
    assert (stored["revision"], stored["form"]["name"]) == (1, form(1)["name"])
    await system.open_cycle("2024-2")
    await system.submit(form(1), "2024-2")


async def test_the_same_key_gives_the_same_answer_and_refuses_another_request(system: System) -> None:
    await system.open_cycle()
    token, key = system.enterprise(form(1)["uscc"]), {"Idempotency-Key": "k"}
    first = await system.request("intake", "POST", PATH, token, json=form(1), headers=key)
    again = await system.request("intake", "POST", PATH, token, json=form(1), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = form(1, name="【虚构】另一个名字")
    await system.refused("intake", "POST", PATH, token, "idempotency_key_reused", 422, json=other, headers=key)
    await system.refused(
        "intake", "POST", PATH, token, "idempotency_key_missing", 400, json=form(1), headers={"Idempotency-Key": ""}
    )


async def test_a_refused_request_leaves_its_key_free(system: System) -> None:
    await system.open_cycle()
    token, key = system.enterprise(form(1)["uscc"]), {"Idempotency-Key": "k"}
    missing = PATH.replace("2024-1", "later")
    await system.refused("intake", "POST", missing, token, "cycle_not_found", 404, json=form(1), headers=key)
    await system.open_cycle("later")
    assert (await system.request("intake", "POST", missing, token, json=form(1), headers=key)).status_code == 201


async def test_concurrent_twins_make_one_row(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    same = [
        system.request("intake", "POST", PATH, token, json=form(1), headers={"Idempotency-Key": "twin"})
        for _ in range(8)
    ]
    answers = await asyncio.gather(*same)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    different = [system.request("intake", "POST", PATH, token, json=form(1)) for _ in range(8)]
    assert {answer.status_code for answer in await asyncio.gather(*different)} == {409}
    assert await owner.fetchval("SELECT count(*) FROM application_snapshot") == 1
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'application.submit'") == 1


async def test_racing_enterprises_with_different_keys_make_one_row(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    race = [system.request("intake", "POST", PATH, token, json=form(1)) for _ in range(10)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*race))
    assert statuses == [201] + [409] * 9
    assert await owner.fetchval("SELECT count(*) FROM application_snapshot") == 1


async def test_an_application_is_returned_corrected_and_recommended(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    received = await system.submit(form(1))
    city, enterprise = system.officer("o", "city_officer", CITY), system.enterprise(form(1)["uscc"])
    reasons = [{"field": "/finance/rd_expense_cny", "reason": "请附审计报告"}]
    returning = f"/v1/applications/{received['id']}:return"
    await system.ok("intake", "POST", returning, city, json={"reasons": reasons})
    await system.ok("intake", "POST", returning, city, json={"reasons": reasons})
    shown = await system.ok("intake", "GET", f"/v1/applications/{received['id']}", enterprise)
    assert (shown["status"], shown["return_reasons"]) == ("returned", reasons)
    ids = {"application_ids": [received["id"]]}
    await system.refused("intake", "POST", "/v1/applications:recommend", city, "application_status", 409, json=ids)

    corrected = with_changes(form(1), "finance", rd_expense_cny="13000000.00")
    again = await system.submit(corrected)
    assert (again["id"], again["revision"], again["status"]) == (received["id"], 2, "submitted")
    assert again["digest"] != received["digest"]
    counts = await system.ok("intake", "POST", "/v1/applications:recommend", city, json=ids)
    assert counts == {"recommended": 1, "already_recommended": 0}
    counts = await system.ok("intake", "POST", "/v1/applications:recommend", city, json=ids)
    assert counts == {"recommended": 0, "already_recommended": 1}
    assert await owner.fetchval("SELECT count(DISTINCT event_id) FROM outbox_event") == 1
    await system.refused("intake", "POST", returning, city, "application_status", 409, json={"reasons": reasons})
    actions = await owner.fetch("SELECT action, actor FROM audit_entry WHERE action LIKE 'application.%' ORDER BY id")
    assert [row["action"] for row in actions] == [
        "application.submit",
        "application.return",
        "application.submit",
        "application.recommend",
    ]


async def test_a_batch_is_recommended_whole_or_not_at_all(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    ids = [(await system.submit(form(number)))["id"] for number in (1, 2)]
    city = system.officer("o", "city_officer", CITY)
    reasons = {"reasons": [{"field": "", "reason": "请补充"}]}
    await system.ok("intake", "POST", f"/v1/applications/{ids[1]}:return", city, json=reasons)
    problem = await system.refused(
        "intake",
        "POST",
        "/v1/applications:recommend",
        city,
        "application_status",
        409,
        json={"application_ids": ids},
    )
    assert [one["pointer"] for one in problem["violations"]] == ["/application_ids/1"]
    assert await owner.fetchval("SELECT count(*) FROM application WHERE status = 'recommended'") == 0
    assert await owner.fetchval("SELECT count(*) FROM outbox_event") == 0


async def test_a_snapshot_is_never_changed_even_by_the_owner(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    await system.submit(form(1))
    for statement in ("UPDATE application_snapshot SET digest = 'x'", "DELETE FROM application_snapshot"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
            await owner.execute(statement)
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("UPDATE audit_entry SET actor = 'somebody else'")


async def test_an_enterprise_on_record_elsewhere_is_not_moved(system: System) -> None:
    await system.open_cycle()
    await system.open_cycle("2024-2")
    await system.submit(form(1))
    moved = form(1) | {"registered_division": "420202"}
    path = PATH.replace("2024-1", "2024-2")
    token = system.enterprise(moved["uscc"])
    await system.refused("intake", "POST", path, token, "registered_elsewhere", 409, json=moved)


async def test_a_page_ends_with_the_cursor_of_the_next(system: System) -> None:
    await system.open_cycle()
    for number in range(5):
        await system.submit(form(number + 1))
    token = system.officer("o", "city_officer", CITY)
    seen: list[str] = []
    cursor = None
    for _ in range(4):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = await system.ok("intake", "GET", "/v1/applications", token, params=params)
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert cursor is None
    assert len(seen) == len(set(seen)) == 5


async def test_a_cycle_is_opened_once_with_a_known_rulebook_and_cities(system: System) -> None:
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    (cycle,) = await system.ok("intake", "GET", "/v1/cycles", planner)
    body = {name: value for name, value in cycle.items() if name != "id"}
    await system.refused("intake", "POST", "/v1/cycles", planner, "cycle_exists", 409, json=body)
    unknown = body | {"code": "x", "rulebook_digest": "0" * 64}
    await system.refused("intake", "POST", "/v1/cycles", planner, "rulebook_unknown", 422, json=unknown)
    elsewhere = body | {"code": "x", "quotas": {"440300": 3}}
    await system.refused("intake", "POST", "/v1/cycles", planner, "validation_failed", 422, json=elsewhere)
    backwards = body | {"code": "x", "opens_at": body["closes_at"], "closes_at": body["opens_at"]}
    await system.refused("intake", "POST", "/v1/cycles", planner, "validation_failed", 422, json=backwards)
