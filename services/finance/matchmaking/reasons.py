"""Why two did not meet: the first reason that holds, with its figures, in the words of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from services.finance.matchmaking.gathering import Gathering, PairIds, Scored, Scoring, Side
from services.finance.matchmaking.profiles import Profile
from services.finance.matchmaking.terms import PARTS, Part
from services.finance.matchmaking.wording import decimal, need, places, ticket


@dataclass(frozen=True, slots=True)
class Reason:
    """`points` is what the meeting would have been worth, thousandths; `other` the id of who was not met."""

    other: str
    code: str
    text: str
    points: int


class Reasons:
    """Explains a plan: `met` are its meetings; after a cancellation `partly` says that most of it was left alone."""

    def __init__(self, scoring: Scoring, met: Iterable[PairIds], *, partly: bool = False) -> None:
        self._scoring, self._partly = scoring, partly
        self._met = frozenset(met)
        gathering = scoring.gathering
        self._profiles = {one.id: one for one in (*gathering.enterprises, *gathering.partners)}
        self._columns = {one.id: number for number, one in enumerate(gathering.partners)}

    @property
    def _gathering(self) -> Gathering:
        return self._scoring.gathering

    @cached_property
    def _meetings(self) -> dict[str, list[int]]:
        """What each one's meetings are worth."""
        found: dict[str, list[int]] = {one: [] for one in self._profiles}
        scored: dict[str, Scored] = {}
        for row, column in sorted(self._met):
            if row not in scored:
                scored[row] = self._scoring.of(self._profiles[row])
            points = scored[row].points(self._columns[column])
            found[row].append(points)
            found[column].append(points)
        return found

    def of(self, viewer: str) -> list[Reason]:
        """A reason for everybody on the other side whom `viewer` does not meet, the likeliest first."""
        enterprises = {one.id for one in self._gathering.enterprises}
        found = list(self._of_enterprise(viewer) if viewer in enterprises else self._of_partner(viewer))
        return sorted(found, key=lambda one: (-one.points, one.other))

    def _of_enterprise(self, viewer: str) -> Iterator[Reason]:
        if not self._gathering.partners:
            return
        scored = self._scoring.of(self._profiles[viewer])
        for partner in self._gathering.partners:
            if (viewer, partner.id) not in self._met:
                yield self._reason(self._profiles[viewer], partner, scored, "enterprise")

    def _of_partner(self, viewer: str) -> Iterator[Reason]:
        for enterprise in self._gathering.enterprises:
            if (enterprise.id, viewer) not in self._met:
                yield self._reason(enterprise, self._profiles[viewer], self._scoring.of(enterprise), "partner")

    def _reason(self, enterprise: Profile, partner: Profile, scored: Scored, viewer: Side) -> Reason:
        column = self._columns[partner.id]
        other = partner.id if viewer == "enterprise" else enterprise.id
        code, text = (
            self._asked_for(enterprise, partner, viewer)
            or self._misfit(enterprise, partner, scored, column)
            or self._full(enterprise, partner, scored.points(column), viewer)
        )
        return Reason(other, code, text, scored.points(column))

    def _asked_for(self, enterprise: Profile, partner: Profile, viewer: Side) -> tuple[str, str] | None:
        pair = (enterprise.id, partner.id)
        if ground := self._gathering.conflicts.get(pair):
            return "conflict", f"利益冲突：{ground}"
        sides = self._gathering.bans.get(pair)
        if not sides:
            return None
        if sides == frozenset((viewer,)):
            return "banned_by_self", "本方排除"
        return "banned_by_other", "对方排除" if viewer not in sides else "双方互相排除"

    def _misfit(self, enterprise: Profile, partner: Profile, scored: Scored, column: int) -> tuple[str, str] | None:
        kind = self._scoring.kind
        parts = dict(zip(PARTS, scored.row.parts[:, column].tolist(), strict=True))
        for part in PARTS:
            if part in kind.bars and parts[part] == 0:
                return f"misfit_{part}", self._figures(part, enterprise, partner)
        points = int(scored.row.points[column])
        if points < kind.floor:
            return "below_floor", f"契合度{decimal(points)}，低于安排见面的下限{decimal(kind.floor)}"
        return None

    def _figures(self, part: Part, enterprise: Profile, partner: Profile) -> str:
        if part == "amount":
            return f"{ticket(partner)}，{need(enterprise)}"
        if part == "region":
            return f"投向{places(partner.regions)}，企业在{places(enterprise.regions)}"
        if part == "stage":
            names = self._scoring.terms.stages
            wanted = "、".join(names.get(one, one) for one in partner.stages)
            return f"投向{wanted}，企业处于{'、'.join(names.get(one, one) for one in enterprise.stages)}"
        mine, theirs = (enterprise.ipc, partner.ipc) if part == "ipc" else (enterprise.industries, partner.industries)
        if part == "text":
            return "双方文字没有共同的词"
        return f"{'专利分类' if part == 'ipc' else '行业'}不相交：企业{'、'.join(mine)}，对方{'、'.join(theirs)}"

    def _full(self, enterprise: Profile, partner: Profile, points: int, viewer: Side) -> tuple[str, str]:
        mine, theirs = (enterprise, partner) if viewer == "enterprise" else (partner, enterprise)
        gathering = self._gathering
        if self._is_full(theirs):
            return "other_full", f"对方容量已满{self._filled(theirs, points)}"
        if self._is_full(mine):
            return "self_full", f"本方容量已满{self._filled(mine, points)}"
        if len(self._met) >= gathering.slots * gathering.rooms:
            return "event_full", f"场次已满（{gathering.slots}个时段×{gathering.rooms}间）"
        if self._partly:
            return "settled", "排期已发布，临时变动只重排受影响的各方；双方没有共同的空闲时段或不在受影响之列"
        fair = self._scoring.terms.fair_meetings
        return "fairness", f"尚有企业未排到第一场，每家企业至多{fair}场"

    def _is_full(self, profile: Profile) -> bool:
        return len(self._meetings[profile.id]) >= self._gathering.capacity(profile)

    def _filled(self, profile: Profile, points: int) -> str:
        worth = self._meetings[profile.id]
        if not worth:
            return "（不接受见面，容量为0）" if profile.capacity == 0 else "（没有时段）"
        return f"（{len(worth)}场，最低契合{decimal(min(worth))}，本对{decimal(points)}）"
