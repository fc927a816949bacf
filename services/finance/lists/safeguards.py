"""What keeps an edition from being published: changes that nothing stands behind, a collapse, a duplicate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from services.finance.lists.backing import Backed
from shared.reference.programmes import ListProgrammeData
from shared.reference.province import province

_UNBACKED = {
    "added": ("addition_unbacked", "列入名单没有已入库的方案为依据", "No committed plan is behind the addition"),
    "removed": ("removal_unbacked", "移出名单没有方案或决定为依据", "No plan or decision is behind the removal"),
}


@dataclass(frozen=True, slots=True)
class Safeguard:
    """One reason not to publish; `uscc` is None where it concerns the whole edition."""

    code: str
    zh: str
    en: str
    uscc: str | None = None

    def stored(self) -> dict[str, Any]:
        return {"code": self.code, "message_zh": self.zh, "message_en": self.en, "uscc": self.uscc}


def programme_data(code: str) -> ListProgrammeData:
    """The programme as the province's data describe it; LookupError where they no longer do."""
    for one in province().list_programmes:
        if one.code == code:
            return one
    raise LookupError(f"the province's data have no list programme {code!r}")


def duplicates(usccs: Sequence[str]) -> list[Safeguard]:
    """One reason for each code that stands there twice."""
    twice = sorted(code for code, times in Counter(usccs).items() if times > 1)
    return [Safeguard("duplicate", "同一企业重复列入", "The enterprise is listed twice", code) for code in twice]


def safeguards(
    changes: Sequence[Backed], *, listed: int, data: ListProgrammeData, authorised: int | None
) -> Iterator[Safeguard]:
    """Reasons against an edition with these changes to one of `listed` entries; none where it may be published."""
    for one in changes:
        if one.basis is None:
            code, zh, en = _UNBACKED[one.change.kind]
            yield Safeguard(code, zh, en, one.change.uscc)
    # What two people approved as a plan is authorised by that, however many leave.
    approved = ("enterprise_change", "adjustment_plan")
    removed = sum(one.change.kind == "removed" and one.basis not in approved for one in changes)
    most = max(data.removed_percent * listed // 100, data.removed_at_least, authorised or 0)
    if removed > most:
        yield Safeguard(
            "collapse",
            f"比上一期少 {removed} 家，超过可自动发布的 {most} 家，须核定授权",
            f"{removed} enterprises fewer than the last edition; more than {most} need to be authorised",
        )
