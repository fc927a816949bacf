"""Idempotency-Key: the same key and request give the same answer, the same key and another request a refusal."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from asyncpg import IntegrityConstraintViolationError
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Database
from shared.errors import IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED, Problem
from shared.idempotency import RetryKey
from shared.models.outbox import IdempotencyRecord
from shared.security.actor import Actor

_RECORD = insert(IdempotencyRecord)


class Replayed(Exception):  # noqa: N818 (not an error: the stored answer, on its way out past the transaction)
    """The request was answered before; raising rolls back whatever this attempt has done."""

    def __init__(self, response: Response) -> None:
        super().__init__("replayed")
        self.response = response


class Idempotency:
    """Runs a creating request at most once per actor and key.

    The record is written last, in the transaction of what it answers for; a retry or a concurrent twin finds it by
    failing on it (or on what the first attempt created) and is answered from it.
    """

    def __init__(self, database: Database, retry: RetryKey) -> None:
        self._database = database
        self.retry = retry

    async def run(
        self, session: AsyncSession, actor: Actor, status: int, create: Callable[[], Awaitable[BaseModel]]
    ) -> Response:
        """`create`'s answer with `status`; on a retry the stored one, marked by `Idempotent-Replayed`."""

        try:
            # A savepoint, so that the stored answer is looked for on the connection that is held already: whoever held
            # one and waited for another could wait for ever.
            async with session.begin_nested():
                body = (await create()).model_dump_json()
                await session.execute(_RECORD, self._record(actor, status, body))
        except (Problem, IntegrityError):
            await self._replay(session, actor)
            raise
        return _json(body, status)

    async def run_whole(self, actor: Actor, status: int, create: Callable[[], Awaitable[str]]) -> Response:
        """As `run`, for a `create` that stores the record for `retry` itself and returns the answer's JSON.

        It holds no connection any more when it fails.
        """
        try:
            return _json(await create(), status)
        except (Problem, IntegrityError, IntegrityConstraintViolationError):
            async with self._database.sessions() as session:
                await self._replay(session, actor)
            raise

    def _record(self, actor: Actor, status: int, body: str) -> dict[str, Any]:
        return {
            "actor": actor.identity,
            "key": self.retry.key,
            "request_digest": self.retry.request_digest,
            "status": status,
            "response": body,
        }

    async def _replay(self, session: AsyncSession, actor: Actor) -> None:
        """Raise Replayed where an answer is stored."""
        stored = select(IdempotencyRecord).where(
            IdempotencyRecord.actor == actor.identity, IdempotencyRecord.key == self.retry.key
        )
        record = (await session.execute(stored)).scalar_one_or_none()
        if record is None:
            return
        if record.request_digest != self.retry.request_digest:
            raise Problem(IDEMPOTENCY_KEY_REUSED)
        raise Replayed(_json(record.response, record.status, {"Idempotent-Replayed": "true"}))


async def answer_replayed(_: Request, error: Exception) -> Response:
    """The exception handler that sends the stored answer."""
    if not isinstance(error, Replayed):
        raise error
    return error.response


def _json(body: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, "application/json")


async def idempotency(
    request: Request,
    idempotency_key: Annotated[str | None, Header(max_length=200, description="Unique per creating request")] = None,
) -> Idempotency:
    """The request's key with a digest of method, path, query and body."""
    if not idempotency_key:
        raise Problem(IDEMPOTENCY_KEY_MISSING)
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    content_type = request.headers.get("content-type", "")
    if content_type.startswith(("multipart/", "application/x-www-form-urlencoded")):
        # The boundary differs between retries of the same upload, so the parts are digested.
        form = await request.form()
        for name, part in form.multi_items():
            if isinstance(part, str):
                digest.update(_framed(name.encode(), part.encode()))
            else:
                digest.update(_framed(name.encode(), (part.filename or "").encode(), await part.read()))
                await part.seek(0)
    else:
        digest.update(await request.body())
    return Idempotency(request.app.state.database, RetryKey(idempotency_key, digest.hexdigest()))


def _framed(*pieces: bytes) -> bytes:
    """How many pieces there are and a digest of each: what is cut elsewhere is another request."""
    return bytes([len(pieces)]) + b"".join(hashlib.sha256(piece).digest() for piece in pieces)


IdempotencyDep = Annotated[Idempotency, Depends(idempotency)]
