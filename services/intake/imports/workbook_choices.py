"""Chinese names of the form's enumerations and of yes and no, as written in workbooks and as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from shared.reference.qualifications import qualification_types

# Quotes, brackets and spaces differ from one keyboard to the next and carry no meaning in a fixed name.
_ORNAMENT = re.compile(r"[\s\"'“”‘’「」()\[\]【】]")
_WORD = 20
_PROVINCE = re.compile(r"^[^省]{2,3}(?=省)")


def plain(text: str) -> str:
    """The text as names are compared: half-width, upper-case, without spaces, quotes and brackets."""
    # The few words of drop-downs stand in most cells; long texts are not worth keeping.
    return _plain_word(text) if len(text) <= _WORD else _plain(text)


def _plain(text: str) -> str:
    return _ORNAMENT.sub("", unicodedata.normalize("NFKC", text)).upper()


_plain_word = lru_cache(maxsize=4096)(_plain)


@dataclass(frozen=True, slots=True)
class Choices:
    """`labels`: code to the name offered in the drop-down; `index`: every accepted spelling to its code."""

    labels: Mapping[str, str]
    index: Mapping[str, str]

    def code_of(self, text: str) -> str | None:
        """The code that `text` names, or None. A province's name before 省 is ignored."""
        wanted = plain(text)
        return self.index.get(wanted) or self.index.get(_PROVINCE.sub("", wanted))


def _choices(labels: Mapping[str, str], aliases: Mapping[str, str]) -> Choices:
    spellings = {plain(alias): code for alias, code in aliases.items()}
    for code, label in labels.items():
        spellings |= {_PROVINCE.sub("", plain(label)): code, plain(label): code}
    return Choices(labels, spellings)


YES = frozenset({"是", "√", "✓", "✔", "☑", "有", "Y", "YES", "TRUE", "T", "1", "对", "已"})
NO = frozenset({"否", "×", "✗", "✘", "☒", "无", "没有", "N", "NO", "FALSE", "F", "0", "未", "不是"})

_PATENT_KIND = _choices(
    {"invention": "发明", "utility_model": "实用新型", "design": "外观设计"},
    {
        "发明专利": "invention",
        "实用新型专利": "utility_model",
        "实用": "utility_model",
        "外观设计专利": "design",
        "外观": "design",
    },
)

_LEGAL_STATUS = _choices(
    {"valid": "有效", "pending": "审中", "terminated": "终止", "invalidated": "宣告无效", "expired": "期限届满"},
    {
        "专利权维持": "valid",
        "授权有效": "valid",
        "维持有效": "valid",
        "在审": "pending",
        "审查中": "pending",
        "实质审查": "pending",
        "权利终止": "terminated",
        "专利权终止": "terminated",
        "未缴年费终止": "terminated",
        "无效": "invalidated",
        "全部无效": "invalidated",
        "届满": "expired",
        "期满": "expired",
    },
)

_PATENT_SOURCE = _choices(
    {"own_rd": "自研", "assigned": "受让", "licensed": "许可"},
    {
        "自主研发": "own_rd",
        "自主": "own_rd",
        "原始取得": "own_rd",
        "转让": "assigned",
        "转让取得": "assigned",
        "受让取得": "assigned",
        "购买": "assigned",
        "被许可": "licensed",
        "许可实施": "licensed",
        "引进许可": "licensed",
    },
)

_QUALIFICATION_ALIASES = {
    "专精特新": "sme_specialised",
    "省专精特新中小企业": "sme_specialised",
    "省级专精特新中小企业": "sme_specialised",
    "国家专精特新小巨人": "little_giant_national",
    "国家级专精特新小巨人企业": "little_giant_national",
    "专精特新小巨人": "little_giant_national",
    "小巨人": "little_giant_national",
    "高企": "high_tech",
    "国家高新技术企业": "high_tech",
    "省高新技术企业": "high_tech",
    "知识产权优势企业": "ip_advantage",
    "知识产权示范企业": "ip_demonstration",
    "工业企业知识产权运用试点": "industrial_ip_pilot",
    "单项冠军": "single_champion",
    "国家制造业单项冠军企业": "single_champion",
    "省制造业单项冠军企业": "single_champion_provincial",
    "省级制造业单项冠军企业": "single_champion_provincial",
    "省专精特新小巨人": "little_giant_provincial_old",
    "金种子": "gold_seed",
    "银种子": "silver_seed",
    "瞪羚企业": "gazelle",
    "瞪羚": "gazelle",
}


def qualification_names() -> Choices:
    """Names of the qualifications that the nation and the province in use know."""
    names = {key: qualification.name for key, qualification in qualification_types().items()}
    return _qualification_names(tuple(names.items()))


@cache
def _qualification_names(names: tuple[tuple[str, str], ...]) -> Choices:
    labels = dict(names)
    return _choices(labels, {alias: key for alias, key in _QUALIFICATION_ALIASES.items() if key in labels})


def patent_kinds() -> Choices:
    """专利类型."""
    return _PATENT_KIND


def legal_statuses() -> Choices:
    """法律状态."""
    return _LEGAL_STATUS


def patent_sources() -> Choices:
    """来源."""
    return _PATENT_SOURCE
