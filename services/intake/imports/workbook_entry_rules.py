"""Drop-downs and entry rules that guide a person while filling in the template. The reader checks all of it again."""

from __future__ import annotations

from datetime import date
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from services.intake.imports.workbook_choices import qualification_names
from services.intake.imports.workbook_columns import CITY, Column, Sheet
from services.intake.imports.workbook_layout import CODES_SHEET, ENTERPRISES
from services.intake.imports.workbook_styles import MIST, Styles


class CodeRanges:
    """Where the code sheet keeps cities, their counties (sorted by city), industry classes and qualifications."""

    def __init__(self, first_row: int, cities: int, counties: int, classes: int, qualifications: int) -> None:
        self.cities = _range("A", first_row, cities)
        self.county_cities = _range("C", first_row, counties)
        self.counties = _range("D", first_row, counties)
        self.classes = _range("G", first_row, classes)
        self.qualifications = _range("J", first_row, qualifications)
        self.first_county = f"{CODES_SHEET}!$D${first_row}"


def _range(column: str, first_row: int, count: int) -> str:
    return f"{CODES_SHEET}!${column}${first_row}:${column}${first_row + count - 1}"


def add_entry_rules(worksheet: Worksheet, sheet: Sheet, rows: tuple[int, int], codes: CodeRanges) -> None:
    """Attach a rule to every column that has one, over `rows` (first and last, counted from 0)."""
    positions = {column.field: index for index, column in enumerate(sheet.columns)}
    for index, column in enumerate(sheet.columns):
        rule = _rule(column, sheet, positions, rows[0] + 1, codes)
        if rule:
            common = {"ignore_blank": True, "error_title": f"请核对：{column.heading}"[:32]}
            worksheet.data_validation(rows[0], index, rows[1], index, common | rule)


def _rule(
    column: Column, sheet: Sheet, positions: dict[str, int], row: int, codes: CodeRanges
) -> dict[str, Any] | None:
    here = f"{xl_col_to_name(positions[column.field])}{row}"
    if column.field == CITY:
        return {"validate": "list", "source": f"={codes.cities}", "error_message": "请从列表选择市州。"}
    if column.kind == "division":
        return _county_rule(f"${xl_col_to_name(positions[CITY])}{row}", codes)
    if column.kind == "industry":
        known = f'=OR({here}="",COUNTIF({codes.classes},LEFT({here},4))>0)'
        return _custom(known, f"不是 GB/T 4754—2017 的小类代码，可在“{CODES_SHEET}”查找。")
    if column.kind == "uscc" and sheet is not ENTERPRISES:
        return _custom(f"=COUNTIF({ENTERPRISES.title}!$A:$A,{here})>0", f"“{ENTERPRISES.title}”表中没有该企业。")
    if column.choices:
        # A list written into the rule itself may have 255 characters; the qualifications have a range of their own.
        short = column.choices is not qualification_names
        source = list(column.choices().labels.values()) if short else f"={codes.qualifications}"
        return {"validate": "list", "source": source, "error_message": "请从列表选择。"}
    return _plain_rule(column)


def _county_rule(city: str, codes: CodeRanges) -> dict[str, Any]:
    first = f"MATCH({city},{codes.county_cities},0)-1"
    many = f"COUNTIF({codes.county_cities},{city})"
    source = f'=IF({city}="",{codes.counties},OFFSET({codes.first_county},{first},0,{many},1))'
    # A code is accepted as well as a name, so the list only warns.
    return {
        "validate": "list",
        "source": source,
        "error_type": "warning",
        "error_message": "不在所选市州的县（市、区）之中；填 6 位代码可忽略本提示。",
    }


def _custom(formula: str, message: str) -> dict[str, Any]:
    return {"validate": "custom", "value": formula, "error_type": "warning", "error_message": message}


def _plain_rule(column: Column) -> dict[str, Any] | None:
    number = {"validate": "decimal", "error_message": "请填数字；不清楚请留空。"}
    rules: dict[str, dict[str, Any]] = {
        "uscc": {"validate": "length", "criteria": "==", "value": 18, "error_message": "统一社会信用代码应为 18 位。"},
        "boolean": {"validate": "list", "source": ["是", "否"], "error_message": "请填 是 或 否；不清楚请留空。"},
        "absence": {"validate": "list", "source": ["是", "否"], "error_message": "填 是 表示承诺没有该情形。"},
        "integer": {
            "validate": "integer",
            "criteria": ">=",
            "value": 0,
            "error_message": "请填不小于 0 的整数；不清楚请留空。",
        },
        "year": {
            "validate": "integer",
            "criteria": "between",
            "minimum": 1990,
            "maximum": 2100,
            "error_message": "请填四位年份，例：2025。",
        },
        "money": number | {"criteria": ">=", "value": 0, "error_message": "请填不小于 0 的万元数；不清楚请留空。"},
        "signed_money": number | {"criteria": "between", "minimum": -1e9, "maximum": 1e9},
        "percent": number
        | {
            "criteria": "between",
            "minimum": 1.01,
            "maximum": 100,
            "error_message": "请填百分数，例：85.5 表示 85.5%。",
        },
        "date": {
            "validate": "date",
            "criteria": "between",
            "minimum": date(1949, 10, 1),
            "maximum": date(2100, 12, 31),
            "error_type": "warning",
            "error_message": "请填日期，例：2024-06-06。",
        },
    }
    return rules.get(column.kind)


def add_warnings(worksheet: Worksheet, sheet: Sheet, rows: tuple[int, int], styles: Styles) -> None:
    """Colour what a person will want to look at: missing required cells, odd codes, an enterprise listed twice."""
    first, last = rows
    end = xl_col_to_name(len(sheet.columns) - 1)
    key = f"$A{first + 1}"
    odd = styles.workbook.add_format({"bg_color": "#FAD4D4", "font_color": "#9C1C1C"})
    worksheet.conditional_format(
        first, 0, last, 0, {"type": "formula", "criteria": f'=AND({key}<>"",LEN(TRIM({key}))<>18)', "format": odd}
    )
    if sheet is ENTERPRISES:
        twice = styles.workbook.add_format({"bg_color": "#FCE3B6", "font_color": "#8A5A12"})
        worksheet.conditional_format(first, 0, last, 0, {"type": "duplicate", "format": twice})
    stripe = styles.workbook.add_format({"bg_color": MIST})
    striped = {"type": "formula", "criteria": f'=AND({key}<>"",MOD(ROW(),2)=1)', "format": stripe}
    missing = styles.workbook.add_format({"bg_color": "#FFF6C9"})
    for index, column in enumerate(sheet.columns):
        if column.required:
            cell = f"{xl_col_to_name(index)}{first + 1}"
            blank = f'=AND({cell}="",COUNTA($A{first + 1}:${end}{first + 1})>0)'
            worksheet.conditional_format(
                first, index, last, index, {"type": "formula", "criteria": blank, "format": missing}
            )
    # Last, so that the warnings above win.
    worksheet.conditional_format(first, 0, last, len(sheet.columns) - 1, striped)
