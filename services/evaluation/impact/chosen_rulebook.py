"""The rulebook that a question is about: a registered one, or a text checked like any other."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.impact.errors import ONE_RULEBOOK_NEEDED, RULEBOOK_NOT_FOUND, RULEBOOK_REFUSED
from services.evaluation.impact.queries import registered_digest
from services.evaluation.impact.schemas import ImpactIn
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.loader import load_rulebook
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.errors import Problem, Violation

ORIGIN = "rulebook_text"

# The loader's codes in Chinese; a code that is not here is told in general.
_CHINESE = {
    "not_toml": "不是有效的 TOML",
    "missing": "缺少必填内容",
    "malformed": "内容的类型或格式不符",
    "unknown_key": "有未定义的键",
    "duplicate": "键重复",
    "numbering": "标准须从 1 起依次编号",
    "not_allowed": "表达式含有不允许的语法或函数",
    "unparsable": "表达式无法解析",
    "too_long": "表达式过长或嵌套过深",
    "unknown_fact": "引用了目录中没有的数据项",
    "type_mismatch": "数据类型不符",
    "unit_mismatch": "计量单位不符",
    "unknown_option": "没有该选项",
    "division": "不得使用除法，请改写为乘法",
    "not_linear": "只允许线性比较",
    "overflow": "数值过大或小数位过多，无法精确比较",
    "constant": "该判断与数据无关，恒为同一结果",
    "cyclic": "派生数据相互循环引用",
    "unknown_parameter": "引用了没有定义的参数",
    "unknown_part": "引用了没有的要点",
    "unknown_group": "引用了没有的分组",
    "ambiguous": "引用或适用范围有歧义",
    "not_whole": "须为整数",
    "weights": "权重不符合要求",
    "breakpoints": "分段点不符合要求",
    "never_met": "该条件不可能符合",
    "never_fails": "该条件不可能不符合",
    "implied": "该条件已包含在其他条件之中",
    "contradiction": "条件之间相互矛盾",
    "unreadable": "内容无法读取",
    "reads_absence": "不得以数据缺失作为判断依据",
}


async def chosen_rulebook(session: AsyncSession, asked: ImpactIn) -> Rulebook:
    """Problems `one_rulebook_needed`, `rulebook_not_found` and `rulebook_refused` (with the loader's code and line)."""
    named = (asked.rulebook_id, asked.rulebook_digest, asked.rulebook_text)
    if sum(one is not None for one in named) != 1:
        raise Problem(ONE_RULEBOOK_NEEDED)
    if asked.rulebook_text is not None:
        # Parsing is plain Python: a long text must not hold up everybody else's requests.
        return await asyncio.to_thread(_checked, asked.rulebook_text)
    digest = asked.rulebook_digest or await registered_digest(session, asked.rulebook_id or "")
    try:
        return await rulebook_of(session, digest)
    except LookupError:
        raise Problem(RULEBOOK_NOT_FOUND) from None


def _checked(text: str) -> Rulebook:
    try:
        return load_rulebook(text, origin=ORIGIN)
    except RulebookError as error:
        raise _refusal(error) from None
    except RecursionError:
        raise _refusal(RulebookError("not_toml", "nested too deeply", ORIGIN, 1)) from None


def _refusal(error: RulebookError) -> Problem:
    chinese = f"第 {error.line} 行：{_CHINESE.get(error.code, '评判规则有误')}"
    english = f"line {error.line}: {error.message}"
    return Problem(
        RULEBOOK_REFUSED,
        detail_zh=f"{chinese}（{error.code}）",
        detail_en=f"{english} [{error.code}]",
        violations=[Violation(error.code, chinese, english, pointer="/rulebook_text")],
    )
