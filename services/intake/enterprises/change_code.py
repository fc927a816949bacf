"""Give an enterprise its new 统一社会信用代码, or put a code from before 三证合一 on its record."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.enterprises.errors import CODE_IN_USE, CODE_MISMATCH, NOTHING_CHANGES
from services.intake.enterprises.ledger import Alteration, make
from services.intake.enterprises.queries import change_shown
from services.intake.enterprises.records import hold
from services.intake.enterprises.schemas import ChangeCodeIn, ChangeOut
from services.intake.enterprises.states import CodeState, State, code_state
from shared import calendar
from shared.errors import ErrorKind, Problem, Violation
from shared.identifiers import organisation_part, parse_enterprise_code
from shared.models.base import new_id
from shared.models.intake import Enterprise, EnterpriseCode
from shared.security.actor import Actor


async def change_code(session: AsyncSession, actor: Actor, uscc: str, change_in: ChangeCodeIn) -> ChangeOut:
    """Make `new_code` the record's present code and `old_code` a former one.

    A former code of the record itself may become its present one again. Problem `nothing_changes`, `code_in_use`, or
    `organisation_part_differs` unless that is confirmed.
    """
    (record,) = await hold(session, uscc)
    old = change_in.old_code or record.uscc
    differs = _part_of(old) not in {None, organisation_part(change_in.new_code)}
    if differs and not change_in.mismatch_confirmed:
        raise Problem(
            CODE_MISMATCH, violations=[_at("/old_code" if change_in.old_code else "/new_code", CODE_MISMATCH)]
        )
    on_record = await _on_record(session, record, {old, record.uscc, change_in.new_code})
    id_ = new_id()
    after = _after(id_, record, old, change_in.new_code, on_record)
    touched = {row.code for row in after}
    change = Alteration(
        id_,
        "code_change",
        record,
        State(uscc=record.uscc, codes=[row for row in on_record.values() if row.code in touched]),
        State(uscc=change_in.new_code, codes=after, organisation_part_differs=differs),
    )
    return await change_shown(session, actor, await make(session, actor, change, change_in))


def _part_of(code: str) -> str | None:
    """The organisation code that a code says; None for a registration number, which says none."""
    scheme, code = parse_enterprise_code(code)
    return {"uscc": code[8:17], "organisation_code": code}.get(scheme)


async def _on_record(session: AsyncSession, record: Enterprise, codes: set[str]) -> dict[str, CodeState]:
    """Those of the codes that are on record, all of them this record's own; Problem `code_in_use` otherwise."""
    rows = (await session.execute(select(EnterpriseCode).where(EnterpriseCode.code.in_(codes)))).scalars().all()
    if any(row.enterprise_id != record.id or row.kind == "merged" for row in rows):
        raise Problem(CODE_IN_USE)
    return {row.code: code_state(row) for row in rows}


def _after(
    change_id: uuid.UUID, record: Enterprise, old: str, new: str, on_record: dict[str, CodeState]
) -> list[CodeState]:
    """The codes that come to be of another kind, or on record at all."""
    kinds = {old: "former", record.uscc: "former", new: "current"}
    changed = [code for code, kind in kinds.items() if code not in on_record or on_record[code].kind != kind]
    if not changed:
        raise Problem(NOTHING_CHANGES)
    return [
        CodeState(
            code=code,
            scheme=parse_enterprise_code(code)[0],
            enterprise_id=record.id,
            kind=kinds[code],
            since=calendar.now(),
            change_id=change_id,
        )
        for code in changed
    ]


def _at(pointer: str, kind: ErrorKind) -> Violation:
    return Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)
