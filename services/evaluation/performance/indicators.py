"""The indicators of a year: one entry each, with its definition and the rows that its figure is the sum of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from services.evaluation.adjustment.rules import provincial_rules
from services.evaluation.performance.ledger_rows import financing, matched, spot_check_findings
from services.evaluation.support.kinds import title_of
from shared.models.reads import (
    YearRows,
    YearSpan,
    admissions,
    confirmed_in,
    exits,
    first_submissions,
    graduations,
    members,
    recommendations,
    reports_due,
)

Unit: TypeAlias = Literal["家", "件", "份", "起", "元"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a figure is asked about: a year as seen now, and the kinds of support that are financing and matchmaking."""

    span: YearSpan
    financing_kinds: tuple[str, ...]
    matching_kinds: tuple[str, ...]


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


def _ground_title(ground: str) -> str:
    """A ground of 退库 in the words of the newest rules of adjustment, and of the plan."""
    titles = {one.kind: one.title for one in provincial_rules()[-1].exit.incidents}
    return titles.get(ground, "未取得专利产业化实质性进展" if ground == "no_progress" else ground)


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
        "graduations",
        "出库数",
        "当年达到出库标准而出库的企业，计入名额所属市州。",
        "家",
        lambda question: graduations(question.span),
    ),
    Indicator(
        "exits",
        "退库数",
        "当年予以退库的企业，计入名额所属市州，按退库原因分列。",
        "家",
        lambda question: exits(question.span),
        _ground_title,
    ),
    Indicator(
        "financing",
        "获得融资额",
        "支持台账中发生日期在当年、列入融资口径的各类支持金额之和；已更正、已撤销、重复的不计。"
        "金额不详的只计笔数、不计金额，日期不详的不计入任何年度；计入登记时企业所在市州，按支持种类分列。",
        "元",
        lambda question: financing(question.span, question.financing_kinds),
        title_of,
    ),
    Indicator(
        "matched",
        "参加对接家次",
        "支持台账中发生日期在当年、列入对接口径的各类支持次数：企业到场参加一场活动计一次，不论见面几场；精准推送一次计一次。"
        "已更正、已撤销、重复的不计；计入登记时企业所在市州，按支持种类分列。",
        "家",
        lambda question: matched(question.span, question.matching_kinds),
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
        "应报告中最近一次提交早于截止时间、且目前不处于退回状态的。",
        "份",
        lambda question: reports_due(question.span, "on_time"),
    ),
    Indicator(
        "reports_late",
        "逾期补正数",
        "应报告中首次按时提交、被退回后在截止时间之后才补正的（截止后不受理首次提交）。",
        "份",
        lambda question: reports_due(question.span, "late"),
    ),
    Indicator(
        "reports_missing",
        "未报告数",
        "应报告中截止前从未提交，或退回后尚未再次提交的。",
        "份",
        lambda question: reports_due(question.span, "missing"),
    ),
    Indicator(
        "incidents",
        "确认的违法违规情形",
        "当年经核实确认的重大安全事故、严重失信等情形，其后改正的仍计；计入确认时企业登记所在市州，按情形分列。",
        "起",
        lambda question: confirmed_in(question.span),
        _ground_title,
    ),
    Indicator(
        "spot_checked",
        "核查抽查数",
        "核查日期在当年、已登记核查结果的抽查；计入核查时企业登记所在市州，一家企业在几次抽查中被抽中的分别计。",
        "家",
        lambda question: spot_check_findings(question.span),
    ),
    Indicator(
        "spot_verified",
        "核查相符数",
        "核查抽查中所核事实全部与申报相符的。",
        "家",
        lambda question: spot_check_findings(question.span, "verified"),
    ),
    Indicator(
        "spot_contradicted",
        "核查不符数",
        "核查抽查中至少一项所核事实与申报不符的。",
        "家",
        lambda question: spot_check_findings(question.span, "contradicted"),
    ),
)
INDICATORS: Mapping[str, Indicator] = MappingProxyType({one.key: one for one in _ALL})
