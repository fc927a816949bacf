"""The support ledger over HTTP: what is recorded once, corrected, taken from reports, summed and compared."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from support.enterprises import Registry
from support.forms import HUANGSHI, form
from support.members import HUANGSHI_CITY, WUHAN_CITY, admit, backdate_memberships, on_record, open_period
from support.system import System

MEMBER, OTHER = form(1), form(2, HUANGSHI)
ACTIONS, TOTALS = "/v1/support-actions", "/v1/support-totals"
NOW = datetime.now(UTC)
LAST_MONTH = (NOW - timedelta(days=30)).date().isoformat()
TIMELINE = f"/v1/enterprises/{MEMBER['uscc']}/timeline"


def loan(amount: str = "5000000.00", **changes: Any) -> dict[str, Any]:
    return {
        "uscc": MEMBER["uscc"],
        "kind": "ip_pledge_loan",
        "happened_on": "2024-06-20",
        "provider": "【虚构】示范银行",
        "amount_cny": amount,
        "document": "（虚构）合同1号",
    } | changes


def training(**changes: Any) -> dict[str, Any]:
    bare = {key: value for key, value in loan().items() if key != "amount_cny"}
    return bare | {"kind": "training", "provider": "【虚构】培训基地", "subject": "专利导航实务"} | changes


def content(action: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in action.items() if key != "uscc"}


def wuhan(system: System, who: str = "zhang-wei") -> str:
    return system.officer(who, "city_officer", WUHAN_CITY)


def huangshi(system: System) -> str:
    return system.officer("li-na", "city_officer", HUANGSHI_CITY)


def province(system: System) -> str:
    return system.officer("planner", "province_officer")


async def record(system: System, token: str, action: dict[str, Any]) -> dict[str, Any]:
    return await system.ok("evaluation", "POST", ACTIONS, token, json=action)


async def correct(
    system: System, token: str, action_id: str, action: dict[str, Any] | None, reason: str = "录入有误"
) -> dict[str, Any]:
    body = {"reason": reason, "action": action and content(action)}
    return await system.ok("evaluation", "POST", f"{ACTIONS}/{action_id}:correct", token, json=body)


async def listed(system: System, token: str, **params: Any) -> list[dict[str, Any]]:
    """Every row, page by page."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await system.ok("evaluation", "GET", ACTIONS, token, params={"limit": 2, **params, **cursor})
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


async def summed(system: System, token: str, **params: Any) -> dict[str, tuple[int, str | None, int]]:
    items = (await system.ok("evaluation", "GET", TOTALS, token, params=params))["items"]
    return {one["kind"]: (one["actions"], one["amount_cny"], one["amounts_unknown"]) for one in items}


async def test_an_action_is_recorded_once_whoever_records_it(system: System, owner: asyncpg.Connection) -> None:
    await on_record(system, MEMBER)
    first = await record(system, wuhan(system), loan("5000000.5"))
    assert (first["amount_cny"], first["source"], first["city_code"]) == ("5000000.50", "city", WUHAN_CITY)
    assert (first["counted"], first["kind_title"]) == (True, "知识产权质押融资贷款")
    assert (await record(system, wuhan(system), loan("5000000.5")))["id"] == first["id"]
    for who in (wuhan(system, "wang-fang"), province(system)):
        again = loan("5000000.50", provider="【虚构】 示范银行 ", kind="other_loan")
        await system.refused("evaluation", "POST", ACTIONS, who, "support_claimed_already", 409, json=again)
    # Two courses on one day are two; the same course is one.
    await record(system, wuhan(system), training())
    await record(system, wuhan(system), training(subject="专利预审实务"))
    await system.refused(
        "evaluation", "POST", ACTIONS, province(system), "support_claimed_already", 409, json=training()
    )
    assert await owner.fetchval("SELECT count(*) FROM support_action") == 3
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'support.record'") == 3
    alike = await record(system, province(system), loan("5000000.50", provider="【虚构】示范银行武汉分行"))
    assert alike["resembles"] == [first["id"]]
    with pytest.raises(asyncpg.PostgresError):
        await owner.execute("UPDATE support_action SET amount_fen = 1")


