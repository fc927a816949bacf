"""The lists that a province publishes, as its data describe them: for whom, by which rule, on whose approval."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast, get_args

Audience: TypeAlias = Literal["bank", "department"]
Origin: TypeAlias = Literal["pool", "judged"]
Cadence: TypeAlias = Literal["on_change", "monthly", "quarterly", "yearly", "by_hand"]
Viewer: TypeAlias = Literal["subscriber", "province", "city", "enterprise"]

FILE_NAME = "programmes.toml"
# What an entry may show, with the heading that people read.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "uscc": "统一社会信用代码",
        "name": "企业名称",
        "city_code": "所在市州代码",
        "member_since": "入库日期",
        "plan_id": "依据方案编号",
        "judged_on": "评判日期",
        "consent_on": "同意日期",
        "industry_class": "行业小类",
        "size_class": "企业规模",
        "valid_patents": "有效专利件数",
        "valid_invention_patents": "有效发明专利件数",
        "industrialised_patents": "已产业化专利件数",
        "pledgeable_patents": "可质押专利件数",
    }
)
_VIEWERS: tuple[Viewer, ...] = get_args(Viewer)
_ALWAYS = ("uscc", "name")
_OF_THE_POOL = ("uscc", "name", "city_code", "member_since", "plan_id")


class ProgrammeError(Exception):
    """Programmes that must not be used; `line` is that of the table at fault."""

    def __init__(self, message: str, origin: str, line: int) -> None:
        super().__init__(message, origin, line)
        self.message, self.origin, self.line = message, origin, line

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class ListProgrammeData:
    """A list that the province publishes: whom the plan makes it for, and how long an edition stays valid.

    `origin` "pool": who is a member, by the plans that admitted; "judged": who meets `rule` with `consent` on file.
    `fields` by viewer; a subscriber's are the columns of an edition. An edition that removes more than
    `removed_percent` of the one before, and more than `removed_at_least` enterprises, is not published unless somebody
    authorises that number; `removed_basis` says why. `basis` says, in Chinese, how the clause is read.
    """

    code: str
    title: str
    clause: str
    audience: Audience
    origin: Origin
    rule: str
    cadence: Cadence
    cadence_basis: str
    approval: bool
    basis: str
    fields: Mapping[Viewer, tuple[str, ...]]
    valid_days: int
    valid_days_basis: str
    removed_percent: int
    removed_at_least: int
    removed_basis: str
    consent: str | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class ConsentPurpose:
    """What an enterprise may consent to; `basis` says why it is asked."""

    code: str
    title: str
    basis: str


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """Why a bank may refuse a credit, as a code."""

    code: str
    title: str
    basis: str


@dataclass(frozen=True, slots=True)
class ProgrammesData:
    """`recall_reasons`: grounds of leaving the pool that call an edition back. `origin` names the file in messages."""

    programmes: tuple[ListProgrammeData, ...]
    purposes: Mapping[str, ConsentPurpose]
    recall_reasons: tuple[str, ...]
    recall_basis: str
    refusal_reasons: tuple[RefusalReason, ...]
    origin: str


def load_programmes(folder: Path) -> ProgrammesData:
    """Read `programmes.toml` of a province's folder. ProgrammeError, with the line, for what must not be used."""
    path = folder / FILE_NAME
    return read_programmes(path.read_text(encoding="utf-8"), str(path.name))


def read_programmes(text: str, origin: str) -> ProgrammesData:
    """As `load_programmes`, of a text; `origin` names its file in messages."""
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProgrammeError(str(error), origin, 1) from None
    lines = dict(_headers(text))
    for name in ("purpose", "programme", "refusal_reason"):
        if len(content.get(name, [])) != len(lines.get(name, [])):
            raise ProgrammeError(f"`{name}` must be written [[{name}]]", origin, 1)
    if unknown := content.keys() - {"programme", "purpose", "recall", "refusal_reason"}:
        raise ProgrammeError(f"unknown tables {sorted(unknown)}", origin, 1)
    purposes = [ConsentPurpose(**one) for one in _coded("purpose", content, lines, origin)]
    reasons = tuple(RefusalReason(**one) for one in _coded("refusal_reason", content, lines, origin))
    programmes = tuple(
        _programme(table, {one.code for one in purposes}, origin, line)
        for table, line in zip(content.get("programme", []), lines.get("programme", []), strict=True)
    )
    _once([(one.code, one.line) for one in programmes], origin)
    recall = content.get("recall", {})
    if recall.keys() != {"reasons", "basis"} or not recall["basis"].strip():
        raise ProgrammeError("[recall] needs reasons and a basis, and nothing else", origin, 1)
    return ProgrammesData(
        programmes=programmes,
        purposes=MappingProxyType({one.code: one for one in purposes}),
        recall_reasons=tuple(recall["reasons"]),
        recall_basis=recall["basis"],
        refusal_reasons=reasons,
        origin=origin,
    )


def _headers(text: str) -> Iterator[tuple[str, list[int]]]:
    """Lines of [[name]] by name; a header inside a text of several lines is none."""
    found: dict[str, list[int]] = {}
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not inside and bare.startswith("[[") and "]]" in bare:
            found.setdefault(bare[2 : bare.index("]]")].strip(), []).append(number)
        inside ^= line.count('"""') % 2 == 1
    yield from found.items()


