"""Rows behind figures: one shape for all, counted by group and city or listed page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Label,
    Select,
    SelectBase,
    Text,
    Uuid,
    and_,
    cast,
    collate,
    func,
    literal,
    null,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.evaluation import EVERYBODY, FigureChange
from shared.models.intake import Enterprise, EnterpriseCode

# What no dimension knows a value of is counted under this word, never left out.
UNKNOWN = "unknown"
# Columns: id (its order is that of the pages), group, city_code, enterprise_id, code, day, amount (分), title.
FigureRows: TypeAlias = SelectBase


@dataclass(frozen=True, slots=True)
class RowWords:
    """SQL of one row: whatever a figure has no use for stays NULL. The enterprise is named by its id or any code."""

    id: Any
    group: Any
    city: Any = None
    enterprise_id: Any = None
    code: Any = None
    day: Any = None
    amount: Any = None
    title: Any = None


def figure_rows(row: RowWords) -> Select[*tuple[Any, ...]]:
    """The statement that has one such row for each of what its `FROM` has."""

    def part(name: str, value: Any, type_: Any) -> Label[Any]:
        return (cast(null(), type_) if value is None else cast(value, type_)).label(name)

    return select(
        collate(cast(row.id, Text), "C").label("id"),
        part("group", row.group, Text),
        part("city_code", row.city, Text),
        part("enterprise_id", row.enterprise_id, Uuid),
        part("code", row.code, Text),
        part("day", row.day, Date),
        part("amount", row.amount, BigInteger),
        part("title", row.title, Text),
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """How many rows there are of a group in a city; `amount` in 分 sums what is known, `unknown` counts what is not."""

    group: str
    city_code: str | None
    count: int
    amount: int | None
    unknown: int
    title: str | None


async def figure_cells(session: AsyncSession, rows: FigureRows) -> list[Cell]:
    """Counts and sums by group and city, by group and city code: one aggregate."""
    row = rows.subquery()
    statement = (
        select(
            row.c.group,
            row.c.city_code,
            func.count(),
            func.sum(row.c.amount),
            func.count().filter(row.c.amount.is_(None)),
            func.min(row.c.title),
        )
        .group_by(row.c.group, row.c.city_code)
        .order_by(row.c.group, row.c.city_code)
    )
    return [
        Cell(group, city, count, None if amount is None else int(amount), unknown, title)
        for group, city, count, amount, unknown, title in await session.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One row, with its enterprise under its present code and name where it has one."""

    id: str
    group: str
    city_code: str | None
    uscc: str | None
    name: str | None
    day: date | None
    amount: int | None
    title: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a figure: of a group, of a city, behind a cursor."""

    group: str | None
    city: str | None
    after: str | None
    limit: int


async def figure_page(session: AsyncSession, rows: FigureRows, page: Page) -> list[FigureRow]:
    """Up to `limit` rows in order of id."""
    row = rows.subquery()
    wanted: list[ColumnElement[bool]] = [true()]
    if page.group is not None:
        wanted.append(row.c.group == page.group)
    if page.city is not None:
        wanted.append(row.c.city_code == page.city)
    if page.after is not None:
        wanted.append(row.c.id > page.after)
    shown = select(row).where(and_(*wanted)).order_by(row.c.id).limit(page.limit).subquery()
    statement = (
        select(
            shown.c.id,
            shown.c.group,
            shown.c.city_code,
            func.coalesce(Enterprise.uscc, shown.c.code),
            Enterprise.name,
            shown.c.day,
            shown.c.amount,
            shown.c.title,
        )
        .outerjoin_from(shown, EnterpriseCode, EnterpriseCode.code == shown.c.code)
        .outerjoin(Enterprise, Enterprise.id == func.coalesce(shown.c.enterprise_id, EnterpriseCode.enterprise_id))
        .order_by(shown.c.id)
    )
    return [FigureRow(*one) for one in await session.execute(statement)]


async def figure_changes(session: AsyncSession, topics: tuple[str, ...], city: str | None) -> dict[str, int]:
    """By topic how often its rows changed that a city's figures, or (None) the province's, are made of."""
    statement = select(FigureChange.topic, func.sum(FigureChange.changes)).where(FigureChange.topic.in_(topics))
    if city is not None:
        statement = statement.where(FigureChange.city_code.in_((city, EVERYBODY)))
    rows = await session.execute(statement.group_by(FigureChange.topic).order_by(FigureChange.topic))
    return {topic: int(changes) for topic, changes in rows}


def tagged(tag: str, id_: Any) -> Any:
    """An id that stays one of a kind where rows of several sources come together."""
    return literal(tag + ".").op("||")(cast(id_, Text))
