"""The awkward cases that a real round of applications brings, each made on purpose and labelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from services.demo.invented_forms import Form, Inventor
from services.demo.invented_trades import TRADES
from services.intake.imports.workbook_columns import COUNT
from services.intake.imports.workbook_rows import SheetRows

Verdict = Literal["met", "not_met", "unknown"]
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}


def _unchanged(_: Inventor, __: Form) -> None:
    """Most damage is done to the cells, not to the form."""


def _undamaged(_: SheetRows) -> None:
    """Most awkward applications are written down properly."""


@dataclass(frozen=True, slots=True)
class AwkwardCase:
    """`shape` changes a strong form, `damage` the cells it is written in.

    `criteria`: verdicts under the ten standards that the case is about. `code`: why its row is rejected, if it is.
    """

    label: str
    shape: Callable[[Inventor, Form], None] = _unchanged
    damage: Callable[[SheetRows], None] = _undamaged
    criteria: Mapping[int, Verdict] = field(default_factory=dict[int, Verdict])
    code: str | None = None


def _finance(**figures: str | None) -> Callable[[Inventor, Form], None]:
    def shape(_: Inventor, form: Form) -> None:
        form["finance"] |= figures

    return shape


def _people(**figures: int | None) -> Callable[[Inventor, Form], None]:
    def shape(_: Inventor, form: Form) -> None:
        form["people"] |= figures
        form["collaborations"] = []

    return shape


def _patents(valid: int, used: int) -> Callable[[Inventor, Form], None]:
    def shape(inventor: Inventor, form: Form) -> None:
        trade = next(trade for trade in TRADES if trade.industry_class == form["industry_class"])
        product = form["products"][0]["name"]
        form["patents"] = [inventor.patent(trade, product, used=index < used) for index in range(valid)]

    return shape


def _no_patent_in_force(_: Inventor, form: Form) -> None:
    for patent in form["patents"]:
        patent |= {"legal_status": "terminated", "industrialised": False, "product_names": []}


def _without(key: str, value: list[Any] | None) -> Callable[[Inventor, Form], None]:
    def shape(_: Inventor, form: Form) -> None:
        form[key] = value
        if key == "products":
            for patent in form["patents"]:
                patent["product_names"] = []

    return shape


def _expired(inventor: Inventor, form: Form) -> None:
    issued = inventor.as_of - timedelta(days=3 * 365 + 200)
    form["qualifications"] = [inventor.qualification("high_tech", 3 * 365 + 200) | {"issued_on": issued.isoformat()}]


def _large(_: Inventor, form: Form) -> None:
    form["industry_class"] = "3976"
    form["people"] |= {"employees": 1000, "rd_staff": 320}
    form["finance"] |= {"revenue_cny": "400000000.00", "rd_expense_cny": "46000000.00"}


def _declares_violation(_: Inventor, form: Form) -> None:
    form["declarations"]["no_violation"] = False


def _cell(field_name: str, value: Any, sheet: str = "enterprises") -> Callable[[SheetRows], None]:
    def damage(rows: SheetRows) -> None:
        rows[sheet][0][field_name] = value

    return damage


def _wrong_uscc(rows: SheetRows) -> None:
    for row in (row for sheet in rows.values() for row in sheet):
        code = str(row["uscc"])
        row["uscc"] = code[:-1] + ("0" if code[-1] != "0" else "1")


def _wrong_patent_no(rows: SheetRows) -> None:
    number = str(rows["patents"][0]["application_no"])
    rows["patents"][0]["application_no"] = number[:-1] + ("0" if number[-1] != "0" else "1")


def _full_width(rows: SheetRows) -> None:
    row = rows["enterprises"][0]
    for name in ("uscc", "industry_class", "contact_phone"):
        row[name] = str(row[name]).translate(_FULL_WIDTH)
    for name in ("finance/revenue_cny", "people/employees", "finance/fiscal_year"):
        row[name] = f"{row[name]}".translate(_FULL_WIDTH)
    for patent in rows["patents"]:
        patent["application_no"] = str(patent["application_no"]).translate(_FULL_WIDTH)


def _as_people_type(rows: SheetRows) -> None:
    row = rows["enterprises"][0]
    row["uscc"] = f" {row['uscc']} "
    row["name"] = f"{row['name']}\u3000"
    for name in ("finance/revenue_cny", "finance/total_assets_cny", "finance/rd_expense_cny"):
        row[name] = f"{row[name]:,}"
    styles = ("%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%Y-%m-%d")
    for index, patent in enumerate(rows["patents"]):
        granted = patent["granted_on"]
        patent["granted_on"] = granted.strftime(styles[index % 5]) if isinstance(granted, date) else granted
        patent["industrialised"] = {"是": "√", "否": "×"}.get(str(patent["industrialised"]))


def _lost_row(rows: SheetRows) -> None:
    rows["patents"].pop()


def _in_yuan(rows: SheetRows) -> None:
    row = rows["enterprises"][0]
    for name in ("finance/revenue_cny", "finance/rd_expense_cny"):
        row[name] = f"{row[name]}万元"


ACCEPTED: tuple[AwkwardCase, ...] = (
    AwkwardCase("industrialisation_exactly_half", _patents(10, 5), criteria={5: "met"}),
    # 999 of 1,999 is 49.97 %: the closest to a half from below that the form's 2,000 patents allow.
    AwkwardCase("industrialisation_just_under_half", _patents(1999, 999), criteria={5: "not_met"}),
    AwkwardCase(
        "rd_share_exactly_10_percent",
        _finance(revenue_cny="30000000.00", rd_expense_cny="3000000.00"),
        criteria={6: "met"},
    ),
    AwkwardCase(
        "rd_share_9_99_percent",
        _finance(revenue_cny="30000000.00", rd_expense_cny="2997000.00"),
        criteria={6: "not_met"},
    ),
    AwkwardCase(
        "rd_exactly_500_wan", _finance(revenue_cny="90000000.00", rd_expense_cny="5000000.00"), criteria={6: "met"}
    ),
    AwkwardCase(
        "rd_one_fen_under_500_wan",
        _finance(revenue_cny="90000000.00", rd_expense_cny="4999999.99"),
        criteria={6: "not_met"},
    ),
    AwkwardCase("zero_revenue", _finance(revenue_cny="0.00", rd_expense_cny="1200000.00"), criteria={6: "unknown"}),
    AwkwardCase("rd_expense_missing", _finance(rd_expense_cny=None), criteria={6: "unknown"}),
    AwkwardCase("employees_missing", _people(employees=None), criteria={7: "unknown"}),
    AwkwardCase("research_staff_exactly_20_percent", _people(employees=60, rd_staff=12)),
    AwkwardCase("research_staff_under_20_percent", _people(employees=61, rd_staff=12), criteria={7: "not_met"}),
    AwkwardCase("no_patent_in_force", _no_patent_in_force, criteria={4: "not_met", 5: "unknown"}),
    AwkwardCase("patents_none", _without("patents", []), criteria={4: "not_met", 5: "unknown"}),
    AwkwardCase("patents_not_answered", _without("patents", None), criteria={4: "unknown", 5: "unknown"}),
    AwkwardCase("qualification_expired", _expired, criteria={2: "not_met"}),
    AwkwardCase("qualifications_not_answered", _without("qualifications", None), criteria={2: "unknown"}),
    AwkwardCase("no_trademark", _without("trademark_nos", []), criteria={8: "not_met"}),
    AwkwardCase("large_enterprise", _large, criteria={1: "not_met"}),
    AwkwardCase("declares_violation", _declares_violation, criteria={10: "not_met"}),
    AwkwardCase("full_width_digits", damage=_full_width),
    AwkwardCase("text_dates_and_separators", damage=_as_people_type),
    AwkwardCase("units_in_cells", damage=_in_yuan),
)

REJECTED: tuple[AwkwardCase, ...] = (
    AwkwardCase("wrong_uscc_check_digit", damage=_wrong_uscc, code="uscc_check_digit"),
    AwkwardCase("wrong_patent_check_digit", damage=_wrong_patent_no, code="patent_no_check_digit"),
    AwkwardCase("impossible_date", damage=_cell("established_on", "2019-02-30"), code="not_a_date"),
    AwkwardCase("negative_amount", damage=_cell("finance/rd_expense_cny", -320.5), code="too_small"),
    AwkwardCase(
        "more_research_staff_than_staff",
        damage=_cell("people/rd_staff", 9_999),
        code="rd_staff_exceeds_employees",
    ),
    AwkwardCase("finer_than_one_fen", damage=_cell("finance/revenue_cny", 1234.5678901), code="too_precise"),
    AwkwardCase("no_truth_commitment", damage=_cell("declarations/truthful", "否"), code="truth_commitment_missing"),
    AwkwardCase("unknown_county", damage=_cell("registered_division", "不存在县"), code="division_unknown"),
    AwkwardCase("unknown_qualification", damage=_cell("type", "五星级企业", "qualifications"), code="not_an_option"),
    AwkwardCase("lost_detail_row", damage=_lost_row, code="detail_count_mismatch"),
    AwkwardCase("text_in_a_count", damage=_cell(f"{COUNT}products", "若干"), code="not_a_number"),
)
