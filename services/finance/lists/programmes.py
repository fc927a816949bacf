"""List programmes: registered from the province's data; subscriptions that let a bank pull one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.errors import CLIENT_NOT_A_BANK, PROGRAMME_NOT_FOUND
from services.finance.lists.safeguards import programme_data
from shared import audit
from shared.errors import Problem
from shared.models.finance import ListProgramme, ListSubscription
from shared.models.identity import ApiClient
from shared.reference.province import province
from shared.security.actor import Actor

# Roles of clients that read what they are subscribed to, and nothing else.
SUBSCRIBERS = ("bank", "department")


async def register_programmes(session: AsyncSession) -> None:
    """Make the province's list programmes exist (方案三(三): 面向银行业金融机构推送入库企业名单)."""
    for programme in province().list_programmes:
        values = {
            "code": programme.code,
            "title": programme.title,
            "clause": programme.clause,
            "pool_code": province().pool_code,
            "valid_days": programme.valid_days,
            "valid_days_basis": programme.valid_days_basis,
        }
        await session.execute(insert(ListProgramme).values(values).on_conflict_do_nothing())


async def readable_programme(session: AsyncSession, actor: Actor, code: str) -> ListProgramme:
    """The programme, if the actor may read it: a bank or department needs a subscription. One answer for absent and forbidden."""
    statement = select(ListProgramme).where(ListProgramme.code == code)
    if actor.role in SUBSCRIBERS:
        statement = statement.join(ListSubscription, ListSubscription.programme_code == ListProgramme.code).where(
            ListSubscription.client_id == actor.subject
        )
    programme = (await session.execute(statement)).scalar_one_or_none()
    if programme is None:
        raise Problem(PROGRAMME_NOT_FOUND)
    return programme


async def subscribe(session: AsyncSession, actor: Actor, code: str, client_id: str) -> None:
    """Let a client of the programme's audience pull it; granting again changes nothing."""
    programme = await readable_programme(session, actor, code)
    audience = programme_data(programme.code).audience
    bank = (
        await session.execute(select(ApiClient).where(ApiClient.client_id == client_id, ApiClient.role == audience))
    ).scalar_one_or_none()
    if bank is None:
        raise Problem(CLIENT_NOT_A_BANK)
    grant = insert(ListSubscription).values(
        programme_code=programme.code, client_id=client_id, granted_by=actor.subject
    )
    granted = await session.execute(grant.on_conflict_do_nothing().returning(ListSubscription.client_id))
    if granted.scalar_one_or_none() is not None:
        await audit.record(
            session,
            service="finance",
            actor=actor,
            action="list.subscribe",
            subject=("api_client", bank.id),
            detail={"programme": code},
        )
