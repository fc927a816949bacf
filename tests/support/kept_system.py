"""The running services kept from one test to the next: starting them anew takes longer than most tests do."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import DBAPIError

from services.evaluation.app import register_province
from services.finance.lists.programmes import register_programmes
from services.intake.national.tasks import wake_if_due
from shared.settings import Settings
from support.system import System, running_system


@dataclass(slots=True)
class KeptSystem:
    """One system at a time. It serves as long as tests ask for it with the same settings, and left it as it was."""

    _system: System | None = None
    _opened: AbstractAsyncContextManager[System] | None = None
    _as_started: tuple[dict[str, dict[str, Any]], dict[str, Settings]] = field(default=({}, {}))

    async def take(self, settings: dict[str, Settings]) -> System:
        """A system over an emptied database, with nothing known of earlier tests."""
        if self._system is None or not await self._is_ready(self._system, settings):
            await self.close()
            self._opened = running_system(settings)
            self._system = await self._opened.__aenter__()
            self._as_started = _state(self._system), _copies(settings)
            return self._system
        self._system = replace(self._system, settings=settings, _keys=0, _reviewers=set())
        return self._system

    async def _is_ready(self, system: System, settings: dict[str, Settings]) -> bool:
        if settings != system.settings or not self._is_as_started(system):
            return False
        try:
            await _register(system)
        except DBAPIError:
            # A test ended its connections.
            return False
        return True

    def _is_as_started(self, system: System) -> bool:
        state, settings = self._as_started
        in_use = [app.state.database.engine.pool.checkedout() for app in system.apps.values()]
        return _state(system) == state and system.settings == settings and not any(in_use)

    async def close(self) -> None:
        """Stop it, if there is one."""
        if self._opened is not None:
            await self._opened.__aexit__(None, None, None)
        self._system = self._opened = None


def _state(system: System) -> dict[str, dict[str, Any]]:
    """What each application holds, object by object: a test may have started it a second time."""
    return {name: {key: id(value) for key, value in app.state._state.items()} for name, app in system.apps.items()}


def _copies(settings: dict[str, Settings]) -> dict[str, Settings]:
    return {name: one.model_copy() for name, one in settings.items()}


async def _register(system: System) -> None:
    """What the services put into the database as they start."""
    starts = {
        "evaluation": register_province,
        "finance": register_programmes,
        "intake": lambda session: wake_if_due(session, system.settings["intake"]),
    }
    for service, at_start in starts.items():
        async with system.apps[service].state.database.sessions.begin() as session:
            await at_start(session)