def _coded(name: str, content: Mapping[str, Any], lines: Mapping[str, list[int]], origin: str) -> list[dict[str, str]]:
    """Tables of a code, a title and a basis, each code once."""
    tables: list[dict[str, str]] = content.get(name, [])
    for table, line in zip(tables, lines.get(name, []), strict=True):
        _complete(table, {"code": str, "title": str, "basis": str}, {}, origin, line)
    _once([(table["code"], line) for table, line in zip(tables, lines.get(name, []), strict=True)], origin)
    return tables


_REQUIRED: Mapping[str, type] = {
    "code": str,
    "title": str,
    "clause": str,
    "audience": str,
    "origin": str,
    "rule": str,
    "cadence": str,
    "cadence_basis": str,
    "approval": bool,
    "basis": str,
    "fields": dict,
    "valid_days": int,
    "valid_days_basis": str,
    "removed_percent": int,
    "removed_at_least": int,
    "removed_basis": str,
}


def _programme(table: Mapping[str, Any], purposes: set[str], origin: str, line: int) -> ListProgrammeData:
    _complete(table, _REQUIRED, {"consent": str}, origin, line)
    for key, options in (
        ("audience", get_args(Audience)),
        ("origin", get_args(Origin)),
        ("cadence", get_args(Cadence)),
    ):
        if table[key] not in options:
            raise ProgrammeError(f"`{key}` must be one of {', '.join(options)}", origin, line)
    if "consent" in table and table["consent"] not in purposes:
        raise ProgrammeError(f"no [[purpose]] is called {table['consent']!r}", origin, line)
    if table["valid_days"] < 1 or table["removed_percent"] < 0 or table["removed_at_least"] < 0:
        raise ProgrammeError("days and numbers of removals are not negative, and an edition lasts a day", origin, line)
    if table["origin"] == "pool" and (table["approval"] or "consent" in table):
        raise ProgrammeError("a list of the pool follows its plans: no approval, no consent", origin, line)
    if (table["origin"] == "pool") != (table["cadence"] == "on_change"):
        raise ProgrammeError("a list of the pool, and no other, follows each change", origin, line)
    fields = _fields(table["fields"], cast("Origin", table["origin"]), origin, line)
    plain: dict[str, Any] = {name: value for name, value in table.items() if name != "fields"}
    return ListProgrammeData(**plain, fields=fields, line=line)


def _fields(table: Mapping[str, Any], of: Origin, origin: str, line: int) -> Mapping[Viewer, tuple[str, ...]]:
    """By viewer. Whoever sees an entry sees whom it is about; an edition shows what the province may see, and no more."""
    if set(table) != set(_VIEWERS):
        raise ProgrammeError(f"[programme.fields] names {', '.join(_VIEWERS)}", origin, line)
    fields: dict[Viewer, tuple[str, ...]] = {viewer: tuple(cast("list[str]", table[viewer])) for viewer in _VIEWERS}
    for viewer, names in fields.items():
        if unknown := set(names) - FIELDS.keys():
            raise ProgrammeError(f"`fields.{viewer}` has no field {', '.join(sorted(unknown))}", origin, line)
        if names[:2] != _ALWAYS or len(set(names)) != len(names):
            raise ProgrammeError(f"`fields.{viewer}` begins with uscc and name, each field once", origin, line)
    if hidden := set(fields["subscriber"]) - set(fields["province"]):
        raise ProgrammeError(f"the province does not see {', '.join(sorted(hidden))}, others may not", origin, line)
    if of == "pool" and fields["subscriber"] != _OF_THE_POOL:
        raise ProgrammeError(f"a list of the pool shows {', '.join(_OF_THE_POOL)}", origin, line)
    if of == "judged" and {"member_since", "plan_id"} & set(fields["province"]):
        raise ProgrammeError("`member_since` and `plan_id` are of lists of the pool", origin, line)
    return MappingProxyType(fields)


def _complete(
    table: Mapping[str, Any], required: Mapping[str, type], optional: Mapping[str, type], origin: str, line: int
) -> None:
    """Each key of its type, no text empty, none left over."""
    if missing := required.keys() - table.keys():
        raise ProgrammeError(f"{', '.join(sorted(missing))} missing", origin, line)
    if unknown := table.keys() - required.keys() - optional.keys():
        raise ProgrammeError(f"unknown keys {', '.join(sorted(unknown))}", origin, line)
    for key, value in table.items():
        kind = required.get(key) or optional[key]
        # bool is an int to Python, but not to a reader of the file.
        if type(value) is not kind or (isinstance(value, str) and not value.strip()):
            raise ProgrammeError(f"`{key}` must be {kind.__name__} and not empty", origin, line)


def _once(codes: Sequence[tuple[str, int]], origin: str) -> None:
    seen: set[str] = set()
    for code, line in codes:
        if code in seen:
            raise ProgrammeError(f"{code!r} is there twice", origin, line)
        seen.add(code)
