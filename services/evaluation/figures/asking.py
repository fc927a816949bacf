"""A figure as somebody asks for it: within whose reach, of which rows, under which titles; its ETag and its answer."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.figures.catalogue import Figure
from services.evaluation.figures.schemas import CellOut, FigureOut, GroupOut, RowOut, RowPage, RowsLink
from services.evaluation.support.money import yuan_of
from shared.models.reads import Cell, FigureRows, Page, figure_cells, figure_changes, figure_page
from shared.reference.divisions import divisions

# Building a large statement costs more than an ETag: it is put together where it is wanted.
LazyRows: TypeAlias = Callable[[], FigureRows]


def _own_title(group: str, _: Cell | None) -> str:
    return group


@dataclass(frozen=True, slots=True)
class Asked:
    """`city` is the reader's reach, None for the province; `params` everything else that the answer depends on.

    `always` are groups that are told of even when nothing is in them. `elsewhere` gives the address of a list of
    another kind that has the rows of a group and city, None where only the figure's own list has them.
    """

    figure: Figure
    city: str | None
    by: str
    on: date | None
    params: Mapping[str, str]
    has_amounts: bool = False
    always: tuple[str, ...] = ()
    title_of: Callable[[str, Cell | None], str] = _own_title
    elsewhere: Callable[[str, str | None], RowsLink | None] = field(default=lambda _group, _city: None)

    def link(self, group: str | None = None, city: str | None = None) -> RowsLink:
        """To the rows of a group, of a city, of both, or to all of them."""
        if group is not None and (found := self.elsewhere(group, city)) is not None:
            return found
        named = {"group": group, "city": city}
        query = {**self.params, **{name: value for name, value in named.items() if value is not None}}
        path = self.figure.rows.partition("?")[0]
        return RowsLink(service="evaluation", href=f"{path}?{urlencode(query)}" if query else path)


async def etag_of(session: AsyncSession, asked: Asked) -> str:
    """The strong ETag of the answer, from what was asked and how often its rows changed: nothing is counted.

    Changes of another city are not in it. To be read under the same snapshot as the answer.
    """
    changes = await figure_changes(session, asked.figure.topics, asked.city)
    told = [asked.figure.key, asked.figure.definition, asked.city, asked.by, dict(asked.params), str(asked.on), changes]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


async def figure_of(session: AsyncSession, asked: Asked, rows: FigureRows) -> FigureOut:
    """The figure by group and by city within the group: one aggregate over its rows."""
    cells = await figure_cells(session, rows)
    return FigureOut(
        key=asked.figure.key,
        title_zh=asked.figure.title,
        definition_zh=asked.figure.definition,
        clause=asked.figure.clause,
        unit=asked.figure.unit,
        on=asked.on,
        by=asked.by,
        total=sum(cell.count for cell in cells),
        amount_cny=_amount(asked, cells),
        amounts_unknown=_unknown(asked, cells),
        groups=_groups(asked, cells),
        cells=[
            CellOut(
                group=cell.group,
                title=asked.title_of(cell.group, cell),
                count=cell.count,
                amount_cny=_amount(asked, [cell]),
                amounts_unknown=_unknown(asked, [cell]),
                city_code=cell.city_code,
                city=city_name(cell.city_code),
                # What belongs to no city is found among all that is in the group.
                rows=asked.link(cell.group, cell.city_code),
            )
            for cell in cells
        ],
        rows=asked.link(),
    )


async def rows_of(session: AsyncSession, rows: FigureRows, page: Page) -> RowPage:
    """One page of the rows behind a figure."""
    found = await figure_page(session, rows, Page(page.group, page.city, page.after, page.limit + 1))
    items = [
        RowOut(
            id=one.id,
            group=one.group,
            city_code=one.city_code,
            uscc=one.uscc,
            name=one.name,
            on=one.day,
            amount_cny=yuan_of(one.amount),
            title=one.title,
        )
        for one in found[: page.limit]
    ]
    return RowPage(items=items, next_cursor=items[-1].id if len(found) > page.limit else None)


def city_name(code: str | None) -> str | None:
    """What officers call a city; a code of none is its own name."""
    found = None if code is None else divisions().get(code)
    return code if found is None else found.name


def _groups(asked: Asked, cells: list[Cell]) -> list[GroupOut]:
    counts: Counter[str] = Counter(dict.fromkeys(asked.always, 0))
    by_group: dict[str, list[Cell]] = {group: [] for group in asked.always}
    for cell in cells:
        counts[cell.group] += cell.count
        by_group.setdefault(cell.group, []).append(cell)
    return [
        GroupOut(
            group=group,
            title=asked.title_of(group, of_group[0] if of_group else None),
            count=counts[group],
            amount_cny=_amount(asked, of_group),
            amounts_unknown=_unknown(asked, of_group),
            rows=asked.link(group),
        )
        for group, of_group in by_group.items()
    ]


def _amount(asked: Asked, cells: Iterable[Cell]) -> str | None:
    """None where nothing is known: a sum of unknowns is not zero."""
    known = [cell.amount for cell in cells if cell.amount is not None]
    return yuan_of(sum(known)) if asked.has_amounts and known else None


def _unknown(asked: Asked, cells: Iterable[Cell]) -> int | None:
    return sum(cell.unknown for cell in cells) if asked.has_amounts else None