async def test_the_database_alone_refuses_a_claim_made_twice(system: System, owner: asyncpg.Connection) -> None:
    await on_record(system, MEMBER)
    await record(system, wuhan(system), loan())
    copied = (
        "INSERT INTO support_action (id, kind, uscc, city_code, source, happened_on, provider, claim, recorded_by) "
        "SELECT gen_random_uuid(), kind, uscc, city_code, 'province', happened_on, provider, claim, 'x' "
        "FROM support_action"
    )
    with pytest.raises(asyncpg.UniqueViolationError, match="claimed already"):
        await owner.execute(copied)


async def test_of_many_who_record_the_same_loan_at_once_one_does(system: System) -> None:
    await on_record(system, MEMBER)
    people = [wuhan(system, f"officer-{at}") for at in range(6)]
    answers = await asyncio.gather(*(system.request("evaluation", "POST", ACTIONS, one, json=loan()) for one in people))
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 5}
    assert await summed(system, province(system)) == {"ip_pledge_loan": (1, "5000000.00", 0)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"happened_on": (NOW + timedelta(days=2)).date().isoformat()}, "support_in_future"),
        ({"amount_cny": "-1.00"}, "validation_failed"),
        ({"amount_cny": 5000000.0}, "validation_failed"),
        ({"amount_cny": None}, "support_amount_missing"),
        ({"kind": "training"}, "support_amount_not_meant"),
        ({"kind": "party"}, "support_kind_unknown"),
        ({"provider": "  "}, "validation_failed"),
    ],
)
async def test_what_is_wrong_is_refused(system: System, changes: dict[str, Any], code: str) -> None:
    await on_record(system, MEMBER)
    problem = await system.refused("evaluation", "POST", ACTIONS, wuhan(system), code, 422, json=loan(**changes))
    assert [one["pointer"] for one in problem["violations"]] != []


async def test_a_batch_is_recorded_whole_or_not_at_all(system: System) -> None:
    await on_record(system, MEMBER, OTHER)
    theirs = training(uscc=OTHER["uscc"])
    batch = {"actions": [loan(), training(), theirs, loan(kind="party"), training(kind="training")]}
    path = f"{ACTIONS}:batch"
    problem = await system.refused("evaluation", "POST", path, wuhan(system), "not_found", 404, json=batch)
    assert [one["pointer"] for one in problem["violations"]] == ["/actions/2/uscc", "/actions/3/kind"]
    assert await listed(system, province(system)) == []
    batch["actions"].pop(3)
    done = await system.ok("evaluation", "POST", path, province(system), json=batch)
    ids = [one["id"] for one in done["actions"]]
    assert ids[1] == ids[3]
    assert len(await listed(system, province(system))) == 3
    again = await system.ok("evaluation", "POST", path, province(system), json=batch)
    assert [one["id"] for one in again["actions"]] == ids


async def test_a_correction_stands_in_the_place_of_what_it_corrects(system: System) -> None:
    await on_record(system, MEMBER)
    token = wuhan(system)
    first = await record(system, token, loan("500.00"))
    second = await correct(system, token, first["id"], loan("700.00"))
    assert (second["corrects"], second["reason"], second["counted"]) == (first["id"], "录入有误", True)
    assert (await correct(system, token, first["id"], loan("700.00")))["id"] == second["id"]
    assert await summed(system, token) == {"ip_pledge_loan": (1, "700.00", 0)}
    body = {"reason": "再改", "action": content(loan("900.00"))}
    path = f"{ACTIONS}/{first['id']}:correct"
    await system.refused("evaluation", "POST", path, token, "support_corrected_already", 409, json=body)
    # What was corrected claims nothing any more: somebody may record a loan of that amount.
    await record(system, province(system), loan("500.00"))
    path = f"{ACTIONS}/{second['id']}:correct"
    back = {"reason": "改回", "action": content(loan("500.00"))}
    await system.refused("evaluation", "POST", path, token, "support_claimed_already", 409, json=back)
    gone = await correct(system, token, second["id"], None, "并未发放")
    assert (gone["withdrawn"], gone["counted"], gone["amount_cny"]) == (True, False, None)
    path = f"{ACTIONS}/{gone['id']}:correct"
    await system.refused("evaluation", "POST", path, token, "support_withdrawn_already", 409, json=body)
    assert await summed(system, token) == {"ip_pledge_loan": (1, "500.00", 0)}
    rows = await listed(system, token, counted="false")
    assert [(one["amount_cny"], one["counted"]) for one in rows] == [
        ("500.00", False),
        ("700.00", False),
        ("500.00", True),
        (None, False),
    ]
    assert rows[0]["corrected_by"] == second["id"]


