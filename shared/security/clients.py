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

from shared.errors import INVALID_CLIENT, Problem
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


async def authenticate_client(session: AsyncSession, client_id: str, client_secret: str) -> Actor:
    """The client as an actor; Problem `invalid_client` for unknown, disabled or wrong, all alike."""
    if not client_id.isprintable():  # PostgreSQL has no NUL to compare with
        raise Problem(INVALID_CLIENT)
    statement = select(ApiClient).where(ApiClient.client_id == client_id, ApiClient.disabled_at.is_(None))
    client = (await session.execute(statement)).scalar_one_or_none()
    stored = client.secret_hash if client else await asyncio.to_thread(_decoy)
    try:
        await asyncio.to_thread(_HASHER.verify, stored, client_secret)
    except VerificationError:
        raise Problem(INVALID_CLIENT) from None
    if client is None:
        raise Problem(INVALID_CLIENT)
    return actor_of_role(client.client_id, client.role, uscc=client.uscc)
