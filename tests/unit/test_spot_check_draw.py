"""The draw as arithmetic: what it depends on, what it takes, and that verifying finds whatever was changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.spot_checks.draw import Sealed, commitment_of, drawn_seals, sample_size, seal_of
from services.evaluation.spot_checks.frame import (
    Candidate,
    FrameMember,
    Heading,
    Stratum,
    frame_text,
    sealed_members,
    strata_of,
)
from services.evaluation.spot_checks.reading import published_from
from services.evaluation.spot_checks.terms import draw_terms
from services.evaluation.spot_checks.verification import SpotCheckFaultError, Verified, verify
from shared.canonical import canonical_text, sha256_hex

HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
NONCE = "ab" * 32
MOMENT = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@st.composite
def pools(draw: st.DrawFn) -> list[Candidate]:
    """Members of up to three cities, some of them with a sign of risk."""
    signs = draw(st.lists(st.tuples(st.sampled_from(["420100", "420200", "420300"]), st.booleans()), max_size=40))
    return [
        Candidate(f"9142MAXQ{at:010d}", f"【虚构】企业{at}", city, ("overdue_report",) if risky else ())
        for at, (city, risky) in enumerate(signs)
    ]


def heading(seed: str) -> Heading:
    return Heading("2026-001", "cultivation", commitment_of(seed, NONCE), MOMENT, MOMENT + timedelta(days=1))


def sizes_of(strata: list[Stratum]) -> dict[int, int]:
    return {one.number: one.size for one in strata}


@given(pool=pools(), seed=HEX, order=st.randoms(use_true_random=False))
def test_neither_frame_nor_draw_depends_on_the_order_of_reading(pool: list[Candidate], seed: str, order: Any) -> None:
    strata = strata_of(pool, draw_terms())
    members = sealed_members(pool, strata)
    text = frame_text(heading(seed), strata, members)
    drawn = drawn_seals([one.sealed for one in members], sizes_of(strata), seed, hashed(text))
    order.shuffle(members)
    order.shuffle(strata)
    assert frame_text(heading(seed), strata, members) == text
    assert drawn_seals([one.sealed for one in members], sizes_of(strata), seed, hashed(text)) == drawn


@given(pool=pools(), seed=HEX)
def test_every_stratum_gives_its_size_and_every_city_and_risk_is_one(pool: list[Candidate], seed: str) -> None:
    terms = draw_terms()
    strata = strata_of(pool, terms)
    members = sealed_members(pool, strata)
    drawn = drawn_seals([one.sealed for one in members], sizes_of(strata), seed, "0" * 64)
    assert {(one.city_code, one.risk) for one in strata} == {(one.city_code, one.risk) for one in pool}
    for one in strata:
        mine = [member for member in members if member.sealed.stratum == one.number]
        assert {(member.candidate.city_code, member.candidate.risk) for member in mine} == {(one.city_code, one.risk)}
        assert sum(member.sealed.seal in drawn for member in mine) == one.size <= one.members == len(mine)
        share = terms.strata[one.risk]
        wanted = max(share.minimum, len(mine) * share.share_percent / 100)
        assert one.size == len(mine) or wanted <= one.size < wanted + 1


@given(members=st.integers(1, 10_000), share=st.integers(1, 100), minimum=st.integers(1, 50))
def test_a_sample_is_at_least_its_share_or_all(members: int, share: int, minimum: int) -> None:
    size = sample_size(members, share_percent=share, minimum=minimum)
    assert 1 <= size <= members
    assert size == members or (size >= minimum and size * 100 >= members * share)


@given(pool=pools(), seed=HEX, order=st.randoms(use_true_random=False))
def test_members_of_a_stratum_could_change_places(pool: list[Candidate], seed: str, order: Any) -> None:
    """Whoever holds which seal within a stratum leaves frame and draw as they are: only the fresh salt decides.

    Salts are independent and uniform, so each of a stratum's n members holds each of its n seals, of which `size` are
    drawn, with the same probability: each is drawn with the chance size/n, whatever the seed.
    """
    strata = strata_of(pool, draw_terms())
    members = sealed_members(pool, strata)
    text = frame_text(heading(seed), strata, members)
    by_stratum: dict[int, list[FrameMember]] = {}
    for one in members:
        by_stratum.setdefault(one.sealed.stratum, []).append(one)
    changed: list[FrameMember] = []
    for mine in by_stratum.values():
        seals = [one.sealed for one in mine]
        order.shuffle(seals)
        changed += [FrameMember(one.candidate, one.salt, seal) for one, seal in zip(mine, seals, strict=True)]
    assert frame_text(heading(seed), strata, changed) == text


def test_the_chance_of_each_seal_over_many_seeds_is_that_of_its_stratum() -> None:
    """2 of 5, 2,000 seeds: 800 times each; the bound of six standard deviations (131.5) is exceeded once in 10^8."""
    members = [Sealed(hashed(f"seal {at}"), 1) for at in range(5)]
    counts = dict.fromkeys((one.seal for one in members), 0)
    for at in range(2000):
        for seal in drawn_seals(members, {1: 2}, hashed(f"seed {at}"), "f" * 64):
            counts[seal] += 1
    assert sum(counts.values()) == 4000
    assert all(abs(count - 800) <= 131 for count in counts.values())


def test_salts_are_fresh_for_every_member_and_every_frame() -> None:
    strata = strata_of(POOL, draw_terms())
    members = [one for _ in range(2) for one in sealed_members(POOL, strata)]
    assert len({one.salt for one in members}) == len({one.sealed.seal for one in members}) == 2 * len(POOL)


def test_a_draw_is_what_sha256_alone_says() -> None:
    seals, seed, digest = [hashed(str(at)) for at in range(9)], "1c" * 32, "9f" * 32

    def by_hand(seal: str) -> str:
        return hashlib.sha256(bytes.fromhex(seed + digest + seal)).hexdigest()

    expected = set(sorted(seals, key=by_hand)[:4])
    assert drawn_seals([Sealed(seal, 7) for seal in seals], {7: 4}, seed, digest) == expected
    assert commitment_of(seed, NONCE) == hashlib.sha256(bytes.fromhex(seed + NONCE)).hexdigest()
    assert seal_of(salt="s", uscc="u", city_code="c", name="n") == hashed("s\nu\nc\nn")


# Verification ------------------------------------------------------------------------------------------------------

CITY = {"420100": "武汉市", "420200": "黄石市", "420300": "十堰市"}


def published(pool: list[Candidate], seed: str) -> tuple[str, str, str]:
    """Frame, result and members' list as the services write them."""
    strata = strata_of(pool, draw_terms())
    members = sealed_members(pool, strata)
    frame = frame_text(heading(seed), strata, members)
    drawn = drawn_seals([one.sealed for one in members], sizes_of(strata), seed, sha256_hex(frame))
    chosen = sorted((one.candidate.city_code, one.candidate.name) for one in members if one.sealed.seal in drawn)
    content: dict[str, Any] = {
        "format": 1,
        "kind": "spot_check_result",
        "number": "2026-001",
        "frame_digest": sha256_hex(frame),
        "seed": seed,
        "nonce": NONCE,
        "revealed_at": "2026-11-02T01:00:00Z",
        "drawn": sorted(drawn),
        "enterprises": [{"name": name, "city": CITY[city]} for city, name in chosen],
    }
    result = canonical_text(content | {"digest": sha256_hex(canonical_text(content))})
    opened = [
        {
            "uscc": one.candidate.uscc,
            "name": one.candidate.name,
            "city_code": one.candidate.city_code,
            "stratum": one.sealed.stratum,
            "salt": one.salt,
            "seal": one.sealed.seal,
            "drawn": one.sealed.seal in drawn,
        }
        for one in members
    ]
    return frame, result, json.dumps({"number": "2026-001", "items": opened, "next_cursor": None})


