"""Undo a change: the record gets back exactly what the change took, or a reason why it cannot."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.enterprises.belongings import is_filed_again, rests_on_foreign_evidence
from services.intake.enterprises.errors import NOT_UNDOABLE
from services.intake.enterprises.ledger import unmake
from services.intake.enterprises.queries import change_shown
from services.intake.enterprises.records import hold_by_id
from services.intake.enterprises.schemas import ChangeOut, UndoIn
from services.intake.enterprises.states import State
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import Application, ApplicationSnapshot, Enterprise, EnterpriseChange
from shared.models.reads import is_judged_or_member, judged_as
from shared.security.actor import Actor


async def undo(session: AsyncSession, actor: Actor, change_id: uuid.UUID, undo_in: UndoIn) -> ChangeOut:
    """Undo a change; Problem `change_not_undoable` whose detail says what builds on it, or `not_found`."""
    found = (await session.execute(_change(change_id))).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    records = await hold_by_id(session, {id_ for id_ in (found.enterprise_id, found.into_id) if id_ is not None})
    # Whoever undid it a moment ago held the records until it was done.
    change = (await session.execute(_change(change_id).execution_options(populate_existing=True))).scalar_one()
    record = records[change.enterprise_id]
    if change.undone_at is not None:
        raise _refusal("it has been undone already", "该变更已被撤销")
    await _refuse_built_upon(session, change)
    _refuse_altered_since(change, record)
    await _refuse_used_since(session, change)
    try:
        await unmake(session, actor, change, record, undo_in.reason)
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
        raise _refusal(f"it would break {constraint}", f"撤销将违反约束 {constraint}") from None
    # What this refuses is rolled back whole.
    if change.into_id and await rests_on_foreign_evidence(session, record.id, change.into_id):
        raise _refusal(
            "a record of one of the two has come to rest on evidence of the other since",
            "其后的情形或名录记录引用了另一企业的佐证材料",
        )
    return await change_shown(session, actor, change)


def _change(change_id: uuid.UUID) -> Select[EnterpriseChange]:
    return select(EnterpriseChange).where(EnterpriseChange.id == change_id)


def _refusal(english: str, chinese: str) -> Problem:
    return Problem(NOT_UNDOABLE, detail_en=english, detail_zh=chinese)


async def _refuse_built_upon(session: AsyncSession, change: EnterpriseChange) -> None:
    """A later change of the same kind, or the record's own later merging, must be undone first."""
    later = EnterpriseChange
    # What a merge gave lies with the record that stayed, until that is merged away in turn.
    holder = change.into_id or change.enterprise_id
    builds = (later.enterprise_id == holder) & (later.kind == "merge")
    if change.into_id is None:
        builds = or_(builds, (later.enterprise_id == holder) & (later.kind == change.kind))
    statement = (
        select(later.id)
        .where(builds, later.undone_at.is_(None), later.made_at > change.made_at)
        .order_by(later.made_at.desc())
        .limit(1)
    )
    newest = (await session.execute(statement)).scalar_one_or_none()
    if newest is not None:
        raise _refusal(
            f"change {newest} builds on it; undo that one first", f"其后的变更 {newest} 以此为基础，请先撤销该变更"
        )


def _refuse_altered_since(change: EnterpriseChange, record: Enterprise) -> None:
    """A submission states name and division anew: what it said later is not undone with the change before it."""
    for part in ("name", "division_code", "city_code", "uscc"):
        made: str | None = change.after.get(part)
        if made is not None and getattr(record, part) != made:
            raise _refusal(f"{part} has been stated anew since", f"{part} 其后已在申报中另行填报")


async def _refuse_used_since(session: AsyncSession, change: EnterpriseChange) -> None:
    """What others have written under the new code, or on the moved applications, would be left without an owner."""
    before, after = State.model_validate(change.before), State.model_validate(change.after)
    own = {row.code for row in before.codes}
    if change.kind == "code_change" and after.uscc not in own and await _is_used(session, change, after.uscc):
        raise _refusal(
            f"{after.uscc} has been used since; change the code back instead",
            f"代码 {after.uscc} 其后已被使用，请改为再次办理代码变更",
        )
    if before.applications and (
        await _filed_again(session, before) or await judged_as(session, before.applications) - own
    ):
        raise _refusal(
            "an application that it moved has been filed or judged since under the other enterprise's code",
            "其移交的申报其后已以另一企业的代码重新提交或评估",
        )
    if await is_filed_again(session, before.belongings):
        raise _refusal(
            "a report that it moved has been submitted since by the other enterprise",
            "其移交的报告其后已由另一企业提交",
        )


async def _filed_again(session: AsyncSession, before: State) -> bool:
    statement = select(Application.id, Application.revision).where(Application.id.in_(before.applications))
    return any(row.revision != before.applications[row.id] for row in await session.execute(statement))


async def _is_used(session: AsyncSession, change: EnterpriseChange, uscc: str | None) -> bool:
    """Whether an application has been filed or judged, or a place in a pool given, under this very code."""
    if uscc is None:
        return False
    filed = (
        select(ApplicationSnapshot.id)
        .join(Application, Application.id == ApplicationSnapshot.application_id)
        .where(Application.enterprise_id == change.enterprise_id, ApplicationSnapshot.payload["uscc"].astext == uscc)
        .limit(1)
    )
    return (await session.execute(filed)).first() is not None or await is_judged_or_member(session, uscc)
