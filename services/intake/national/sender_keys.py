"""The public keys of those who push to us: added, revoked, and those that are good now."""

from __future__ import annotations

import uuid

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.errors import KEY_CLIENT, KEY_UNUSABLE
from services.intake.national.schemas import SenderKeyIn, SenderKeyOut
from shared import audit
from shared.errors import NOT_FOUND, Problem
from shared.models.identity import ApiClient
from shared.models.intake import NationalSenderKey
from shared.security.actor import Actor

# Audit subjects are UUIDs; a key is named by text.
_NAMESPACE = uuid.UUID("6b1e1a55-7d4c-5d2f-9f44-2a6f0c1f4d10")


async def good_keys(session: AsyncSession, *, client_id: str | None = None) -> dict[str, bytes]:
    """Public keys (PEM) by key id that are neither revoked nor outside their time; of one client, or of all."""
    statement = select(NationalSenderKey.keyid, NationalSenderKey.public_key_pem).where(
        NationalSenderKey.revoked_at.is_(None),
        NationalSenderKey.valid_from <= func.now(),
        func.now() < NationalSenderKey.valid_to,
    )
    if client_id is not None:
        statement = statement.where(NationalSenderKey.client_id == client_id)
    return {row.keyid: row.public_key_pem.encode() for row in await session.execute(statement)}


async def add_key(session: AsyncSession, actor: Actor, key_in: SenderKeyIn) -> SenderKeyOut:
    """Trust a key of a registered client; a new one may overlap with the old, so that nothing stops at rotation."""
    pem = _public_pem(key_in.public_key_pem)
    owner = select(ApiClient.id).where(
        ApiClient.client_id == key_in.client_id, ApiClient.role == "national_system", ApiClient.disabled_at.is_(None)
    )
    if (await session.execute(owner)).scalar_one_or_none() is None:
        raise Problem(KEY_CLIENT)
    key = NationalSenderKey(
        keyid=key_in.keyid,
        client_id=key_in.client_id,
        public_key_pem=pem,
        valid_from=key_in.valid_from,
        valid_to=key_in.valid_to,
        added_by=actor.subject,
    )
    session.add(key)
    await session.flush()
    await _record(session, actor, "national_key.add", key.keyid)
    return SenderKeyOut.model_validate(key, from_attributes=True)


async def revoke_key(session: AsyncSession, actor: Actor, keyid: str) -> SenderKeyOut:
    """Trust a key no longer, from now on. Revoking again changes nothing."""
    statement = select(NationalSenderKey).where(NationalSenderKey.keyid == keyid).with_for_update()
    key = (await session.execute(statement)).scalar_one_or_none()
    if key is None:
        raise Problem(NOT_FOUND)
    if key.revoked_at is None:
        key.revoked_at = func.now()
        await session.flush()
        await session.refresh(key)
        await _record(session, actor, "national_key.revoke", keyid)
    return SenderKeyOut.model_validate(key, from_attributes=True)


async def list_keys(session: AsyncSession) -> list[SenderKeyOut]:
    """Every key that was ever trusted, newest first."""
    rows = (await session.execute(select(NationalSenderKey).order_by(NationalSenderKey.created_at.desc()))).scalars()
    return [SenderKeyOut.model_validate(row, from_attributes=True) for row in rows]


def _public_pem(text: str) -> str:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise Problem(KEY_UNUSABLE) from None
    if not isinstance(key, Ed25519PublicKey):
        raise Problem(KEY_UNUSABLE)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def _record(session: AsyncSession, actor: Actor, action: str, keyid: str) -> None:
    subject = ("national_sender_key", uuid.uuid5(_NAMESPACE, keyid))
    await audit.record(session, service="intake", actor=actor, action=action, subject=subject, detail={"keyid": keyid})
