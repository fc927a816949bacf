"""A stand-in for the national system: listens on loopback, keeps records by key, and fails on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import rfc8785
import uvicorn
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver
from http_message_signatures.algorithms import ED25519
from joserfc import jws
from joserfc.jwk import OKPKey

FORMAT = "peiyu-national-1"
CLIENT = ("peiyu-province", "an-invented-secret")


@dataclass
class Message:
    method: str
    url: str
    headers: dict[str, str]


@dataclass
class NationalSystem:
    """`faults` are used up one per push: see `_push`. `rejects` are words in a record's key that it refuses."""

    url: str
    key: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519"))
    keyid: str = "gj-a"
    trusted: dict[str, bytes] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: deque[str] = field(default_factory=deque)
    rejects: list[str] = field(default_factory=list)
    pushes: list[list[str]] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 2
    token: str = "token-1"
    tokens_issued: int = 0
    retry_after: str = "7"
    withdraw_next: bool = False
    taken: threading.Event = field(default_factory=threading.Event)

    # what it keeps -------------------------------------------------------------------------------------------

    def take(self, record: dict[str, Any]) -> dict[str, Any]:
        """Keep one record; the same key again is answered alike, whatever the batch."""
        assert hashlib.sha256(rfc8785.dumps(record["content"])).hexdigest() == record["digest"]
        key = record["key"]
        if key in self.records:
            assert self.records[key]["digest"] == record["digest"], "one key, two contents"
            return self.records[key]["answer"] | {"outcome": "unchanged"}
        if any(word in key for word in self.rejects):
            return {"key": key, "outcome": "rejected", "code": "no_such_cycle", "reason": "批次不存在"}
        answer = {"key": key, "outcome": "accepted", "remote_id": f"GJ-{len(self.records) + 1}"}
        self.records[key] = {"kind": record["kind"], "digest": record["digest"], "answer": answer}
        return answer

    def entries(self) -> list[dict[str, Any]]:
        held = [
            {"kind": one["kind"], "key": key, "status": "accepted", "digest": one["digest"]}
            for key, one in sorted(self.records.items())
        ]
        return [*held, *self.listed]

    def times_sent(self) -> Counter[str]:
        return Counter(key for push in self.pushes for key in push)

    # files ---------------------------------------------------------------------------------------------------

    def signed_file(self, content: dict[str, Any]) -> str:
        payload = rfc8785.dumps(content)
        header = {"alg": "Ed25519", "kid": self.keyid}
        compact = jws.serialize_compact(header, payload, self.key, algorithms=["Ed25519"])
        return json.dumps({**content, "signature": jws.detach_content(compact)}, ensure_ascii=False)

    def process_file(self, text: str) -> str:
        """What an officer gets back for a file that was uploaded here: refused unless our signature is good."""
        content = json.loads(text)
        signature = content.pop("signature")
        header = json.loads(base64.urlsafe_b64decode(signature.split(".")[0] + "=="))
        key = OKPKey.import_key(self.trusted[header["kid"]])
        jws.deserialize_compact(signature, key, algorithms=["Ed25519"], payload=rfc8785.dumps(content))
        assert hashlib.sha256(rfc8785.dumps(content["records"])).hexdigest() == content["digest"]
        assert content["count"] == len(content["records"])
        self.pushes.append([record["key"] for record in content["records"]])
        results = [self.take(record) for record in content["records"]]
        return self.signed_file({"format": FORMAT, "serial": content["serial"], "results": results})

    def listing_file(self) -> str:
        as_of = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self.signed_file({"format": FORMAT, "as_of": as_of, "entries": self.entries()})

    # what it sends -------------------------------------------------------------------------------------------

    def signed_headers(self, url: str, body: bytes, **changes: Any) -> dict[str, str]:
        """Headers of a push to us, as it signs them; `changes` spoil them for a test."""
        message = Message("POST", url, {"Content-Type": "application/json"})
        signer = HTTPMessageSigner(
            signature_algorithm=ED25519,
            key_resolver=MappingKeyResolver(public_keys={}, private_keys={self.keyid: self.key.as_pem(private=True)}),
        )
        covered = ("@method", "@target-uri", "content-digest", "content-type")
        options = {"key_id": self.keyid, "tag": FORMAT, "covered_component_ids": covered, "label": "sig1"} | changes
        signer.sign(message, body=body, **options)
        return message.headers

    def rotate(self, keyid: str) -> None:
        self.key, self.keyid = OKPKey.generate_key("Ed25519"), keyid

    # HTTP ----------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if scope["path"] == "/oauth/token":
            await self._token(headers, send)
            return
        if self.withdraw_next or headers.get("authorization") != f"Bearer {self.token}":
            self.withdraw_next = False
            await _answer(send, 401, {"error": "invalid_token"})
            return
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        message = Message(scope["method"], f"{self.url}{scope['path']}{query}", headers)
        verifier = HTTPMessageVerifier(
            signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys=self.trusted, private_keys={})
        )
        verifier.verify(message, expect_tag=FORMAT, body=body, require_components=("@method", "@target-uri"))
        if scope["method"] == "GET":
            await self._list(parse_qs(scope["query_string"].decode()), send)
        else:
            assert headers["idempotency-key"] == json.loads(body)["batch_id"]
            await self._push(json.loads(body), receive, send)

    async def _token(self, headers: dict[str, str], send: Any) -> None:
        expected = base64.b64encode(":".join(CLIENT).encode()).decode()
        if headers.get("authorization") != f"Basic {expected}":
            await _answer(send, 401, {"error": "invalid_client"})
            return
        self.tokens_issued += 1
        await _answer(send, 200, {"access_token": self.token, "token_type": "Bearer", "expires_in": 300})

    async def _list(self, query: dict[str, list[str]], send: Any) -> None:
        start = int(query.get("cursor", ["0"])[0])
        entries = self.entries()
        end = start + self.page_size
        cursor = str(end) if end < len(entries) else None
        await _answer(send, 200, {"entries": entries[start:end], "next_cursor": cursor})

    async def _push(self, content: dict[str, Any], receive: Any, send: Any) -> None:
        assert content["format"] == FORMAT
        records = content["records"]
        self.pushes.append([record["key"] for record in records])
        fault = self.faults.popleft() if self.faults else ""
        if fault in {"500", "503", "429", "422", "403"}:
            await _answer(send, int(fault), {"error": fault}, {"retry-after": self.retry_after})
            return
        if fault == "hang":
            await _until_the_caller_leaves(receive)
            return
        if fault in {"die", "garbage_after", "hang_after"}:
            results = [self.take(record) for record in records[: (len(records) + 1) // 2]]
            self.taken.set()
            if fault == "hang_after":
                await _until_the_caller_leaves(receive)
            elif fault == "die":
                await _cut(send, json.dumps({"results": results}).encode()[:-20])
            else:
                await _answer(send, 200, {"results": "<html>"})
            return
        if fault == "garbage":
            await _answer(send, 200, b"\xff\x00<html>busy</html>")
            return
        results = [self.take(record) for record in records]
        await _answer(send, 200, {"results": results[:-1] if fault == "forget_last" else results})


async def _until_the_caller_leaves(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(send: Any, part: bytes) -> None:
    """Promise more than is sent, as a process that dies does."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100000")]})
    await send({"type": "http.response.body", "body": part, "more_body": True})


async def _answer(send: Any, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    raw = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    raw += [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def running_national_system() -> Iterator[NationalSystem]:
    """The stand-in, listening on a port of its own in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    national = NationalSystem(f"http://127.0.0.1:{listener.getsockname()[1]}")
    config = uvicorn.Config(national, lifespan="off", log_config=None, access_log=False, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield national
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        listener.close()
