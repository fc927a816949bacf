"""What figures there are: each one's definition, clause, dimensions, and what its rows are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Figure:
    """`topics` are what is counted of changes that can change it; `rows` is the template of the links to the rows behind it."""

    key: str
    title: str
    definition: str
    clause: str
    unit: str
    dimensions: tuple[str, ...]
    path: str
    rows: str
    topics: tuple[str, ...]


_ALL = (
    Figure(
        "funnel",
        "申报进展",
        "一个申报批次的申报件，按所处状态各计一次：草稿、待市州审核（已提交）、退回补正、市州已推荐（含已转评审）、不予推荐、已撤回；"
        "其中已有有效评判的另计入“已评判”，由本批次方案（含以本批次候选企业增补的）入库的企业另计入“已入库”。"
        "市州为申报件所属市州，“已入库”为名额所属市州。",
        "二（六）10、11",
        "件（已入库为家）",
        ("stage", "city"),
        "/v1/figures/funnel?cycle={cycle}",
        "/v1/figures/funnel/rows?cycle={cycle}&group={stage}&city={city}",
        ("application", "assessment", "membership"),
    ),
    Figure(
        "pool",
        "在库企业",
        "统计日日终的在库企业，每家计一次（按资质统计时按所持资质分别计，合计不是家数）。市州为名额所属市州；"
        "产业、规模、资质、成立年限取自入库所依据的申报表，未填报的计为“未填报”；"
        "方案未给出产业链与行业的对应，“产业”按国民经济行业大类；规模按工信部联企业〔2011〕300号，数据不足的计为“未填报”；"
        "资质以统计日未过有效期的为准，未填到期日的视为有效；成立年限、在库年限为至统计日的整年数。",
        "二（六）11、12",
        "家",
        ("city", "chain", "size", "qualification", "age", "stay"),
        "/v1/figures/pool?by={by}&on={on}",
        "/v1/figures/pool/rows?by={by}&on={on}&group={group}&city={city}",
        ("membership",),
    ),
    Figure(
        "pool_series",
        "在库企业走势",
        "各月（季）末日终的在库企业家数，最后一期未满的取截止日；按名额所属市州统计。",
        "二（六）11、12",
        "家",
        ("on", "city"),
        "/v1/figures/pool/series?from={from}&to={to}&step={step}",
        "/v1/figures/pool/rows?by=city&on={on}&group={city}",
        ("membership",),
    ),
    Figure(
        "occupancy",
        "名额占用",
        "当前在库企业（live）与因异议未决而保留的名额（kept），两者之和不超过上限；增补名额为各市州当日有效的余额。"
        "上限的口径见 cap_basis。剩余名额只对省级显示。",
        "二（六）11、12（2）",
        "个",
        ("part", "city"),
        "/v1/figures/occupancy",
        "/v1/figures/occupancy/rows?group={part}&city={city}",
        ("membership", "kept_place", "replacement_credit", "pool"),
    ),
    Figure(
        "deadlines",
        "近期期限",
        "自今日起若干日内（含今日）到期的事项：申报批次开始、截止，退回补正到期，报告期截止，公示届满，复核申请截止，"
        "退库告知的陈述期届满，入选方案、调整方案有效期届满（方案只对省级显示）。",
        "二（六）、四（三）",
        "项",
        ("kind", "city"),
        "/v1/figures/deadlines?days={days}",
        "/v1/figures/deadlines/rows?days={days}&group={kind}&city={city}",
        (
            "cycle",
            "application",
            "reporting_period",
            "public_notice",
            "selection_plan",
            "adjustment_plan",
            "exit_notice",
        ),
    ),
    Figure(
        "reports_overdue",
        "逾期未报",
        "报告期截止日的次日起，仍未提交进展报告（或退回后未再提交）的企业；应报企业为报告期内任一日在库的企业。"
        "市州为企业现登记所在市州。",
        "四（三）",
        "家次",
        ("period", "city"),
        "/v1/figures/reports-overdue",
        "/v1/figures/reports-overdue/rows?group={period}&city={city}",
        ("reporting_period", "progress_report", "member_home", "enterprise"),
    ),
    Figure(
        "financing",
        "融资获得",
        "市州已接收的进展报告所载贷款与股权融资，取支持台账中来源为报告的现行记录（多份报告所载同一笔只计一次；是否另有人工登记或银行反馈不影响计数）；"
        "未填金额的计入笔数、不计入金额，另列未知笔数；未填日期的计入“未填报”年度。市州为登记时企业所在市州。",
        "二（三）5、6，三（三）",
        "笔、元",
        ("kind", "year", "city"),
        "/v1/figures/financing?by={by}",
        "/v1/figures/financing/rows?by={by}&group={group}&city={city}",
        ("support_action", "enterprise"),
    ),
)
FIGURES: Mapping[str, Figure] = MappingProxyType({one.key: one for one in _ALL})
