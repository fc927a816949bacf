"""What banks answer: credits of enterprises on a list, patents pledged once, and what follows for ledger and whitelist."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from support.forms import patent_no
from support.lists import bank_token
from support.programmes import HUANGSHI_CITY, WHITELIST, WUHAN_CITY, Programmes, programmes
from support.system import System

OUTCOMES = f"/v1/lists/{WHITELIST}/outcomes"
# The business day in China, on which the whitelist of these tests is in force.
TODAY = (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()
LONG_AGO = "2024-06-06"


@pytest.fixture
async def lists(system: System, owner: asyncpg.Connection) -> Programmes:
    running = await programmes(system, owner)
    await running.whitelist(1, 2)
    return running


def pledge(*numbers: int, registered_on: str = TODAY, complete: bool = True, **patent: Any) -> dict[str, Any]:
    return {
        "registration_no": "（虚构）Y2026980000001",
        "registered_on": registered_on,
        "contract_complete": complete,
        "patents": [{"patent_no": patent_no(number), **patent} for number in numbers],
    }


def approved(**changes: Any) -> dict[str, Any]:
    return {
        "decision": "approved",
        "decided_on": TODAY,
        "line_cny": "5000000.00",
        "drawn_cny": "3000000.00",
        "rate_percent": "3.4500",
        "due_on": "2030-03-01",
    } | changes


def said(lists: Programmes, number: int, outcome: dict[str, Any], reference: str = "DK-1") -> dict[str, Any]:
    return {"uscc": lists.codes[number], "reference": reference, "outcome": outcome}


async def report(lists: Programmes, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    return await lists.system.ok("finance", "POST", OUTCOMES, token or lists.bank, json=body)


async def refused(lists: Programmes, body: dict[str, Any], code: str, status: int = 422) -> list[tuple[str, str]]:
    """Code and place of each violation."""
    problem = await lists.system.refused("finance", "POST", OUTCOMES, lists.bank, code, status, json=body)
    return [(one["code"], one["pointer"]) for one in problem.get("violations", [])]


async def ledger(lists: Programmes) -> list[tuple[str, str, str, bool]]:
    """Kind, amount, source and whether it counts, of what the ledger has."""
    await lists.system.drain()
    whole = {"counted": "false"}
    page = await lists.system.ok("evaluation", "GET", "/v1/support-actions", lists.planner, params=whole)
    return [(one["kind"], one["amount_cny"], one["source"], one["counted"]) for one in page["items"]]


async def test_a_credit_feeds_the_ledger_and_takes_the_patent_off_the_whitelist(lists: Programmes) -> None:
    system = lists.system
    body = said(lists, 1, approved(pledge=pledge(10)))
    outcome = await report(lists, body)
    assert (outcome["line_cny"], outcome["rate_percent"], outcome["serial"]) == ("5000000.00", "3.4500", 1)
    assert [one["patent_no"] for one in outcome["pledged"]] == [patent_no(10)]
    assert outcome["unverified"] == []
    assert await report(lists, body) == outcome
    changed = said(lists, 1, approved(drawn_cny="1.00", pledge=pledge(10)))
    assert await refused(lists, changed, "outcome_reference_used", 409) == [("outcome_reference_used", "/reference")]
    assert await ledger(lists) == [("ip_pledge_loan", "3000000.00", "bank", True)]

    judgement = await lists.judge()
    assert await lists.entries(judgement) == {
        lists.codes[1]: ("unknown", ["pledgeable_patent"]),
        lists.codes[2]: ("met", []),
    }
    correct = f"/v1/credit-outcomes/{outcome['id']}:correct"
    correction = {"reason": "放款金额录入有误", "outcome": approved(drawn_cny="2000000.00", pledge=pledge(10))}
    corrected = await system.ok("finance", "POST", correct, lists.bank, json=correction)
    assert (corrected["corrects"], corrected["drawn_cny"]) == (outcome["id"], "2000000.00")
    assert await system.ok("finance", "POST", correct, lists.bank, json=correction) == corrected
    other = correction | {"reason": "另一理由"}
    await system.refused("finance", "POST", correct, lists.bank, "outcome_corrected_already", 409, json=other)
    assert await ledger(lists) == [
        ("ip_pledge_loan", "3000000.00", "bank", False),
        ("ip_pledge_loan", "2000000.00", "bank", True),
    ]
    (row, *_) = (await system.ok("evaluation", "GET", "/v1/support-actions", lists.planner))["items"]
    by_officer = {"reason": "更正", "action": None}
    await system.refused(
        "evaluation",
        "POST",
        f"/v1/support-actions/{row['id']}:correct",
        lists.planner,
        "support_of_a_bank",
        409,
        json=by_officer,
    )

    withdraw = f"/v1/credit-outcomes/{corrected['id']}:correct"
    withdrawn = await system.ok("finance", "POST", withdraw, lists.bank, json={"reason": "误报", "outcome": None})
    assert (withdrawn["withdrawn"], withdrawn["pledged"], withdrawn["decision"]) == (True, [], None)
    again = f"/v1/credit-outcomes/{withdrawn['id']}:correct"
    await system.refused("finance", "POST", again, lists.bank, "outcome_withdrawn", 409, json=correction)
    assert [one for one in await ledger(lists) if one[3]] == []
    assert await lists.entries(await lists.judge()) == dict.fromkeys((lists.codes[1], lists.codes[2]), ("met", []))


async def test_only_what_is_drawn_is_support(lists: Programmes) -> None:
    await report(lists, said(lists, 1, approved(drawn_cny=None, rate_percent=None), "DK-1"))
    refusal = {"decision": "refused", "decided_on": TODAY, "refusal_code": "annual_fee_unpaid"}
    turned_down = await report(lists, said(lists, 2, refusal, "DK-2"))
    assert (turned_down["refusal_code"], turned_down["line_cny"]) == ("annual_fee_unpaid", None)
    assert await ledger(lists) == []
    await report(lists, said(lists, 2, approved(), "DK-3"))
    assert await ledger(lists) == [("other_loan", "3000000.00", "bank", True)]
    # An officer who records the same loan again is told so; another number of the bank's is another loan.
    same = {
        "uscc": lists.codes[2],
        "kind": "other_loan",
        "happened_on": TODAY,
        "provider": "【虚构】银行",
        "amount_cny": "3000000.00",
    }
    path = "/v1/support-actions"
    await lists.system.refused("evaluation", "POST", path, lists.planner, "support_claimed_already", 409, json=same)
    await report(lists, said(lists, 2, approved(), "DK-4"))
    assert [one[3] for one in await ledger(lists)] == [True, True]


async def test_a_bank_speaks_of_enterprises_on_its_list_alone(lists: Programmes) -> None:
    system = lists.system
    # Never listed, not a code of anybody, and listed, but not on that day: told alike.
    nobody = said(lists, 1, approved()) | {"uscc": "91420106MAXQ99999X"}
    for body in (said(lists, 3, approved()), nobody, said(lists, 1, approved(decided_on=LONG_AGO))):
        assert await refused(lists, body, "not_on_list") == [("not_on_list", "/uscc")]
    body = said(lists, 1, approved())
    stranger = bank_token(system, "bank-2")
    await system.refused("finance", "POST", OUTCOMES, stranger, "list_not_found", 404, json=body)
    await system.refused("finance", "POST", OUTCOMES, lists.planner, "forbidden", 403, json=body)
    outcome = await report(lists, body)
    path = f"/v1/credit-outcomes/{outcome['id']}:correct"
    nothing = {"reason": "误报", "outcome": None}
    await system.refused("finance", "POST", path, stranger, "not_found", 404, json=nothing)
    for token, count in (
        (lists.bank, 1),
        (stranger, 0),
        (lists.enterprise(1), 1),
        (lists.enterprise(2), 0),
        (lists.city(WUHAN_CITY), 1),
        (lists.city(HUANGSHI_CITY), 0),
        (lists.planner, 1),
    ):
        page = await system.ok("finance", "GET", "/v1/credit-outcomes", token)
        assert len(page["items"]) == count


async def test_outcomes_that_make_no_sense_are_refused(lists: Programmes) -> None:
    cases = (
        (approved(line_cny="-1.00"), "validation_failed"),
        (approved(line_cny="0.00"), "validation_failed"),
        (approved(drawn_cny="-0.01"), "validation_failed"),
        (approved(rate_percent="-3"), "validation_failed"),
        (approved(drawn_cny="5000000.01"), "drawn_above_line"),
        (approved(due_on=LONG_AGO), "due_too_early"),
        (approved(decided_on="2099-01-01", due_on="2100-01-01"), "outcome_in_future"),
        ({"decision": "refused", "decided_on": TODAY, "refusal_code": "because"}, "refusal_code_unknown"),
    )
    for outcome, code in cases:
        await refused(lists, said(lists, 1, outcome), code)
    with pytest.raises(asyncpg.CheckViolationError, match="line_positive"):
        await lists.owner.execute(
            "INSERT INTO credit_outcome (id, root_id, programme_code, serial, uscc, city_code, client_id, reference, "
            "decision, decided_on, line_fen, due_on, unverified, content, withdrawn) SELECT gen_random_uuid(), "
            f"gen_random_uuid(), '{WHITELIST}', 1, '', '', 'bank-1', 'x', 'approved', current_date, -1, '2099-01-01', "
            "'[]', '{}', false"
        )


async def test_a_batch_is_taken_whole_or_not_at_all(lists: Programmes) -> None:
    path = f"{OUTCOMES}:batch"
    good, bad = said(lists, 1, approved(), "DK-1"), said(lists, 3, approved(), "DK-2")
    problem = await lists.system.refused(
        "finance", "POST", path, lists.bank, "not_on_list", 422, json={"outcomes": [good, bad]}
    )
    assert [one["pointer"] for one in problem["violations"]] == ["/outcomes/1/uscc"]
    assert await lists.owner.fetchval("SELECT count(*) FROM credit_outcome") == 0
    twice = {"outcomes": [good, good]}
    await lists.system.refused("finance", "POST", path, lists.bank, "outcome_reference_twice", 422, json=twice)
    batch = {"outcomes": [good, said(lists, 2, approved(), "DK-2")]}
    answers = await asyncio.gather(
        *(lists.system.ok("finance", "POST", path, lists.bank, json=batch) for _ in range(3))
    )
    assert answers[0] == answers[1] == answers[2]
    assert await lists.owner.fetchval("SELECT count(*) FROM credit_outcome") == 2


async def test_the_grounds_of_pledge_registration_refuse_each_patent_by_name(lists: Programmes) -> None:
    at = "/outcome/pledge/patents/0"
    later = {"as_of": "2026-04-01"}
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"fees_paid_until": "2026-05-01"}, "annual_fee_unpaid"),
        ({"legal_status": "terminated"}, "terminated_or_invalidated"),
        ({"legal_status": "pending", "granted_on": None}, "not_granted"),
        ({"suspended": True}, "suspended_or_preserved"),
        ({"co_owned": True}, "co_owner_no_consent"),
        ({"invalidation_pending": True}, "invalidation_pending"),
        ({"same_day_twin": True}, "um_with_same_day_invention"),
    )
    for number, (changes, ground) in enumerate(cases, start=1):
        await lists.extract(1, **later, **changes, document=f"副本{number}")
        assert await refused(lists, said(lists, 1, approved(pledge=pledge(10))), "pledge_refused") == [(ground, at)]
    # The newest copy counts, of one day the one recorded last: nothing stands against this.
    await lists.extract(1, as_of="2026-05-01", document="副本")
    body = said(lists, 1, approved(due_on="2040-06-01", pledge=pledge(10)))
    assert await refused(lists, body, "pledge_refused") == [("debt_term_exceeds_patent_term", at)]
    body = said(lists, 1, approved(pledge=pledge(20)))
    assert await refused(lists, body, "pledge_refused") == [("pledgor_not_registered_owner", at)]
    body = said(lists, 1, approved(pledge=pledge(10, complete=False)))
    assert await refused(lists, body, "pledge_refused") == [("contract_content_missing", at)]
    body = said(lists, 1, approved(due_on="2040-05-31", pledge=pledge(10)))
    assert (await report(lists, body))["due_on"] == "2040-05-31"
    # A patent of which no copy is on record: recorded, with what could not be checked.
    unseen = await report(lists, said(lists, 1, approved(pledge=pledge(11)), "DK-2"))
    assert len(unseen["unverified"]) == 9
    coded = await lists.system.ok("finance", "GET", "/v1/refusal-reasons", lists.bank)
    grounds = [one for one in coded["items"] if "第461号" in one["source"]]
    assert (len(grounds), [one["code"] for one in grounds if one["declarable"]]) == (
        12,
        ["um_with_same_day_invention", "invalidation_pending"],
    )


async def test_a_declaration_overrides_what_the_rules_let_it(lists: Programmes) -> None:
    declared = ["invalidation_pending", "annual_fee_unpaid"]
    await lists.extract(1, as_of="2026-04-01", invalidation_pending=True)
    await report(lists, said(lists, 1, approved(pledge=pledge(10, declared=declared))))
    await lists.extract(2, as_of="2026-04-01", fees_paid_until="2026-05-01")
    body = said(lists, 2, approved(pledge=pledge(20, declared=declared)), "DK-2")
    at = "/outcome/pledge/patents/0"
    assert await refused(lists, body, "pledge_refused") == [("annual_fee_unpaid", at)]


async def test_no_patent_is_pledged_twice_however_many_banks_try_at_once(lists: Programmes) -> None:
    system = lists.system
    await lists.owner.execute(
        "INSERT INTO api_client (id, client_id, name, role, secret_hash) "
        "VALUES (gen_random_uuid(), 'bank-2', '【虚构】另一银行', 'bank', '')"
    )
    body = {"client_id": "bank-2"}
    await system.ok("finance", "POST", f"/v1/lists/{WHITELIST}/subscriptions", lists.planner, json=body)
    banks = [lists.bank, bank_token(system, "bank-2")] * 2
    answers = await asyncio.gather(
        *(
            system.request(
                "finance", "POST", OUTCOMES, bank, json=said(lists, 1, approved(pledge=pledge(10)), f"DK-{at}")
            )
            for at, bank in enumerate(banks)
        )
    )
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"already_pledged"}
    (outcome,) = [one.json() for one in answers if one.status_code == 201]
    holder = lists.bank if outcome["client_id"] == "bank-1" else banks[1]

    path = f"/v1/credit-outcomes/{outcome['id']}:release"
    early = {"released_on": LONG_AGO}
    await system.refused("finance", "POST", path, holder, "released_too_early", 422, json=early)
    released = await system.ok("finance", "POST", path, holder, json={"released_on": TODAY})
    assert released["pledged"][0]["released_on"] == TODAY
    assert await system.ok("finance", "POST", path, holder, json={"released_on": TODAY}) == released
    assert await lists.entries(await lists.judge()) == dict.fromkeys((lists.codes[1], lists.codes[2]), ("met", []))
    again = await report(lists, said(lists, 1, approved(pledge=pledge(10)), "DK-again"))
    assert again["pledged"][0]["released_on"] is None
