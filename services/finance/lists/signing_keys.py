"""Keys that lists are signed with: the private one is a file, the public ones are kept for as long as lists are."""

from __future__ import annotations

from typing import Any

from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.finance import ListSigningKey


def public_form(key: OKPKey) -> dict[str, Any]:
    """The public half as JWK (RFC 8037), with `kid`, `alg` and `use`."""
    return key.as_dict(private=False)


async def register_key(session: AsyncSession, key: OKPKey) -> None:
    """Keep the public half; a key that is kept already changes nothing."""
    values = {"kid": key.kid, "public_jwk": public_form(key)}
    await session.execute(insert(ListSigningKey).values(values).on_conflict_do_nothing())


async def key_set(session: AsyncSession, present: OKPKey) -> list[dict[str, Any]]:
    """The present key first, then every other that ever signed, newest first."""
    kept = (
        select(ListSigningKey.public_jwk)
        .where(ListSigningKey.kid != present.kid)
        .order_by(ListSigningKey.registered_at.desc(), ListSigningKey.kid)
    )
    return [public_form(present), *(await session.execute(kept)).scalars()]
