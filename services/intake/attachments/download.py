"""Hand out a content: whole, in part, or not at all where the reader has it already."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

from services.intake.attachments.attach import Shelf
from services.intake.attachments.byte_ranges import requested_range
from services.intake.attachments.errors import CONTENT_SWEPT
from services.intake.attachments.queries import attachment_within_reach, content_is_kept
from services.intake.attachments.reception import content_digest
from services.intake.attachments.schemas import AttachmentOut
from services.intake.attachments.storage import open_content
from shared.errors import Problem
from shared.security.actor import Actor

_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Conditions:
    """The request's headers of these names."""

    if_none_match: str | None = None
    range: str | None = None
    if_range: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """The answer's status, headers and body; a 304 has no body."""

    status: int
    headers: dict[str, str]
    body: AsyncIterator[bytes] | None


async def download(shelf: Shelf, actor: Actor, attachment_id: uuid.UUID, conditions: Conditions) -> Download:
    """The content of an attachment within reach. Its digest is its entity tag, so it never changes.

    UnsatisfiableRangeError; Problem `not_found`, `attachment_content_swept`, `attachment_damaged`.
    """
    async with shelf.database.sessions.begin() as session:
        attachment = await attachment_within_reach(session, actor, attachment_id)
        kept = await content_is_kept(session, attachment.digest)
    if not kept:
        raise Problem(CONTENT_SWEPT)
    tag = f'"{attachment.digest}"'
    # Reach may be withdrawn: a copy is asked for again each time, and kept by nobody but the reader.
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if _matches(conditions.if_none_match, tag):
        return Download(304, headers, None)
    # If-Range wants the very same bytes; a date or another tag asks for the whole.
    partial = conditions.range if conditions.if_range in {None, tag} else None
    span = requested_range(partial, attachment.size)
    body = await open_content(shelf.store, attachment.digest, attachment.size, span)
    return Download(206 if span is not None else 200, headers | _described(attachment, span), body)


def _matches(if_none_match: str | None, tag: str) -> bool:
    return if_none_match is not None and (if_none_match.strip() == "*" or tag in _ENTITY_TAG.findall(if_none_match))


def _described(attachment: AttachmentOut, span: range | None) -> dict[str, str]:
    digest = content_digest(attachment.digest)
    headers = {
        "Content-Type": attachment.media_type,
        "Content-Length": str(attachment.size if span is None else len(span)),
        "Content-Disposition": disposition(attachment.file_name),
        "Accept-Ranges": "bytes",
        "Repr-Digest": digest,
        # Whatever a browser is told to do with it, it is no page of ours.
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if span is None:
        return headers | {"Content-Digest": digest}
    return headers | {"Content-Range": f"bytes {span.start}-{span.stop - 1}/{attachment.size}"}


def disposition(file_name: str) -> str:
    """`attachment` with the name twice (RFC 6266): plain for old readers, and as it is."""
    plain = re.sub(r'[^ !#-\[\]-~]|["%]', "_", file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
