"""The layout of application workbooks: the columns that the template, the reader and the demo share.

Headings follow the suggested fields of the application form; money is in 万元, shares in percent. Detail sheets are
keyed by 统一社会信用代码.
"""

from __future__ import annotations

from services.intake.imports.workbook_choices import legal_statuses, patent_kinds, patent_sources, qualification_names
from services.intake.imports.workbook_columns import COMPANION, PRESENCE, Column, Sheet, money
from services.intake.imports.workbook_enterprise_sheet import ENTERPRISES

INSTRUCTIONS_SHEET = "填报说明"
CODES_SHEET = "代码表"
# As in the sheets we write: title, subtitle, bands of groups, headings, then data. A reader finds its own way.
FIRST_DATA_ROW = 5
_DETAIL = "所属企业"


def _owner() -> tuple[Column, Column]:
    key = Column("uscc", "统一社会信用代码", "uscc", _DETAIL, "与“企业”表中的代码一致。", required=True, width=23)
    name = Column(COMPANION, "企业名称", "ignored", _DETAIL, "仅供核对，可不填。", width=34)
    return key, name


QUALIFICATIONS = Sheet(
    "qualifications",
    "资质",
    "资质明细",
    (
        *_owner(),
        Column(
            "type",
            "资格类型",
            "choice",
            "资格",
            "从下拉列表选择（附件第2条）。",
            required=True,
            choices=qualification_names,
            width=32,
        ),
        Column("certificate_no", "证书/公告号", "code", "资格", "证书编号或公告文号。", width=24),
        Column("issued_on", "发证日期", "date", "有效期", "例：2024-06-06。"),
        Column("expires_on", "到期日期", "date", "有效期", "例：2027-06-05；评估日须在有效期内（附件第2条）。"),
    ),
    {"expires_before_issue": "expires_on"},
)

PATENTS = Sheet(
    "patents",
    "专利",
    "专利明细",
    (
        *_owner(),
        Column(
            "application_no",
            "专利申请号",
            "patent_no",
            "专利",
            "含校验位，例：202010566088.9；可带 ZL（附件第4、5条）。",
            required=True,
            aliases=("申请号", "专利号"),
            width=20,
        ),
        Column(
            "kind",
            "专利类型",
            "choice",
            "专利",
            "须与申请号一致（附件第5条）。",
            required=True,
            choices=patent_kinds,
        ),
        Column("ipc_main", "主分类号", "ipc", "专利", "例：H01L 21/336；外观设计例：14-02。", width=14),
        Column("legal_status", "法律状态", "choice", "专利", "以评估日为准（附件第5条）。", choices=legal_statuses),
        Column("granted_on", "授权公告日", "date", "专利", "例：2022-08-16；未授权请留空。"),
        Column(
            "source", "来源", "choice", "产业化", "自研、受让或许可（附件第4条）。", choices=patent_sources, width=10
        ),
        Column(
            "industrialised",
            "是否产业化",
            "boolean",
            "产业化",
            f"已用于生产产品并投放市场（附件第5条）。{PRESENCE}",
            width=11,
        ),
        Column(
            "product_names",
            "关联产品",
            "names",
            "产业化",
            "与“产品”表中的产品名称一致，多个用 、 或 ; 分隔（附件第4、5条）。",
            width=34,
        ),
    ),
    {"patent_kind_mismatch": "kind", "granted_before_filing": "granted_on"},
)

PRODUCTS = Sheet(
    "products",
    "产品",
    "产品明细",
    (
        *_owner(),
        Column("name", "产品名称", "text", "产品", "同一企业内不得重复（附件第4条）。", required=True, width=30),
        Column("is_main", "是否主营产品", "boolean", "产品", f"附件第4条。{PRESENCE}", width=11),
        money("sales_cny", "年销售额", "报告年度销售额（二（六）12（1）出库标准）。", "产品"),
        money("profit_cny", "年利润", "报告年度利润，亏损填负数。", "产品", "signed_money"),
        Column("filing_no", "专利产品备案号", "code", "备案与认定", "未备案请留空（附件第4条）。", width=24),
        Column("filed_on", "备案日期", "date", "备案与认定", "例：2024-09-01（附件第4条）。"),
        Column(
            "recognised_year",
            "专利密集型产品认定年度",
            "year",
            "备案与认定",
            "经认定的年度；认定不同于备案（二（六）12（1））。",
            width=13,
        ),
    ),
)

COLLABORATIONS = Sheet(
    "collaborations",
    "产学研合作",
    "产学研合作明细",
    (
        *_owner(),
        Column("partner", "合作高校院所", "text", "合作协议", "协议对方全称（附件第7条）。", required=True, width=34),
        Column("agreement_from", "协议起", "date", "合作协议", "协议起始日。"),
        Column("agreement_to", "协议止", "date", "合作协议", "协议截止日。"),
    ),
    {"agreement_ends_before_start": "agreement_to"},
)

DETAILS: tuple[Sheet, ...] = (QUALIFICATIONS, PATENTS, PRODUCTS, COLLABORATIONS)
SHEETS: tuple[Sheet, ...] = (ENTERPRISES, *DETAILS)
