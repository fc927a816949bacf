"""Who is on the newest edition of a list, within reach, with the fields that the reader may see."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.errors import NO_EDITION
from services.finance.lists.history import listed_now
from services.finance.lists.programmes import readable_programme
from services.finance.lists.safeguards import programme_data
from services.finance.programmes.proposal import proposed
from services.finance.programmes.schemas import ShownPage
from shared.errors import Problem
from shared.models.finance import Edition, ListProposal
from shared.models.reads import codes_of, present_codes
from shared.reference.programmes import Viewer
from shared.security.actor import Actor


async def shown_page(session: AsyncSession, actor: Actor, code: str, *, after: str, limit: int) -> ShownPage:
    """By 统一社会信用代码. Problems `list_not_found`, `no_edition`. Outside reach there is nobody, and no count."""
    programme = await readable_programme(session, actor, code)
    newest = select(func.max(Edition.serial)).where(Edition.programme_code == programme.code)
    serial: int | None = (await session.execute(newest)).scalar_one_or_none()
    if serial is None:
        raise Problem(NO_EDITION)
    names = programme_data(programme.code).fields[_viewer(actor)]
    whole = await _whole(session, programme.code)
    listed = {
        uscc: {**whole.get(uscc, {}), **one.entry} for uscc, one in (await listed_now(session, programme.code)).items()
    }
    own = None if actor.uscc is None else await _own_codes(session, actor.uscc)
    reached = [
        uscc
        for uscc in sorted(listed)
        if uscc > after and (own is None or uscc in own) and actor.city_code in (None, listed[uscc].get("city_code"))
    ]
    items = [{name: str(listed[uscc].get(name, "")) for name in names} for uscc in reached[:limit]]
    return ShownPage(serial=serial, items=items, next_cursor=items[-1]["uscc"] if len(reached) > limit else None)


async def _own_codes(session: AsyncSession, code: str) -> set[str]:
    present = (await present_codes(session, [code]))[code]
    return {row.code for row in await session.execute(codes_of([present]))} | {code}


def _viewer(actor: Actor) -> Viewer:
    if actor.uscc is not None:
        return "enterprise"
    return "province" if actor.city_code is None else "city"


async def _whole(session: AsyncSession, code: str) -> dict[str, Mapping[str, str]]:
    """By code, every field of the proposal that was published last; none for a list of the pool."""
    statement = (
        select(ListProposal)
        .where(ListProposal.programme_code == code, ListProposal.status == "published")
        .order_by(ListProposal.serial.desc())
        .limit(1)
    )
    proposal = (await session.execute(statement)).scalar_one_or_none()
    return {} if proposal is None else {one.uscc: one.fields for one in await proposed(session, proposal)}
