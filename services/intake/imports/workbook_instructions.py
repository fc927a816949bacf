"""The sheets that explain: 填报说明 (how to fill in) and 代码表 (counties and industry classes)."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.worksheet import Worksheet

from services.intake.imports.registered_places import Place
from services.intake.imports.workbook_choices import qualification_names
from services.intake.imports.workbook_columns import Sheet
from services.intake.imports.workbook_entry_rules import CodeRanges
from services.intake.imports.workbook_layout import DETAILS, ENTERPRISES, SHEETS
from services.intake.imports.workbook_styles import NAVY, RULE, Styles, group_colours
from shared.reference.industries import industry_classes
from shared.reference.province import province

_DETAIL_TITLES = "、".join(f"“{sheet.title}”" for sheet in DETAILS)
_STEPS = (
    f"在“{ENTERPRISES.title}”表中每家企业填一行，以统一社会信用代码为准，同一企业只填一次。",
    f"在{_DETAIL_TITLES}表中逐条填写明细，每行都填所属企业的统一社会信用代码。",
    f"在“{ENTERPRISES.title}”表最右侧填写各明细的份数，供系统核对有无漏行。",
    "保存为 .xlsx 后上传；不要设置打开密码，不要改动表头文字，可以隐藏列；隐藏或筛选掉的行也会读取。",
    "有误的行只影响该企业：可下载标注了原因的原文件，改正标色的单元格后直接上传该文件。",
)
_RULES = (
    ("留空", "表示未填报，按“未知”处理，由审核人员核实；留空不等于 0，也不等于“无”或“否”。"),
    ("0 和 无", "确实为零填 0；确实没有商标填 无；某类明细确实没有，在份数栏填 0。"),
    ("金额", "单位万元，可保留 6 位小数（精确到分），例：1200.5；也可写明单位，例：1200.5万元、12005000元。"),
    ("百分数", "填百分号前的数，例：85.5 表示 85.5%，不要填 0.855。"),
    ("日期", "例：2024-06-06、2024/6/6、2024年6月6日、20240606 均可。"),
    ("是否", "填 是 或 否，也可填 √ 或 ×。承诺栏填 是 表示承诺没有该情形。"),
    ("多个值", "同一格内的多个商标号或产品名用 、 或 ; 分隔。"),
    ("代码", "统一社会信用代码 18 位、专利申请号含校验位，系统会核对校验位；全角字符和首尾空格会自动处理。"),
    ("颜色", "浅黄：必填未填；浅红：代码位数不对；浅橙：同一企业重复。"),
)
_CODES_FIRST_ROW = 3


def add_instructions(worksheet: Worksheet, styles: Styles) -> None:
    """Fill the sheet 填报说明."""
    for column, width in enumerate((3, 16, 26, 9, 7, 84)):
        worksheet.set_column(column, column, width)
    worksheet.hide_gridlines(2)
    worksheet.set_row(0, 40)
    worksheet.merge_range(0, 0, 0, 5, f"{province().programme}　填报说明", styles.title())
    source = f"依据：{province().source_document}及其附件《入库企业基本标准》。栏目由该标准推导，非官方表样。"
    worksheet.merge_range(1, 0, 1, 5, source, styles.subtitle())
    row = _add_steps(worksheet, styles, 3)
    row = _add_rules(worksheet, styles, row + 1)
    _add_columns(worksheet, styles, row + 1)
    worksheet.set_landscape()
    worksheet.set_paper(9)  # A4
    worksheet.fit_to_pages(1, 0)
    worksheet.protect("", {"format_columns": True})


def _section(worksheet: Worksheet, styles: Styles, row: int, text: str) -> None:
    look = styles.of(bold=True, font_size=12, font_color=NAVY, bottom=2, bottom_color=NAVY)
    worksheet.set_row(row, 24)
    worksheet.merge_range(row, 0, row, 5, text, look)


def _add_steps(worksheet: Worksheet, styles: Styles, row: int) -> int:
    _section(worksheet, styles, row, "一、怎么填")
    number, text = styles.of(bold=True, align="center", font_color=NAVY), styles.of(text_wrap=True)
    for index, step in enumerate(_STEPS, start=1):
        worksheet.set_row(row + index, 20)
        worksheet.write_number(row + index, 0, index, number)
        worksheet.merge_range(row + index, 1, row + index, 5, step, text)
    return row + len(_STEPS) + 1


def _add_rules(worksheet: Worksheet, styles: Styles, row: int) -> int:
    _section(worksheet, styles, row, "二、填写规则")
    name = styles.of(bold=True, bottom=1, bottom_color=RULE)
    text = styles.of(text_wrap=True, bottom=1, bottom_color=RULE)
    for index, (rule, meaning) in enumerate(_RULES, start=1):
        worksheet.set_row(row + index, 20)
        worksheet.write_string(row + index, 1, rule, name)
        worksheet.merge_range(row + index, 2, row + index, 5, meaning, text)
    return row + len(_RULES) + 1


def _add_columns(worksheet: Worksheet, styles: Styles, row: int) -> None:
    _section(worksheet, styles, row, "三、栏目一览")
    head = styles.of(bold=True, font_color="#FFFFFF", bg_color=NAVY, align="center")
    for index, text in enumerate(("工作表", "栏目", "单位", "必填", "填法和依据"), start=1):
        worksheet.write_string(row + 1, index, text, head)
    row += 2
    for sheet in SHEETS:
        row = _add_sheet_columns(worksheet, styles, row, sheet)


def _add_sheet_columns(worksheet: Worksheet, styles: Styles, row: int, sheet: Sheet) -> int:
    colours = group_colours(sheet.columns)
    for column in sheet.columns:
        tint = styles.of(bg_color=colours[column.group][1], bottom=1, bottom_color=RULE)
        text = styles.of(text_wrap=True, bottom=1, bottom_color=RULE)
        centred = styles.of(align="center", bottom=1, bottom_color=RULE)
        required = styles.of(align="center", bottom=1, bottom_color=RULE, font_color="#D0021B")
        worksheet.set_row(row, 19)
        worksheet.write_string(row, 1, sheet.title, tint)
        worksheet.write_string(row, 2, column.heading, tint)
        worksheet.write_string(row, 3, column.unit, centred)
        worksheet.write_string(row, 4, "是" if column.required else "", required)
        worksheet.write_string(row, 5, column.note, text)
        row += 1
    return row


def add_codes(worksheet: Worksheet, places: Sequence[Place], styles: Styles) -> CodeRanges:
    """Fill the sheet 代码表; the drop-downs and the checks of the other sheets refer to it."""
    head, text = styles.of(bold=True, font_color="#FFFFFF", bg_color=NAVY, align="center"), styles.of()
    for column, (title, width) in enumerate(
        (
            ("市州", 24),
            ("", 3),
            ("所属市州", 24),
            ("县（市、区）", 20),
            ("区划代码", 12),
            ("", 3),
            ("小类代码", 12),
            ("行业小类名称", 46),
            ("", 3),
            ("资格类型", 40),
        )
    ):
        worksheet.set_column(column, column, width)
        worksheet.write_string(1, column, title, head if title else text)
    worksheet.set_row(0, 30)
    worksheet.write_string(
        0, 0, "代码表　行政区划、GB/T 4754—2017 行业小类、资格类型", styles.of(bold=True, font_size=14)
    )
    cities = list(dict.fromkeys(place.city_name for place in places))
    classes = industry_classes()
    qualifications = list(qualification_names().labels.values())
    columns: dict[int, Sequence[str]] = {
        0: cities,
        2: [place.city_name for place in places],
        3: [place.name for place in places],
        4: [place.code for place in places],
        6: [industry.code for industry in classes],
        7: [industry.name for industry in classes],
        9: qualifications,
    }
    for column, values in columns.items():
        worksheet.write_column(_CODES_FIRST_ROW - 1, column, values, text)
    worksheet.freeze_panes(2, 0)
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(0, 1)
    worksheet.hide_gridlines(2)
    worksheet.protect("", {"format_columns": True, "autofilter": True})
    return CodeRanges(_CODES_FIRST_ROW, len(cities), len(places), len(classes), len(qualifications))
