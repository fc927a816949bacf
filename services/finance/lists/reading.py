"""Read a file that an edition or a signed statement came in, whatever its format; JSON and NDJSON here."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.finance.lists.held_file import HeldEntry, HeldFile, HeldValue, UnreadableFileError
from services.finance.lists.rendering import BOM
from services.finance.lists.table_reading import read_csv, read_xlsx


def read_file(data: bytes) -> HeldFile:
    """The file's content by its own form, not its name. UnreadableFileError for anything else."""
    if data.startswith(b"PK"):
        return read_xlsx(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableFileError("不是 UTF-8 文本，也不是 XLSX", "Neither UTF-8 text nor XLSX") from None
    if text.startswith((BOM, "#")):
        return read_csv(text.removeprefix(BOM))
    first, _, rest = text.partition("\n")
    if rest.strip():
        return _read_ndjson([first, *rest.split("\n")])
    return _read_json(_parsed(text, "文件"))


def _parsed(text: str, place: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=str, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise UnreadableFileError(f"{place}：不是 JSON", f"{place}: not JSON") from None
    if not isinstance(value, dict):
        raise UnreadableFileError(f"{place}：不是 JSON 对象", f"{place}: not a JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """One program would read the first of two members of one name, another the last."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is given twice")
    return members


def _beyond(holder: Mapping[str, Any], known: Collection[str], place: str) -> list[str]:
    return [f"{place}/{name}" for name in holder if name not in known]


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
        held.stray += [f"/checks/entries/{number}" for number in range(len(rows), len(beside))]
    held.stray += _beyond(whole, ("content", "digest", "signature", "checks"), "")
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
    held.stray += _beyond(first, ("head", "digest", "signature", "checks"), "第1行 ")
    held.digest = HeldValue(_part(first, "digest", str), "第1行 /digest")
    held.signature = HeldValue(_part(first, "signature", str), "第1行 /signature")
    assert held.entries is not None  # noqa: S101 (given above)
    for number, line in enumerate(lines[1:], start=2):
        if line:
            one, place = _parsed(line, f"第{number}行"), f"第{number}行"
            held.stray += _beyond(one, ("entry", "check"), f"{place} ")
            held.entries.append(_entry(one.get("entry"), one.get("check"), f"{place} /entry", f"{place} /check"))
    return held
