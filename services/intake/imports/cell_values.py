"""One workbook cell to one value of the form, tolerant of how people write and strict about what they mean.

A blank cell is None (missing), never zero. What cannot be read without guessing raises CellError.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from services.intake.imports.workbook_choices import NO, YES, plain
from services.intake.imports.workbook_columns import Column, Kind


@dataclass(frozen=True, slots=True)
class FormulaError:
    """A cell that shows #DIV/0!, #REF! or the like."""


CellValue = str | float | bool | date | FormulaError | None
FormValue = str | int | bool | list[str] | None


class CellError(ValueError):
    """Why a cell cannot be read; `code` is stable."""

    def __init__(self, code: str, message_zh: str, message_en: str) -> None:
        super().__init__(code)
        self.code = code
        self.message_zh = message_zh
        self.message_en = message_en


# Factors to 元. A heading without a unit is read as 万元.
MONEY_UNITS = {
    "元": Decimal(1),
    "千元": Decimal(1000),
    "万元": Decimal(10_000),
    "万": Decimal(10_000),
    "百万元": Decimal(1_000_000),
    "亿元": Decimal(100_000_000),
    "亿": Decimal(100_000_000),
}

DEFAULT_UNIT = "万元"
_BLANK = frozenset({"", "/", "-", "--", "—", "——", "N/A", "NA", "不详", "未知", "暂缺", "不适用", "未填报"})
_NONE_WORDS = frozenset({"无", "没有", "暂无"})
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff]|_x000D_")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,18})(?:\.\d{1,15})?")
_MONEY_TEXT = re.compile(r"(?:人民币|RMB|CNY|¥)?(.*?)(百万元|亿元|千元|万元|亿|万|元)?(?:人民币)?", re.IGNORECASE)
_TIME_OF_DAY = re.compile(r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$")
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?)")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_INDUSTRY = re.compile(r"[A-T]?(\d{4})(?!\d).*")
_NAME_SEPARATORS = re.compile(r"[、;；\r\n]+")
_NUMBER_SEPARATORS = re.compile(r"[、;；,，\s]+")
# Excel shows and keeps fifteen significant digits.
_EXACT_DIGITS = 15
_SERIAL_DIGITS = 5
_SERIALS = range(20_000, 73_416)  # 1954 to 2100, where a bare number in a date column is surely a serial


def parse_cell(value: CellValue, column: Column, unit: str | None = None) -> FormValue:
    """The form's JSON value of a cell: money as decimal 元 text, dates as ISO text; None for a blank cell.

    `unit` is the unit that the workbook's heading states for a money column. Raises CellError.
    """
    if isinstance(value, FormulaError):
        raise CellError(
            "formula_error",
            "公式有错误（如 #DIV/0!、#REF!）或没有保存计算结果",
            "The formula is in error or has no stored result",
        )
    if value is None or (isinstance(value, str) and _folded(value).upper() in _BLANK):
        return None
    if column.kind in ("money", "signed_money"):
        return _money(value, MONEY_UNITS[unit or DEFAULT_UNIT])
    if column.kind == "choice":
        return _choice(value, column)
    if column.kind == "integer":
        return _integer(value, column.unit)
    return _PARSERS[column.kind](value)


def exact(number: float) -> Decimal:
    """The number a person typed: 1200.1000000000001 is 1200.1, at Excel's fifteen significant digits."""
    if not math.isfinite(number):
        raise CellError("not_a_number", "不是有限的数字", "Not a finite number")
    return Decimal(format(number, f".{_EXACT_DIGITS}g"))


def _folded(text: str) -> str:
    if text.isascii() and "_x000D_" not in text:
        return text.strip()
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).strip()


