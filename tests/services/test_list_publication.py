"""Publication: every change has a plan or decision behind it, or nothing is published and everybody sees why."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import uuid
from datetime import timedelta

import asyncpg
import pytest
from support.forms import uscc
from support.lists import LIST, Lists, a_list
from support.notices import Clock
from support.system import System

from services.finance.lists.backing import Backed
from services.finance.lists.differences import Change
from services.finance.lists.safeguards import duplicates, programme_data, safeguards
from services.finance.lists.tasks import publish_pool_list, renew_lists
from shared.queue import Work


@pytest.fixture
async def lists(system: System, owner: asyncpg.Connection) -> Lists:
    return await a_list(system, owner)


async def test_each_entry_has_the_plan_that_admitted_it_behind_it(lists: Lists) -> None:
    (plan_id,) = {row[0] for row in await lists.owner.fetch("SELECT plan_id FROM membership")}
    rows = await lists.owner.fetch("SELECT uscc, change, basis, basis_id FROM edition_change ORDER BY uscc")
    assert [tuple(row) for row in rows] == [(uscc(n), "added", "selection_plan", plan_id) for n in (1, 2, 3)]


async def test_a_removal_without_a_decision_stops_the_edition_until_there_is_one(lists: Lists) -> None:
    system, officer = lists.system, lists.officer
    body = {"uscc": uscc(2), "document": "（虚构）1号", "decided_on": "2026-03-01", "reason": "企业已注销"}
    decisions = f"{LIST}/removal-decisions"
    await system.refused("finance", "POST", decisions, officer, "still_a_member", 409, json=body)
    await lists.end_stay(2)

    refused = await lists.publish(authorised_removals=100)
    assert refused["edition"] is None
    assert [(one["code"], one["uscc"]) for one in refused["refusal"]["reasons"]] == [("removal_unbacked", uscc(2))]
    shown = await system.ok("finance", "GET", f"{LIST}/refused-publications", officer)
    assert shown["items"] == [refused["refusal"]]
    assert (await lists.pull()).json()["serial"] == 1
    act = "SELECT detail ->> 'programme' FROM audit_entry WHERE action = 'edition.refuse'"
    assert [row[0] for row in await lists.owner.fetch(act)] == ["pool-members"]

    decision = await lists.decide(2)
    assert (await lists.decide(2)) == decision
    other = body | {"reason": "另一理由"}
    await system.refused("finance", "POST", decisions, officer, "removal_decided_already", 409, json=other)
    published = await lists.publish()
    assert (published["refusal"], published["edition"]["serial"]) == (None, 2)
    changes = (await lists.get("/changes", since=1))["content"]
    assert changes["removed"] == [uscc(2)]
    assert [(one["basis"], one["basis_id"]) for one in changes["reasons"]] == [("removal_decision", decision["id"])]
    unlisted = body | {"uscc": uscc(9)}
    await system.refused("finance", "POST", decisions, officer, "not_listed_now", 409, json=unlisted)


async def test_an_event_is_refused_once_however_often_it_comes(lists: Lists) -> None:
    await lists.end_stay(1)
    finance, event_id = lists.system.apps["finance"].state.database, uuid.uuid4()
    work = {"plan_id": str(event_id), "pool_code": "cultivation"}
    for decided in (False, True):
        if decided:
            # Even then: what the event was answered stands, and the next event or officer publishes.
            await lists.decide(1)
        async with finance.sessions.begin() as session:
            await publish_pool_list(Work(session, event_id, work, lists.system.settings["finance"], finance))
    assert await lists.owner.fetchval("SELECT count(*) FROM edition") == 1
    assert await lists.owner.fetchval("SELECT count(*) FROM refused_publication") == 1


async def test_concurrent_publications_leave_no_gap(lists: Lists) -> None:
    published = await asyncio.gather(*(lists.publish() for _ in range(4)))
    assert sorted(one["edition"]["serial"] for one in published) == [2, 3, 4, 5]
    editions = [(await lists.pull(serial)).json() for serial in range(1, 6)]
    digests = [hashlib.sha256((await lists.pull(serial)).content).hexdigest() for serial in range(1, 5)]
    assert [one["previous_digest"] for one in editions[1:]] == digests


async def test_fewer_than_authorised_is_published_and_more_is_not(
    lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = dataclasses.replace(programme_data("pool-members"), removed_percent=34, removed_at_least=0)
    monkeypatch.setattr("services.finance.lists.publication.programme_data", lambda _: narrow)
    await lists.end_stay(1, 2)
    for number in (1, 2):
        await lists.decide(number)
    for authorised in (None, 1):
        refused = await lists.publish(authorised_removals=authorised)
        assert [one["code"] for one in refused["refusal"]["reasons"]] == ["collapse"]
    assert (await lists.publish(authorised_removals=2))["edition"]["entry_count"] == 1


def test_a_duplicate_and_an_addition_without_a_plan_are_named() -> None:
    assert [(one.code, one.uscc) for one in duplicates(["B", "A", "B"])] == [("duplicate", "B")]
    added = Backed(Change("added", "A", {}, None), None, None)
    data = programme_data("pool-members")
    found = safeguards([added], listed=0, data=data, authorised=None)
    assert [(one.code, one.uscc) for one in found] == [("addition_unbacked", "A")]


@pytest.mark.parametrize(
    "table", ["edition", "edition_change", "edition_file", "list_signing_key", "edition_ack", "refused_publication"]
)
async def test_what_is_on_record_is_never_changed(owner: asyncpg.Connection, table: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
        await owner.execute(f"TRUNCATE {table} CASCADE")


_COPY = """
    INSERT INTO edition (programme_code, serial, previous_serial, previous_digest, issued_at, expires_at, entry_count,
                         digest, head, body, signature, cause_event_id)
    SELECT programme_code, 2, 1, {previous}, issued_at, expires_at, {count}, {digest}, head, body, signature,
           gen_random_uuid()
    FROM edition
