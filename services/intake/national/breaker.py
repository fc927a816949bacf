"""The circuit breaker of the line: one row, so that all workers stop together and one of them probes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.intake import NationalBreaker
from shared.settings import Settings

LINE = "push"
Permission = Literal["pass", "probe", "wait"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether to call now; `until` is when to ask again."""

    permission: Permission
    until: datetime | None = None


async def ask(session: AsyncSession, settings: Settings) -> Asked:
    """May the line be used? After its pause an open breaker lets one caller probe, and the next when that one died."""
    breaker = await _locked(session)
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    held_until = {"open": breaker.open_until, "half_open": breaker.probe_until}.get(breaker.state)
    if breaker.state == "closed":
        return Asked("pass")
    if held_until is not None and now < held_until:
        return Asked("wait", held_until)
    # As long as one call may take, its token among it, and then some.
    probe_until = now + timedelta(seconds=settings.national_timeout_seconds * 5)
    await _set(session, state="half_open", probe_until=probe_until)
    return Asked("probe", probe_until)


async def succeeded(session: AsyncSession) -> None:
    """The line works."""
    breaker = await _locked(session)
    if breaker.state != "closed" or breaker.failures:
        await _set(session, state="closed", failures=0, open_until=None, probe_until=None, last_error=None)


async def failed(session: AsyncSession, settings: Settings, error: str, *, pause_seconds: float | None = None) -> None:
    """Count a failure: open at the limit, at a failed probe, and when they ask for a pause (`pause_seconds`)."""
    breaker = await _locked(session)
    failures = breaker.failures + 1
    values: dict[str, object] = {"failures": failures, "last_error": error[:500]}
    trips = failures >= settings.national_breaker_failures or breaker.state == "half_open"
    if pause_seconds is not None or trips:
        pause = settings.national_breaker_seconds if pause_seconds is None else pause_seconds
        until = func.clock_timestamp() + timedelta(seconds=pause)
        # A late failure of a call that was made before it opened does not shorten the pause.
        values |= {"state": "open", "open_until": func.greatest(NationalBreaker.open_until, until), "probe_until": None}
    await _set(session, **values)


async def give_back(session: AsyncSession) -> None:
    """A probe that found nothing to send: the next caller may probe."""
    await _set(session, state="open", open_until=func.clock_timestamp(), probe_until=None)


async def current(session: AsyncSession) -> NationalBreaker | None:
    """The breaker's row; None where the line was never used."""
    return (await session.execute(select(NationalBreaker))).scalar_one_or_none()


async def _locked(session: AsyncSession) -> NationalBreaker:
    await session.execute(insert(NationalBreaker).values(line=LINE).on_conflict_do_nothing())
    statement = select(NationalBreaker).where(NationalBreaker.line == LINE).with_for_update()
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one()


async def _set(session: AsyncSession, **values: object) -> None:
    changed = update(NationalBreaker).where(NationalBreaker.line == LINE)
    await session.execute(
        changed.values(**values, changed_at=func.clock_timestamp()).execution_options(synchronize_session=False)
    )
