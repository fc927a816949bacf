"""A receipt as a page in Chinese: who, by which rulebook, each standard with its reasons, figures and distances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, cast

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.evaluation.assessment.receipt_reading import HeldReceipt
from services.evaluation.rulebooks.arms import arms
from services.evaluation.rulebooks.catalogue import FactValue, catalogue
from services.evaluation.rulebooks.explain import FactUsed, PartExplanation, explain
from services.evaluation.rulebooks.judge import Conclusion, conclude, settle
from services.evaluation.rulebooks.receipt import receipt_digest
from services.evaluation.rulebooks.rulebook import Criterion, Part, Rulebook
from services.evaluation.rulebooks.wording import fact_value

_VERDICTS = {
    "met": ("符合", "green"),
    "not_met": ("不符合", "red"),
    "unknown": ("未定", "yellow"),
    "deviation": ("例外认可", "cyan"),
}
_KINDS = {"hard": "", "in_principle": "原则上", "judgement": "人工认定"}
_SUBJECT = {
    "application_id": "申报编号",
    "snapshot_id": "申报快照",
    "snapshot_digest": "快照摘要",
    "enterprise": "企业名称",
    "uscc": "统一社会信用代码",
    "submitted_on": "申报日期",
}
_SOURCES = {"registry": "登记机关", "city_verified": "市州核实", "self_reported": "企业自报"}


def print_page(console: Console, held: HeldReceipt, rulebook: Rulebook) -> None:
    """Print a receipt that has been replayed equal; ValueError where findings do not fit it."""
    rulebook = rulebook.on(date.fromisoformat(held.content["assessed_on"]))
    parts: Mapping[str, bool | None] = held.content["parts"]
    findings = {part: bool(act.met) for part, act in held.findings.items()}
    conclusion = conclude(parts, rulebook, findings, held.deviations.keys())
    explained = explain(
        rulebook, held.content["facts"], settle(parts, rulebook, findings), deviations=held.deviations.keys()
    )
    by_part = {one.part_id: one for one in explained}
    console.print(_head(held, rulebook, conclusion))
    for criterion in rulebook.criteria:
        console.print(_criterion(criterion, conclusion, by_part, held))
    console.print(_foot(held))


def plain(text: str) -> str:
    """What a terminal only shows: a receipt comes from anywhere, and escape sequences would do more."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _head(held: HeldReceipt, rulebook: Rulebook, conclusion: Conclusion) -> Panel:
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    for label, value in held.about.items():
        rows.add_row(label, Text(plain(value)))
    for name, value in cast("dict[str, Any]", held.content["subject"]).items():
        rows.add_row(Text(plain(_SUBJECT.get(name, name))), Text("无" if value is None else plain(str(value))))
    rows.add_row("评判日", Text(str(held.content["assessed_on"])))
    rows.add_row("评判规则", Text(f"{rulebook.title}（{rulebook.id}）"))
    rows.add_row("依据文件", Text(f"{rulebook.source_document}，自 {rulebook.effective_from} 起施行"))
    rows.add_row("规则摘要", Text(rulebook.digest))
    rows.add_row("依数据的结论", _verdict(str(held.content["overall"])))
    if held.findings or held.deviations:
        told = f"，计入人工认定 {len(held.findings)} 项、例外 {len(held.deviations)} 项"
        rows.add_row("评审后的结论", Text.assemble(_verdict(conclusion.overall), told))
    return Panel(rows, title="评判回执", title_align="left")


def _verdict(verdict: str) -> Text:
    words, style = _VERDICTS[verdict]
    return Text(words, style=f"bold {style}")


def _criterion(
    criterion: Criterion, conclusion: Conclusion, explained: Mapping[str, PartExplanation], held: HeldReceipt
) -> RenderableType:
    head = Text.assemble(
        "\n", (f"{criterion.clause}　{criterion.title}　", "bold"), _verdict(conclusion.criteria[criterion.number])
    )
    parts = [_part(part, explained[part.id], held) for part in criterion.parts]
    return Group(head, Padding(Text(f"“{criterion.text}”", style="italic"), (0, 0, 0, 2), expand=False), *parts)


def _part(part: Part, explained: PartExplanation, held: HeldReceipt) -> RenderableType:
    kind = f"（{_KINDS[part.kind]}）" if _KINDS[part.kind] else ""
    rows = Table.grid(padding=(0, 1))
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column(overflow="fold")
    for label, told in _lines(part, explained, held):
        rows.add_row(label, told)
    head = Text.assemble("· ", part.title, kind, "　", _verdict(explained.verdict))
    return Group(Padding(head, (0, 0, 0, 2), expand=False), Padding(rows, (0, 0, 0, 4), expand=False))


def _lines(part: Part, explained: PartExplanation, held: HeldReceipt) -> Iterator[tuple[str, Text]]:
    yield "理由", Text(explained.reason)
    for acts, label in ((held.findings, "认定"), (held.deviations, "例外")):
        if act := acts.get(part.id):
            yield label, Text(plain(f"{act.reason}（{act.by}）"))
    told = [_fact(one, held.content) for one in explained.facts]
    # A flag's reason is its value: 独立法人：是.
    if any(one.replace(" ", "：") not in explained.reason and one not in explained.reason for one in told):
        yield "数据", Text(plain("；".join(told)))
    if explained.verdict != "met" and (way := _distance(part, held.content["facts"])):
        yield "差距", Text(way)


def _fact(used: FactUsed, content: Mapping[str, Any]) -> str:
    """Such as: 有效专利 2 件（登记机关，截至 2024-06-01；企业自报 5 件）; what the form alone says stands without more."""
    source: Any = content.get("sources", {}).get(used.name)
    if not isinstance(source, dict):
        return f"{used.title} {used.text}"
    named = cast("dict[str, Any]", source)
    told = f"{_SOURCES.get(named.get('source', ''), '其他来源')}，截至 {named.get('as_of')}"
    form_says: FactValue = named.get("self_reported")
    if form_says != used.value:
        told += f"；{_SOURCES['self_reported']} {_said(used.name, form_says)}"
    return f"{used.title} {used.text}（{told}）"


def _said(name: str, value: FactValue) -> str:
    """A value as people read it; one that the catalogue does not know stands as it is written."""
    try:
        return fact_value(catalogue()[name], value)
    except (KeyError, ValueError, TypeError):
        return str(value)


def _distance(part: Part, facts: Mapping[str, FactValue]) -> str:
    """What would meet a test that is not met, in each way there is; empty for one that holds."""
    if part.condition is None:
        return ""
    return "；或".join(dict.fromkeys(filter(None, (way.text for way in arms(part.condition, facts)))))


def _foot(held: HeldReceipt) -> Text:
    unread = [name for name in held.content["facts"] if name not in catalogue()]
    told = [plain(f"另有目录之外的数据：{'、'.join(unread)}")] if unread else []
    told.append(f"回执摘要 {receipt_digest(held.text)}")
    told.append("重放一致：按所载数据和规则重新评判，逐字节相同。")
    return Text("\n" + "\n".join(told))
