"""The indicators of a year: one entry each, with its definition and the rows that its figure is the sum of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from sqlalchemy import BigInteger, Text, cast, select

from services.evaluation.support.kinds import title_of
from services.evaluation.support.ledger import Wanted, is_counted, matching
from shared.models.evaluation import SupportAction
from shared.models.reads import (
    YearRows,
    YearSpan,
    admissions,
    confirmed_in,
    endings,
    first_submissions,
    members,
    recommendations,
    reports_due,
)

Unit: TypeAlias = Literal["家", "件", "份", "起", "元"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a figure is asked about: a year as seen now, and the kinds of support that count as financing."""

    span: YearSpan
    financing_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indicator:
    """`rows` selects what the figure is the sum of (`YearRows`): ones for counts, 分 for money (unit 元)."""

    key: str
    title: str
    definition: str
    unit: Unit
    rows: Callable[[Question], YearRows]
    part_title: Callable[[str], str] = str

    @property
    def is_money(self) -> bool:
        return self.unit == "元"


def _financing(question: Question) -> YearRows:
    wanted = Wanted(first=question.span.first_day, last=question.span.last_day)
    return select(
        cast(SupportAction.id, Text).label("id"),
        SupportAction.city_code.label("city_code"),
        SupportAction.kind.label("part"),
        SupportAction.uscc.label("uscc"),
        SupportAction.happened_on.label("happened_on"),
        cast(SupportAction.amount_fen, BigInteger).label("value"),
    ).where(SupportAction.kind.in_(question.financing_kinds), matching(wanted), is_counted())


_ALL = (
    Indicator(
        "applications",
        "申报数",
        "首次提交时间在当年的申报，不论其后是否退回、撤回或未获推荐；计入受理市州，按申报批次分列。",
        "件",
        lambda question: first_submissions(question.span),
    ),
    Indicator(
        "recommended",
        "推荐数",
        "市州在当年推荐、且推荐至今有效的申报（重新打开、尚未再次推荐的不计）；按申报批次分列。",
        "件",
        lambda question: recommendations(question.span),
    ),
    Indicator(
        "members",
        "在库数",
        "当年任何一天在库的企业；计入入库时名额所属市州，一家企业年内离库后再入库的按两次在库计。",
        "家",
        lambda question: members(question.span),
    ),
    Indicator(
        "admissions",
        "入库数",
        "入库时间在当年的企业，计入名额所属市州。",
        "家",
        lambda question: admissions(question.span),
    ),
    Indicator(
        "endings",
        "离库数",
        "在库资格于当年终止的企业，出库、退库合并计算，计入名额所属市州。",
        "家",
        lambda question: endings(question.span),
    ),
    Indicator(
        "financing",
        "获得融资额",
        "支持台账中发生日期在当年、列入融资口径的各类支持金额之和；已更正、已撤销、重复的不计。"
        "金额不详的只计笔数、不计金额，日期不详的不计入任何年度；计入登记时企业所在市州，按支持种类分列。",
        "元",
        _financing,
        title_of,
    ),
    Indicator(
        "reports_due",
        "应报告数",
        "截止时间在当年且已截止的报告期，凡覆盖期内任何一天在库的企业各应报一份；计入名额所属市州，按报告期分列。",
        "份",
        lambda question: reports_due(question.span),
    ),
    Indicator(
        "reports_on_time",
        "按时报告数",
        "应报告中首次提交不晚于截止时间、且目前不处于退回状态的；退回后补正的以首次提交时间为准。",
        "份",
        lambda question: reports_due(question.span, "on_time"),
    ),
    Indicator(
        "reports_late",
        "逾期报告数",
        "应报告中首次提交晚于截止时间、且目前不处于退回状态的。",
        "份",
        lambda question: reports_due(question.span, "late"),
    ),
    Indicator(
        "reports_missing",
        "未报告数",
        "应报告中从未提交，或退回后尚未再次提交的。",
        "份",
        lambda question: reports_due(question.span, "missing"),
    ),
    Indicator(
        "incidents",
        "确认的违法违规情形",
        "当年经核实确认的重大安全事故、严重失信等情形，其后改正的仍计；计入确认时企业登记所在市州，按情形分列。",
        "起",
        lambda question: confirmed_in(question.span),
    ),
)
INDICATORS: Mapping[str, Indicator] = MappingProxyType({one.key: one for one in _ALL})
