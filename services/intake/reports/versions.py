"""Versions of what is edited: the ETag that a reader gets, and the If-Match that a writer must send."""

from __future__ import annotations

from services.intake.reports.errors import IF_MATCH_MISSING, VERSION_STALE
from shared.errors import Problem


def etag(version: int) -> str:
    """The strong ETag of a version."""
    return f'"{version}"'


def check_version(if_match: str | None, version: int) -> None:
    """Problem `if_match_missing` (428) without the header, `version_stale` (412) where it names other versions."""
    if not if_match:
        raise Problem(IF_MATCH_MISSING)
    if etag(version) not in {one.strip() for one in if_match.split(",")}:
        raise Problem(VERSION_STALE)
