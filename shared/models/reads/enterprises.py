"""Enterprises by whichever code they ever had."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ARRAY, Select, Text, any_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.intake import Enterprise, EnterpriseCode, EnterpriseVersion


@dataclass(frozen=True, slots=True)
class EnterpriseOnRecord:
    """An enterprise as evaluation sees it; `uscc` is its present code."""

    id: uuid.UUID
    uscc: str
    name: str
    city_code: str


async def enterprises_on_record(session: AsyncSession, codes: Collection[str]) -> dict[str, EnterpriseOnRecord]:
    """The living records by the codes asked for, present, former or merged; a code of nobody is left out."""
    statement = (
        select(EnterpriseCode.code, Enterprise.id, Enterprise.uscc, Enterprise.name, Enterprise.city_code)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(EnterpriseCode.code == any_(cast(list(codes), ARRAY(Text))))
    )
    return {row.code: EnterpriseOnRecord(*row[1:]) for row in await session.execute(statement)}


def codes_of(usccs: Collection[str]) -> Select[str, str]:
    """(`code`, `uscc`): every code, present, former or merged, of the enterprises with these present codes."""
    return (
        select(EnterpriseCode.code.label("code"), Enterprise.uscc.label("uscc"))
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(Enterprise.uscc == any_(cast(list(usccs), ARRAY(Text))))
    )


async def enterprise_names(session: AsyncSession, usccs: list[str]) -> dict[str, str]:
    """Current names by the codes asked for; a former or merged code has the name of the record that it stands for."""
    statement = (
        select(EnterpriseCode.code, Enterprise.name)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(EnterpriseCode.code.in_(usccs))
    )
    names = {row.code: row.name for row in await session.execute(statement)}
    if missing := set(usccs) - names.keys():
        # A code that a change gave and its undoing took back stands for nobody, but somebody bore it once.
        borne = (
            select(EnterpriseVersion.uscc, EnterpriseVersion.name)
            .where(EnterpriseVersion.uscc.in_(missing))
            .order_by(func.lower(EnterpriseVersion.during))
        )
        names |= {row.uscc: row.name for row in await session.execute(borne)}
    return names


async def present_codes(session: AsyncSession, usccs: Collection[str]) -> dict[str, str]:
    """The present 统一社会信用代码 by each code asked for; a code that is not on record stands for itself."""
    statement = (
        select(EnterpriseCode.code, Enterprise.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(EnterpriseCode.code == any_(cast(list(usccs), ARRAY(Text))))
    )
    found = {row.code: row.uscc for row in await session.execute(statement)}
    return {code: found.get(code, code) for code in usccs}
