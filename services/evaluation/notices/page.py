"""The public page: one self-contained document of names and cities, and the policy that keeps it so."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.evaluation.notices.schemas import PublicEntry, PublicNoticeOut, PublicNoticePage
from shared.reference.province import province

_TEMPLATES = Path(__file__).parent / "templates"
_CSS = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
_STYLE = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
# Nothing is loaded, nothing runs, nothing is sent: the one style is known by its digest.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _by_city(entries: list[PublicEntry]) -> list[tuple[str, list[PublicEntry]]]:
    return [(city, list(group)) for city, group in groupby(entries, key=lambda one: one.city)]


_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["chinese"] = _chinese


def notice_page_html(notice: PublicNoticeOut) -> str:
    """One notice as a page."""
    return _rendered("notice.html", notice=notice, groups=_by_city(notice.entries))


def notices_page_html(page: PublicNoticePage) -> str:
    """The list of notices as a page."""
    return _rendered("notices.html", page=page)


def missing_page_html(number: str) -> str:
    """What a person reads where no notice has that number."""
    return _rendered("missing.html", number=number)


def _rendered(template: str, **values: object) -> str:
    # Our own file, and the policy names its digest: it stands as it is.
    css = Markup(_CSS)  # noqa: S704
    return _environment.get_template(template).render(css=css, programme=province().programme, **values)
