"""Named reads of another owner's tables: the only way that one service looks at what another one writes."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, Select, Text, Uuid, any_, cast, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.calendar import business_date, start_of_day
from shared.models.evaluation import Assessment, Membership, RulebookVersion, SelectionPlan, SelectionPlanEntry
from shared.models.intake import (
    Application,
    ApplicationSnapshot,
    Attachment,
    Cycle,
    CycleQuota,
    CycleReserve,
    Enterprise,
    EnterpriseCode,
    EnterpriseVersion,
    Incident,
)

# A city has recommended it, whether or not evaluation has taken it in yet.
_STANDING = ("recommended", "passed_on")


@dataclass(frozen=True, slots=True)
class RecommendedSnapshot:
    """What evaluation needs of a recommended application; `payload` is the snapshot's JSON text."""

    application_id: uuid.UUID
    snapshot_id: uuid.UUID
    snapshot_digest: str
    payload: str
    cycle_id: uuid.UUID
    city_code: str
    uscc: str
    rulebook_digest: str
    assessed_on: date
    submitted_at: datetime


async def recommended_snapshots(session: AsyncSession, application_ids: list[uuid.UUID]) -> list[RecommendedSnapshot]:
    """The newest snapshots of those applications that are recommended or passed on now, by application id."""
    statement = (
        select(
            Application.id,
            ApplicationSnapshot.id,
            ApplicationSnapshot.digest,
            cast(ApplicationSnapshot.payload, Text),
            Application.cycle_id,
            Application.city_code,
            Enterprise.uscc,
            Cycle.rulebook_digest,
            Cycle.assessed_on,
            ApplicationSnapshot.created_at,
        )
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .join(Cycle, Cycle.id == Application.cycle_id)
        .join(
            ApplicationSnapshot,
            (ApplicationSnapshot.application_id == Application.id)
            & (ApplicationSnapshot.revision == Application.revision),
        )
        .where(Application.id.in_(application_ids), Application.status.in_(_STANDING))
        .order_by(Application.id)
    )
    return [RecommendedSnapshot(*row) for row in await session.execute(statement)]


@dataclass(frozen=True, slots=True)
class EnterpriseOnRecord:
    """An enterprise as evaluation sees it; `uscc` is its present code."""

    id: uuid.UUID
    uscc: str
    name: str
    city_code: str


async def enterprises_on_record(session: AsyncSession, codes: Collection[str]) -> dict[str, EnterpriseOnRecord]:
    """The living records by the codes asked for, present, former or merged; a code of nobody is left out."""
    statement = (
        select(EnterpriseCode.code, Enterprise.id, Enterprise.uscc, Enterprise.name, Enterprise.city_code)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(EnterpriseCode.code == any_(cast(list(codes), ARRAY(Text))))
    )
    return {row.code: EnterpriseOnRecord(*row[1:]) for row in await session.execute(statement)}


def codes_of(usccs: Collection[str]) -> Select[str, str]:
    """(`code`, `uscc`): every code, present, former or merged, of the enterprises with these present codes."""
    return (
        select(EnterpriseCode.code.label("code"), Enterprise.uscc.label("uscc"))
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(Enterprise.uscc == any_(cast(list(usccs), ARRAY(Text))))
    )


@dataclass(frozen=True, slots=True)
class ApplicationOfEnterprise:
    id: uuid.UUID
    cycle_id: uuid.UUID
    uscc: str


async def applications_on_record(
    session: AsyncSession, *, ids: Collection[uuid.UUID] = (), standing_of: Collection[str] = ()
) -> list[ApplicationOfEnterprise]:
    """Applications with these ids, and those that a city stands by of enterprises known by these codes; by id."""
    enterprises = select(EnterpriseCode.enterprise_id).where(
        EnterpriseCode.code == any_(cast(list(standing_of), ARRAY(Text)))
    )
    of_enterprises = Application.enterprise_id.in_(enterprises) & Application.status.in_(_STANDING)
    statement = (
        select(Application.id, Application.cycle_id, Enterprise.uscc)
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .where(or_(Application.id == any_(cast(list(ids), ARRAY(Uuid))), of_enterprises))
        .order_by(Application.id)
    )
    return [ApplicationOfEnterprise(*row) for row in await session.execute(statement)]


def standing_snapshots(cycle_id: uuid.UUID) -> Select[uuid.UUID]:
    """Ids of what a selection may choose from: the newest snapshots of a cycle's applications that a city stands by."""
    return (
        select(ApplicationSnapshot.id)
        .join(Application, Application.id == ApplicationSnapshot.application_id)
        .where(
            Application.cycle_id == cycle_id,
            Application.status.in_(_STANDING),
            ApplicationSnapshot.revision == Application.revision,
        )
    )


