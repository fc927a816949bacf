"""Whether a held file is genuine, and if not, which of its cells was altered: offline, with public keys alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.finance.lists.cells import entry_check, head_check
from services.finance.lists.edition import body_of, column_digests, digest_of, is_genuine, key_id_of
from services.finance.lists.held_file import HeldEntry, HeldFile, HeldValue, UnreadableFileError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong; `place` is a cell such as `名单!B7` or a pointer, empty where it concerns the whole file."""

    code: str
    zh: str
    en: str
    place: str = ""


def public_keys(document: Any) -> dict[str, OKPKey]:
    """The keys of a JWKS by id. UnreadableFileError where it is none, or holds no Ed25519 key."""
    found: dict[str, OKPKey] = {}
    listed = document.get("keys") if isinstance(document, dict) else None
    for one in listed if isinstance(listed, list) else []:
        try:
            key = OKPKey.import_key({name: value for name, value in one.items() if isinstance(value, str)})
        except (JoseError, ValueError, AttributeError):
            continue
        found[str(one.get("kid") or key.thumbprint())] = key
    if not found:
        raise UnreadableFileError("不是公钥集（JWKS）或其中没有可用的公钥", "Not a JWKS, or it holds no usable key")
    return found


def faults_of(held: HeldFile, keys: Mapping[str, OKPKey]) -> list[Fault]:
    """Everything wrong with the file, most telling first; none where it is as it was signed."""
    if held.signature is None:
        return [Fault("signature_missing", "文件未附签名", "The file carries no signature")]
    body, signature = _body(held), str(held.signature.value)
    kid = key_id_of(signature)
    key = keys.get(kid or "")
    genuine = body is not None and key is not None and is_genuine(body, signature, key)
    if genuine and body is not None:
        return [*_beside(held, digest_of(body))]
    found = [*_located(held)]
    if not found and body is None:
        found = [Fault("altered", "内容无法还原", "The content cannot be put together again")]
    return found or [_unlocated(held, kid, known=key is not None, digest=digest_of(body or b""))]


def _unlocated(held: HeldFile, kid: str | None, *, known: bool, digest: str) -> Fault:
    """Every check fits and the signature does not."""
    place = "" if held.signature is None else held.signature.place
    if kid is None:
        return Fault("signature_altered", "签名不是有效的 JWS", "The signature is no JWS", place)
    if not known:
        return Fault("key_unknown", f"公钥集中没有密钥 {kid}，无法核验", f"The JWKS holds no key {kid}", place)
    if held.digest is None or held.digest.value == digest:
        return Fault("signature_differs", "签名与内容不符", "The signature is not that of the content", place)
    return Fault("altered", "内容与签名不符，未能定位", "The content is not what was signed; the place is not known")


def _body(held: HeldFile) -> bytes | None:
    try:
        return body_of(held.content())
    except TypeError:
        return None


def _beside(held: HeldFile, digest: str) -> Iterator[Fault]:
    """What stands beside genuine content and does not fit it."""
    if held.digest is not None and held.digest.value != digest:
        yield Fault(
            "digest_altered", "所附摘要被改动，内容属实", "The digest beside the content is wrong", held.digest.place
        )
    for place in held.stray:
        yield Fault("stray", "此处内容不在签名之内", "What stands here is covered by no signature", place)
    for fault in _wrong_checks(held):
        yield Fault("check_altered", f"校验码被改动，内容属实（{fault.place}）", "A check was altered", fault.place)


def _wrong_checks(held: HeldFile) -> Iterator[Fault]:
    for name, one in held.head.items():
        if not _fits_head(name, one):
            yield Fault("altered", "", "", one.check_place)
    for entry in held.entries or ():
        if not _fits(entry):
            yield Fault("altered", "", "", entry.check_place)


def _fits(entry: HeldEntry) -> bool:
    try:
        return entry.check is None or entry.check == entry_check(entry.values)
    except TypeError:
        return False


def _fits_head(name: str, one: HeldValue) -> bool:
    try:
        return one.check is None or one.check == head_check(name, one.value)
    except TypeError:
        return False


def _located(held: HeldFile) -> Iterator[Fault]:
    for name, one in held.head.items():
        if not _fits_head(name, one):
            yield Fault("head_altered", f"“{name}”被改动", f"`{name}` was altered", one.place)
    if held.entries is not None:
        yield from _located_entries(held, held.entries)


def _located_entries(held: HeldFile, entries: list[HeldEntry]) -> Iterator[Fault]:
    said = {name: one.value for name, one in held.head.items()}
    count = said.get("count")
    if count != len(entries):
        zh = f"表头为 {count} 条，文件有 {len(entries)} 条"
        yield Fault("count_differs", zh, f"The head says {count} entries, the file has {len(entries)}")
    columns = _altered_columns(said, entries)
    rows = [one for one in entries if not _fits(one)]
    for one in rows:
        # A column whose digest fits is as it was; without such digests only the row is known.
        names = [name for name in one.places if columns is None or name in columns] or list(one.places)
        exact = columns is not None and count == len(entries) and bool(set(names) & columns)
        for name in names if exact else []:
            yield Fault("entry_altered", f"“{name}”被改动", f"`{name}` was altered", one.places[name])
        if not exact:
            yield Fault("entry_altered", "该条被改动", "The entry was altered", one.place)
    if columns and not rows and count == len(entries):
        yield from _moved_or_hidden(columns, entries)


def _moved_or_hidden(columns: set[str], entries: list[HeldEntry]) -> Iterator[Fault]:
    codes = [str(one.values.get("uscc")) for one in entries]
    if codes != sorted(codes):
        yield Fault("order_altered", "名单次序被改动", "The entries were put into another order")
        return
    for name in sorted(columns):
        zh, en = f"“{name}”栏被改动，校验码也一并改了", f"Column `{name}` was altered, and the checks with it"
        yield Fault("column_altered", zh, en, name)


def _altered_columns(said: Mapping[str, Any], entries: list[HeldEntry]) -> set[str] | None:
    signed = said.get("column_digests")
    if not isinstance(signed, dict):
        return None
    try:
        found = column_digests([one.values for one in entries], list(signed))
    except TypeError:
        return set(signed)
    return {name for name, digest in found.items() if digest != signed[name]}
