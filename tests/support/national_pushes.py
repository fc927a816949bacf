"""The national system as a caller of ours: a client, a trusted key, and signed batches of records."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from joserfc.jwk import OKPKey

from support.national_system import FORMAT, NationalSystem
from support.system import System

PATH = "/v1/national/batches"


@dataclass
class Pusher:
    system: System
    national: NationalSystem
    client_id: str
    token: str
    _batches: int = field(default=0)

    async def trust(self, **changes: Any) -> dict[str, Any]:
        """Have an administrator trust the key that it signs with now."""
        now = datetime.now(UTC)
        body = {
            "keyid": self.national.keyid,
            "client_id": self.client_id,
            "public_key_pem": public_pem(self.national.key),
            "valid_from": (now - timedelta(days=1)).isoformat(),
            "valid_to": (now + timedelta(days=1)).isoformat(),
        } | changes
        admin = self.system.officer("planner", "province_officer")
        return await self.system.ok("intake", "POST", "/v1/national/sender-keys", admin, json=body)

    async def send(
        self, records: list[Any], *, batch_id: str | None = None, url: str = f"http://intake{PATH}", **signature: Any
    ) -> httpx.Response:
        self._batches += 1
        batch = {"format": FORMAT, "batch_id": batch_id or f"B-{self._batches}", "records": records}
        body = json.dumps(batch, ensure_ascii=False).encode()
        return await self.send_body(body, self.national.signed_headers(url, body, **signature))

    async def send_body(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        return await self.system.clients["intake"].post(PATH, content=body, headers=headers)

    async def outcomes(self, *records: Any, **options: Any) -> list[str]:
        """The outcome of each record of one batch, which must be taken."""
        answer = await self.send(list(records), **options)
        assert answer.status_code == 200, answer.text
        return [result["outcome"] for result in answer.json()["results"]]


def public_pem(key: OKPKey) -> str:
    return key.as_pem(private=False).decode()


async def pusher(system: System, national: NationalSystem) -> Pusher:
    client_id, token = await system.client_token("intake", "national_system")
    found = Pusher(system, national, client_id, token)
    await found.trust()
    return found


def application(form: dict[str, Any], *, record_id: str = "GJ-1", version: int = 1, **changes: Any) -> dict[str, Any]:
    filed_at = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = {"record_id": record_id, "version": version, "kind": "application", "cycle": "2024-1"}
    return record | {"filed_at": filed_at, "form": form} | changes


def status(kind: str, *, of: str = "GJ-1", version: int = 1, sequence: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "record_id": f"{of}-S{sequence}",
        "version": 1,
        "kind": "status",
        "application_record_id": of,
        "application_version": version,
        "sequence": sequence,
        "status": kind,
        "at": "2024-06-06T08:00:00Z",
    } | changes
