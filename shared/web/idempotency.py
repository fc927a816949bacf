"""Idempotency-Key: the same key and request give the same answer, the same key and another request a refusal."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED, Problem
from shared.models.outbox import IdempotencyRecord
from shared.security.actor import Actor


class Idempotency:
    """Runs a creating request at most once per actor and key."""

    def __init__(self, key: str, request_digest: str) -> None:
        self._key = key
        self._digest = request_digest

    async def run(
        self, session: AsyncSession, actor: Actor, status: int, create: Callable[[], Awaitable[BaseModel]]
    ) -> Response:
        """`create`'s answer with `status`; on a retry the stored one, marked by `Idempotent-Replayed`.

        A concurrent twin waits on the record's primary key until the first has committed or rolled back.
        """
        claim = (
            insert(IdempotencyRecord)
            .values(actor=actor.subject, key=self._key, request_digest=self._digest)
            .on_conflict_do_nothing()
            .returning(IdempotencyRecord.key)
        )
        if (await session.execute(claim)).scalar_one_or_none() is None:
            return await self._replay(session, actor)
        body = (await create()).model_dump_json()
        done = update(IdempotencyRecord).where(*self._is_mine(actor)).values(status=status, response=body)
        await session.execute(done)
        return _json(body, status)

    def _is_mine(self, actor: Actor) -> tuple[Any, ...]:
        return IdempotencyRecord.actor == actor.subject, IdempotencyRecord.key == self._key

    async def _replay(self, session: AsyncSession, actor: Actor) -> Response:
        record = (await session.execute(select(IdempotencyRecord).where(*self._is_mine(actor)))).scalar_one()
        if record.request_digest != self._digest:
            raise Problem(IDEMPOTENCY_KEY_REUSED)
        if record.response is None or record.status is None:
            raise LookupError(f"the record of key {self._key!r} holds no answer")
        return _json(record.response, record.status, {"Idempotent-Replayed": "true"})


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
    if content_type.startswith("multipart/"):
        # The boundary differs between retries of the same upload, so the parts are digested.
        form = await request.form()
        for name, part in form.multi_items():
            digest.update(name.encode())
            digest.update(part.encode() if isinstance(part, str) else await part.read())
            if not isinstance(part, str):
                await part.seek(0)
    else:
        digest.update(await request.body())
    return Idempotency(idempotency_key, digest.hexdigest())


IdempotencyDep = Annotated[Idempotency, Depends(idempotency)]
