"""The port over HTTP: client credentials, signed requests, bounded answers, every failure classified."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from services.intake.national.port import AnswerError, LineError, Parcel, RefusedError
from services.intake.national.signatures import Message, sign
from services.intake.national.wire import FORMAT, ListingPage, PushAnswer, RecordAnswer, canonical

_LARGEST_ANSWER = 20 * 1024 * 1024
_LONGEST_PAUSE_SECONDS = 24 * 3600.0
_CONTENT_AT_FAULT = {400, 409, 413, 422}
_BUSY = {408, 429, 502, 503, 504}
Answer = TypeVar("Answer", bound=BaseModel)


class HttpAdapter:
    """Use as an async context manager; one per errand."""

    def __init__(
        self, *, url: str, client_id: str, secret: SecretStr, keyid: str, private_key_pem: bytes, timeout_seconds: float
    ) -> None:
        self._url = url.rstrip("/")
        self._credentials = (client_id, secret)
        self._keyid = keyid
        self._key = private_key_pem
        self._timeout = timeout_seconds
        self._token: tuple[str, float] | None = None
        # No proxy by accident, and no redirect: the signature covers the target.
        self._client = httpx.AsyncClient(timeout=timeout_seconds, trust_env=False, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def deliver(self, parcel: Parcel) -> Mapping[str, RecordAnswer]:
        """Push the parcel; see NationalPort."""
        content = {
            "format": FORMAT,
            "batch_id": str(parcel.id),
            "records": [record.model_dump(mode="json") for record in parcel.records],
        }
        body = canonical(content).encode()
        answer = await self._call("POST", "/v1/records", PushAnswer, body=body, key=str(parcel.id))
        asked = {record.key for record in parcel.records}
        return {result.key: result for result in answer.results if result.key in asked}

    async def listing(self, cursor: str | None) -> ListingPage:
        """One page; see NationalPort."""
        query = str(httpx.QueryParams({"limit": "500"} | ({"cursor": cursor} if cursor else {})))
        return await self._call("GET", f"/v1/records?{query}", ListingPage)

    async def _call(
        self, method: str, path: str, kind: type[Answer], *, body: bytes | None = None, key: str | None = None
    ) -> Answer:
        for attempt in (1, 2):
            headers = {"Authorization": f"Bearer {await self._access_token()}", "Accept": "application/json"}
            if body is not None and key is not None:
                headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
            sign(Message(method, self._url + path, headers), body, keyid=self._keyid, private_key_pem=self._key)
            response, content = await self._exchange(method, path, headers, body)
            if response.status_code != 401 or attempt == 2:
                break
            self._token = None  # it may have been withdrawn before its time
        return _understood(response, content, kind)

    async def _access_token(self) -> str:
        if self._token is not None and time.monotonic() < self._token[1]:
            return self._token[0]
        client_id, secret = self._credentials
        response, content = await self._exchange(
            "POST",
            "/oauth/token",
            {},
            None,
            {"grant_type": "client_credentials"},
            (client_id, secret.get_secret_value()),
        )
        if response.status_code != 200:
            raise LineError(f"no token: {response.status_code}", _retry_after(response))
        try:
            token = _Token.model_validate_json(content)
        except ValidationError:
            raise AnswerError("the token's answer is not understood") from None
        self._token = token.access_token, time.monotonic() + token.expires_in * 0.8
        return token.access_token

    async def _exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        form: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> tuple[httpx.Response, bytes]:
        request = self._client.build_request(method, self._url + path, headers=headers, content=body, data=form)
        content = bytearray()
        try:
            # httpx limits each step; a server that sends a byte now and then would hold us for ever.
            async with asyncio.timeout(self._timeout):
                response = await self._client.send(request, auth=auth, stream=True)
                try:
                    async for chunk in response.aiter_bytes():
                        content += chunk
                        if len(content) > _LARGEST_ANSWER:
                            raise AnswerError("the answer has no end")
                finally:
                    await response.aclose()
        except TimeoutError:
            raise LineError(f"no answer within {self._timeout:g} s") from None
        except httpx.DecodingError as error:
            raise AnswerError(repr(error)) from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise LineError(repr(error)[:500]) from None
        return response, bytes(content)


class _Token(BaseModel):
    access_token: str
    expires_in: float = 300.0


def _understood(response: httpx.Response, content: bytes, kind: type[Answer]) -> Answer:
    status = response.status_code
    told = content[:300].decode("utf-8", "replace").replace("\x00", "")
    if status in _BUSY:
        raise LineError(f"{status}: {told}", _retry_after(response))
    if status in _CONTENT_AT_FAULT:
        raise RefusedError(status, told)
    if 300 <= status < 500:
        raise LineError(f"{status}: {told}")
    if status >= 500:
        raise AnswerError(f"{status}: {told}")
    try:
        return kind.model_validate_json(content)
    except ValidationError:
        raise AnswerError(f"an answer that is not understood: {told}") from None


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that they ask us to wait, as a number or a date; None where they ask nothing sensible."""
    text = response.headers.get("retry-after", "")
    if text.isdecimal() and len(text) < 10:
        return min(float(text), _LONGEST_PAUSE_SECONDS)
    try:
        until: Any = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), _LONGEST_PAUSE_SECONDS)
