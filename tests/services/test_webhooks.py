"""Webhooks: signed after Standard Webhooks, once per edition, tried again, never silently off, never to private hosts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from support.lists import LIST, Lists, a_list, bank_token
from support.notices import Clock
from support.system import System
from support.webhook_receiver import Receiver, receiving

from services.finance.webhooks.announce import announce
from services.finance.webhooks.push import push_due
from shared.models.base import new_id

ENDPOINTS = "/v1/webhook-endpoints"


@pytest.fixture
async def lists(system: System, owner: asyncpg.Connection) -> Lists:
    """Edition 1 is there; its message found no address."""
    found = await a_list(system, owner)
    await system.drain()
    return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


async def _registered(lists: Lists, receiver: Receiver, token: str | None = None) -> dict[str, Any]:
    body = {"url": receiver.url}
    return await lists.system.ok("finance", "POST", ENDPOINTS, token or lists.bank, json=body)


async def _log(lists: Lists, endpoint: dict[str, Any], token: str | None = None) -> list[dict[str, Any]]:
    path = f"{ENDPOINTS}/{endpoint['id']}/messages"
    return (await lists.system.ok("finance", "GET", path, token or lists.bank))["items"]


async def _published(lists: Lists) -> None:
    await lists.publish()
    await lists.system.drain()


async def test_an_edition_is_told_once_signed_and_says_nothing_of_who_is_on_it(
    lists: Lists, receiver: Receiver, owner: asyncpg.Connection
) -> None:
    endpoint = await _registered(lists, receiver)
    await _published(lists)
    # The event is handled a second time.
    await owner.execute("UPDATE outbox_event SET processed_at = NULL WHERE topic LIKE 'finance.%'")
    await lists.system.drain()
    (got,) = receiver.got
    told = Webhook(endpoint["secret"]).verify(got.body, got.headers)
    latest = await lists.pull()
    assert told["type"] == "list.edition_published"
    assert told["data"] == {
        "programme": "pool-members",
        "serial": 2,
        "count": 3,
        "digest": latest.headers["ETag"].strip('"'),
        "path": f"{LIST}/editions/2",
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint["secret"]).verify(got.body.replace("2", "3"), got.headers)
    (message,) = await _log(lists, endpoint)
    assert (message["webhook_id"], message["status"]) == (got.headers["webhook-id"], "delivered")
    assert [one["status_code"] for one in message["attempts"]] == [204]


async def test_what_fails_is_tried_again_given_up_and_replayed_with_the_same_bytes(
    lists: Lists, receiver: Receiver
) -> None:
    """The tests' settings try three times without a pause."""
    endpoint = await _registered(lists, receiver)
    receiver.answers = [500, 410, 302]
    await _published(lists)
    (message,) = await _log(lists, endpoint)
    assert [(one["status_code"], one["error"]) for one in message["attempts"]] == [
        (500, "not_accepted"),
        (410, "not_accepted"),
        (302, "redirect_not_followed"),
    ]
    assert (message["status"], receiver.elsewhere) == ("exhausted", 0)
    (shown,) = (await lists.system.ok("finance", "GET", ENDPOINTS, lists.officer))["items"]
    assert (shown["exhausted"], shown["pending"], shown["last_delivered_at"]) == (1, 0, None)
    replay = f"/v1/webhook-messages/{message['id']}:replay"
    await lists.system.ok("finance", "POST", replay, lists.bank)
    await lists.system.refused("finance", "POST", replay, lists.bank, "webhook_message_pending", 409)
    await lists.system.drain()
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.got}) == 1
    (message,) = await _log(lists, endpoint)
    assert (message["status"], len(message["attempts"])) == ("delivered", 4)
    # An address that failed is still told of the next one.
    await _published(lists)
    assert [one["serial"] for one in await _log(lists, endpoint)] == [3, 2]
    assert json.loads(receiver.got[-1].body)["data"]["serial"] == 3


REFUSED = {
    "https://10.1.2.3/hook": "target_not_public",
    "https://169.254.169.254/latest/meta-data": "target_not_public",
    "https://[::1]/hook": "target_not_public",
    "https://[::ffff:10.0.0.1]/hook": "target_not_public",
    "https://[fe80::1]/hook": "target_not_public",
    "https://0.0.0.0/hook": "target_not_public",
    "http://93.184.215.14/hook": "target_not_https",
    "https://user:secret@93.184.215.14/hook": "target_malformed",
    "https://93.184.215.14:99999/hook": "target_malformed",
    "https://nowhere.invalid/hook": "target_unresolved",
}


async def test_nothing_is_sent_to_what_is_not_public(
    lists: Lists, owner: asyncpg.Connection, receiver: Receiver
) -> None:
    for url, code in REFUSED.items():
        answer = await lists.system.request("finance", "POST", ENDPOINTS, lists.bank, json={"url": url})
        assert (answer.status_code, answer.json()["violations"][0]["code"]) == (422, code), url
    assert await owner.fetchval("SELECT count(*) FROM webhook_endpoint") == 0
    # A name may mean another host by the time that something is sent: it is looked at again.
    endpoint = await _registered(lists, receiver)
    await owner.execute("UPDATE webhook_endpoint SET url = 'https://10.1.2.3/hook'")
    await _published(lists)
    (message,) = await _log(lists, endpoint)
    assert {one["error"] for one in message["attempts"]} == {"target_not_public"}


