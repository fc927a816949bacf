"""What a view is: columns, scope, filters and the one statement behind it, within the actor's reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.exports.filters import Filters
from services.intake.exports.tabular import Column
from shared.reference.divisions import cities
from shared.security.actor import Actor

# Returns a select of one expression per column, in their order: the rows and filters of the list that it exports.
Statement = Callable[[Actor, Any], Select[*tuple[Any, ...]]]
# Raises a Problem before the first byte, for a thing that the filters name and the actor may not see.
Check = Callable[[AsyncSession, Actor, Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class View:
    """One exportable list. `name` is the last part of its path, `title` the name of the file and of its sheet."""

    name: str
    title: str
    scope: str
    filters: type[Filters]
    columns: tuple[Column, ...]
    statement: Statement
    check: Check | None = None


# Columns that many lists have.
ID = Column("编号", "code", 38)
USCC = Column("统一社会信用代码", "code", 22)
NAME = Column("企业名称", width=36)
CITY = Column("市州", width=22, labels={city.code: city.name for city in cities()})
CYCLE = Column("批次", "code", 12)
