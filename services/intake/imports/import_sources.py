"""The rows of an uploaded file, batch by batch and in its order, from either format."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.imports.errors import WORKBOOK_UNREADABLE
from services.intake.imports.file_rows import FileRow, Place, good_row
from services.intake.imports.line_reading import BYTE_ORDER_MARK, read_lines
from services.intake.imports.workbook_layout import ENTERPRISES
from services.intake.imports.workbook_reader import ReadForm, RejectedRowReading, WorkbookReading, read_workbook
from shared.errors import Problem, Violation
from shared.models.intake import ApplicationImport, ImportChunk
from shared.security.actor import Actor

logger = structlog.get_logger(__name__)
_BATCH = 500
# Detail rows of no enterprise: a workbook could hold hundreds of thousands, and nobody reads beyond the first.
_MOST_STRAYS = 5_000


class Source(Protocol):
    """`rows_total` is None until it is known. `strays` are rejected rows that are none of the rows counted."""

    rows_total: int | None
    strays: Sequence[FileRow]
    warnings: Sequence[Violation]

    async def open(self) -> None:
        """Read as much as must be read before the first row. Problem where the file as a whole is refused."""
        ...

    def batches(self) -> AsyncGenerator[list[FileRow]]:
        """Every row once. A form that is valid by itself is ready to store."""
        ...

    def position(self, place: Place) -> int:
        """Where a row stands among all rows of the result."""
        ...

    def place(self, position: int) -> Place:
        """The inverse of `position`."""
        ...


@dataclass(slots=True)
class LineSource:
    """Lines from their chunks; while one chunk is worked on, the next is being read in a thread."""

    session: AsyncSession
    upload: ApplicationImport
    actor: Actor
    max_line_bytes: int
    rows_total: int | None = field(default=None, init=False)
    strays: Sequence[FileRow] = field(default=(), init=False)
    warnings: Sequence[Violation] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self.rows_total = self.upload.rows_total

    async def open(self) -> None:
        """Look at the beginning only: lines were counted when they came."""
        first = select(func.substr(ImportChunk.content, 1, len(BYTE_ORDER_MARK))).where(
            ImportChunk.import_id == self.upload.id, ImportChunk.number == 0
        )
        if (await self.session.execute(first)).scalar_one() == BYTE_ORDER_MARK:
            self.warnings = [
                Violation("byte_order_mark", "文件开头的字节顺序标记（BOM）已略过", "A byte order mark was skipped")
            ]

    async def batches(self) -> AsyncGenerator[list[FileRow]]:
        number = 0
        reading = await self._begin(number)
        try:
            while reading is not None:
                rows = await reading
                number += 1
                reading = await self._begin(number)
                yield rows
        finally:
            if reading is not None:
                reading.cancel()
                with suppress(asyncio.CancelledError):
                    await reading

    async def _begin(self, number: int) -> asyncio.Task[list[FileRow]] | None:
        chunk = select(ImportChunk.first_line, ImportChunk.content).where(
            ImportChunk.import_id == self.upload.id, ImportChunk.number == number
        )
        row = (await self.session.execute(chunk)).one_or_none()
        if row is None:
            return None
        reading = asyncio.to_thread(read_lines, row.content, row.first_line, self.actor, self.max_line_bytes)
        return asyncio.create_task(reading)

    def position(self, place: Place) -> int:
        return place.row

    def place(self, position: int) -> Place:
        return Place(position)


@dataclass(slots=True)
class WorkbookSource:
    """Rows of the enterprise sheet in their order, then detail rows that belong to none of them."""

    content: bytes
    actor: Actor
    rows_total: int | None = field(default=None, init=False)
    strays: Sequence[FileRow] = field(default=(), init=False)
    warnings: Sequence[Violation] = field(default=(), init=False)
    _rows: Sequence[ReadForm | RejectedRowReading] = field(default=(), init=False)
    _places: list[Place] = field(default_factory=list[Place], init=False)
    _positions: dict[tuple[str | None, int], int] = field(default_factory=dict[tuple[str | None, int], int], init=False)

    async def open(self) -> None:
        """Parse the whole workbook, in a thread and a process of its own. Problem where it is refused."""
        reading = await asyncio.to_thread(_read, self.content)
        own = [row for row in reading.rejections if row.sheet == ENTERPRISES.title]
        self._rows = sorted([*reading.forms, *own], key=lambda row: row.row)
        self.rows_total = reading.rows_read
        self.warnings = reading.warnings
        self._take_strays(reading)
        self._places = [_place(row) for row in self._rows] + [row.place for row in self.strays]
        self._positions = {(place.sheet, place.row): position for position, place in enumerate(self._places)}

    def _take_strays(self, reading: WorkbookReading) -> None:
        found = [row for row in reading.rejections if row.sheet != ENTERPRISES.title]
        found.sort(key=lambda row: (row.sheet, row.row))
        self.strays = [_rejected(row) for row in found[:_MOST_STRAYS]]
        if len(found) > _MOST_STRAYS:
            left = len(found) - _MOST_STRAYS
            text = f"另有 {left} 行明细未列出（没有对应企业）"
            unnamed = Violation("strays_not_listed", text, f"{left} more detail rows of no enterprise are not listed")
            self.warnings = [*self.warnings, unnamed]

    async def batches(self) -> AsyncGenerator[list[FileRow]]:
        for start in range(0, len(self._rows), _BATCH):
            yield await asyncio.to_thread(self._judged, self._rows[start : start + _BATCH])

    def _judged(self, rows: Sequence[ReadForm | RejectedRowReading]) -> list[FileRow]:
        return [
            good_row(_place(row), row.form, self.actor) if isinstance(row, ReadForm) else _rejected(row) for row in rows
        ]

    def position(self, place: Place) -> int:
        return self._positions[place.sheet, place.row]

    def place(self, position: int) -> Place:
        return self._places[position]


def _read(content: bytes) -> WorkbookReading:
    # Millions of small objects come to be and all stay: each collection meanwhile would walk them in vain.
    gc.disable()
    try:
        return read_workbook(content)
    except Problem:
        raise
    except Exception:
        # Reading depends on nothing but the bytes: trying again would fail again, and the officer would wait.
        logger.exception("workbook_unreadable")
        raise Problem(WORKBOOK_UNREADABLE) from None
    finally:
        gc.enable()


def _place(row: ReadForm | RejectedRowReading) -> Place:
    cell = row.key_cell if isinstance(row, ReadForm) else row.violations[0].cell
    return Place(row.row, row.sheet, cell)


def _rejected(row: RejectedRowReading) -> FileRow:
    return FileRow(_place(row), row.uscc, violations=tuple(row.violations))
