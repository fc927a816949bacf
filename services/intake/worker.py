"""Compose the intake service's worker."""

from __future__ import annotations

from services.intake.applications.tasks import pass_on_applications
from services.intake.attachments.tasks import sweep_attachments
from services.intake.imports.tasks import import_lines, import_workbook
from services.intake.incidents.tasks import allege_contradicted_facts
from services.intake.national.tasks import HANDLERS as NATIONAL
from shared.queue import Errand, Handler, run_worker
from shared.settings import Settings, from_environment

HANDLERS: dict[str, Handler] = {
    "intake.import_workbook": import_workbook,
    "intake.import_lines": import_lines,
    "intake.pass_on_applications": pass_on_applications,
    "intake.allege_contradicted_facts": allege_contradicted_facts,
    "intake.sweep_attachments": Errand(sweep_attachments),
    **NATIONAL,
}

if __name__ == "__main__":
    run_worker("intake", HANDLERS, from_environment(Settings))