"""


async def test_the_database_itself_keeps_digest_chain_and_count(lists: Lists) -> None:
    async def copied(error: type[Exception], match: str, **changed: str) -> None:
        values = {"previous": "digest", "count": "entry_count", "digest": "digest"} | changed
        with pytest.raises(error, match=match):
            await lists.owner.execute(_COPY.format(**values))

    await copied(asyncpg.ForeignKeyViolationError, "fk_edition_previous", previous="repeat('0', 64)")
    await copied(asyncpg.CheckViolationError, "linked", previous="NULL")
    await copied(asyncpg.CheckViolationError, "digest_of_body", digest="repeat('0', 64)")
    await copied(asyncpg.CheckViolationError, "changes make", count="entry_count + 1")
    jwk = json.dumps({"kid": "k", "d": "secret"})
    with pytest.raises(asyncpg.CheckViolationError, match="public_only"):
        await lists.owner.execute("INSERT INTO list_signing_key (kid, public_jwk) VALUES ('k', $1)", jwk)


async def test_who_may_not_publish_or_watch(lists: Lists) -> None:
    system = lists.system
    city = system.officer("c", "city_officer", "420100")
    for token in (lists.bank, city):
        for method, path, body in (
            ("POST", "publications", {"reason": "x"}),
            ("GET", "refused-publications", None),
            ("GET", "subscribers", None),
        ):
            await system.refused("finance", method, f"{LIST}/{path}", token, "forbidden", 403, json=body)
    body = {"reason": "x"}
    nowhere = "/v1/lists/nowhere/publications"
    await system.refused("finance", "POST", nowhere, lists.officer, "list_not_found", 404, json=body)


async def test_an_edition_is_renewed_shortly_before_it_ends_and_once(lists: Lists, clock: Clock) -> None:
    finance, begun = lists.system.apps["finance"].state.database, clock.moment

    async def look(event_id: uuid.UUID) -> int:
        async with finance.sessions.begin() as session:
            await renew_lists(Work(session, event_id, {}, lists.system.settings["finance"], finance))
        return await lists.owner.fetchval("SELECT max(serial) FROM edition")

    days = [(1, 1), (27, 1), (29, 2), (30, 2), (58, 3)]
    for day, serial in days:
        clock.moment = begun + timedelta(days=day)
        event_id = uuid.uuid4()
        assert [await look(event_id) for _ in range(2)] == [serial] * 2, day
