"""A rulebook on the screen, in Chinese: its criteria, the readings chosen, and the differences from another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.evaluation.rulebooks.comparison import Change, Difference
from services.evaluation.rulebooks.linear import Linear
from services.evaluation.rulebooks.phrases import in_words, linear_in_words
from services.evaluation.rulebooks.rulebook import Criterion, Part, PartKind, Rulebook, Transition

_KINDS: Mapping[PartKind, tuple[str, str]] = {
    "hard": ("硬性", "bold red"),
    "in_principle": ("原则上", "bold yellow"),
    "judgement": ("人工认定", "bold cyan"),
}
_CHANGES: Mapping[Change, tuple[str, str]] = {
    "added": ("新增", "green"),
    "removed": ("删去", "red"),
    "changed": ("改动", "yellow"),
    "meaning": ("文字未动，含义已变", "magenta"),
}
_ENTRIES = {
    "rulebook": "规则书",
    "criterion": "标准",
    "part": "要求",
    "parameter": "设定",
    "derivation": "派生量",
    "transition": "过渡条款",
    "ranking": "排序指标",
}
_FIELDS = {
    "id": "编号",
    "title": "标题",
    "text": "原文",
    "clause": "条款",
    "basis": "依据",
    "test": "判定",
    "kind": "性质",
    "value": "取值",
    "options": "可选取值",
    "expression": "算式",
    "meaning": "含义",
    "number": "序号",
    "veto": "一票否决",
    "source_document": "来源文件",
    "effective_from": "施行之日",
    "effective_to": "失效之日",
    "assessed_from": "评估起始日",
    "assessed_until": "评估截止日",
    "assessed_before": "在此日前评估",
}


def title(rulebook: Rulebook) -> RenderableType:
    until = f"至 {rulebook.effective_to}" if rulebook.effective_to else "起施行"
    told = f"{rulebook.source_document}　{rulebook.effective_from} {until}\n摘要 {rulebook.digest}"
    return Panel(Text(told, style="dim"), title=Text(rulebook.title, style="bold"), border_style="blue")


def criterion_panel(criterion: Criterion, rulebook: Rulebook) -> RenderableType:
    """Its text, what each part asks and why it is read so, and the transitional clauses about it."""
    titles = {one.name: one.title for one in rulebook.derivations}
    told: list[RenderableType] = [Text(criterion.text.strip(), style="bold"), Text()]
    for part in criterion.parts:
        told.extend(_part(part, titles))
        told.extend(_transition(one) for one in rulebook.transitions if one.part == part.id)
    if criterion.basis:
        told += [Text(), Text(f"依据：{criterion.basis.strip()}", style="dim")]
    heading = f"{criterion.number}　{criterion.title}　{criterion.clause}" + ("　一票否决" if criterion.veto else "")
    return Panel(
        Group(*told), title=Text(heading), title_align="left", border_style="red" if criterion.veto else "blue"
    )


def _part(part: Part, titles: Mapping[str, str]) -> Iterator[RenderableType]:
    word, style = _KINDS[part.kind]
    yield Text.assemble(("● ", style), (f"[{word}] ", style), part.title, ("　" + part.id, "dim"))
    if part.condition is not None:
        yield Text(f"    判定：{in_words(part.condition)}", style="green")
    if part.settings:
        yield Text(f"    取用：{'、'.join(titles.get(name, name) for name in part.settings)}", style="dim")
    if part.basis:
        yield Text(f"    依据：{part.basis.strip()}", style="dim")


def _transition(one: Transition) -> RenderableType:
    return Text(
        f"    过渡（{one.clause} {one.title}，{one.period}）：{in_words(one.condition)}\n"
        f"      {one.text.strip()}\n      依据：{one.basis.strip()}",
        style="magenta",
    )


def readings(rulebook: Rulebook) -> RenderableType:
    """Parameters and derivations with their values and reasons."""
    table = Table(title="原文没有写明而选定的读法", title_style="bold", show_lines=True, expand=True)
    for heading, ratio in (("名称", 2), ("取值", 3), ("依据", 4)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for one in rulebook.derivations:
        meaning = linear_in_words(one.meaning) if isinstance(one.meaning, Linear) else in_words(one.meaning)
        table.add_row(Text(f"{one.title}\n{one.name}"), Text(meaning), Text((one.basis or one.definition).strip()))
    for name, parameter in rulebook.parameters.items():
        table.add_row(Text(f":{name}"), Text(parameter.text), Text(parameter.basis.strip()))
    return table


def difference_table(found: Iterable[Difference], before: str, after: str) -> RenderableType:
    table = Table(title=Text(f"{before} → {after}"), title_style="bold", show_lines=True, expand=True)
    for heading, ratio in (("", 2), ("何处", 3), ("原为", 4), ("现为", 4)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for one in found:
        word, style = _CHANGES[one.change]
        table.add_row(Text(word, style=style), _where(one), _shown(one.before, "red"), _shown(one.after, "green"))
    return table


def _where(one: Difference) -> Text:
    section, _, name = one.entry.partition(" ")
    field = "" if one.field is None else f" · {_FIELDS.get(one.field, one.field)}"
    named = f"{_ENTRIES.get(section, section)}{field}"
    return Text.assemble((named, "bold"), f"\n{one.title}" if one.title else "", (f"\n{name}" if name else "", "dim"))


def _shown(value: object, style: str) -> Text:
    if isinstance(value, bool):
        return Text("是" if value else "否", style=style)
    text = "—" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text(text.strip(), style=style)
