"""Answers that a route has marked are given again from memory, until the database announces a change.

Ordinary requests pay for a session, several statements and the framework; a bank that asks every minute whether its list
is still the same asks for bytes that were rendered long ago. What is remembered is an answer that the route gave, header by
header, under the rights of whom it was given to. It is forgotten at the first notification on `CHANNEL`, which triggers
send with the commit of every change that could alter such an answer or the right to it. Memory is trusted only while the
listening connection has just proved that it delivers.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import asyncpg
import structlog

CHANNEL: Final = "lists_changed"
# A proof that the line delivers is asked for so often, and trusted so long.
PROOF_SECONDS: Final = 0.5
TRUST_SECONDS: Final = 2.0
# Callers and paths that are remembered at a time.
_MOST_KEYS: Final = 10_000

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]
Variant: TypeAlias = Literal["unchanged", "plain", "gzip"]
# Subject, role and path.
Key: TypeAlias = tuple[str, str, str]
# What a route marks its answer with: programme and serial.
Mark: TypeAlias = tuple[str, int]
Connect: TypeAlias = Callable[[], Awaitable[asyncpg.Connection]]
# Writes down who was given what again, and how often: (programme, serial, subject) → times.
Repeats: TypeAlias = Callable[[asyncpg.Connection, Counter[tuple[str, int, str]]], Awaitable[None]]
logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it was sent, without its request id."""

    status: int
    headers: Headers
    body: bytes


@dataclass(slots=True)
class Known:
    """What is known of one caller's path: the entity tag, and the answers given so far."""

    mark: Mark
    etag: str
    answers: dict[Variant, Answer] = field(default_factory=dict[Variant, Answer])


class RememberedAnswers:
    """The memory of one process. Until the first answer is to be learned, no connection is made for it."""

    def __init__(self, connect: Connect, repeats: Repeats, *, limit_bytes: int) -> None:
        self._connect = connect
        self._write = repeats
        self._limit_bytes = limit_bytes
        self._known: dict[Key, Known] = {}
        self._bodies: dict[tuple[Mark, Variant], bytes] = {}
        self._repeats: Counter[tuple[str, int, str]] = Counter()
        self._listening: asyncio.Task[None] | None = None
        self._proved_at = float("-inf")
        self._generation = 0

    @property
    def generation(self) -> int | None:
        """To be asked for before the first read of what is then learned; None while nothing can be."""
        return self._generation if self._is_trusted() else None

    def _is_trusted(self) -> bool:
        return time.monotonic() - self._proved_at < TRUST_SECONDS

    def find(self, key: Key) -> Known | None:
        """What may be given again, if nothing has changed since."""
        known = self._known.get(key)
        return known if known is not None and self._is_trusted() else None

    def repeated(self, key: Key, known: Known) -> None:
        """Count bytes that were given once more, to be written down within a second."""
        self._repeats[(*known.mark, key[0])] += 1

    def learn(self, generation: int | None, key: Key, mark: Mark, etag: str, variant: Variant, answer: Answer) -> None:
        """Remember an answer, unless something has changed since its `generation` was asked for."""
        if self._limit_bytes == 0:
            return
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        if generation is None or generation != self._generation or not self._is_trusted():
            return
        held = self._bodies.get((mark, variant))
        if held is None:
            taken = sum(map(len, self._bodies.values()))
            if len(answer.body) > self._limit_bytes:
                return
            if taken + len(answer.body) > self._limit_bytes or len(self._known) >= _MOST_KEYS:
                self._forget()
            held = self._bodies.setdefault((mark, variant), answer.body)
        known = self._known.setdefault(key, Known(mark, etag))
        if (known.mark, known.etag) != (mark, etag):
            # A read was quicker than the announcement: a caller that saw the newer must not be given the older again.
            self._forget()
            return
        # The bytes are shared by all callers.
        known.answers[variant] = Answer(answer.status, answer.headers, held)

    def _forget(self, *_: object) -> None:
        self._generation += 1
        self._known.clear()
        self._bodies.clear()

    async def _listen(self) -> None:
        while True:
            try:
                await self._prove_until_broken()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                logger.warning("remembered_answers_off", error=repr(error))
            self._proved_at = float("-inf")
            self._forget()
            await asyncio.sleep(PROOF_SECONDS)

    async def _prove_until_broken(self) -> None:
        connection = await self._connect()
        try:
            await connection.add_listener(CHANNEL, self._forget)
            while True:
                begun = time.monotonic()
                # Notifications come in order with answers: what was announced before this answer has been heard.
                await connection.execute("SELECT 1", timeout=TRUST_SECONDS)
                self._proved_at = begun
                await self._write_down(connection)
                await asyncio.sleep(PROOF_SECONDS)
        finally:
            self._proved_at = float("-inf")
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=TRUST_SECONDS)

    async def _write_down(self, connection: asyncpg.Connection) -> None:
        if not self._repeats:
            return
        counted, self._repeats = self._repeats, Counter()
        try:
            await self._write(connection, counted)
        except BaseException:
            self._repeats.update(counted)
            raise

    async def close(self) -> None:
        """Stop listening, and write down what was counted last."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        if self._repeats:
            try:
                connection = await self._connect()
                await self._write_down(connection)
                await connection.close()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                logger.warning("repeated_pulls_lost", error=repr(error), count=self._repeats.total())


@asynccontextmanager
async def remembering(connect: Connect, repeats: Repeats, *, limit_bytes: int) -> AsyncGenerator[RememberedAnswers]:
    """The memory, for as long as an application runs."""
    memory = RememberedAnswers(connect, repeats, limit_bytes=limit_bytes)
    try:
        yield memory
    finally:
        await memory.close()
