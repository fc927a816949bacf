"""The public pages of spot checks, in the frame and style of the public notices."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.evaluation.notices import page as notices
from services.evaluation.spot_checks.schemas import DrawPage, PublicDraw
from shared.calendar import local_minute
from shared.reference.province import province

# Of the same style, which the policy knows by its digest.
CONTENT_SECURITY_POLICY = notices.CONTENT_SECURITY_POLICY
_FRAME = Path(notices.__file__).parent / "templates"
_environment = Environment(
    loader=FileSystemLoader([Path(__file__).parent / "templates", _FRAME]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["minute"] = local_minute
_CSS = (_FRAME / "page.css").read_text(encoding="utf-8")


def draws_page_html(page: DrawPage) -> str:
    """The list of draws as a page."""
    return _rendered("draws.html", page=page)


def draw_page_html(draw: PublicDraw) -> str:
    """One draw as a page, those drawn by city."""
    groups = [(city, list(group)) for city, group in groupby(draw.enterprises or [], key=lambda one: one.city)]
    return _rendered("draw.html", draw=draw, groups=groups)


def _rendered(template: str, **values: object) -> str:
    # Our own file, and the policy names its digest: it stands as it is.
    css = Markup(_CSS)  # noqa: S704
    return _environment.get_template(template).render(css=css, programme=province().programme, **values)
