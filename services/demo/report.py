"""What the round came to, as tables for a person and as one object for a program."""

from __future__ import annotations

import json

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.demo.applying import Applied
from services.demo.judging import Judged
from services.evaluation.assessment.receipt_page import print_page
from services.evaluation.assessment.receipt_reading import check_replay, read_receipt, rulebook_for
from shared.reference.divisions import cities

_SHOWN_REJECTIONS = 30
_VERDICT = {
    "met": "[green]符合[/]",
    "not_met": "[red]不符合[/]",
    "unknown": "[yellow]待定[/]",
    "deviation": "[cyan]例外[/]",
}


def figures(applied: Applied, judged: Judged) -> dict[str, int]:
    """The figures of the round; `met`, `not_met`, `unknown` and `deviations` add up to `judged`."""
    return {
        "rows_read": applied.rows_read,
        "applications_imported": applied.imported,
        "rows_rejected": applied.rejected,
        "rows_mended": applied.mended,
        "lines_imported": applied.lines_imported,
        "lines_rejected": applied.lines_rejected,
        "applications_single": applied.single,
        "evidence_stored": applied.evidence,
        "applications_returned": applied.returned,
        "judged": judged.counts["judged"],
        "met": judged.counts["met"],
        "not_met": judged.counts["not_met"],
        "unknown": judged.counts["unknown"],
        "deviations": judged.counts["deviation"],
        "objections_upheld": judged.notice["struck"],
        "objections_dismissed": sum(one["status"] == "dismissed" for one in judged.objections),
        "admitted": judged.plan["summary"]["admitted"] - judged.notice["struck"],
        "out_city_quota": judged.plan["summary"]["out_city_quota"],
        "cap": judged.plan["summary"]["cap"],
        "edition_serial": judged.edition_serial,
        "edition_count": judged.edition_count,
        "bank_pulled_count": judged.pulled_count,
    }


def show(screen: Console, applied: Applied, judged: Judged, found: dict[str, int]) -> None:
    """Print the account of the round."""
    screen.print()
    screen.print(_rejections(applied))
    screen.print(_trip(applied))
    screen.print(_check(applied))
    screen.print(_cities(applied, judged))
    screen.print(_notice(judged))
    _receipt(screen, judged)
    screen.print(_summary(found, judged))


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)


def _rejections(applied: Applied) -> Table:
    table = _table(f"未采用的行（含明细表）· rows not taken, detail sheets included ({len(applied.rejected_rows)})")
    for heading in ("单元格 cell", "原因 reason", "代码 code"):
        table.add_column(heading, overflow="fold")
    for row in applied.rejected_rows[:_SHOWN_REJECTIONS]:
        violation = row["violations"][0]
        table.add_row(
            violation.get("cell", f"{row['sheet']}!{row['row']}"), escape(violation["message_zh"]), violation["code"]
        )
    return table


def _trip(applied: Applied) -> Table:
    table = _table("市州工作簿往返 · a workbook there and back: what the rehearsal says is what the import does")
    for heading in ("步骤", "读取 read", "采用 taken", "未采用 rejected"):
        table.add_column(heading, justify="left" if heading == "步骤" else "right")
    for leg in applied.trip:
        table.add_row(leg.title, str(leg.read), str(leg.accepted), str(leg.rejected))
    return table


def _check(applied: Applied) -> Table:
    table = _table("完整性自查 · before submitting, an enterprise asks how it would be judged")
    for heading in ("标准", "结论", "理由"):
        table.add_column(heading, overflow="fold")
    for criterion in applied.check["judgement"]["criteria"]:
        reasons = "\n".join(escape(part["reason_zh"]) for part in criterion["parts"])
        table.add_row(f"{criterion['number']}. {criterion['title']}", _VERDICT[criterion["verdict"]], reasons)
    return table


def _cities(applied: Applied, judged: Judged) -> Table:
    table = _table("各市州 · by city")
    table.add_column("市州")
    for heading in ("申报 applied", "入库 admitted"):
        table.add_column(heading, justify="right")
    for city in cities():
        table.add_row(city.name, str(applied.by_city[city.code]), str(judged.admitted_by_city.get(city.code, 0)))
    return table


def _notice(judged: Judged) -> Table:
    table = _table(f"公示 · public notice {judged.notice['number']}: what was objected, and what came of it")
    for heading in ("企业", "异议", "处理", "理由"):
        table.add_column(heading, overflow="fold")
    for one in judged.objections:
        came = {"upheld": "[red]成立，不入库[/]", "dismissed": "[green]不成立，入库[/]"}[one["status"]]
        table.add_row(*map(escape, (one["name"], one["grounds"])), came, escape(one["decision_reason"]))
    return table


def _receipt(screen: Console, judged: Judged) -> None:
    """One enterprise's whole receipt, as `peiyu receipt show` prints it; it is judged again first."""
    held = read_receipt(json.dumps(judged.example, ensure_ascii=False))
    rulebook = rulebook_for(held.rulebook_digest, None)
    check_replay(held, rulebook)
    screen.print("\n[bold]一家企业的评判 · one enterprise judged; its receipt, judged again, is equal to the byte[/]")
    print_page(screen, held, rulebook)


def _summary(found: dict[str, int], judged: Judged) -> Table:
    table = _table("本轮结果 · the round")
    table.add_column("项目")
    table.add_column("数量", justify="right")
    rows = {
        "文件行数 rows read": "rows_read",
        "导入申报 imported": "applications_imported",
        "　其中 NDJSON of these as lines": "lines_imported",
        "　其中退回修改后 of these mended": "rows_mended",
        "拒收行 rejected": "rows_rejected",
        "在线申报 over HTTP": "applications_single",
        "佐证材料 evidence": "evidence_stored",
        "市州退回 returned": "applications_returned",
        "已评判 judged": "judged",
        "　符合 met": "met",
        "　例外 met with signed deviation": "deviations",
        "　不符合 not met": "not_met",
        "　待定 unknown": "unknown",
        "异议成立 objections upheld": "objections_upheld",
        "异议不成立 objections dismissed": "objections_dismissed",
        "入库 admitted": "admitted",
        "　名额已满未入 out by city quota": "out_city_quota",
        "上限 cap": "cap",
        "名单期号 edition": "edition_serial",
        "名单条数 entries": "edition_count",
        "银行取得 pulled by the bank": "bank_pulled_count",
    }
    for title, name in rows.items():
        table.add_row(title, str(found[name]))
    genuine = "有效 genuine" if judged.signature_genuine else "无效 NOT GENUINE"
    table.add_row("签名 signature", genuine)
    table.add_row("摘要 SHA-256", judged.edition_digest[:16] + "…")
    return table