async def test_of_many_corrections_at_once_one_counts(system: System) -> None:
    await on_record(system, MEMBER)
    token = wuhan(system)
    first = await record(system, token, loan())
    bodies = [{"reason": "更正", "action": content(loan(f"{at}.00"))} for at in range(1, 6)]
    path = f"{ACTIONS}/{first['id']}:correct"
    answers = await asyncio.gather(*(system.request("evaluation", "POST", path, token, json=one) for one in bodies))
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 4}
    assert len(await listed(system, token)) == 1


async def test_a_city_keeps_to_its_own(system: System) -> None:
    await on_record(system, MEMBER, OTHER)
    ours = await record(system, wuhan(system), loan())
    theirs = await record(system, province(system), loan(uscc=OTHER["uscc"]))
    assert [one["id"] for one in await listed(system, huangshi(system))] == [theirs["id"]]
    await system.refused("evaluation", "POST", ACTIONS, huangshi(system), "not_found", 404, json=training())
    body = {"reason": "更正", "action": None}
    path = f"{ACTIONS}/{ours['id']}"
    await system.refused("evaluation", "POST", f"{path}:correct", huangshi(system), "not_found", 404, json=body)
    await system.refused("evaluation", "GET", path, huangshi(system), "not_found", 404)
    await system.refused("evaluation", "GET", TIMELINE, huangshi(system), "not_found", 404)
    path = f"{ACTIONS}/{theirs['id']}:correct"
    await system.refused("evaluation", "POST", path, huangshi(system), "support_not_yours", 403, json=body)
    own = system.enterprise(MEMBER["uscc"])
    assert [(one["id"], one["recorded_by"]) for one in await listed(system, own)] == [(ours["id"], None)]
    await system.refused("evaluation", "GET", TIMELINE, system.enterprise(OTHER["uscc"]), "not_found", 404)
    await system.refused("evaluation", "POST", ACTIONS, own, "forbidden", 403, json=loan())
    for where in ({"kind": "training"}, {"city": HUANGSHI_CITY}, {"happened_from": "2024-06-21"}):
        assert await listed(system, wuhan(system), **where) == []
    assert len(await listed(system, wuhan(system), happened_from="2024-06-20", happened_to="2024-06-20")) == 1


async def test_two_cities_do_not_claim_the_same_loan(system: System) -> None:
    await on_record(system, MEMBER)
    first = await record(system, wuhan(system), loan())
    await Registry(system).made(MEMBER["uscc"], "relocate", registered_division=HUANGSHI)
    await system.refused("evaluation", "POST", ACTIONS, huangshi(system), "support_claimed_already", 409, json=loan())
    await system.refused("evaluation", "POST", ACTIONS, wuhan(system), "not_found", 404, json=training())
    # It counts where the enterprise was when it was recorded; the enterprise's timeline goes with it.
    assert [one["id"] for one in await listed(system, province(system), city=WUHAN_CITY)] == [first["id"]]
    events = (await system.ok("evaluation", "GET", TIMELINE, huangshi(system)))["items"]
    assert [one["subject_id"] for one in events] == [first["id"]]


async def test_what_two_merged_records_both_claim_counts_once(system: System) -> None:
    await on_record(system, MEMBER)
    await system.open_cycle("2024-2")
    await system.submit(OTHER, "2024-2")
    first = await record(system, wuhan(system), loan())
    second = await record(system, huangshi(system), loan(uscc=OTHER["uscc"]))
    assert await summed(system, province(system)) == {"ip_pledge_loan": (2, "10000000.00", 0)}
    await Registry(system).made(OTHER["uscc"], "merge", into=MEMBER["uscc"])
    assert await summed(system, province(system)) == {"ip_pledge_loan": (1, "5000000.00", 0)}
    rows = await listed(system, province(system), counted="false", uscc=OTHER["uscc"])
    assert [(one["id"], one["uscc"], one["duplicate_of"]) for one in rows] == [
        (first["id"], MEMBER["uscc"], None),
        (second["id"], MEMBER["uscc"], first["id"]),
    ]
    await correct(system, wuhan(system), first["id"], None)
    assert [one["id"] for one in await listed(system, province(system))] == [second["id"]]


