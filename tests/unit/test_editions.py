"""Editions: one canonical form for one content, and a signature that any change breaks."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from services.finance.lists.edition import body_of, digest_of, edition_content, entry_of, is_genuine, sign
from shared.models.reads import PoolMember

KEY = OKPKey.generate_key("Ed25519", {"kid": "test"})
ISSUED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_member = st.builds(
    PoolMember,
    uscc=st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=18, max_size=18),
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    city_code=st.sampled_from(["420100", "429021"]),
    member_since=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    plan_id=st.uuids(),
)
_members = st.lists(_member, unique_by=lambda member: member.uscc, max_size=12)


def _body(members: list[PoolMember], serial: int = 1) -> bytes:
    content = edition_content(
        programme="pool-members",
        title="入库企业名单",
        serial=serial,
        issued_at=ISSUED,
        expires_at=ISSUED + timedelta(days=31),
        previous_digest=None,
        entries=[entry_of(one) for one in members],
    )
    return body_of(content)


@given(_members, st.randoms())
def test_the_same_members_in_any_order_give_the_same_bytes(members: list[PoolMember], random) -> None:
    shuffled = list(members)
    random.shuffle(shuffled)
    assert _body(shuffled) == _body(members)
    content = json.loads(_body(members))
    assert content["count"] == len(content["entries"]) == len(members)
    assert [entry["uscc"] for entry in content["entries"]] == sorted(member.uscc for member in members)


@given(_members, st.integers(0, 10**6), st.integers(1, 255))
def test_any_changed_byte_breaks_digest_and_signature(members: list[PoolMember], position: int, change: int) -> None:
    body = _body(members)
    signature = sign(body, KEY)
    public = OKPKey.import_key(KEY.as_dict(private=False))
    assert is_genuine(body, signature, public)
    altered = bytearray(body)
    altered[position % len(body)] ^= change
    assert digest_of(bytes(altered)) != digest_of(body)
    assert not is_genuine(bytes(altered), signature, public)
    assert not is_genuine(_body(members, serial=2), signature, public)
    assert not is_genuine(body, signature, OKPKey.generate_key("Ed25519"))


def test_a_list_larger_than_a_token_is_signed_too() -> None:
    member = PoolMember("0" * 18, "【虚构】", "420100", date(2024, 6, 6), uuid.UUID(int=0))
    many = [
        PoolMember(f"{number:018d}", member.name, member.city_code, member.member_since, member.plan_id)
        for number in range(5000)
    ]
    body = _body(many)
    assert len(body) > 500_000
    assert is_genuine(body, sign(body, KEY), KEY)
