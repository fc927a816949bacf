"""One round of the programme over HTTP: apply, recommend, judge, review, select, publish, pull."""

from __future__ import annotations

import hashlib

from joserfc.jwk import OKPKey
from support.forms import form, with_changes
from support.system import System

from services.finance.lists.edition import is_genuine

WUHAN_CITY = "420100"


async def _judged(system: System, forms: list[dict]) -> dict[str, dict]:
    await system.open_cycle(quotas={WUHAN_CITY: 2})
    ids = [(await system.submit(one))["id"] for one in forms]
    await system.recommend(WUHAN_CITY, ids)
    await system.drain()
    return {one["uscc"]: one for one in await system.assessments()}


async def test_a_round_ends_with_a_list_that_a_bank_verifies(system: System) -> None:
    forms = [form(number) for number in (1, 2, 3)]
    forms[2] = with_changes(forms[2], "finance", rd_expense_cny="1.00")
    judged = await _judged(system, forms)
    assert [judged[one["uscc"]]["overall"] for one in forms] == ["unknown", "unknown", "not_met"]

    for one in forms[:2]:
        state = await system.settle(judged[one["uscc"]]["id"])
        assert state["overall"] == "met"

    planner, approver = system.officer("planner", "province_officer"), system.officer("approver", "province_officer")
    plan = await system.ok(
        "evaluation", "POST", "/v1/selection-plans", planner, json={"cycle": "2024-1", "pool": "cultivation"}
    )
    assert plan["summary"]["admitted"] == 2
    await system.ok("evaluation", "POST", f"/v1/selection-plans/{plan['id']}:approve", approver)
    committed = await system.ok("evaluation", "POST", f"/v1/selection-plans/{plan['id']}:commit", planner)
    assert committed["status"] == "committed"
    pool = await system.ok("evaluation", "GET", "/v1/pools/cultivation", planner)
    assert (pool["live"], pool["cap"]) == (2, 500)

    await system.drain()
    client_id, bank = await system.client_token("finance", "bank")
    latest = "/v1/lists/pool-members/editions/latest"
    await system.refused("finance", "GET", latest, bank, "list_not_found", 404)
    subscription = {"client_id": client_id}
    await system.ok("finance", "POST", "/v1/lists/pool-members/subscriptions", planner, json=subscription)
    answer = await system.request("finance", "GET", latest, bank)
    document = answer.json()
    assert (document["serial"], document["count"]) == (1, 2)
    assert [entry["uscc"] for entry in document["entries"]] == sorted(one["uscc"] for one in forms[:2])
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    (key,) = (await system.ok("finance", "GET", "/v1/list-signing-keys", bank))["keys"]
    signature = answer.headers["X-Edition-Signature"]
    assert is_genuine(answer.content, signature, OKPKey.import_key(key))
    assert not is_genuine(
        answer.content.replace(b"cultivation", b"x").replace(b"1", b"2"), signature, OKPKey.import_key(key)
    )
    unchanged = await system.request("finance", "GET", latest, bank, headers={"If-None-Match": answer.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
