"""Who stands in a pool on a day, as known at a moment, with everything that adjustment judges: rows of MEMBER_COLUMNS."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.report_figures import Baseline, Reported, report_columns
from services.evaluation.adjustment.rules import Rules
from services.evaluation.pool.history import versions_of_pool
from shared.calendar import business_date
from shared.models.evaluation import ExitNotice, MembershipBaseline, MembershipVersion, PoolHold
from shared.models.reads import (
    StandingIncident,
    accepted_reports_until,
    enterprise_names,
    present_codes,
    standing_incidents,
)


@dataclass(frozen=True, slots=True)
class Member:
    """One live stay: `row` as MEMBER_COLUMNS has it, and what people and registers say of it.

    `admitted_as` is the code on the membership; `holds` by kind; `notices` the newest first.
    """

    membership_id: uuid.UUID
    admitted_as: str
    name: str
    row: Mapping[str, Any]
    incidents: tuple[StandingIncident, ...]
    holds: Mapping[str, PoolHold]
    notices: tuple[ExitNotice, ...]

    @property
    def uscc(self) -> str:
        """Its present 统一社会信用代码."""
        return self.row["uscc"]

    @property
    def city_code(self) -> str:
        """The city that its place was given to."""
        return self.row["city_code"]


async def standing_members(
    session: AsyncSession,
    rules: Rules,
    pool_code: str,
    on: date,
    known_at: datetime,
    *,
    incidents_on: date | None = None,
) -> list[Member]:
    """Members at the end of business day `on`, by present code, as what was known at a moment tells them.

    Reports that were accepted by then count, on periods that ended by `on`; a report that was opened again since
    counts no more. Incidents count up to `incidents_on`, where it is given, instead of `on`.
    """
    versions = await versions_of_pool(session, pool_code, on, known_at)
    codes = await present_codes(session, {one.uscc for one in versions})
    names = await enterprise_names(session, list(codes))
    reports = await accepted_reports_until(session, pool_code, set(codes.values()), on)
    baselines = await _baselines(session, versions)
    incidents = defaultdict[str, list[StandingIncident]](list)
    for incident in await standing_incidents(session, sorted(codes), incidents_on or on, known_at=known_at):
        incidents[incident.uscc].append(incident)
    holds, notices = await holds_in(session, pool_code, known_at), await _notices(session, versions, known_at)
    members: list[Member] = []
    for version in versions:
        uscc = codes[version.uscc]
        since = version.during.lower
        assert since is not None  # noqa: S101 (a CHECK keeps the lower bound)
        baseline = baselines.get(version.membership_id)
        own = Baseline(
            business_date(since),
            None if baseline is None else baseline.industrialised,
            None if baseline is None else baseline.valid,
        )
        told = [
            Reported(one.covers_from, one.covers_to, one.form)
            for one in reports.get(uscc, ())
            if one.accepted_at <= known_at
        ]
        held = holds.get(version.uscc, {})
        row = {
            "membership_id": str(version.membership_id),
            "uscc": uscc,
            "city_code": version.city_code,
            "admitted_on": own.admitted_on,
            "baseline_industrialised": own.industrialised,
            "baseline_valid": own.valid,
            **report_columns(rules, own, told, on),
            "incident_kinds": sorted({one.kind for one in incidents.get(uscc, ())}),
            "held_graduation": "graduation" in held,
            "held_exit": "exit" in held,
        }
        members.append(
            Member(
                version.membership_id,
                version.uscc,
                names.get(version.uscc, ""),
                row,
                tuple(incidents.get(uscc, ())),
                held,
                tuple(notices.get(version.membership_id, ())),
            )
        )
    return sorted(members, key=lambda one: one.uscc)


async def holds_in(session: AsyncSession, pool_code: str, known_at: datetime) -> dict[str, dict[str, PoolHold]]:
    """Holds that stood at a moment, by the code that they name and their kind."""
    statement = select(PoolHold).where(
        PoolHold.pool_code == pool_code,
        PoolHold.set_at <= known_at,
        or_(PoolHold.lifted_at.is_(None), PoolHold.lifted_at > known_at),
    )
    found: dict[str, dict[str, PoolHold]] = defaultdict(dict)
    for hold in (await session.execute(statement)).scalars():
        found[hold.uscc][hold.kind] = hold
    return found


async def _baselines(
    session: AsyncSession, versions: Sequence[MembershipVersion]
) -> dict[uuid.UUID, MembershipBaseline]:
    ids = [one.membership_id for one in versions]
    statement = select(MembershipBaseline).where(MembershipBaseline.membership_id.in_(ids))
    return {one.membership_id: one for one in (await session.execute(statement)).scalars()}


async def _notices(
    session: AsyncSession, versions: Sequence[MembershipVersion], known_at: datetime
) -> dict[uuid.UUID, list[ExitNotice]]:
    ids = [one.membership_id for one in versions]
    statement = (
        select(ExitNotice)
        .where(ExitNotice.membership_id.in_(ids), ExitNotice.sent_at <= known_at)
        .order_by(ExitNotice.id.desc())
    )
    found: dict[uuid.UUID, list[ExitNotice]] = defaultdict(list)
    for notice in (await session.execute(statement)).scalars():
        found[notice.membership_id].append(notice)
    return found
