"""A bank's own system, knowing nothing of ours: its program, its store, its reading of RFC 8785 and of JWS.

`python stand_in_bank.py URL STORE PROGRAMME [OUTCOMES]` with BANK_ID and BANK_SECRET in the environment brings the store up to date
once and prints what it did as a line of JSON. It ends with 3 where nobody answers, with 1 where anything does not prove.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import httpx
from joserfc import jws
from joserfc.jwk import OKPKey

OFFLINE = 3


def canonical(content: Any) -> bytes:
    """RFC 8785 for what lists hold: objects, lists, texts of the basic plane, whole numbers, null."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def proven(body: bytes, signature: str, keys: dict[str, OKPKey]) -> None:
    head, _, tail = signature.partition("..")
    (kid,) = [json.loads(_base64(head))["kid"]]
    registry = jws.JWSRegistry(algorithms=["Ed25519"])
    registry.max_payload_length = 10**9
    jws.deserialize_compact(f"{head}..{tail}", keys[kid], algorithms=["Ed25519"], registry=registry, payload=body)


def _base64(text: str) -> bytes:
    import base64  # noqa: PLC0415 (only here)

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Store:
    """The list as the bank has it, and every digest that it ever had."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path)
        self.db.execute("CREATE TABLE IF NOT EXISTS held (serial INTEGER PRIMARY KEY, digest TEXT, body BLOB)")

    def newest(self) -> tuple[int, dict[str, Any]] | None:
        row = self.db.execute("SELECT serial, body FROM held ORDER BY serial DESC LIMIT 1").fetchone()
        return None if row is None else (row[0], json.loads(row[1]))

    def keep(self, body: bytes) -> str:
        digest = hashlib.sha256(body).hexdigest()
        with self.db:
            self.db.execute("INSERT INTO held VALUES (?, ?, ?)", (json.loads(body)["serial"], digest, body))
        return digest


def applied(edition: dict[str, Any], delta: dict[str, Any]) -> bytes:
    assert hashlib.sha256(canonical(edition)).hexdigest() == delta["digest_before"], "begins elsewhere"
    entries = {one["uscc"]: one for one in edition["entries"]}
    for uscc in delta["removed"]:
        del entries[uscc]
    for one in delta["added"] + delta["changed"]:
        entries[one["uscc"]] = one
    body = canonical(delta["head"] | {"entries": [entries[uscc] for uscc in sorted(entries)]})
    assert hashlib.sha256(body).hexdigest() == delta["digest_after"], "makes something else"
    return body


def sync(client: httpx.Client, store: Store, programme: str) -> dict[str, Any]:
    """One visit: keys, then the whole list or what changed, proven, kept, acknowledged."""
    path = f"/v1/lists/{programme}"
    keys = {one["kid"]: OKPKey.import_key(one) for one in _json(client.get("/v1/lists/jwks.json"))["keys"]}
    held = store.newest()
    if held is None:
        answer = client.get(f"{path}/editions/latest")
        answer.raise_for_status()
        body = answer.content
        proven(body, answer.headers["X-Edition-Signature"], keys)
        return _acknowledged(client, store, path, body, {"how": "whole", "removed": []})
    statement = _json(client.get(f"{path}/changes", params={"since": held[0]}))
    delta = statement["content"]
    proven(canonical(delta), statement["signature"], keys)
    if delta["to"] == held[0]:
        return {"how": "nothing", "serial": held[0], "removed": []}
    body = applied(held[1], delta)
    proven(body, delta["edition_signature"], keys)
    return _acknowledged(client, store, path, body, {"how": "delta", "removed": delta["removed"]})


def _acknowledged(client: httpx.Client, store: Store, path: str, body: bytes, told: dict[str, Any]) -> dict[str, Any]:
    edition = json.loads(body)
    digest = store.keep(body)
    said = {"digest": digest, "imported": edition["count"], "errors": []}
    own = f"{path}/editions/{edition['serial']}:acknowledge"
    answer = client.post(own, json=said, headers={"Idempotency-Key": f"ack-{digest}"})
    answer.raise_for_status()
    return told | {"serial": edition["serial"], "digest": digest, "behind": answer.json()["serials_behind"]}


def _json(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


def answer(client: httpx.Client, programme: str, outcomes: list[dict[str, Any]]) -> int:
    """Tell what became of customers on the list; how many are on record now."""
    said = client.post(
        f"/v1/lists/{programme}/outcomes:batch",
        json={"outcomes": outcomes},
        headers={"Idempotency-Key": hashlib.sha256(canonical(outcomes)).hexdigest()},
    )
    return len(_json(said)["outcomes"])


def main(url: str, store: str, programme: str, outcomes: str = "[]") -> int:
    client = httpx.Client(base_url=url, timeout=30, trust_env=False)
    try:
        credentials = (os.environ["BANK_ID"], os.environ["BANK_SECRET"])
        token = _json(client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=credentials))
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        done = sync(client, Store(Path(store)), programme)
        answers = json.loads(outcomes)
        done["answered"] = answer(client, programme, answers) if answers else 0
        print(json.dumps(done))  # noqa: T201 (this is its output)
    except httpx.TransportError:
        return OFFLINE
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
