"""A receipt as somebody holds it: read, its rulebook found, and replayed, each fault with a code and two languages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from services.evaluation.assessment.registry import provincial_rulebooks
from services.evaluation.rulebooks.differences import first_difference
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.loader import load_recorded
from services.evaluation.rulebooks.receipt import receipt_digest, replay
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.canonical import canonical_text

_LONGEST_TOLD = 200


class ReceiptFaultError(Exception):
    """A receipt that cannot be shown or does not replay."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en)
        self.code = code
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class Act:
    """What a person added to one part: a finding (`met`), or a deviation that two people signed (`met` None)."""

    met: bool | None
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class HeldReceipt:
    """The text as it is held. `digest` is the one recorded with it, where it came with one; `about` labels who."""

    text: str
    content: Mapping[str, Any]
    digest: str | None = None
    about: Mapping[str, str] = field(default_factory=dict[str, str])
    findings: Mapping[str, Act] = field(default_factory=dict[str, Act])
    deviations: Mapping[str, Act] = field(default_factory=dict[str, Act])

    @property
    def rulebook_digest(self) -> str:
        return str(self.content["rulebook"]["digest"])


def read_receipt(text: str) -> HeldReceipt:
    """A receipt's own text, or the answer of `GET /v1/assessments/{id}`, which holds one with what people added.

    Raises ReceiptFaultError `not_json` and `not_a_receipt`.
    """
    # A file ends with a line break, a receipt does not.
    text = text.strip()
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReceiptFaultError("not_json", f"不是 JSON：{error}", "The file holds no JSON") from None
    if isinstance(content, dict) and isinstance(cast("dict[str, Any]", content).get("receipt"), dict):
        return _of_answer(cast("dict[str, Any]", content))
    return HeldReceipt(text, checked_content(content))


def checked_content(content: Any) -> Mapping[str, Any]:
    """The members that are read from any receipt. Raises ReceiptFaultError `not_a_receipt`."""
    wanted = {"rulebook": dict, "facts": dict, "parts": dict, "criteria": dict, "subject": dict}
    wanted |= {"overall": str, "assessed_on": str}
    lacking = (
        list(wanted)
        if not isinstance(content, dict)
        else [name for name, kind in wanted.items() if not isinstance(cast("dict[str, Any]", content).get(name), kind)]
    )
    if lacking or not isinstance(content["rulebook"].get("digest"), str):
        names = "、".join(lacking) or "rulebook.digest"
        raise ReceiptFaultError(
            "not_a_receipt", f"不是评判回执：缺少 {names}", f"Not a receipt; lacking {', '.join(lacking) or names}"
        )
    return content


def _of_answer(answer: dict[str, Any]) -> HeldReceipt:
    content = checked_content(answer["receipt"])
    try:
        text = canonical_text(content)
    except TypeError as error:
        raise ReceiptFaultError("not_a_receipt", f"不是评判回执：{error}", f"Not a receipt: {error}") from None
    labels = {"id": "评判编号", "uscc": "统一社会信用代码", "city_code": "推荐市州代码"}
    try:
        findings, deviations = _acts([part for criterion in answer["criteria"] for part in criterion["parts"]])
    except (KeyError, TypeError, AttributeError) as error:
        raise ReceiptFaultError("not_a_receipt", f"不是评判的应答：{error}", f"No assessment: {error}") from None
    return HeldReceipt(
        text,
        content,
        digest=answer.get("receipt_digest"),
        about={label: str(answer[name]) for name, label in labels.items() if name in answer},
        findings=findings,
        deviations=deviations,
    )


def _acts(parts: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Act], dict[str, Act]]:
    """Findings and signed deviations by part."""
    findings = {
        part["part"]: Act(found["met"], found["reason"], found["found_by"])
        for part in parts
        if (found := part.get("finding"))
    }
    deviations = {
        part["part"]: Act(None, excused["reason"], f"{excused['proposed_by']}、{excused['signed_by']}")
        for part in parts
        if (excused := part.get("deviation")) and excused.get("signed_by")
    }
    return findings, deviations


def rulebook_for(digest: str, file: Path | None) -> Rulebook:
    """The rulebook with this digest: of `file`, or among the province's.

    Raises ReceiptFaultError `unknown_rulebook`, and `rulebook_refused` for a file that is none.
    """
    try:
        candidates = provincial_rulebooks() if file is None else [_loaded(file)]
    except RulebookError as error:
        chinese = "；".join(f"第 {one.line} 行 {one.zh}" for one in error.faults)
        english = "; ".join(f"line {one.line}: {one.en} [{one.code}]" for one in error.faults)
        raise ReceiptFaultError("rulebook_refused", f"评判规则不能使用：{chinese}", english) from None
    except UnicodeDecodeError as error:
        raise ReceiptFaultError(
            "rulebook_refused", f"评判规则不能使用：不是 UTF-8 文字（{error}）", str(error)
        ) from None
    for rulebook in candidates:
        if rulebook.digest == digest:
            return rulebook
    raise unknown_rulebook(digest)


def unknown_rulebook(digest: str) -> ReceiptFaultError:
    return ReceiptFaultError(
        "unknown_rulebook",
        f"没有摘要为 {digest[:64]} 的评判规则，可用 --rulebook 指定其文本",
        "No rulebook has this digest; name its text with --rulebook",
    )


def _loaded(file: Path) -> Rulebook:
    return load_recorded(file.read_text(encoding="utf-8"), origin=file.name)


def check_replay(held: HeldReceipt, rulebook: Rulebook) -> None:
    """Raises ReceiptFaultError `not_replayable`, `not_equal` with the first difference, and `digest_differs`."""
    try:
        replayed = replay(held.text, rulebook)
    except (ValueError, TypeError, RecursionError) as error:
        raise ReceiptFaultError("not_replayable", f"无法重放：{error}", f"Cannot be replayed: {error}") from None
    if (found := first_difference(held.text, replayed)) is not None:
        raise ReceiptFaultError("not_equal", *_not_equal(found.pointer, found.stored, found.replayed))
    if held.digest is not None and held.digest != receipt_digest(held.text):
        raise ReceiptFaultError(
            "digest_differs",
            f"回执摘要为 {receipt_digest(held.text)}，登记的是 {held.digest}",
            "The receipt does not have the digest that was recorded",
        )


def _not_equal(pointer: str, stored: str | None, replayed: str | None) -> tuple[str, str]:
    if not pointer:
        return "重放不一致：内容相同，但书写不是规范形式", "Not equal: the same content, written otherwise"
    ours, theirs = _short(stored), _short(replayed)
    return (
        f"重放不一致：首个不同在 {pointer}，回执为 {ours or '（无）'}，重放为 {theirs or '（无）'}",
        f"Not equal: first at {pointer}, receipt {ours or '(nothing)'}, replay {theirs or '(nothing)'}",
    )


def _short(value: str | None) -> str | None:
    return value and value[:_LONGEST_TOLD]
