"""Rows of one statement, a batch at a time, from one snapshot of the database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake.exports.csv_file import csv_chunks
from services.intake.exports.filters import Format
from services.intake.exports.tabular import Column, Row
from services.intake.exports.xlsx_file import xlsx_chunks


async def batches(
    engine: AsyncEngine, statement: Select[*tuple[Any, ...]], rows_at_once: int
) -> AsyncGenerator[Sequence[Row]]:
    """Run the statement behind a server-side cursor; closing the iterator ends the transaction.

    One statement in one read-only transaction: what others commit meanwhile does not show.
    """
    async with engine.connect() as connection:
        reading = await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        result = await reading.stream(statement, execution_options={"yield_per": rows_at_once})
        async for batch in result.partitions():
            yield batch


async def export_chunks(
    engine: AsyncEngine,
    statement: Select[*tuple[Any, ...]],
    *,
    title: str,
    columns: Sequence[Column],
    file_format: Format,
    rows_at_once: int,
) -> AsyncGenerator[bytes]:
    """The file in chunks of at most a few hundred KiB; the connection is held while rows are read, and no longer."""
    async with aclosing(batches(engine, statement, rows_at_once)) as rows:
        chunks = xlsx_chunks(title, columns, rows) if file_format == "xlsx" else csv_chunks(columns, rows)
        async with aclosing(chunks) as file:
            async for chunk in file:
                yield chunk