def verified(*texts: str, **noted: str) -> Verified:
    return verify(published_from(texts), **noted)


POOL = [Candidate(f"9142MAXQ{at:010d}", f"【虚构】企业{at}", "420100" if at % 3 else "420200", ()) for at in range(24)]
SEED = "5e" * 32


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*place, key))
    else:
        yield place


def _changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return ("1" if value[0] == "0" else "0") + value[1:]


@given(pool=pools().filter(bool), seed=HEX)
def test_what_was_published_verifies_in_any_order_of_files(pool: list[Candidate], seed: str) -> None:
    frame, result, members = published(pool, seed)
    assert verified(result, frame).members == 0
    found = verified(members, frame, result, digest=sha256_hex(frame), commitment=commitment_of(seed, NONCE))
    assert (found.members, found.drawn) == (len(pool), len(json.loads(result)["drawn"]))


def test_a_change_of_any_one_value_in_frame_or_result_is_found() -> None:
    texts = published(POOL, SEED)[:2]
    for which, text in enumerate(texts):
        for place in _places(json.loads(text)):
            content = json.loads(text)
            holder = content
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = _changed(holder[place[-1]])
            changed = [*texts]
            changed[which] = canonical_text(content)
            with pytest.raises(SpotCheckFaultError):
                verified(*changed)
        with pytest.raises(SpotCheckFaultError):
            verified(*(one.replace('":', '": ', 1) if one is text else one for one in texts))


