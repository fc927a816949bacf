"""Verify a draw from its published files alone: digest, commitment, draw; and names, where the members are at hand."""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.evaluation.spot_checks.draw import Sealed, commitment_of, drawn_seals, seal_of
from services.evaluation.spot_checks.published_files import Frame, MembersPage, Result
from shared.canonical import canonical_text, sha256_hex
from shared.reference.divisions import divisions


class SpotCheckFaultError(Exception):
    """The first difference, by code, in Chinese and English."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found equal; `members` counts those whose seals were opened, 0 where none were at hand."""

    number: str
    frame_digest: str
    commitment: str
    result_digest: str
    drawn: int
    members: int


@dataclass(frozen=True, slots=True)
class Published:
    """The files as read: texts where bytes matter, contents where they do not."""

    frame_text: str
    frame: Frame
    result: Result
    result_text: str
    pages: Sequence[MembersPage]


def verify(files: Published, *, digest: str | None = None, commitment: str | None = None) -> Verified:
    """Raise SpotCheckFaultError at the first difference; `digest` and `commitment` are those noted when published."""
    frame_digest = _check_frame(files, digest, commitment)
    _check_result(files, frame_digest)
    _check_commitment(files.frame, files.result)
    _check_draw(files.frame, files.result, frame_digest)
    if files.pages:
        _check_members(files.frame, files.result, files.pages)
    return Verified(
        number=files.frame.number,
        frame_digest=frame_digest,
        commitment=files.frame.commitment,
        result_digest=files.result.digest,
        drawn=len(files.result.drawn),
        members=sum(len(page.items) for page in files.pages),
    )


def _check_frame(files: Published, digest: str | None, commitment: str | None) -> str:
    frame = files.frame
    _require_canonical(files.frame_text, "frame_not_canonical", "抽样框")
    found = sha256_hex(files.frame_text)
    if digest is not None:
        _same("frame_digest", "抽样框摘要与公布时记下的", found, digest.lower())
    if commitment is not None:
        _same("commitment", "种子承诺与公布时记下的", frame.commitment, commitment.lower())
    counted = Counter(one.stratum for one in frame.members)
    for stratum in frame.strata:
        _same("stratum_members", f"第{stratum.stratum}层的企业数", counted.pop(stratum.stratum, 0), stratum.members)
    if counted or len({one.stratum for one in frame.strata}) != len(frame.strata):
        raise SpotCheckFaultError("strata", "抽样框的分层与企业所属层不符", "The strata do not fit the members")
    if len({one.seal for one in frame.members}) != len(frame.members):
        raise SpotCheckFaultError("seal_twice", "抽样框中有重复的封签", "A seal is in the frame twice")
    return found


def _check_result(files: Published, frame_digest: str) -> None:
    result = files.result
    _require_canonical(files.result_text, "result_not_canonical", "抽取结果")
    _same("number", "抽查编号", result.number, files.frame.number)
    _same("frame_digest", "结果所载抽样框摘要", result.frame_digest, frame_digest)
    content: dict[str, Any] = json.loads(files.result_text)
    content.pop("digest")
    _same("result_digest", "结果自身的摘要", result.digest, sha256_hex(canonical_text(content)))
    if result.revealed_at < files.frame.reveal_from:
        raise SpotCheckFaultError(
            "revealed_early", "种子在公布的时间之前揭示", "The seed was revealed before the time published"
        )


def _check_commitment(frame: Frame, result: Result) -> None:
    _same("seed", "种子与随机数的摘要同承诺", commitment_of(result.seed, result.nonce), frame.commitment)


def _check_draw(frame: Frame, result: Result, frame_digest: str) -> None:
    members = [Sealed(one.seal, one.stratum) for one in frame.members]
    sizes = {one.stratum: one.size for one in frame.strata}
    expected = sorted(drawn_seals(members, sizes, result.seed, frame_digest))
    for at, seal in enumerate(expected):
        given = result.drawn[at] if at < len(result.drawn) else "—"
        _same("drawn", f"抽中的第{at + 1}个封签", given, seal)
    _same("drawn", "抽中企业数", len(result.drawn), len(expected))
    _same("enterprises", "公布的企业数", len(result.enterprises), len(expected))


def _check_members(frame: Frame, result: Result, pages: Sequence[MembersPage]) -> None:
    opened = [one for page in pages for one in page.items]
    strata = {one.seal: one.stratum for one in frame.members}
    for one in opened:
        seal = seal_of(salt=one.salt, uscc=one.uscc, city_code=one.city_code, name=one.name)
        _same("seal", f"{one.name}的封签", one.seal, seal)
        _same("stratum", f"{one.name}所属层", one.stratum, strata.get(seal))
        _same("member_drawn", f"{one.name}是否抽中", one.drawn, seal in result.drawn)
    listed = Counter((one.name, one.city) for one in result.enterprises)
    named = Counter((one.name, _city(one.city_code)) for one in opened if one.drawn)
    whole = len({one.seal for one in opened}) == len(frame.members)
    if named - listed or (whole and listed - named):
        at = min((named - listed) or (listed - named))
        raise SpotCheckFaultError(
            "enterprises", f"公布的名单与抽中的企业不符：{at[0]}（{at[1]}）", f"The list of names differs at {at[0]}"
        )


def _city(code: str) -> str:
    found = divisions().get(code)
    return code if found is None else found.name


def _require_canonical(text: str, code: str, what: str) -> None:
    """What is not canonical could say one thing to a reader and another to a program, such as a name given twice."""
    try:
        canonical = canonical_text(json.loads(text)) == text
    except (TypeError, ValueError):
        canonical = False
    if not canonical:
        raise SpotCheckFaultError(code, f"{what}文件不是规范 JSON，已被改动", "Not the canonical JSON as published")


def _same(code: str, what: str, found: object, expected: object) -> None:
    if not hmac.compare_digest(str(found).encode(), str(expected).encode()):
        raise SpotCheckFaultError(
            code, f"{what}不一致：得到 {found}，应为 {expected}", f"{code} differs: {found}, expected {expected}"
        )
