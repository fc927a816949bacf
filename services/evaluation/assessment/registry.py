"""The rulebooks in use: the province's own at start, and any that once judged, by digest."""

from __future__ import annotations

from functools import cache, lru_cache

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.rulebooks.loader import load_recorded, load_rulebooks
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.models.evaluation import RulebookVersion
from shared.reference.province import province


@cache
def provincial_rulebooks() -> tuple[Rulebook, ...]:
    """The rulebooks in the province's data folder, by id."""
    return tuple(load_rulebooks(province().rulebooks).values())


async def register_rulebooks(session: AsyncSession) -> None:
    """Store the texts of the province's rulebooks so that cycles can be pinned to them."""
    directory = province().rulebooks
    for rulebook in provincial_rulebooks():
        text = directory.joinpath(f"{rulebook.id}.toml").read_text(encoding="utf-8")
        statement = insert(RulebookVersion).values(
            digest=rulebook.digest,
            rulebook_id=rulebook.id,
            effective_from=rulebook.effective_from,
            effective_to=rulebook.effective_to,
            text=text,
        )
        await session.execute(statement.on_conflict_do_nothing())


async def rulebook_of(session: AsyncSession, digest: str) -> Rulebook:
    """The rulebook with this digest; LookupError where none was ever registered."""
    statement = select(RulebookVersion.text).where(RulebookVersion.digest == digest)
    text = (await session.execute(statement)).scalar_one_or_none()
    if text is None:
        raise LookupError(f"no rulebook with digest {digest}")
    return _parsed(text)


@lru_cache(maxsize=64)
def _parsed(text: str) -> Rulebook:
    return load_recorded(text, origin="rulebook_version")
