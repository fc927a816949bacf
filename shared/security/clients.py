"""Machine clients: registration with a secret shown once, and authentication with argon2."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Database
from shared.errors import INVALID_CLIENT, UNAVAILABLE, Problem
from shared.identifiers import parse_uscc
from shared.models.identity import CLIENT_ROLES, ApiClient
from shared.security.actor import Actor
from shared.security.tokens import actor_of_role

_HASHER = PasswordHasher()


@cache
def _decoy() -> str:
    """Verified for unknown clients, so that the time of an answer does not tell whether a client exists."""
    return _HASHER.hash(secrets.token_urlsafe(32))


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    client_id: str
    client_secret: str


async def register_client(session: AsyncSession, *, name: str, role: str, uscc: str | None = None) -> ClientCredentials:
    """Store a client and return its secret, which is not kept. ValueError where role and USCC do not fit."""
    if role not in CLIENT_ROLES:
        raise ValueError(f"a client's role is one of {', '.join(CLIENT_ROLES)}")
    if (role == "enterprise") != (uscc is not None):
        raise ValueError("an enterprise client, and no other, needs a USCC")
    credentials = ClientCredentials(f"{role}-{secrets.token_hex(6)}", secrets.token_urlsafe(32))
    session.add(
        ApiClient(
            client_id=credentials.client_id,
            name=name,
            role=role,
            uscc=parse_uscc(uscc) if uscc else None,
            secret_hash=await asyncio.to_thread(_HASHER.hash, credentials.client_secret),
        )
    )
    await session.flush()
    return credentials


# Verifying costs tens of milliseconds of a processor on purpose: few at once, and no endless queue behind them.
_MOST_WAITING = 40


class ClientAuthenticator:
    """Checks clients' secrets, a few at a time, without holding a database connection meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gate = asyncio.Semaphore(2)
        self._waiting = 0

    async def authenticate(self, client_id: str, client_secret: str) -> Actor:
        """The client as an actor; Problem `invalid_client` for unknown, disabled or wrong, all alike.

        Problem `unavailable` while too many are being checked.
        """
        if self._waiting >= _MOST_WAITING:
            raise Problem(UNAVAILABLE)
        self._waiting += 1
        try:
            async with self._gate:
                return await self._checked(client_id, client_secret)
        finally:
            self._waiting -= 1

    async def _checked(self, client_id: str, client_secret: str) -> Actor:
        client = await self._find(client_id)
        stored = client.secret_hash if client else await asyncio.to_thread(_decoy)
        try:
            await asyncio.to_thread(_HASHER.verify, stored, client_secret)
        except VerificationError:
            raise Problem(INVALID_CLIENT) from None
        if client is None:
            raise Problem(INVALID_CLIENT)
        return actor_of_role(client.client_id, client.role, uscc=client.uscc)

    async def _find(self, client_id: str) -> ApiClient | None:
        if not client_id.isprintable():  # PostgreSQL has no NUL to compare with
            return None
        statement = select(ApiClient).where(ApiClient.client_id == client_id, ApiClient.disabled_at.is_(None))
        async with self._database.sessions() as session:
            return (await session.execute(statement)).scalar_one_or_none()
