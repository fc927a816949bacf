"""Lists by rule: judged in three values, frozen, approved by somebody else, superseded at once, told to enterprises."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from support.programmes import HUANGSHI_CITY, WHITELIST, Programmes, judged_programmes, programmes
from support.system import System

from services.evaluation.programmes.rules import read_rules
from services.finance.lists.reading import read_file
from services.finance.lists.safeguards import programme_data
from services.finance.lists.verification import faults_of, public_keys
from shared.events import ProgrammesDue
from shared.reference.programmes import ProgrammeError, read_programmes
from shared.reference.province import province
from shared.security.tokens import actor_of_role

APPROVAL = {"reason": "经核对，同意发布"}


@pytest.fixture
async def lists(system: System, owner: asyncpg.Connection) -> Programmes:
    return await programmes(system, owner)


async def test_a_whitelist_from_its_rule_to_the_bank(lists: Programmes) -> None:
    system, one, two = lists.system, lists.codes[1], lists.codes[2]
    for number in (1, 2):
        await lists.consent(number)
    await lists.extract(1)
    # Fees that the copy does not tell are unknown, not paid, and not unpaid.
    await lists.extract(2, fees_paid_until=None)
    judgement = await lists.judge()
    assert (judgement["met"], judgement["unknown"], judgement["not_met"]) == (1, 1, 1)
    assert await lists.entries(judgement) == {one: ("met", []), two: ("unknown", ["pledgeable_patent"])}

    await system.refused("finance", "GET", f"/v1/lists/{WHITELIST}/editions/latest", lists.bank, "no_edition", 404)
    by_hand = f"/v1/lists/{WHITELIST}/publications"
    await system.refused("finance", "POST", by_hand, lists.planner, "list_by_proposal", 409, json={"reason": "x"})
    proposal = await lists.proposal()
    assert (proposal["status"], proposal["entry_count"], proposal["unknown_count"]) == ("frozen", 1, 1)
    assert proposal["changes"] == [{"uscc": one, "change": "added"}]
    assert proposal["entries"][0]["consent_on"] == "2026-03-01"

    path, body = f"/v1/lists/{WHITELIST}/proposals/{proposal['id']}:approve", APPROVAL | {"digest": proposal["digest"]}
    await system.refused("finance", "POST", path, lists.planner, "forbidden", 403, json=body)
    wrong = body | {"digest": "0" * 64}
    await system.refused("finance", "POST", path, lists.treasurer, "proposal_digest", 409, json=wrong)
    approved = await lists.approve(proposal)
    assert (approved["edition"]["serial"], approved["proposal"]["status"]) == (1, "published")
    assert await lists.approve(proposal) == approved
    other = system.officer("another", "finance_officer")
    await system.refused("finance", "POST", path, other, "proposal_status", 409, json=body)

    edition = await lists.get("/editions/latest")
    assert edition["columns"] == ["uscc", "name", "city_code", "pledgeable_patents"]
    assert [(entry["uscc"], entry["pledgeable_patents"]) for entry in edition["entries"]] == [(one, "1")]
    rows = await lists.owner.fetch(
        "SELECT basis, basis_id::text FROM edition_change WHERE programme_code = $1", WHITELIST
    )
    assert [tuple(row) for row in rows] == [("judgement", judgement["id"])]
    keys = public_keys(await system.ok("finance", "GET", "/v1/list-signing-keys", lists.bank))
    for wanted in ("json", "ndjson", "csv", "xlsx"):
        file = await system.request("finance", "GET", f"/v1/lists/{WHITELIST}/editions/1/files/{wanted}", lists.bank)
        assert faults_of(read_file(file.content), keys) == []
        assert wanted != "csv" or "可质押专利件数" in file.text
    unmade = f"/v1/lists/{WHITELIST}/proposals"
    await system.refused("finance", "GET", unmade, lists.bank, "forbidden", 403)


async def test_whoever_proposed_does_not_approve_by_any_spelling(lists: Programmes) -> None:
    system = lists.system
    await lists.judge(token=system.officer("Treasurer ", "province_officer"))
    proposal = await lists.proposal()
    path, body = f"/v1/lists/{WHITELIST}/proposals/{proposal['id']}:approve", APPROVAL | {"digest": proposal["digest"]}
    await system.refused("finance", "POST", path, lists.treasurer, "proposal_second_person", 409, json=body)
    with pytest.raises(asyncpg.CheckViolationError, match="second_person"):
        await lists.owner.execute("UPDATE list_proposal SET approved_by = proposed_by, approved_at = now()")


async def test_concurrent_approvals_publish_once(lists: Programmes) -> None:
    await lists.judge()
    proposal = await lists.proposal()
    answers = await asyncio.gather(*(lists.approve(proposal) for _ in range(4)))
    assert {one["edition"]["serial"] for one in answers} == {1}
    assert await lists.owner.fetchval("SELECT count(*) FROM edition WHERE programme_code = $1", WHITELIST) == 1


async def test_a_withdrawn_consent_stops_what_is_frozen_and_is_the_basis_of_the_removal(lists: Programmes) -> None:
    system, one = lists.system, lists.codes[1]
    await lists.whitelist(1, 2)
    (consent, *_) = (await system.ok("finance", "GET", "/v1/consents", lists.enterprise(1)))["items"]
    await lists.judge()
    frozen = await lists.proposal()
    withdraw, body = f"/v1/consents/{consent['id']}:withdraw", {"reason": "不再申请质押融资"}
    await system.refused("finance", "POST", withdraw, lists.enterprise(2), "not_found", 404, json=body)
    await system.refused("finance", "POST", withdraw, lists.city(HUANGSHI_CITY), "not_found", 404, json=body)
    withdrawn = await system.ok("finance", "POST", withdraw, lists.enterprise(1), json=body)
    assert await system.ok("finance", "POST", withdraw, lists.enterprise(1), json=body) == withdrawn
    path = f"/v1/lists/{WHITELIST}/proposals/{frozen['id']}:approve"
    problem = await system.refused(
        "finance", "POST", path, lists.treasurer, "proposal_stale", 409, json=APPROVAL | {"digest": frozen["digest"]}
    )
    assert [one in told["message_zh"] for told in problem["violations"]] == [True]

    # Until then the edition stands as it was signed.
    assert await lists.listed() == sorted([one, lists.codes[2]])
    await lists.publish()
    changes = (await lists.get("/changes", since=1))["content"]
    assert changes["removed"] == [one]
    assert [(told["basis"], told["basis_id"]) for told in changes["reasons"]] == [("consent_withdrawal", consent["id"])]
    assert (
        await lists.owner.fetchval("SELECT status FROM list_proposal WHERE id = $1::uuid", frozen["id"]) == "overtaken"
    )
    again = await lists.consent(1)
    assert again["id"] != consent["id"]
    acts = "SELECT action FROM audit_entry WHERE action LIKE 'consent.%' AND detail ->> 'uscc' = $1 ORDER BY number"
    assert [row[0] for row in await lists.owner.fetch(acts, one)] == [
        "consent.record",
        "consent.withdraw",
        "consent.record",
    ]


async def test_a_collapse_stops_an_approval_until_the_number_is_authorised(
    lists: Programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lists.whitelist(1, 2)
    narrow = dataclasses.replace(programme_data(WHITELIST), removed_percent=0, removed_at_least=1)
    monkeypatch.setattr("services.finance.lists.publication.programme_data", lambda _: narrow)
    for number in (1, 2):
        await lists.extract(number, as_of="2026-04-01", fees_paid_until="2026-05-01")
    await lists.judge()
    proposal = await lists.proposal()
    stopped = await lists.approve(proposal)
    assert (stopped["edition"], stopped["proposal"]["status"]) == (None, "frozen")
    assert [one["code"] for one in stopped["refusal"]["reasons"]] == ["collapse"]
    assert (await lists.approve(proposal, authorised_removals=2))["edition"]["entry_count"] == 0


async def test_a_list_for_departments_is_for_their_clients_alone(lists: Programmes) -> None:
    await lists.owner.execute(
        "INSERT INTO api_client (id, client_id, name, role, secret_hash) "
        "VALUES (gen_random_uuid(), 'centre', '【虚构】保护中心', 'department', '')"
    )
    path, system = "/v1/lists/pre-examination-wuhan/subscriptions", lists.system
    for where, client in ((path, "bank-1"), (f"/v1/lists/{WHITELIST}/subscriptions", "centre")):
        body = {"client_id": client}
        await system.refused("finance", "POST", where, lists.planner, "client_not_a_bank", 422, json=body)
    await system.ok("finance", "POST", path, lists.planner, json={"client_id": "centre"})
    centre = system._authority.issue(actor_of_role("centre", "department"), timedelta(hours=1))
    whitelist = f"/v1/lists/{WHITELIST}/editions/latest"
    await system.refused("finance", "GET", whitelist, centre, "list_not_found", 404)
    latest = "/v1/lists/pre-examination-wuhan/editions/latest"
    await system.refused("finance", "GET", latest, centre, "no_edition", 404)
    await system.refused("finance", "GET", latest, lists.bank, "list_not_found", 404)


async def test_an_exit_for_misconduct_supersedes_and_recalls_at_once(lists: Programmes) -> None:
    await lists.whitelist(1, 2)
    before = {code: (await lists.get("/editions/latest", code))["serial"] for code in (WHITELIST, "pool-members")}
    await lists.end_stay(1, "data_falsification")
    for code, serial in before.items():
        newest, former, *_ = await lists.get("/editions", code)
        assert (newest["serial"], newest["recalled"]) == (serial + 1, None)
        assert former["recalled"]["superseded_by"] == serial + 1
        assert [one["uscc"] for one in former["recalled"]["removed"]] == [lists.codes[1]]
        path = f"/v1/lists/{code}/editions/{serial}"
        old = await lists.system.request("finance", "GET", path, lists.bank)
        assert old.headers["x-edition-recalled"] == f"superseded-by={serial + 1}"
        unchanged = {"If-None-Match": old.headers["etag"]}
        again = await lists.system.request("finance", "GET", path, lists.bank, headers=unchanged)
        assert (again.status_code, again.headers["x-edition-recalled"]) == (304, f"superseded-by={serial + 1}")
        latest = await lists.system.request("finance", "GET", f"/v1/lists/{code}/editions/latest", lists.bank)
        assert "x-edition-recalled" not in latest.headers
        changes = (await lists.get("/changes", code, since=serial))["content"]
        assert (changes["removed"], changes["reasons"][0]["basis"]) == ([lists.codes[1]], "adjustment_plan")
        recalls = await lists.get("/recalls", code)
        assert [one["serial"] for one in recalls["items"]] == [serial]
        assert "data_falsification" not in str(recalls)
    with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
        await lists.owner.execute("DELETE FROM edition_recall")


async def test_an_exit_without_misconduct_recalls_nothing(lists: Programmes) -> None:
    await lists.whitelist(1)
    await lists.end_stay(1, "no_progress")
    assert await lists.listed() == [lists.codes[1]]
    assert await lists.owner.fetchval("SELECT count(*) FROM edition_recall") == 0
    await lists.publish()
    assert await lists.listed() == []


async def test_an_enterprise_sees_its_lists_what_it_could_be_on_and_what_is_missing(
    system: System, owner: asyncpg.Connection
) -> None:
    lists = await judged_programmes(system, owner)
    await lists.whitelist(1)

    async def standings(number: int, token: str) -> dict[str, Any]:
        path = f"/v1/enterprises/{lists.codes[number]}/programmes"
        found = await system.ok("evaluation", "GET", path, token)
        return {one["programme"]: one for one in found["items"]}

    own = await standings(1, lists.enterprise(1))
    assert {own[code]["status"] for code in ("pool-members", WHITELIST)} == {"listed"}
    assert (own["innovation-loan-candidates"]["status"], own["pre-examination-wuhan"]["status"]) == ("qualifies",) * 2
    assert own["pre-examination-province"]["unmet"] == ["所在市州不属于武汉市"]
    assert own["securitisation-candidates"]["unmet"] == ["企业同意在案"]
    assert own["securitisation-candidates"]["consent"]["given_on"] is None

    second = (await standings(2, lists.city()))[WHITELIST]
    assert (second["status"], second["unmet"]) == ("unmet", ["企业同意在案"])
    assert [one["fact"] for one in second["missing"]] == ["pledgeable_patent"]
    await lists.consent(2)
    assert (await standings(2, lists.planner))[WHITELIST]["status"] == "open"

    path = f"/v1/enterprises/{lists.codes[1]}/programmes"
    for stranger in (lists.enterprise(2), lists.city(HUANGSHI_CITY)):
        await system.refused("evaluation", "GET", path, stranger, "not_found", 404)


async def test_each_sees_of_a_list_only_what_it_may(lists: Programmes) -> None:
    await lists.whitelist(1, 3)
    path = f"/v1/lists/{WHITELIST}/shown"

    async def shown(token: str) -> list[dict[str, str]]:
        return (await lists.system.ok("finance", "GET", path, token))["items"]

    fields = province().programmes.programmes[1].fields
    assert [set(one) for one in await shown(lists.planner)] == [set(fields["province"])] * 2
    assert [one["uscc"] for one in await shown(lists.city(HUANGSHI_CITY))] == [lists.codes[3]]
    assert set((await shown(lists.enterprise(1)))[0]) == set(fields["enterprise"])
    assert await shown(lists.enterprise(2)) == []


async def test_a_list_is_judged_once_in_its_period(lists: Programmes) -> None:
    for _ in range(2):
        await lists.tell(ProgrammesDue())
    counts = await lists.owner.fetch("SELECT programme_code, count(*) FROM programme_judgement GROUP BY 1")
    judged = {one.code for one in province().list_programmes if one.origin == "judged"}
    assert {row[0]: row[1] for row in counts} == dict.fromkeys(judged, 1)
    assert len(judged) == 10
    assert {(await lists.proposal(code))["proposed_by"] for code in judged} == {"system"}


async def test_consents_that_are_refused(lists: Programmes) -> None:
    system, path = lists.system, "/v1/consents"
    body = {"uscc": lists.codes[1], "purpose": "pledge_financing", "given_on": "2026-03-01"}
    paper = body | {"document": "（虚构）同意书〔2026〕3号"}
    cases = (
        (lists.enterprise(2), body, "not_found", 404),
        (lists.city(HUANGSHI_CITY), paper, "not_found", 404),
        (lists.city(), body, "consent_document_missing", 422),
        (lists.enterprise(1), paper, "consent_document_not_meant", 422),
        (lists.enterprise(1), body | {"purpose": "anything"}, "purpose_unknown", 422),
        (lists.enterprise(1), body | {"given_on": "2999-01-01"}, "consent_in_future", 422),
        (lists.bank, body, "forbidden", 403),
    )
    for token, content, code, status in cases:
        await system.refused("finance", "POST", path, token, code, status, json=content)
    given = await asyncio.gather(*(lists.consent(1) for _ in range(3)))
    assert len({one["id"] for one in given}) == 1
    await system.refused("finance", "POST", path, lists.city(), "consent_given_already", 409, json=paper)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('rule = "in_pool"', 'rule = "in_pol"', ":74:"),
        ("AND pledgeable_patent", "AND consent", ":98:"),
        ("AND pledgeable_patent", "AND pledgeable_patent IS NULL", "[reads_absence]"),
        ('consent = "pledge_financing"', 'consent = "anything"', "no [[purpose]]"),
        ('"pledgeable_patents"]', '"bank_account"]', "no field bank_account"),
        ("\napproval = true", '\napproval = "yes"', "`approval` must be bool"),
        ('code = "silver-seed"', 'code = "gold-seed"', "there twice"),
        ("[recall]", "[recal]", "unknown tables"),
        ('"tax_evasion"', '"tax"', "no stay ends for tax"),
    ],
)
def test_programmes_that_must_not_be_used_are_refused_with_file_and_line(old: str, new: str, told: str) -> None:
    text = Path(province().folder / "programmes.toml").read_text("utf-8")
    assert old in text
    with pytest.raises(ProgrammeError, match=r"programmes\.toml:\d+: ") as refused:
        read_rules(read_programmes(text.replace(old, new, 1), "programmes.toml"))
    assert told in str(refused.value)
