"""Qualifications (资质) an enterprise can hold: the national ones and the province's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from shared.reference.province import province
from shared.reference.tables import national_table, read_table


@dataclass(frozen=True, slots=True)
class QualificationType:
    """`validity_years` is None where no period is known."""

    key: str
    name: str
    issuer: str
    validity_years: int | None


def _type(row: dict[str, str]) -> QualificationType:
    years = int(row["validity_years"]) if row["validity_years"] else None
    return QualificationType(row["key"], row["name_cn"], row["issuer"], years)


@cache
def _qualification_types(folder: Path) -> Mapping[str, QualificationType]:
    rows = [*national_table("qualifications"), *read_table(folder / "qualifications.csv")]
    return MappingProxyType({row["key"]: _type(row) for row in rows})


def qualification_types() -> Mapping[str, QualificationType]:
    """All known types by key, national ones first."""
    return _qualification_types(province().folder)