def _sealed_again(content: dict[str, Any]) -> str:
    rest = {key: value for key, value in content.items() if key != "digest"}
    return canonical_text(rest | {"digest": sha256_hex(canonical_text(rest))})


def test_results_forged_with_a_right_digest_of_their_own_are_found() -> None:
    frame, result, members = published(POOL, SEED)
    content = json.loads(result)
    undrawn = sorted({one["seal"] for one in json.loads(frame)["members"]} - set(content["drawn"]))
    forgeries = {
        "seed": {"seed": "5f" * 32},
        "drawn": {"drawn": sorted([*content["drawn"][1:], undrawn[0]])},
        "revealed_early": {"revealed_at": "2026-11-02T00:59:59Z"},
        "frame_digest": {"frame_digest": "0" * 64},
    }
    for code, change in forgeries.items():
        with pytest.raises(SpotCheckFaultError) as fault:
            verified(frame, _sealed_again(content | change))
        assert fault.value.code == code
    # Names are bound by the members' list, which officers and auditors have.
    others = [{"name": "【虚构】别的企业", "city": "武汉市"}, *content["enterprises"][1:]]
    renamed = _sealed_again(content | {"enterprises": others})
    assert verified(frame, renamed).members == 0
    with pytest.raises(SpotCheckFaultError, match="enterprises"):
        verified(frame, renamed, members)


def test_files_changed_together_are_found_by_what_was_noted_before() -> None:
    noted = sha256_hex(published(POOL, SEED)[0])
    frame, result, _ = published(POOL, "77" * 32)
    assert verified(frame, result).drawn
    with pytest.raises(SpotCheckFaultError, match="frame_digest"):
        verified(frame, result, digest=noted)
    with pytest.raises(SpotCheckFaultError, match="commitment"):
        verified(frame, result, commitment=commitment_of(SEED, NONCE))


@pytest.mark.parametrize(
    "texts",
    [("{",), ("[]",), ("{}",), ('{"kind":"spot_check_frame"}',), ("[" * 100_000,), ('{"kind":"spot_check_result"}',)],
)
def test_what_is_no_published_file_is_said_to_be_none(texts: tuple[str, ...]) -> None:
    with pytest.raises(SpotCheckFaultError):
        verified(*texts)
    frame, result, _ = published(POOL, SEED)
    with pytest.raises(SpotCheckFaultError):
        verified(frame, result, *texts)
    with pytest.raises(SpotCheckFaultError, match="files"):
        verified(frame)