REPORT: dict[str, Any] = {
    "patents": {"valid_count": 4, "industrialised_count": 1},
    "finance": {"revenue_cny": "1000.00"},
    "loans": [
        {"bank": "【虚构】示范银行", "amount_cny": "5000000.00", "ip_pledged": True, "granted_on": LAST_MONTH},
        {"bank": "【虚构】示范银行", "amount_cny": None, "ip_pledged": None, "granted_on": None},
    ],
    "equity_financings": [{"stage": "series_a", "amount_cny": "10000000.00", "closed_on": LAST_MONTH}],
    "declarations": {"truthful": True},
}


async def accepted(
    system: System, draft: dict[str, Any] = REPORT, *, period: str = "2026-H1", member: dict[str, Any] = MEMBER
) -> dict[str, Any]:
    token = system.enterprise(member["uscc"])
    begun = await system.ok("intake", "POST", f"/v1/reporting-periods/{period}/reports", token, json={"form": draft})
    return await _submit_and_accept(system, begun, member)


async def _submit_and_accept(system: System, report: dict[str, Any], member: dict[str, Any]) -> dict[str, Any]:
    path, headers = f"/v1/progress-reports/{report['id']}", {"If-Match": f'"{report["version"]}"'}
    await system.ok("intake", "POST", f"{path}:submit", system.enterprise(member["uscc"]), headers=headers)
    city = wuhan(system) if member is MEMBER else huangshi(system)
    done = await system.ok("intake", "POST", f"{path}:accept", city)
    await system.drain()
    return done


async def test_loans_and_equity_are_taken_from_accepted_reports(system: System, owner: asyncpg.Connection) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    # The city recorded the loan of last month before; the report repeats it.
    mine = await record(system, wuhan(system), loan(happened_on=LAST_MONTH))
    report = await accepted(system)
    everything = {
        "ip_pledge_loan": (1, "5000000.00", 0),
        "loan_pledge_unknown": (1, None, 1),
        "equity": (1, "10000000.00", 0),
    }
    assert await summed(system, province(system)) == everything
    repeated = [one for one in await listed(system, province(system), counted="false") if one["duplicate_of"]]
    assert [(one["duplicate_of"], one["source"], one["counted"]) for one in repeated] == [(mine["id"], "report", False)]
    # Without the city's record the report's word counts.
    await correct(system, wuhan(system), mine["id"], None)
    assert await summed(system, province(system)) == everything
    body = {"reason": "更正", "action": None}
    path = f"{ACTIONS}/{repeated[0]['id']}:correct"
    await system.refused("evaluation", "POST", path, province(system), "support_of_a_report", 409, json=body)
    again = loan(happened_on=LAST_MONTH)
    await system.refused("evaluation", "POST", ACTIONS, wuhan(system), "support_claimed_already", 409, json=again)
    # Told again, nothing changes.
    count = await owner.fetchval("SELECT count(*) FROM support_action")
    await owner.execute(
        "UPDATE outbox_event SET processed_at = NULL, due_at = now() WHERE consumer = 'evaluation.take_report_support'"
    )
    await system.drain()
    assert await owner.fetchval("SELECT count(*) FROM support_action") == count
    events = (await system.ok("evaluation", "GET", TIMELINE, system.enterprise(MEMBER["uscc"])))["items"]
    assert Counter(one["event"] for one in events) == {"support": 3, "admitted": 1, "report_accepted": 1}
    assert (events[-1]["on"], events[-1]["event"]) == (None, "support")
    paged: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while len(paged) < len(events):
        page = await system.ok("evaluation", "GET", TIMELINE, province(system), params={"limit": 2, **cursor})
        paged += page["items"]
        cursor = {"cursor": page["next_cursor"]}
    assert paged == events
    assert report["status"] == "accepted"


