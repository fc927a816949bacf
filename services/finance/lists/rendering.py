"""An edition in the formats that people and programs take: the same content, each with digest, signature and checks."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from xlsxwriter import Workbook

from services.finance.lists.cells import LABELS, entry_check, guarded, head_cell, head_check, head_order
from services.finance.lists.edition import COLUMNS, Content, body_of, head_of
from shared.canonical import canonical_text

FileFormat: TypeAlias = Literal["json", "ndjson", "csv", "xlsx"]
StoredFormat: TypeAlias = Literal["json", "ndjson", "csv", "xlsx", "gzip"]
FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
LIST_SHEET, PROOF_SHEET = "名单", "期号与签名"
# Excel takes a file without it for the code page of the machine.
BOM = "\ufeff"
_PROOF = ("digest", "signature")


def compressed(body: bytes) -> bytes:
    """The signed bytes compressed, the same each time."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def rendered(content: Content, digest: str, signature: str, wanted: StoredFormat) -> bytes:
    """The edition's bytes in one format; the same edition always gives the same bytes."""
    return _RENDERERS[wanted](content, digest, signature)


def columns_of(head: Mapping[str, Any]) -> list[str]:
    """The columns that an edition says it has; those of the first editions, which did not say."""
    return list(head.get("columns") or COLUMNS)


def _head_checks(head: Mapping[str, Any]) -> dict[str, str]:
    return {name: head_check(name, value) for name, value in head.items()}


def _json(content: Content, digest: str, signature: str) -> bytes:
    checks = {"head": _head_checks(head_of(content)), "entries": [entry_check(one) for one in content["entries"]]}
    whole = {"content": content, "digest": digest, "signature": signature, "checks": checks}
    return canonical_text(whole).encode()


def _ndjson(content: Content, digest: str, signature: str) -> bytes:
    head = head_of(content)
    first = {"head": head, "digest": digest, "signature": signature, "checks": _head_checks(head)}
    lines = [first, *({"entry": one, "check": entry_check(one)} for one in content["entries"])]
    return "".join(f"{canonical_text(line)}\n" for line in lines).encode()


def _proof_rows(content: Content, digest: str, signature: str) -> Iterator[list[str]]:
    """Label, name, value and check of everything beside the entries."""
    head = head_of(content)
    for name in head_order(head):
        value = head[name]
        yield [LABELS.get(name, name), name, guarded(head_cell(name, value)), head_check(name, value)]
    for name, value in zip(_PROOF, (digest, signature), strict=True):
        yield [LABELS[name], name, value, ""]


def _table(content: Content) -> Iterator[list[str]]:
    columns = columns_of(content)
    yield [*(LABELS.get(name, name) for name in columns), LABELS["check"]]
    for entry in content["entries"]:
        yield [*(guarded(str(entry[name])) for name in columns), entry_check(entry)]


def _csv(content: Content, digest: str, signature: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    # Programs that take # for a comment read the table alone.
    writer.writerows([f"#{label}", *rest] for label, *rest in _proof_rows(content, digest, signature))
    writer.writerows(_table(content))
    return (BOM + text.getvalue()).encode()


def _xlsx(content: Content, digest: str, signature: str) -> bytes:
    file = io.BytesIO()
    workbook = Workbook(file, {"in_memory": True, "strings_to_urls": False})
    # The file says when the edition was issued, not when it was rendered, so that its bytes are the edition's own.
    issued = datetime.fromisoformat(content["issued_at"]).replace(tzinfo=None)
    workbook.set_properties({"title": content["title"], "created": issued})
    heading = workbook.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": "#17375E"})
    sheets: tuple[tuple[str, Iterator[list[str]], tuple[int, ...]], ...] = (
        (LIST_SHEET, _table(content), (22, 36, 14, 14, 40, 20)),
        (PROOF_SHEET, _proof_sheet(content, digest, signature), (18, 18, 80, 20)),
    )
    for name, rows, widths in sheets:
        sheet = workbook.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, heading if number == 0 else None)
    workbook.close()
    return file.getvalue()


def _proof_sheet(content: Content, digest: str, signature: str) -> Iterator[list[str]]:
    yield ["项目", "name", "内容", LABELS["check"]]
    yield from _proof_rows(content, digest, signature)


def _gzip(content: Content, *_: str) -> bytes:
    return compressed(body_of(content))


_RENDERERS: Mapping[StoredFormat, Callable[[Content, str, str], bytes]] = {
    "json": _json,
    "ndjson": _ndjson,
    "csv": _csv,
    "xlsx": _xlsx,
    "gzip": _gzip,
}