async def test_each_client_has_its_own(lists: Lists, receiver: Receiver, owner: asyncpg.Connection) -> None:
    endpoint = await _registered(lists, receiver)
    other = bank_token(lists.system, "bank-2")
    theirs = await _registered(lists, receiver, other)
    await _published(lists)
    (message,) = await _log(lists, endpoint)
    # A client that may not pull the list hears nothing of it.
    assert await _log(lists, theirs, other) == []
    refused = lists.system.refused
    await refused("finance", "GET", f"{ENDPOINTS}/{endpoint['id']}/messages", other, "not_found", 404)
    await refused("finance", "POST", f"/v1/webhook-messages/{message['id']}:replay", other, "not_found", 404)
    for act in ("rotateSecret", "ping", "remove"):
        await refused("finance", "POST", f"{ENDPOINTS}/{endpoint['id']}:{act}", other, "not_found", 404)
        await refused("finance", "POST", f"{ENDPOINTS}/{endpoint['id']}:{act}", lists.officer, "forbidden", 403)
    assert [one["id"] for one in (await lists.system.ok("finance", "GET", ENDPOINTS, other))["items"]] == [theirs["id"]]
    assert len(await _log(lists, endpoint, lists.officer)) == 1
    await refused("finance", "POST", ENDPOINTS, lists.bank, "webhook_endpoint_exists", 409, json={"url": receiver.url})
    await lists.system.ok("finance", "POST", f"{ENDPOINTS}/{endpoint['id']}:remove", lists.bank)
    before = len(receiver.got)
    await _published(lists)
    assert (len(receiver.got), len(await _log(lists, endpoint))) == (before, 1)
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("DELETE FROM webhook_attempt")


async def test_both_secrets_sign_for_a_while(lists: Lists, receiver: Receiver, clock: Clock) -> None:
    first = await _registered(lists, receiver)
    path = f"{ENDPOINTS}/{first['id']}"
    second = await lists.system.ok("finance", "POST", f"{path}:rotateSecret", lists.bank)
    assert second["secret"] != first["secret"]

    async def good() -> list[bool]:
        await lists.system.ok("finance", "POST", f"{path}:ping", lists.bank)
        await lists.system.drain()
        got = receiver.got[-1]
        found: list[bool] = []
        for secret in (first["secret"], second["secret"]):
            try:
                found.append(Webhook(secret).verify(got.body, got.headers)["type"] == "ping")
            except WebhookVerificationError:
                found.append(False)
        return found

    assert await good() == [True, True]
    clock.put("2099-01-01 00:00")
    assert await good() == [False, True]


async def test_workers_at_once_send_each_message_once_and_rooms_are_counted(
    lists: Lists, receiver: Receiver, owner: asyncpg.Connection
) -> None:
    urls = [f"{receiver.url}?n={number}" for number in range(8)]
    answers = await asyncio.gather(
        *(lists.system.request("finance", "POST", ENDPOINTS, lists.bank, json={"url": url}) for url in urls)
    )
    assert sorted(one.status_code for one in answers) == [201] * 5 + [409] * 3
    await lists.publish()
    finance, settings = lists.system.apps["finance"].state.database, lists.system.settings["finance"]
    async with finance.sessions.begin() as session:
        assert await announce(session, "pool-members", 2) == 5
    await asyncio.gather(*(push_due(finance, settings, new_id()) for _ in range(3)))
    assert len(receiver.got) == 5
    # One that died over its attempt left it to be tried again when its time was over.
    await owner.execute("UPDATE webhook_message SET status = 'pending', settled_at = NULL, claim = id, due_at = now()")
    await push_due(finance, settings, new_id())
    assert len(receiver.got) == 10
    assert await owner.fetchval("SELECT count(*) FROM webhook_message WHERE status = 'delivered'") == 5


async def test_only_subscribers_of_that_very_list_are_told(
    lists: Lists, receiver: Receiver, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "INSERT INTO api_client (id, client_id, name, role, secret_hash) "
        "VALUES (gen_random_uuid(), 'bank-elsewhere', '【虚构】另一银行', 'bank', '')"
    )
    path, body = "/v1/lists/pledge-whitelist/subscriptions", {"client_id": "bank-elsewhere"}
    await lists.system.ok("finance", "POST", path, lists.officer, json=body)
    elsewhere = bank_token(lists.system, "bank-elsewhere")
    ours, theirs = await _registered(lists, receiver), await _registered(lists, receiver, elsewhere)
    await _published(lists)
    assert [one["serial"] for one in await _log(lists, ours)] == [2]
    assert await _log(lists, theirs, elsewhere) == []
    assert [json.loads(one.body)["data"]["programme"] for one in receiver.got] == ["pool-members"]
    await lists.system.ok("finance", "POST", f"{LIST}/subscriptions", lists.officer, json=body)
    await _published(lists)
    assert [one["serial"] for one in await _log(lists, theirs, elsewhere)] == [3]
