"""An officer publishes an edition: to renew an old one, or after what stopped one has been settled."""

from __future__ import annotations

from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.errors import LIST_BY_PROPOSAL, PROGRAMME_NOT_FOUND
from services.finance.lists.publication import Cause, publish_edition
from services.finance.lists.queries import edition_for
from services.finance.lists.refusals import refusal_by_id
from services.finance.lists.safeguards import programme_data
from services.finance.lists.schemas import EditionSummary, PublicationIn, PublicationOut
from shared.errors import Problem
from shared.models.base import new_id
from shared.models.finance import ListProgramme
from shared.security.actor import Actor


async def publish_by_hand(
    session: AsyncSession, actor: Actor, code: str, publication_in: PublicationIn, key: OKPKey
) -> PublicationOut:
    """The edition, or the refusal on record. What has nothing behind it is refused whatever is authorised."""
    statement = select(ListProgramme).where(ListProgramme.code == code).with_for_update()
    programme = (await session.execute(statement)).scalar_one_or_none()
    if programme is None:
        raise Problem(PROGRAMME_NOT_FOUND)
    if programme_data(code).origin == "judged":
        raise Problem(LIST_BY_PROPOSAL)
    cause = Cause(new_id(), actor, publication_in.reason, publication_in.authorised_removals)
    outcome = await publish_edition(session, programme, cause, key)
    if outcome.refusal_id is not None:
        return PublicationOut(edition=None, refusal=await refusal_by_id(session, outcome.refusal_id))
    edition = await edition_for(session, actor, code, outcome.serial)
    return PublicationOut(edition=EditionSummary.model_validate(edition, from_attributes=True), refusal=None)
