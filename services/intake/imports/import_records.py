"""What an import leaves behind: a result for each row, and progress that is seen while the job still runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.imports.file_rows import Place
from shared.db import Database
from shared.errors import Violation
from shared.models.intake import ImportProgress

_COLUMNS = ("import_id", "position", "sheet", "row", "uscc", "outcome", "application_id", "violations")
_MOST_POINTER = 200


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row's result; `outcome` is accepted, rejected (with violations) or held_back."""

    position: int
    place: Place
    uscc: str | None
    outcome: str
    application_id: uuid.UUID | None = None
    violations: Sequence[Violation] = ()


async def keep_results(connection: AsyncConnection, import_id: uuid.UUID, results: Iterable[RowResult]) -> None:
    """COPY results into `import_row`, in the caller's transaction."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    records = (
        (
            import_id,
            one.position,
            one.place.sheet,
            one.place.row,
            None if one.uscc is None else _storable(one.uscc),
            one.outcome,
            one.application_id,
            orjson.dumps({"items": shown(one.violations)}).decode() if one.violations else None,
        )
        for one in results
    )
    await driver.copy_records_to_table("import_row", columns=_COLUMNS, records=records)


def shown(violations: Iterable[Violation]) -> list[dict[str, str]]:
    """Violations as JSON, without what they lack."""
    return [_shown(one) for one in violations]


def _shown(violation: Violation) -> dict[str, str]:
    members = {
        "code": violation.code,
        "message_zh": violation.message_zh,
        "message_en": violation.message_en,
        # A pointer holds names that the file made up.
        "pointer": None if violation.pointer is None else violation.pointer[:_MOST_POINTER],
        "cell": violation.cell,
    }
    return {name: _storable(value) for name, value in members.items() if value is not None}


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL."""
    return text.replace("\0", "\ufffd")


class Progress:
    """The counts of a running job, each report a transaction of its own on another connection than the job's."""

    def __init__(self, database: Database, import_id: uuid.UUID) -> None:
        self._database = database
        self._import_id = import_id

    async def report(self, *, total: int | None, read: int, accepted: int, rejected: int) -> None:
        """Replace the counts: a job that runs again begins again at none."""
        statement = (
            update(ImportProgress)
            .where(ImportProgress.import_id == self._import_id)
            .values(
                rows_total=total,
                rows_read=read,
                rows_accepted=accepted,
                rows_rejected=rejected,
                updated_at=func.clock_timestamp(),
            )
        )
        async with self._database.engine.begin() as connection:
            await connection.execute(statement)