async def recommenders(session: AsyncSession, application_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Who recommended each of these applications, where a city has decided."""
    statement = select(Application.id, Application.decided_by).where(
        Application.id.in_(application_ids), Application.decided_by.is_not(None)
    )
    return {id_: str(by) for id_, by in (await session.execute(statement)).all()}


async def snapshot_forms(session: AsyncSession, snapshot_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """What these snapshots say, by snapshot id."""
    statement = select(ApplicationSnapshot.id, ApplicationSnapshot.payload).where(
        ApplicationSnapshot.id.in_(snapshot_ids)
    )
    return {row.id: row.payload for row in await session.execute(statement)}


async def is_selected(session: AsyncSession, application_id: uuid.UUID) -> bool:
    """Whether a committed plan has the application among its entries, admitted or not."""
    statement = (
        select(SelectionPlan.id)
        .join(SelectionPlanEntry, SelectionPlanEntry.plan_id == SelectionPlan.id)
        .join(Assessment, Assessment.id == SelectionPlanEntry.assessment_id)
        .where(Assessment.application_id == application_id, SelectionPlan.status == "committed")
    )
    return (await session.execute(statement)).first() is not None


@dataclass(frozen=True, slots=True)
class PinnedCycle:
    """A cycle as evaluation sees it."""

    id: uuid.UUID
    code: str
    rulebook_digest: str
    assessed_on: date


async def pinned_cycle(
    session: AsyncSession, *, code: str | None = None, cycle_id: uuid.UUID | None = None
) -> PinnedCycle | None:
    """The cycle with this code or id."""
    wanted = Cycle.code == code if cycle_id is None else Cycle.id == cycle_id
    statement = select(Cycle.id, Cycle.code, Cycle.rulebook_digest, Cycle.assessed_on).where(wanted)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else PinnedCycle(*row)


@dataclass(frozen=True, slots=True)
class Reserved:
    """Places for a condition of the rulebook, or (`condition` None) held back; the unused are `shared` or `empty`."""

    condition: str | None
    places: int
    unused: str
    basis: str


@dataclass(frozen=True, slots=True)
class CyclePlaces:
    """What a cycle promises: (minimum, maximum) by city code, and reserved places in the order they are given."""

    quotas: dict[str, tuple[int, int]]
    reserved: list[Reserved]


async def places_of(session: AsyncSession, cycle_id: uuid.UUID) -> CyclePlaces:
    """The quotas and reserved places of a cycle."""
    quotas = select(CycleQuota).where(CycleQuota.cycle_id == cycle_id).order_by(CycleQuota.city_code)
    reserved = select(CycleReserve).where(CycleReserve.cycle_id == cycle_id).order_by(CycleReserve.position)
    return CyclePlaces(
        {row.city_code: (row.minimum, row.maximum) for row in (await session.execute(quotas)).scalars()},
        [
            Reserved(row.condition, row.places, row.unused, row.basis)
            for row in (await session.execute(reserved)).scalars()
        ],
    )


async def enterprise_names(session: AsyncSession, usccs: list[str]) -> dict[str, str]:
    """Current names by the codes asked for; a former or merged code has the name of the record that it stands for."""
    statement = (
        select(EnterpriseCode.code, Enterprise.name)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(EnterpriseCode.code.in_(usccs))
    )
    names = {row.code: row.name for row in await session.execute(statement)}
    if missing := set(usccs) - names.keys():
        # A code that a change gave and its undoing took back stands for nobody, but somebody bore it once.
        borne = (
            select(EnterpriseVersion.uscc, EnterpriseVersion.name)
            .where(EnterpriseVersion.uscc.in_(missing))
            .order_by(func.lower(EnterpriseVersion.during))
        )
        names |= {row.uscc: row.name for row in await session.execute(borne)}
    return names


async def present_codes(session: AsyncSession, usccs: Collection[str]) -> dict[str, str]:
    """The present 统一社会信用代码 by each code asked for; a code that is not on record stands for itself."""
    statement = (
        select(EnterpriseCode.code, Enterprise.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(EnterpriseCode.code == any_(cast(list(usccs), ARRAY(Text))))
    )
    found = {row.code: row.uscc for row in await session.execute(statement)}
    return {code: found.get(code, code) for code in usccs}


@dataclass(frozen=True, slots=True)
class PoolMember:
    uscc: str
    name: str
    city_code: str
    member_since: date
    plan_id: uuid.UUID


async def live_members(session: AsyncSession, pool_code: str) -> list[PoolMember]:
    """Members of a pool now, each under its present code, in the canonical order of lists: by 统一社会信用代码.

    The city is that which the place was given to, wherever the enterprise is registered now.
    """
    statement = (
        select(Membership, Enterprise.uscc, Enterprise.name)
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(Membership.pool_code == pool_code, func.upper_inf(Membership.during))
        .order_by(Enterprise.uscc)
    )
    members: list[PoolMember] = []
    for membership, uscc, name in await session.execute(statement):
        since = membership.during.lower
        assert since is not None  # noqa: S101 (a CHECK keeps the lower bound)
        members.append(PoolMember(uscc, name, membership.city_code, business_date(since), membership.plan_id))
    return members


async def pools_of_both(session: AsyncSession, codes: Collection[str], others: Collection[str]) -> list[str]:
    """Pools in which a stay under one of `codes` overlaps a stay under one of `others`: no one enterprise has both."""
    other = aliased(Membership)
    statement = (
        select(Membership.pool_code)
        .join(other, (other.pool_code == Membership.pool_code) & other.during.overlaps(Membership.during))
        .where(Membership.uscc.in_(codes), other.uscc.in_(others))
        .distinct()
        .order_by(Membership.pool_code)
    )
    return list((await session.execute(statement)).scalars())


async def is_judged_or_member(session: AsyncSession, uscc: str) -> bool:
    """Whether evaluation has judged an application, or admitted an enterprise, under this very code."""
    judged = select(Assessment.uscc).where(Assessment.uscc == uscc).limit(1)
    admitted = select(Membership.uscc).where(Membership.uscc == uscc).limit(1)
    return (await session.execute(union_all(judged, admitted))).first() is not None


async def judged_as(session: AsyncSession, application_ids: Collection[uuid.UUID]) -> set[str]:
    """The codes under which evaluation has judged these applications."""
    statement = select(Assessment.uscc).where(Assessment.application_id.in_(application_ids)).distinct()
    return set((await session.execute(statement)).scalars())


@dataclass(frozen=True, slots=True)
class Admission:
    """An enterprise that a plan admitted to a pool; `uscc` is its present code, `admitted_as` that of the day."""

    pool_code: str
    uscc: str
    admitted_as: str
    name: str
    city_code: str
    member_since: date


async def admitted_by_plan(session: AsyncSession, plan_id: uuid.UUID) -> list[Admission]:
    """Whom a committed plan admitted, members still or not, by their codes of that day."""
    statement = (
        select(Membership, Enterprise.uscc, Enterprise.name)
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(Membership.plan_id == plan_id)
        .order_by(Membership.uscc)
    )
    admissions: list[Admission] = []
    for membership, uscc, name in await session.execute(statement):
        since = membership.during.lower
        assert since is not None  # noqa: S101 (a CHECK keeps the lower bound)
        admissions.append(
            Admission(membership.pool_code, uscc, membership.uscc, name, membership.city_code, business_date(since))
        )
    return admissions


async def rulebook_period(session: AsyncSession, rulebook_id: str, digest: str) -> tuple[date, date | None] | None:
    """First and last day of a registered rulebook's force; None where no rulebook has this id and digest."""
    statement = select(RulebookVersion.effective_from, RulebookVersion.effective_to).where(
        RulebookVersion.digest == digest, RulebookVersion.rulebook_id == rulebook_id
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row.effective_from, row.effective_to)


async def reservable_conditions(session: AsyncSession, digest: str) -> frozenset[str]:
    """Keys of the conditions that a registered rulebook lets a cycle reserve places for."""
    text = (
        await session.execute(select(RulebookVersion.text).where(RulebookVersion.digest == digest))
    ).scalar_one_or_none()
    return frozenset() if text is None else frozenset(one["key"] for one in tomllib.loads(text).get("reserve", []))


def usccs_of_members_during(pool_code: str, first: date, last: date) -> Select[str]:
    """Present codes of all who were members of a pool at any moment of the days `first` to `last`, for use in an `IN`."""
    days = Range(start_of_day(first), start_of_day(last + timedelta(days=1)))
    # An alias of its own: the statement around it is about enterprises too.
    member = aliased(Enterprise)
    return (
        select(member.uscc)
        .join(EnterpriseCode, EnterpriseCode.enterprise_id == member.id)
        .join(Membership, Membership.uscc == EnterpriseCode.code)
        .where(Membership.pool_code == pool_code, Membership.during.op("&&")(days))
    )


@dataclass(frozen=True, slots=True)
class StandingIncident:
    """A confirmed incident that counts against an enterprise; `uscc` is its present code, `kind` a word of 二(六)12(3)."""

    incident_id: uuid.UUID
    uscc: str
    kind: str
    occurred_on: date
    confirmed_at: datetime


async def standing_incidents(
    session: AsyncSession, usccs: list[str], on: date, *, known_at: datetime | None = None
) -> list[StandingIncident]:
    """Incidents that had occurred by `on`, are confirmed, and were not cured by then; by code and day.

    `usccs` may be former or merged codes. Allegations, dismissed ones and notices never count. `known_at` asks what was confirmed and cured by an earlier
    moment; without it, by now.
    """
    moment = func.now() if known_at is None else known_at
    statement = (
        select(Incident.id, Enterprise.uscc, Incident.kind, Incident.occurred_on, Incident.confirmed_at)
        .join(Enterprise, Enterprise.id == Incident.enterprise_id)
        .where(
            Enterprise.id.in_(select(EnterpriseCode.enterprise_id).where(EnterpriseCode.code.in_(usccs))),
            Incident.occurred_on <= on,
            Incident.confirmed_at <= moment,
            Incident.cured_at.is_(None) | (Incident.cured_at > moment) | (Incident.cured_on > on),
        )
        .order_by(Enterprise.uscc, Incident.occurred_on, Incident.id)
    )
    return [StandingIncident(*row) for row in await session.execute(statement)]


@dataclass(frozen=True, slots=True)
class AttachmentDigest:
    """One file that an application rested on; `criterion` is the entry standard it proves, None if it is for all."""

    attachment_id: uuid.UUID
    criterion: int | None
    digest: str


async def attachment_digests(session: AsyncSession, application_id: uuid.UUID, at: datetime) -> list[AttachmentDigest]:
    """The SHA-256 of each file that the application had at a moment, such as when a snapshot was made; by id."""
    statement = (
        select(Attachment.id, Attachment.criterion, Attachment.digest)
        .where(
            Attachment.application_id == application_id,
            Attachment.created_at <= at,
            Attachment.removed_at.is_(None) | (Attachment.removed_at > at),
        )
        .order_by(Attachment.id)
    )
    return [AttachmentDigest(*row) for row in await session.execute(statement)]


async def attachment_digests_of(
    session: AsyncSession, snapshot_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[AttachmentDigest]]:
    """`attachment_digests` of many snapshots, each at the moment that it was made; those without files are left out."""
    statement = (
        select(ApplicationSnapshot.id, Attachment.id, Attachment.criterion, Attachment.digest)
        .join(Attachment, Attachment.application_id == ApplicationSnapshot.application_id)
        .where(
            ApplicationSnapshot.id == any_(cast(list(snapshot_ids), ARRAY(Uuid))),
            Attachment.created_at <= ApplicationSnapshot.created_at,
            Attachment.removed_at.is_(None) | (Attachment.removed_at > ApplicationSnapshot.created_at),
        )
        .order_by(Attachment.id)
    )
    found: dict[uuid.UUID, list[AttachmentDigest]] = {}
    for snapshot_id, attachment_id, criterion, digest in await session.execute(statement):
        found.setdefault(snapshot_id, []).append(AttachmentDigest(attachment_id, criterion, digest))
    return found


async def files_on_record(
    session: AsyncSession, attachment_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[str, str]]:
    """By id of each file that is there: the present code of the enterprise that it is about, and its SHA-256."""
    statement = (
        select(Attachment.id, Enterprise.uscc, Attachment.digest)
        .outerjoin(Application, Application.id == Attachment.application_id)
        .join(Enterprise, Enterprise.id == func.coalesce(Attachment.enterprise_id, Application.enterprise_id))
        .where(Attachment.id.in_(attachment_ids), Attachment.removed_at.is_(None))
    )
    return {row.id: (row.uscc, row.digest) for row in await session.execute(statement)}


async def evidence_of(
    session: AsyncSession, usccs: Collection[str], attachment_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, str]:
    """SHA-256 by id, of those attachments that are there and belong to an enterprise by one of these codes."""
    enterprises = select(EnterpriseCode.enterprise_id).where(EnterpriseCode.code.in_(usccs))
    applications = select(Application.id).where(Application.enterprise_id.in_(enterprises))
    statement = select(Attachment.id, Attachment.digest).where(
        Attachment.id.in_(attachment_ids),
        Attachment.removed_at.is_(None),
        Attachment.enterprise_id.in_(enterprises) | Attachment.application_id.in_(applications),
    )
    return {row.id: row.digest for row in await session.execute(statement)}
