"""What can be wrong with a rulebook, one of its expressions, or the facts it is asked to judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# What a code says in general, for faults that are told without Chinese words of their own.
_GENERAL: Mapping[str, str] = {
    "ambiguous": "引用或适用范围有歧义",
    "constant": "与数据无关，恒为同一结果",
    "cyclic": "派生量相互循环引用",
    "duplicate": "重复",
    "malformed": "内容的类型或格式不符",
    "missing": "缺少必填内容",
    "not_allowed": "含有不允许的写法",
    "not_toml": "不是有效的 TOML",
    "out_of_range": "数值超出允许的范围",
    "overflow": "数值过大或小数位过多，无法精确比较",
    "too_long": "过长或嵌套过深",
    "type_mismatch": "数据类型不符",
    "unit_mismatch": "计量单位不符",
    "unknown_fact": "引用了目录中没有的数据项",
    "unknown_key": "有未定义的键",
    "unknown_parameter": "引用了没有的设定",
    "unreadable": "无法读取",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file. Lines and columns count from 1, columns in characters; 1 where not known."""

    origin: str
    line: int
    column: int
    code: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}:{self.column}: {self.code}: {self.zh} / {self.en}"


class RulebookError(Exception):
    """A file of rules that must not be used: `faults` in order of lines; `code`, `line`… are those of the first."""

    def __init__(self, code: str, message: str, origin: str, line: int, *, zh: str = "", column: int = 1) -> None:
        super().__init__(code, message, origin, line)
        self.faults: tuple[Fault, ...] = (Fault(origin, line, column, code, zh or general(code), message),)

    @classmethod
    def together(cls, faults: Iterable[Fault]) -> RulebookError:
        """One error for several faults, each told once. ValueError for none."""
        ordered = tuple(sorted(dict.fromkeys(faults), key=lambda one: (one.line, one.column, one.code, one.en)))
        if not ordered:
            raise ValueError("no fault to tell")
        first = ordered[0]
        error = cls(first.code, first.en, first.origin, first.line)
        error.faults = ordered
        return error

    @property
    def code(self) -> str:
        return self.faults[0].code

    @property
    def message(self) -> str:
        return self.faults[0].en

    @property
    def zh(self) -> str:
        return self.faults[0].zh

    @property
    def origin(self) -> str:
        return self.faults[0].origin

    @property
    def line(self) -> int:
        return self.faults[0].line

    @property
    def column(self) -> int:
        return self.faults[0].column

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


class ExpressionError(Exception):
    """A `test` that is not an allowed, well-typed expression over the catalogue.

    `at` counts characters from the expression's beginning, None where it is not known; `others` are further faults of
    the same expression.
    """

    def __init__(self, code: str, message: str, zh: str = "", *, at: int | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.zh = zh or general(code)
        self.at = at
        self.others: tuple[ExpressionError, ...] = ()

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


class FollowingError(ExpressionError):
    """It reads a setting or derivation that is itself at fault: that one is told, this is not."""

    def __init__(self, name: str) -> None:
        super().__init__("follows", f"`{name}` is at fault itself", f"`{name}` 本身有误")


class FactError(ValueError):
    """Facts that contradict the catalogue: unknown name, wrong type, out of range, or no such option."""


def general(code: str) -> str:
    """What a code says in Chinese without regard to the place."""
    return _GENERAL.get(code, "规则有误")
