"""The draw as arithmetic: seals, strata, tickets. Pure, so that anybody can repeat it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sealed:
    """A member as the public sees it before and after the draw: no name, and a stratum that is only a number."""

    seal: str
    stratum: int


def seal_of(*, salt: str, uscc: str, city_code: str, name: str) -> str:
    """SHA-256 (hex) of salt, 统一社会信用代码, city code and name, a line each; the salt keeps it from being guessed."""
    return hashlib.sha256(f"{salt}\n{uscc}\n{city_code}\n{name}".encode()).hexdigest()


def commitment_of(seed: str, nonce: str) -> str:
    """SHA-256 (hex) of the 32 bytes of the seed followed by the 32 bytes of the nonce, both given in hex."""
    return hashlib.sha256(bytes.fromhex(seed) + bytes.fromhex(nonce)).hexdigest()


def ticket(seed: str, frame_digest: str, seal: str) -> str:
    """SHA-256 (hex) of the 32 bytes each of seed, frame digest and seal: fixed lengths, so nothing can be shifted."""
    return hashlib.sha256(bytes.fromhex(seed) + bytes.fromhex(frame_digest) + bytes.fromhex(seal)).hexdigest()


def sample_size(members: int, *, share_percent: int, minimum: int) -> int:
    """How many of a stratum are drawn: the share, rounded up, at least the minimum, at most all of them."""
    return min(members, max(minimum, -(-members * share_percent // 100)))


def drawn_seals(members: Iterable[Sealed], sizes: Mapping[int, int], seed: str, frame_digest: str) -> set[str]:
    """Of each stratum the seals with the smallest tickets, as many as its size or all of them; the order is nothing."""
    strata: dict[int, list[tuple[str, str]]] = {stratum: [] for stratum in sizes}
    for one in members:
        strata[one.stratum].append((ticket(seed, frame_digest, one.seal), one.seal))
    return {seal for stratum, tickets in strata.items() for _, seal in sorted(tickets)[: sizes[stratum]]}
