"""Every list view that can be exported; a further capability adds its views here."""

from __future__ import annotations

from services.intake.exports.application_views import APPLICATION_VIEWS
from services.intake.exports.enterprise_views import ENTERPRISE_VIEWS
from services.intake.exports.import_views import IMPORT_VIEWS
from services.intake.exports.national_views import NATIONAL_VIEWS
from services.intake.exports.report_views import REPORT_VIEWS
from services.intake.exports.view import View

VIEWS: tuple[View, ...] = (
    *APPLICATION_VIEWS,
    *ENTERPRISE_VIEWS,
    *IMPORT_VIEWS,
    *REPORT_VIEWS,
    *NATIONAL_VIEWS,
)
