"""Read a file that an edition or a signed statement came in, whatever its format, with the place of every value."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from services.finance.lists.cells import LABELS, head_value, unguarded
from services.finance.lists.rendering import BOM, LIST_SHEET, PROOF_SHEET, columns_of


class UnreadableFileError(Exception):
    """The file is none that a list comes in."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A value with its place in the file, and the check that stands beside it, None where it has none."""

    value: Any
    place: str
    check: str | None = None
    check_place: str = ""


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """One entry; `places` names the place of each of its values."""

    values: dict[str, Any]
    places: Mapping[str, str]
    place: str
    check: str | None = None
    check_place: str = ""


@dataclass(slots=True)
class HeldFile:
    """What a file says; `entries` is None for a signed statement, which has no table."""

    format: str
    head: dict[str, HeldValue] = field(default_factory=dict[str, HeldValue])
    entries: list[HeldEntry] | None = None
    digest: HeldValue | None = None
    signature: HeldValue | None = None

    def content(self) -> dict[str, Any]:
        """What the signature would be over."""
        values = {name: one.value for name, one in self.head.items()}
        return values if self.entries is None else values | {"entries": [one.values for one in self.entries]}


def read_file(data: bytes) -> HeldFile:
    """The file's content by its own form, not its name. UnreadableFileError for anything else."""
    if data.startswith(b"PK"):
        return _read_xlsx(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableFileError("不是 UTF-8 文本，也不是 XLSX", "Neither UTF-8 text nor XLSX") from None
    if text.startswith((BOM, "#")):
        return _read_csv(text.removeprefix(BOM))
    first, _, rest = text.partition("\n")
    if rest.strip():
        return _read_ndjson([first, *rest.splitlines()])
    return _read_json(_parsed(text, "文件"))


def _parsed(text: str, place: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        raise UnreadableFileError(f"{place}：不是 JSON", f"{place}: not JSON") from None
    if not isinstance(value, dict):
        raise UnreadableFileError(f"{place}：不是 JSON 对象", f"{place}: not a JSON object")
    return value


def _part(holder: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    value = holder.get(name)
    if not isinstance(value, kind):
        raise UnreadableFileError(f"缺少 {name} 或类型不符", f"{name} is missing or of a wrong type")
    return value


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_json(whole: dict[str, Any]) -> HeldFile:
    if "content" not in whole:
        # The signed bytes themselves, whose signature came beside them.
        entries = _part(whole, "entries", list)
        held = HeldFile("json", _head(whole, {}, ""))
        held.entries = [_entry(one, None, f"/entries/{number}") for number, one in enumerate(entries)]
        return held
    content = _part(whole, "content", dict)
    checks = _members(whole.get("checks"))
    held = HeldFile("json", _head(content, _members(checks.get("head")), "/content"))
    if content.get("kind") == "edition" or "entries" in content:
        rows, beside = _part(content, "entries", list), _items(checks.get("entries"))
        held.entries = [
            _entry(
                one,
                beside[number] if number < len(beside) else None,
                f"/content/entries/{number}",
                f"/checks/entries/{number}",
            )
            for number, one in enumerate(rows)
        ]
    held.digest = HeldValue(_part(whole, "digest", str), "/digest")
    held.signature = HeldValue(_part(whole, "signature", str), "/signature")
    return held


def _head(content: Mapping[str, Any], checks: Mapping[str, Any], under: str) -> dict[str, HeldValue]:
    return {
        name: HeldValue(value, f"{under}/{name}", checks.get(name), f"/checks/head/{name}")
        for name, value in content.items()
        if name != "entries"
    }


def _entry(values: Any, check: Any, place: str, check_place: str = "") -> HeldEntry:
    if not isinstance(values, dict):
        raise UnreadableFileError(f"{place}：不是一条名单", f"{place}: not an entry")
    return HeldEntry(values, {name: f"{place}/{name}" for name in values}, place, check, check_place)


def _read_ndjson(lines: Sequence[str]) -> HeldFile:
    first = _parsed(lines[0], "第1行")
    checks = _members(first.get("checks"))
    head = {
        name: HeldValue(value, f"第1行 /head/{name}", checks.get(name), f"第1行 /checks/{name}")
        for name, value in _part(first, "head", dict).items()
    }
    held = HeldFile("ndjson", head, [])
    held.digest = HeldValue(_part(first, "digest", str), "第1行 /digest")
    held.signature = HeldValue(_part(first, "signature", str), "第1行 /signature")
    assert held.entries is not None  # noqa: S101 (given above)
    for number, line in enumerate(lines[1:], start=2):
        if line:
            one, place = _parsed(line, f"第{number}行"), f"第{number}行"
            held.entries.append(_entry(one.get("entry"), one.get("check"), f"{place} /entry", f"{place} /check"))
    return held


def _read_csv(text: str) -> HeldFile:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    proof = [(number, row) for number, row in enumerate(rows, start=1) if row and row[0].startswith("#")]
    table = [(number, row) for number, row in enumerate(rows, start=1) if row and not row[0].startswith("#")]
    return _read_table("csv", proof, table, "", "")


def _read_xlsx(data: bytes) -> HeldFile:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFileError("XLSX 已损坏", f"The workbook is damaged: {error}") from None
    if LIST_SHEET not in found or PROOF_SHEET not in found:
        raise UnreadableFileError(
            f"没有工作表“{LIST_SHEET}”和“{PROOF_SHEET}”", "The two sheets of a list are not there"
        )
    rows = {
        name: [(n, [_cell(one) for one in row]) for n, row in enumerate(sheet, start=1)]
        for name, sheet in found.items()
    }
    return _read_table("xlsx", rows[PROOF_SHEET][1:], rows[LIST_SHEET], f"{PROOF_SHEET}!", f"{LIST_SHEET}!")


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


_Rows = Sequence[tuple[int, list[str]]]


def _read_table(file_format: str, proof: _Rows, table: _Rows, proof_sheet: str, list_sheet: str) -> HeldFile:
    held = HeldFile(file_format, {}, [])
    for number, row in proof:
        if len(row) < 3 or not row[1]:
            continue
        name, place = row[1], f"{proof_sheet}C{number}"
        if name in {"digest", "signature"}:
            setattr(held, name, HeldValue(row[2], place))
        else:
            check = row[3] if len(row) > 3 else None
            value = head_value(name, unguarded(row[2]))
            held.head[name] = HeldValue(value, place, check, f"{proof_sheet}D{number}")
    if held.digest is None or held.signature is None or not table:
        raise UnreadableFileError("没有摘要、签名或表头", "Digest, signature or the heading of the table is missing")
    columns = _columns(held, table[0][1])
    assert held.entries is not None  # noqa: S101 (given above)
    for number, row in table[1:]:
        held.entries.append(_row(columns, row, number, list_sheet))
    return held


def _columns(held: HeldFile, heading: list[str]) -> list[str]:
    """The columns as the heading names them, in its order."""
    said = held.head["columns"].value if "columns" in held.head else None
    known = columns_of({"columns": said} if isinstance(said, list) else {})
    by_label = {LABELS.get(name, name): name for name in known}
    return [by_label.get(label, label) for label in heading if label != LABELS["check"]]


def _row(columns: list[str], row: list[str], number: int, sheet: str) -> HeldEntry:
    cells = row + [""] * (len(columns) + 1 - len(row))
    values = {name: unguarded(cell) for name, cell in zip(columns, cells, strict=False)}
    places = {name: f"{sheet}{_letter(index)}{number}" for index, name in enumerate(columns)}
    return HeldEntry(values, places, f"{sheet}{number}", cells[len(columns)], f"{sheet}{_letter(len(columns))}{number}")


def _letter(index: int) -> str:
    return chr(ord("A") + index)
