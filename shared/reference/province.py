"""The province in use: its name, settings and data folder, chosen by `PEIYU_PROVINCE`."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from shared.reference.programmes import ListProgrammeData, ProgrammesData, load_programmes

_DEFAULT = "hubei"
_FOLDER_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ListRenewalData:
    """When, each day in China, lists are looked at, how many days before its end an edition is renewed, and why."""

    at: time
    days_before: int
    basis: str


@dataclass(frozen=True, slots=True)
class PublicNoticeData:
    """How long a plan is under public notice and appeals are taken, in working days, and why; what the page tells."""

    working_days: int
    basis: str
    appeal_working_days: int
    appeal_basis: str
    how_to_object: str


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """Days off and working weekends of a year, as a notice (`source`) arranges them."""

    year: int
    source: str
    holidays: frozenset[date]
    workdays: frozenset[date]


@dataclass(frozen=True, slots=True)
class Province:
    """`cap` is the most members of the pool; `cap_basis` says, in Chinese, what it counts and why.

    `correction_days` is how long an enterprise has to correct what was returned to it, and `correction_basis` why.
    `plan_valid_days` is how many days after its freezing a selection plan may be committed, and `plan_valid_basis` why.
    `programmes` are the lists that it publishes. `programme` and `pool_name` are the names that officers and enterprises read; `office` makes a `{division}`'s name
    that of the body whose officers act for it.
    """

    folder: Path
    code: str
    name: str
    short_name: str
    time_zone: ZoneInfo
    source_document: str
    programme: str
    office: str
    pool_code: str
    pool_name: str
    cap: int
    cap_counts: str
    cap_basis: str
    correction_days: int
    correction_basis: str
    plan_valid_days: int
    plan_valid_basis: str
    programmes: ProgrammesData
    list_renewal: ListRenewalData
    public_notice: PublicNoticeData
    calendar_years: Mapping[int, CalendarYear]

    @property
    def list_programmes(self) -> tuple[ListProgrammeData, ...]:
        """The lists that the province publishes, in the order of its data."""
        return self.programmes.programmes

    @property
    def rulebooks(self) -> Path:
        """The folder of the province's rulebooks."""
        return self.folder / "rulebooks"

    @property
    def adjustments(self) -> Path:
        """The folder of the province's rules of dynamic adjustment."""
        return self.folder / "adjustments"


def load_province(folder: Path) -> Province:
    """Read `province.toml` of a data folder. FileNotFoundError, KeyError or ProgrammeError where incomplete."""
    content: dict[str, Any] = tomllib.loads((folder / "province.toml").read_text(encoding="utf-8"))
    texts, pool, corrections = content["texts"], content["pool"], content["corrections"]
    return Province(
        folder=folder,
        code=content["code"],
        name=content["name"],
        short_name=content["short_name"],
        time_zone=ZoneInfo(content["time_zone"]),
        source_document=content["source_document"],
        programme=texts["programme"],
        office=texts["office"],
        pool_code=pool["code"],
        pool_name=texts["pool"],
        cap=pool["cap"],
        cap_counts=pool["counts"],
        cap_basis=pool["basis"],
        correction_days=corrections["days"],
        correction_basis=corrections["basis"],
        plan_valid_days=content["selection"]["plan_valid_days"],
        plan_valid_basis=content["selection"]["plan_valid_basis"],
        programmes=load_programmes(folder),
        list_renewal=ListRenewalData(**content["list_renewal"]),
        public_notice=PublicNoticeData(**content["public_notice"]),
        calendar_years=MappingProxyType(
            {one.year: one for one in map(_calendar_year, content.get("calendar_year", ()))}
        ),
    )


def _calendar_year(content: dict[str, Any]) -> CalendarYear:
    """ValueError for a day of another year, one that is both, or no source."""
    year, holidays, workdays = content["year"], frozenset(content["holidays"]), frozenset(content["workdays"])
    if any(day.year != year for day in holidays | workdays) or holidays & workdays or not content["source"].strip():
        raise ValueError(f"calendar_year {year}: days of that year, each of one kind, with their source")
    return CalendarYear(year, content["source"], holidays, workdays)


@cache
def province() -> Province:
    """The province that this process serves. LookupError when `PEIYU_PROVINCE` names no data folder."""
    name = os.environ.get("PEIYU_PROVINCE") or _DEFAULT
    # A name, not a path: nothing outside provinces/ can be loaded.
    folder = Path(str(files("provinces"))) / name if _FOLDER_NAME.fullmatch(name) else None
    if folder is None or not (folder / "province.toml").is_file():
        raise LookupError(f"PEIYU_PROVINCE: provinces/ has no data folder named {name!r}")
    return load_province(folder)
