"""The kinds of incident, in the plan's own words, and of notice."""

from __future__ import annotations

from typing import Literal

IncidentKind = Literal[
    "safety_accident",
    "serious_dishonesty",
    "tax_evasion",
    "data_falsification",
    "abnormal_patent_filings",
    "other_violation",
]
NoticeKind = Literal["abnormal_operations"]

# 二(六)12(3): “出现重大安全事故，以及严重失信、偷漏税、数据造假、非正常申请专利等违法违规行为的，予以退库处理”.
# An accident that is not 重大 is none of these, and 等 leaves the list open.
INCIDENT_TITLES: dict[IncidentKind, str] = {
    "safety_accident": "重大安全事故",
    "serious_dishonesty": "严重失信",
    "tax_evasion": "偷漏税",
    "data_falsification": "数据造假",
    "abnormal_patent_filings": "非正常申请专利",
    "other_violation": "其他违法违规行为",
}
NOTICE_TITLES: dict[NoticeKind, str] = {"abnormal_operations": "列入经营异常名录"}
