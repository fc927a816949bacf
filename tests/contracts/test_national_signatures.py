"""The signature that a push must carry (RFC 9421 with RFC 9530): what is taken, what is refused, keys that change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from pydantic import HttpUrl
from support.forms import form
from support.national_pushes import PATH, Pusher, application, public_pem, pusher
from support.national_system import FORMAT, NationalSystem
from support.system import System, running_system

from shared.settings import Settings

URL = f"http://intake{PATH}"
GATEWAY = "https://gateway.example/peiyu"


@pytest.fixture
async def push(system: System, national: NationalSystem) -> Pusher:
    return await pusher(system, national)


def _body(**changes: Any) -> bytes:
    batch = {"format": FORMAT, "batch_id": "B", "records": [application(form(1))]} | changes
    return json.dumps(batch, ensure_ascii=False).encode()


async def _refused(push: Pusher, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    answer = await push.send_body(body, headers)
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text


async def test_a_good_signature_is_taken_by_target_uri_or_by_authority_and_path(push: Pusher) -> None:
    covered = ("@method", "@authority", "@path", "content-digest", "content-type")
    for number, options in enumerate(({}, {"covered_component_ids": covered})):
        body = _body(batch_id=f"B-{number}")
        answer = await push.send_body(body, push.national.signed_headers(URL, body, **options))
        assert answer.status_code == 200, answer.text


async def test_a_replay_is_answered_as_before_and_does_nothing(push: Pusher) -> None:
    body = _body()
    headers = push.national.signed_headers(URL, body, nonce="n-1")
    first, again = await push.send_body(body, headers), await push.send_body(body, headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.text == again.text


async def test_a_signature_that_says_too_little_or_is_too_old_is_refused(push: Pusher) -> None:
    now = datetime.now(UTC)
    body = _body()
    for options in (
        {"covered_component_ids": ("@method", "@target-uri", "content-digest")},
        {"covered_component_ids": ("@target-uri", "content-digest", "content-type")},
        {"covered_component_ids": ("@method", "@path", "content-digest", "content-type")},
        {"created": now - timedelta(minutes=10)},
        {"created": now + timedelta(minutes=10)},
        {"expires": now - timedelta(minutes=1)},
        {"tag": "something-else"},
        {"tag": None},
    ):
        await _refused(push, body, push.national.signed_headers(URL, body, **options), 401, "signature_invalid")


async def test_a_changed_request_is_refused(push: Pusher) -> None:
    body, another = _body(), _body(batch_id="C")
    headers = push.national.signed_headers(URL, body)
    await _refused(push, another, headers, 400, "content_digest_mismatch")
    without_digest = {name: value for name, value in headers.items() if name != "Content-Digest"}
    await _refused(push, body, without_digest, 400, "content_digest_mismatch")
    other_digest = push.national.signed_headers(URL, another)["Content-Digest"]
    await _refused(push, another, headers | {"Content-Digest": other_digest}, 401, "signature_invalid")
    await _refused(push, body, headers | {"Content-Type": "application/json; x=1"}, 401, "signature_invalid")
    unsigned = {"Content-Type": "application/json", "Content-Digest": headers["Content-Digest"]}
    await _refused(push, body, unsigned, 401, "signature_invalid")
    elsewhere = push.national.signed_headers(f"http://elsewhere{PATH}", body)
    await _refused(push, body, elsewhere, 401, "signature_invalid")


async def test_a_signature_beside_a_gateways_own_is_taken(push: Pusher) -> None:
    body = _body()
    headers = push.national.signed_headers(URL, body)
    headers["Signature-Input"] += ', gw=("@method");created=1;keyid="gw";tag="gateway"'
    headers["Signature"] += ", gw=:AAAA:"
    assert (await push.send_body(body, headers)).status_code == 200


async def test_the_address_that_a_gateway_changed_is_a_setting(
    settings: dict[str, Settings], national: NationalSystem
) -> None:
    intake = settings["intake"].model_copy(update={"national_public_url": HttpUrl(GATEWAY)})
    async with running_system(settings | {"intake": intake}) as system:
        push = await pusher(system, national)
        body = _body()
        answer = await push.send_body(body, national.signed_headers(f"{GATEWAY}{PATH}", body))
        assert answer.status_code == 200, answer.text
        await _refused(push, body, national.signed_headers(URL, body), 401, "signature_invalid")


async def test_keys_are_rotated_without_a_gap_and_revoked_at_once(system: System, push: Pusher) -> None:
    old = push.national.key, push.national.keyid
    push.national.rotate("gj-b")
    assert (await push.send([{}])).status_code == 401, "not trusted yet"
    await push.trust()
    assert (await push.send([{}])).status_code == 200
    new = push.national.key, push.national.keyid
    push.national.key, push.national.keyid = old
    assert (await push.send([{}])).status_code == 200, "both are good while they overlap"
    admin = system.officer("planner", "province_officer")
    for _ in range(2):
        revoked = await system.ok("intake", "POST", "/v1/national/sender-keys/gj-a:revoke", admin)
        assert revoked["revoked_at"]
    assert (await push.send([{}])).status_code == 401
    push.national.key, push.national.keyid = new
    assert (await push.send([{}])).status_code == 200
    listed = await system.ok("intake", "GET", "/v1/national/sender-keys", system.officer("a", "auditor"))
    assert [key["keyid"] for key in listed] == ["gj-b", "gj-a"]


async def test_a_key_is_good_in_its_time_and_for_its_client_only(push: Pusher) -> None:
    now = datetime.now(UTC)
    times = {"valid_from": (now - timedelta(days=2)).isoformat(), "valid_to": (now - timedelta(days=1)).isoformat()}
    push.national.rotate("gj-old")
    await push.trust(**times)
    assert (await push.send([{}])).status_code == 401
    other_id, _ = await push.system.client_token("intake", "national_system")
    push.national.rotate("gj-other")
    await push.trust(client_id=other_id)
    assert (await push.send([{}])).status_code == 401


async def test_what_is_no_key_of_the_national_system_is_not_trusted(system: System, push: Pusher) -> None:
    admin = system.officer("planner", "province_officer")
    now = datetime.now(UTC)
    good = {
        "keyid": "x",
        "client_id": push.client_id,
        "public_key_pem": public_pem(OKPKey.generate_key("Ed25519")),
        "valid_from": now.isoformat(),
        "valid_to": (now + timedelta(days=1)).isoformat(),
    }
    bank, _ = await system.client_token("intake", "bank")
    for changes, status, code in (
        ({"keyid": "gj-a"}, 409, "sender_key_exists"),
        ({"client_id": bank}, 422, "sender_key_client"),
        ({"client_id": "nobody"}, 422, "sender_key_client"),
        ({"public_key_pem": "-----BEGIN"}, 422, "sender_key_unusable"),
        ({"public_key_pem": public_pem(OKPKey.generate_key("X25519"))}, 422, "sender_key_unusable"),
        ({"valid_to": good["valid_from"]}, 422, "validation_failed"),
    ):
        await system.refused("intake", "POST", "/v1/national/sender-keys", admin, code, status, json=good | changes)
    reader = system.officer("a", "auditor")
    await system.refused("intake", "POST", "/v1/national/sender-keys", reader, "forbidden", 403, json=good)