def _text_of(value: CellValue) -> str:
    """The text of a cell that holds a code or a name; whole numbers lose their `.0`."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        number = exact(value)
        if abs(number) >= 10**_EXACT_DIGITS:
            raise CellError(
                "digits_lost",
                "Excel 数字只保留 15 位，请将单元格设为文本后重新填写",
                "Excel keeps 15 digits of a number; enter it as text",
            )
        return f"{number:f}"
    if isinstance(value, date):
        raise CellError(
            "date_in_text", "Excel 把内容变成了日期，请将单元格设为文本后重新填写", "Excel turned the text into a date"
        )
    return value if isinstance(value, str) else ""


def _text(value: CellValue) -> FormValue:
    # Names keep the width of their characters (（）stay); line breaks inside a cell are only layout.
    text = " ".join(_INVISIBLE.sub("", _text_of(value)).split())
    return None if text in _NONE_WORDS else text


def _code(value: CellValue) -> FormValue:
    text = " ".join(_folded(_text_of(value)).split())
    return None if text in _NONE_WORDS else text


def _uscc(value: CellValue) -> FormValue:
    return "".join(_folded(_text_of(value)).split()).upper()


def _patent_no(value: CellValue) -> FormValue:
    text = "".join(_folded(_text_of(value)).split()).upper()
    # A number cell drops a check digit of zero: 202010566088.0 arrives as 202010566088.
    return f"{text}.0" if not isinstance(value, str) and re.fullmatch(r"\d{12}|\d{8}", text) else text


def _ipc(value: CellValue) -> FormValue:
    return " ".join(_folded(_text_of(value)).upper().split())


def _industry(value: CellValue) -> FormValue:
    text = _folded(_text_of(value)).upper()
    if not isinstance(value, str):
        text = text.zfill(4)  # 0111 typed as a number
    match = _INDUSTRY.fullmatch(text)
    return match.group(1) if match else text


def _decimal(text: str, shown: str = "") -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise CellError("not_a_number", f"“{(shown or text)[:30]}”不是有效数字", "Not a number")
    return Decimal(text.replace(",", ""))


def _number(value: CellValue) -> Decimal:
    if isinstance(value, bool | date) or value is None or isinstance(value, FormulaError):
        raise CellError("not_a_number", "应填数字", "A number is expected")
    if isinstance(value, str):
        return _decimal("".join(_folded(value).split()))
    return exact(value)


def _money(value: CellValue, factor: Decimal) -> str:
    if isinstance(value, str):
        match = _MONEY_TEXT.fullmatch("".join(_folded(value).split()))
        amount, unit = match.groups() if match else (value, None)
        number, factor = _decimal(amount, shown=_folded(value)), MONEY_UNITS[unit] if unit else factor
    else:
        number = _number(value)
    yuan = number * factor
    if abs(yuan) < 10**18 and yuan != yuan.quantize(Decimal("0.01")):
        raise CellError("too_precise", "金额须精确到分（万元最多 6 位小数）", "Finer than one 分 (0.01 元)")
    return f"{yuan:.2f}"


def _percent(value: CellValue) -> FormValue:
    if isinstance(value, str) and (text := "".join(_folded(value).split())).endswith("%"):
        return str(_decimal(text[:-1]))
    number = _number(value)
    if 0 < number <= 1:
        # 85 % formatted as a percentage is stored as 0.85; whether 0.85 % was meant cannot be told.
        raise CellError(
            "percent_ambiguous", "请填百分数，例：85.5 表示 85.5%（不要填 0.855）", "Write 85.5 for 85.5 percent"
        )
    return f"{number:f}"


def _integer(value: CellValue, unit: str) -> int:
    if isinstance(value, str) and unit:
        value = _folded(value).removesuffix(unit)
    number = _number(value)
    if number != number.to_integral_value() or abs(number) >= 10**_EXACT_DIGITS:
        raise CellError("not_an_integer", "应填整数", "A whole number is expected")
    return int(number)


def _year(value: CellValue) -> FormValue:
    if isinstance(value, str):
        value = re.sub(r"年度?$", "", _folded(value))
    return _integer(value, "")


def _boolean(value: CellValue) -> FormValue:
    if isinstance(value, bool):
        return value
    text = plain(_text_of(value))
    if text in YES:
        return True
    if text in NO:
        return False
    raise CellError("not_a_boolean", "应填 是 或 否", "Yes (是) or no (否) is expected")


def _absence(value: CellValue) -> FormValue:
    # Under the heading 无…承诺 the words 有 and 无 could mean the promise or the incident.
    if isinstance(value, str) and plain(value) in {"有", "无", "没有"}:
        raise CellError(
            "absence_ambiguous",
            "请填 是（承诺没有该情形）或 否，不要填 有/无",
            "有 and 无 are ambiguous here; write 是 or 否",
        )
    return _boolean(value)


def _date(value: CellValue) -> FormValue:
    if isinstance(value, date):
        return value.isoformat()
    text = "".join(_TIME_OF_DAY.sub("", _folded(_text_of(value))).split())
    match = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    if match is None:
        return _serial_date(text)
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise CellError("not_a_date", f"没有“{text}”这一天", "There is no such day") from None


def _serial_date(text: str) -> str:
    """The day of a bare Excel serial: a number between these in a column of days can be nothing else."""
    if text.isdecimal() and len(text) <= _SERIAL_DIGITS and int(text) in _SERIALS:
        return (date(1899, 12, 30) + timedelta(days=int(text))).isoformat()
    raise CellError("not_a_date", f"“{text[:30]}”不是有效日期（例：2024-06-06）", "Not a date (such as 2024-06-06)")


def _choice(value: CellValue, column: Column) -> str:
    if column.choices is None:
        raise TypeError(column.field)
    choices = column.choices()
    code = choices.code_of(_text_of(value))
    if code is None:
        options = "、".join(choices.labels.values())
        raise CellError("not_an_option", f"不在可选值之内：{options}", "Not one of the options")
    return code


def _names(value: CellValue) -> FormValue:
    return _split(_text_of(value), _NAME_SEPARATORS)


def _numbers(value: CellValue) -> FormValue:
    return _split(_folded(_text_of(value)), _NUMBER_SEPARATORS)


def _split(text: str, separators: re.Pattern[str]) -> list[str]:
    text = _INVISIBLE.sub("", text).strip()
    if text in _NONE_WORDS:
        return []
    return [" ".join(part.split()) for part in separators.split(text) if part.strip()]


_PARSERS: dict[Kind, Callable[[CellValue], FormValue]] = {
    "uscc": _uscc,
    "text": _text,
    "code": _code,
    "patent_no": _patent_no,
    "ipc": _ipc,
    "phone": _code,
    "industry": _industry,
    "division": _code,
    "year": _year,
    "percent": _percent,
    "boolean": _boolean,
    "absence": _absence,
    "date": _date,
    "names": _names,
    "numbers": _numbers,
    "ignored": lambda _: None,
}
