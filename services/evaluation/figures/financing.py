"""Financing that members obtained, as their accepted reports say."""

from __future__ import annotations

import uuid
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, exists, func, select, tuple_
from sqlalchemy.orm import aliased

from services.evaluation.figures.asking import Asked, LazyRows
from services.evaluation.figures.catalogue import FIGURES
from services.evaluation.support.kinds import title_of
from services.evaluation.support.ledger import is_current, within_reach
from shared.models.evaluation import SupportAction
from shared.models.reads import UNKNOWN, FigureRows, RowWords, figure_rows
from shared.security.actor import Actor

By: TypeAlias = Literal["kind", "year"]


def financing(actor: Actor, by: By) -> tuple[Asked, LazyRows]:
    """Loans and equity of accepted reports within reach, each once however many reports tell of it (二(三)5、6): by kind or by year."""
    asked = Asked(
        FIGURES["financing"],
        actor.city_code,
        by,
        None,
        {"by": by},
        has_amounts=True,
        title_of=lambda group, _: _title(by, group),
    )
    return asked, lambda: _rows(actor, by)


def _rows(actor: Actor, by: By) -> FigureRows:
    year = func.coalesce(func.to_char(SupportAction.happened_on, "YYYY"), UNKNOWN)
    row = RowWords(
        SupportAction.id,
        SupportAction.kind if by == "kind" else year,
        city=SupportAction.city_code,
        code=SupportAction.uscc,
        day=SupportAction.happened_on,
        amount=SupportAction.amount_fen,
        title=SupportAction.provider,
    )
    return (
        figure_rows(row)
        .select_from(SupportAction)
        .where(SupportAction.source == "report", within_reach(actor), is_current(), _told_before().is_(None))
    )


def _told_before() -> ColumnElement[uuid.UUID | None]:
    """Id of an earlier report's row of the same; that an officer or a bank told of it too makes it no less reported."""
    other, later = aliased(SupportAction), aliased(SupportAction)
    found = (
        select(other.id)
        .where(
            other.source == "report",
            other.claim == SupportAction.claim,
            func.holder_of_code(other.uscc) == func.holder_of_code(SupportAction.uscc),
            tuple_(other.recorded_at, other.id) < tuple_(SupportAction.recorded_at, SupportAction.id),
            ~exists().where(later.corrects == other.id),
        )
        # Looked up row by row: joined, every row's holder would be looked up first.
        .limit(1)
    )
    return found.scalar_subquery()  # pyright: ignore[reportReturnType] (NULL where there is no row)


def _title(by: By, group: str) -> str:
    if by == "kind":
        return title_of(group)
    return "未填报" if group == UNKNOWN else f"{group}年"
