"""Risk compensation: claims for credits that failed, corrected and decided, within what was drawn."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from support.lists import bank_token
from support.programmes import HUANGSHI_CITY, WHITELIST, WUHAN_CITY, Programmes, programmes
from support.system import System

from shared import calendar

CLAIMS = "/v1/compensation-claims"
ACCEPTED = {
    "decision": "accepted",
    "compensated_cny": "900000.00",
    "document": "（虚构）鄂知补〔2026〕3号",
    "reason": "材料齐全",
}


def _today() -> date:
    return calendar.business_date(calendar.now())


def _content(**changes: Any) -> dict[str, Any]:
    lost = {
        "defaulted_on": _today().isoformat(),
        "principal_cny": "2000000.00",
        "recovered_cny": "200000.5",
        "claimed_cny": "1799999.5",
    }
    return lost | changes


def _claim(credit: dict[str, Any], reference: str = "BC-1", **changes: Any) -> dict[str, Any]:
    return {"outcome_id": credit["id"], "reference": reference, "claim": _content(**changes)}


@pytest.fixture
async def lists(system: System, owner: asyncpg.Connection) -> Programmes:
    running = await programmes(system, owner)
    await running.whitelist(1, 2)
    return running


async def _credit(lists: Programmes, number: int = 1, reference: str = "DK-1", **changes: Any) -> dict[str, Any]:
    outcome = {
        "decision": "approved",
        "decided_on": _today().isoformat(),
        "line_cny": "5000000.00",
        "drawn_cny": "2000000.00",
        "due_on": (_today() + timedelta(days=365)).isoformat(),
    }
    body = {"uscc": lists.codes[number], "reference": reference, "outcome": outcome | changes}
    return await lists.system.ok("finance", "POST", f"/v1/lists/{WHITELIST}/outcomes", lists.bank, json=body)


async def _post(lists: Programmes, body: dict[str, Any]) -> dict[str, Any]:
    return await lists.system.ok("finance", "POST", CLAIMS, lists.bank, json=body)


async def _refused(lists: Programmes, body: dict[str, Any], code: str, status: int = 422) -> list[tuple[str, str]]:
    problem = await lists.system.refused("finance", "POST", CLAIMS, lists.bank, code, status, json=body)
    return [(one["code"], one["pointer"]) for one in problem.get("violations", [])]


async def _listed(lists: Programmes, token: str, **params: Any) -> list[dict[str, Any]]:
    return (await lists.system.ok("finance", "GET", CLAIMS, token, params=params))["items"]


async def test_a_claim_is_made_once_corrected_and_decided(lists: Programmes, owner: asyncpg.Connection) -> None:
    system, credit = lists.system, await _credit(lists)
    made = await _post(lists, _claim(credit))
    assert (made["claimed_cny"], made["recovered_cny"], made["decision"], made["current"]) == (
        "1799999.50",
        "200000.50",
        None,
        True,
    )
    assert await _post(lists, _claim(credit)) == made
    assert await _refused(lists, _claim(credit, claimed_cny="1.00"), "claim_reference_used", 409)
    assert await _refused(lists, _claim(credit, "BC-2"), "credit_claimed_already", 409)

    path = f"{CLAIMS}/{made['id']}"
    body = {"reason": "追回金额录入有误", "claim": _content(recovered_cny="500000", claimed_cny="1000000")}
    corrected = [await system.ok("finance", "POST", f"{path}:correct", lists.bank, json=body) for _ in range(2)]
    assert corrected[0] == corrected[1]
    other = body | {"reason": "另一理由"}
    await system.refused("finance", "POST", f"{path}:correct", lists.bank, "claim_corrected_already", 409, json=other)
    decision = {"decision": ACCEPTED}
    await system.refused("finance", "POST", f"{path}:decide", lists.treasurer, "claim_not_standing", 409, json=decision)

    path = f"{CLAIMS}/{corrected[0]['id']}:decide"
    too_much = {"decision": ACCEPTED | {"compensated_cny": "1000000.01"}}
    await system.refused("finance", "POST", path, lists.treasurer, "compensated_above_claim", 422, json=too_much)
    decided = [await system.ok("finance", "POST", path, lists.treasurer, json=decision) for _ in range(2)]
    assert decided[0] == decided[1]
    assert decided[0]["decision"] | {"decided_at": ""} == ACCEPTED | {
        "refusal_code": None,
        "decided_by": "treasurer",
        "decided_at": "",
    }
    less = {"decision": ACCEPTED | {"compensated_cny": "1.00"}}
    await system.refused("finance", "POST", path, lists.treasurer, "claim_decided", 409, json=less)
    (mine, first) = await _listed(lists, lists.bank)
    assert (mine["decision"]["compensated_cny"], mine["decision"]["decided_by"]) == ("900000.00", None)
    assert (first["id"], first["current"]) == (made["id"], False)
    assert await _listed(lists, lists.treasurer, undecided=True) == []
    acts = await owner.fetch("SELECT action FROM audit_entry WHERE action LIKE 'compensation.%' ORDER BY id")
    assert [act for (act,) in acts] == ["compensation.claim", "compensation.correct", "compensation.decide"]


async def test_a_withdrawn_claim_waits_for_nobody_and_may_be_made_anew(lists: Programmes) -> None:
    system, credit = lists.system, await _credit(lists)
    made = await _post(lists, _claim(credit))
    path = f"{CLAIMS}/{made['id']}:correct"
    gone = await system.ok("finance", "POST", path, lists.bank, json={"reason": "借款人已还清", "claim": None})
    assert (gone["withdrawn"], gone["claimed_cny"], gone["principal_cny"]) == (True, None, None)
    assert await _listed(lists, lists.treasurer, undecided=True) == []
    path, decision = f"{CLAIMS}/{gone['id']}", {"decision": ACCEPTED}
    await system.refused("finance", "POST", f"{path}:decide", lists.treasurer, "claim_not_standing", 409, json=decision)
    anew = {"reason": "再次违约", "claim": _content()}
    again = await system.ok("finance", "POST", f"{path}:correct", lists.bank, json=anew)
    assert [one["id"] for one in await _listed(lists, lists.treasurer, undecided=True)] == [again["id"]]


async def test_a_loss_is_within_what_was_drawn_and_after_the_credit(lists: Programmes) -> None:
    credit = await _credit(lists)
    tomorrow, before = ((_today() + timedelta(days=days)).isoformat() for days in (1, -1))
    for changes, code, place in (
        ({"principal_cny": "2000000.01", "claimed_cny": "1"}, "claim_above_drawn", "principal_cny"),
        ({"defaulted_on": tomorrow}, "claim_before_credit", "defaulted_on"),
        ({"defaulted_on": before}, "claim_before_credit", "defaulted_on"),
        ({"recovered_cny": "2000000.01"}, "claim_above_loss", "recovered_cny"),
        ({"claimed_cny": "1799999.51"}, "claim_above_loss", "claimed_cny"),
    ):
        assert await _refused(lists, _claim(credit, **changes), code) == [(code, f"/claim/{place}")]
    for changes in ({"claimed_cny": "-1"}, {"claimed_cny": "0"}, {"principal_cny": "1e6"}, {"currency": "USD"}):
        assert await _refused(lists, _claim(credit, **changes), "validation_failed")
    undrawn = await _credit(lists, 2, "DK-2", drawn_cny=None)
    assert await _refused(lists, _claim(undrawn), "claim_above_drawn")
    refusal = {"decision": "refused", "decided_on": _today().isoformat(), "refusal_code": "insufficient_cash_flow"}
    path = f"/v1/credit-outcomes/{undrawn['id']}:correct"
    body = {"reason": "实际未批", "outcome": refusal}
    corrected = await lists.system.ok("finance", "POST", path, lists.bank, json=body)
    for row in (undrawn, corrected):
        assert await _refused(
            lists, _claim(row, principal_cny="1", recovered_cny=None, claimed_cny="1"), "claim_above_drawn"
        )
    unknown = await _post(lists, _claim(credit, recovered_cny=None, claimed_cny="2000000"))
    assert unknown["recovered_cny"] is None


async def test_a_batch_is_claimed_whole_or_not_at_all(lists: Programmes, owner: asyncpg.Connection) -> None:
    first, second = await _credit(lists), await _credit(lists, 2, "DK-2")
    good, bad = _claim(first), _claim(second, "BC-2", claimed_cny="99999999")
    path, refused = f"{CLAIMS}:batch", lists.system.refused
    problem = await refused("finance", "POST", path, lists.bank, "claim_above_loss", 422, json={"claims": [good, bad]})
    assert [one["pointer"] for one in problem["violations"]] == ["/claims/1/claim/claimed_cny"]
    twice = {"claims": [good, good]}
    await refused("finance", "POST", path, lists.bank, "claim_reference_twice", 422, json=twice)
    assert await owner.fetchval("SELECT count(*) FROM compensation_claim") == 0
    batch = {"claims": [good, _claim(second, "BC-2")]}
    answers = await asyncio.gather(
        *(lists.system.ok("finance", "POST", path, lists.bank, json=batch) for _ in range(4))
    )
    assert all(answer == answers[0] for answer in answers)
    assert await owner.fetchval("SELECT count(*) FROM compensation_claim") == 2


async def test_of_decisions_and_corrections_at_once_one_stands(lists: Programmes, owner: asyncpg.Connection) -> None:
    made = await _post(lists, _claim(await _credit(lists)))
    path, system = f"{CLAIMS}/{made['id']}", lists.system
    acts = [
        system.request(
            "finance", "POST", f"{path}:decide", lists.treasurer, json={"decision": ACCEPTED | {"reason": f"第{at}次"}}
        )
        for at in range(6)
    ]
    acts.append(
        system.request("finance", "POST", f"{path}:correct", lists.bank, json={"reason": "撤回", "claim": None})
    )
    answers = await asyncio.gather(*acts)
    assert {answer.status_code for answer in answers} <= {201, 409}
    decided = await owner.fetchval("SELECT count(*) FROM compensation_decision")
    assert [answer.status_code for answer in answers[:6]].count(201) == decided <= 1
    assert answers[6].status_code == 201


async def test_others_cannot_tell_that_there_is_a_claim(lists: Programmes, owner: asyncpg.Connection) -> None:
    system, credit = lists.system, await _credit(lists)
    made = await _post(lists, _claim(credit))
    await owner.execute(
        "INSERT INTO api_client (id, client_id, name, role, secret_hash) "
        "VALUES (gen_random_uuid(), 'bank-2', '【虚构】另一银行', 'bank', '')"
    )
    stranger = bank_token(system, "bank-2")
    await system.refused("finance", "POST", CLAIMS, stranger, "credit_not_found", 404, json=_claim(credit, "BC-9"))
    path = f"{CLAIMS}/{made['id']}"
    gone = {"reason": "不是我的", "claim": None}
    await system.refused("finance", "POST", f"{path}:correct", stranger, "not_found", 404, json=gone)
    seen = {
        "own": await _listed(lists, lists.enterprise(1)),
        "city": await _listed(lists, lists.city(WUHAN_CITY)),
        "province": await _listed(lists, lists.planner),
    }
    assert {name: [one["id"] for one in rows] for name, rows in seen.items()} == {key: [made["id"]] for key in seen}
    for token in (stranger, lists.enterprise(2), lists.city(HUANGSHI_CITY)):
        assert await _listed(lists, token) == []
    for token in (lists.bank, lists.planner, lists.city(), lists.enterprise(1)):
        await system.refused("finance", "POST", f"{path}:decide", token, "forbidden", 403, json={"decision": ACCEPTED})
    unknown = {"decision": "refused", "refusal_code": "no_such", "document": "（虚构）1号", "reason": "不予补偿"}
    await system.refused(
        "finance", "POST", f"{path}:decide", lists.treasurer, "claim_refusal_unknown", 422, json={"decision": unknown}
    )
    terms = await system.ok("finance", "GET", "/v1/compensation-terms", lists.bank)
    known = {"decision": unknown | {"refusal_code": terms["refusals"][0]["code"]}}
    done = await system.ok("finance", "POST", f"{path}:decide", lists.treasurer, json=known)
    assert done["decision"]["compensated_cny"] is None
    assert terms["basis"]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("principal_fen = 200000001", "ck_compensation_claim_within_drawn"),
        ("claimed_fen = 199999999", "ck_compensation_claim_claimed_within_loss"),
        ("defaulted_on = '2024-01-01'", "ck_compensation_claim_after_credit"),
        ("client_id = 'bank-2'", "ck_compensation_claim_own_credit"),
        ("claimed_fen = NULL", "ck_compensation_claim_whole"),
    ],
)
async def test_the_database_itself_refuses_wrong_claims(
    lists: Programmes, owner: asyncpg.Connection, change: str, constraint: str
) -> None:
    await _post(lists, _claim(await _credit(lists)))
    await owner.execute("CREATE TEMP TABLE copied AS SELECT * FROM compensation_claim")
    await owner.execute(
        "UPDATE copied SET id = gen_random_uuid(), corrects = id, reason = 'x', content = NULL, " + change
    )
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await owner.execute("INSERT INTO compensation_claim SELECT * FROM copied")
    assert refusal.value.constraint_name == constraint
    for statement in ("DELETE FROM compensation_claim", "UPDATE compensation_claim SET reason = 'x'"):
        with pytest.raises(asyncpg.PostgresError):
            await owner.execute(statement)
