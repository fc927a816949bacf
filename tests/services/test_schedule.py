"""What happens once a day: not missed, not doubled, caught up once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time

import asyncpg
import pytest
from support.system import System

from shared.db import open_database
from shared.events import NationalReconciliationDue
from shared.relay import look_at_clock
from shared.schedule import Schedule, due_date, publish_due, schedules
from shared.settings import Settings

NIGHTLY = Schedule("night", time(2, 30), NationalReconciliationDue())


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2024, 6, 6, 18, 29, tzinfo=UTC), date(2024, 6, 6)),  # 02:29 on the 7th in China
        (datetime(2024, 6, 6, 18, 30, tzinfo=UTC), date(2024, 6, 7)),
        (datetime(2024, 6, 7, 15, 59, tzinfo=UTC), date(2024, 6, 7)),  # 23:59
        (datetime(2024, 6, 7, 16, 0, tzinfo=UTC), date(2024, 6, 7)),  # midnight: the 8th has not had its night
    ],
)
def test_the_day_that_is_due_begins_at_its_time_in_china(moment: datetime, expected: date) -> None:
    assert due_date(NIGHTLY, moment) == expected


async def test_relays_that_look_at_once_publish_one_event_a_day(
    settings: dict[str, Settings], owner: asyncpg.Connection
) -> None:
    relays = [open_database(settings["relay"], "relay") for _ in range(2)]
    count = "SELECT count(*) FROM outbox_event"
    for day, published in ((1, 1), (2, 2), (9, 3)):  # six nights missed are caught up once
        moment = datetime(2024, 6, day, 20, 0, tzinfo=UTC)
        found = await asyncio.gather(*(publish_due(relays[turn % 2], [NIGHTLY], moment) for turn in range(8)))
        assert sum(found) == 1
        assert await owner.fetchval(count) == published
    assert await publish_due(relays[0], [NIGHTLY], datetime(2024, 6, 9, 21, 0, tzinfo=UTC)) == 0
    for relay in relays:
        await relay.close()


async def test_a_schedule_is_what_the_settings_ask_for(system: System, line: dict[str, Settings]) -> None:
    assert [one.name for one in schedules(system.settings["relay"])] == [
        "attachments.sweep",
        "evaluation.stall_radar",
        "finance.lists",
        "evaluation.programmes",
    ]
    wanted = ["national.reconciliation", "attachments.sweep", "evaluation.stall_radar", "finance.lists"]
    wanted.append("evaluation.programmes")
    assert [one.name for one in schedules(line["relay"])] == wanted
    never = line["relay"].model_copy(update={"attachments_sweep_at": "never", "stall_radar_at": "never"})
    assert [one.name for one in schedules(never)] == [
        "national.reconciliation",
        "finance.lists",
        "evaluation.programmes",
    ]


async def test_the_relay_itself_looks(system: System, line: dict[str, Settings], owner: asyncpg.Connection) -> None:
    for _ in range(3):
        await look_at_clock(system.relay_database, line["relay"])
    topics = {row["topic"] for row in await owner.fetch("SELECT topic FROM outbox_event")}
    assert topics == {
        "intake.national_reconciliation_due",
        "intake.attachments_sweep_due",
        "evaluation.stall_radar_due",
        "finance.lists_due",
        "evaluation.programmes_due",
    }
    assert await owner.fetchval("SELECT count(*) FROM outbox_event") == 5
