"""What a column and a sheet of an application workbook are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from services.intake.imports.workbook_choices import Choices

Kind = Literal[
    "uscc",
    "text",
    "code",
    "patent_no",
    "ipc",
    "phone",
    "industry",
    "division",
    "integer",
    "year",
    "money",
    "signed_money",
    "percent",
    "boolean",
    "absence",
    "date",
    "choice",
    "names",
    "numbers",
    "ignored",
]
DetailKey = Literal["qualifications", "patents", "products", "collaborations"]

# Pseudo-fields: columns that steer the reading and are no part of the form.
CITY = "@city"
COUNT = "@count/"
COMPANION = "@companion"

PRESENCE = "填 是 或 否；不清楚请留空，不要猜。"


@dataclass(frozen=True, slots=True)
class Column:
    """`field` is the JSON pointer inside the form (or inside one item of a detail list), without the first slash."""

    field: str
    heading: str
    kind: Kind
    group: str
    note: str
    unit: str = ""
    required: bool = False
    aliases: tuple[str, ...] = ()
    choices: Callable[[], Choices] | None = None
    width: int = 12

    @property
    def title(self) -> str:
        """The heading as printed: `*` for required, the unit in brackets."""
        unit = f"\n（{self.unit}）" if self.unit else ""
        return f"{'*' if self.required else ''}{self.heading}{unit}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """`key` is the form's list for a detail sheet; `fault_fields` places errors of a whole item at one column."""

    key: Literal["enterprises", DetailKey]
    title: str
    subject: str
    columns: tuple[Column, ...]
    fault_fields: Mapping[str, str] = field(default_factory=dict[str, str])


def money(name: str, heading: str, note: str, group: str, kind: Kind = "money") -> Column:
    """A column of money in 万元."""
    return Column(name, heading, kind, group, f"{note}单位万元，可保留到小数点后 6 位（精确到分）。", "万元", width=13)
