"""HTTP as the people and machines of the demo use it: patient with restarts, each creating request with a key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
_PATIENCE_SECONDS = 120.0
_RETRIED = {502, 503, 504}


class DemoError(RuntimeError):
    """The system answered what the round did not expect."""


class Api:
    """Calls to the three services; a service that is restarting is asked again."""

    def __init__(self, urls: dict[str, str]) -> None:
        self._urls = urls
        self._client = httpx.AsyncClient(timeout=30, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def call(
        self, service: str, method: str, path: str, token: str | None = None, *, key: str | None = None, **request: Any
    ) -> httpx.Response:
        """The answer, whatever its status, after at most two minutes of patience."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        headers |= request.pop("headers", {})
        deadline = time.monotonic() + _PATIENCE_SECONDS
        pause = 0.1
        while True:
            try:
                answer = await self._client.request(method, self._urls[service] + path, headers=headers, **request)
                if answer.status_code not in _RETRIED:
                    return answer
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise DemoError(f"{method} {path} was not answered in {_PATIENCE_SECONDS:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def json(self, service: str, method: str, path: str, token: str | None = None, **request: Any) -> Any:
        """The body of a successful answer; DemoError with the problem document otherwise."""
        answer = await self.call(service, method, path, token, **request)
        if not answer.is_success:
            raise DemoError(f"{method} {path}: {answer.status_code} {answer.text[:800]}")
        return answer.json() if answer.content else None

    async def pages(self, service: str, path: str, token: str, **params: Any) -> list[dict[str, Any]]:
        """All items behind a cursor."""
        items: list[dict[str, Any]] = []
        cursor: Any = None
        while True:
            query = {**params, "limit": 500} | ({} if cursor is None else {"cursor": cursor})
            page = await self.json(service, "GET", path, token, params=query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items


async def until(probe: Callable[[], Awaitable[T | None]], what: str) -> T:
    """The first answer of `probe` that is not None; DemoError after two minutes."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = await probe()
        if found is not None:
            return found
        await asyncio.sleep(0.15)
    raise DemoError(f"still waiting for {what} after {_PATIENCE_SECONDS:g} s")


async def each(items: list[T], act: Callable[[T], Awaitable[None]], *, at_once: int = 6) -> None:
    """Run `act` on every item, a few at a time."""
    gate = asyncio.Semaphore(at_once)

    async def one(item: T) -> None:
        async with gate:
            await act(item)

    await asyncio.gather(*(one(item) for item in items))