async def test_a_reopened_report_takes_back_what_it_no_longer_says(system: System) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    report = await accepted(system)
    path = f"/v1/progress-reports/{report['id']}"
    reasons = {"reasons": [{"field": "/loans/0/amount_cny", "reason": "金额与合同不符"}]}
    reopened = await system.ok("intake", "POST", f"{path}:reopen", province(system), json=reasons)
    await system.drain()
    assert await summed(system, province(system)) == {}
    changed = REPORT | {"loans": [REPORT["loans"][0] | {"amount_cny": "4000000.00"}]}
    headers = {"If-Match": f'"{reopened["version"]}"'}
    saved = await system.ok(
        "intake",
        "PUT",
        f"{path}/draft",
        system.enterprise(MEMBER["uscc"]),
        json={"form": changed},
        headers=headers,
    )
    await _submit_and_accept(system, saved, MEMBER)
    assert await summed(system, province(system)) == {
        "ip_pledge_loan": (1, "4000000.00", 0),
        "equity": (1, "10000000.00", 0),
    }


async def test_members_with_and_without_support_are_compared(system: System, owner: asyncpg.Connection) -> None:
    await admit(system, MEMBER, OTHER)
    await backdate_memberships(owner, 730)
    today = NOW.date()
    early = {
        "covers_from": (today - timedelta(days=400)).isoformat(),
        "covers_to": (today - timedelta(days=200)).isoformat(),
    }
    late = {
        "covers_from": (today - timedelta(days=199)).isoformat(),
        "covers_to": (today + timedelta(days=1)).isoformat(),
    }
    await open_period(system, "early", **early)
    await open_period(system, "late", **late)
    bare = REPORT | {"loans": [], "equity_financings": []}
    better = bare | {
        "patents": {"valid_count": 4, "industrialised_count": 2},
        "finance": {"revenue_cny": "1250.00"},
    }
    await accepted(system, bare, period="early")
    await accepted(system, better, period="late")
    await record(system, wuhan(system), training(happened_on=LAST_MONTH))
    params = {"kind": "training", "before": "early", "after": "late"}
    found = await system.ok("evaluation", "GET", "/v1/support-outcomes", province(system), params=params)
    with_it, without = found["with_support"], found["without_support"]
    assert (with_it["members"], without["members"], found["day_unknown"]) == (1, 1, 0)
    assert with_it["revenue_change_percent"]["median"] == "25.0000"
    assert with_it["industrialisation_change_points"]["median"] == "25.0000"
    nothing = {"known": 0, "unknown": 1, "lower_quartile": None, "median": None, "upper_quartile": None}
    assert without["revenue_change_percent"] == nothing
    ours = await system.ok("evaluation", "GET", "/v1/support-outcomes", huangshi(system), params=params)
    assert (ours["with_support"]["members"], ours["without_support"]["members"]) == (0, 1)
    turned = params | {"before": "late", "after": "early"}
    path = "/v1/support-outcomes"
    await system.refused("evaluation", "GET", path, province(system), "support_periods_reversed", 422, params=turned)
    own = system.enterprise(MEMBER["uscc"])
    await system.refused("evaluation", "GET", path, own, "forbidden", 403, params=params)


async def test_totals_are_those_of_the_rows_listed(system: System) -> None:
    await on_record(system, MEMBER, OTHER)
    token = province(system)
    for at in range(4):
        first = await record(system, token, loan(f"{at}.10", provider=f"【虚构】银行{at}"))
        if at % 2:
            await correct(system, token, first["id"], loan(f"{at}.30", provider=f"【虚构】银行{at}"))
        await record(system, token, training(uscc=OTHER["uscc"], subject=f"课程{at}"))
    for params in ({}, {"city": WUHAN_CITY}, {"kind": "training"}, {"happened_to": "2024-06-19"}):
        rows = await listed(system, token, **params)
        counts = Counter(one["kind"] for one in rows)
        sums: dict[str, Decimal] = {}
        for one in rows:
            if one["amount_cny"] is not None:
                sums[one["kind"]] = sums.get(one["kind"], Decimal(0)) + Decimal(one["amount_cny"])
        found = await summed(system, token, **params)
        assert {kind: one[0] for kind, one in found.items()} == counts
        assert {kind: Decimal(one[1]) for kind, one in found.items() if one[1] is not None} == sums
