"""The events that services tell each other, each with the consumers that must process it."""

from __future__ import annotations

import uuid
from datetime import date
from typing import ClassVar

from pydantic import BaseModel


class Event(BaseModel):
    """A consumer is named `<service>.<handler>`; every consumer gets its own outbox row."""

    topic: ClassVar[str]
    consumers: ClassVar[tuple[str, ...]]


class WorkbookUploaded(Event):
    topic = "intake.workbook_uploaded"
    consumers = ("intake.import_workbook",)
    import_id: uuid.UUID


class LinesUploaded(Event):
    topic = "intake.lines_uploaded"
    consumers = ("intake.import_lines",)
    import_id: uuid.UUID


class ApplicationsRecommended(Event):
    """One event for a batch: a job costs more than a judgement."""

    topic = "intake.applications_recommended"
    consumers = ("evaluation.assess_applications", "intake.queue_recommendations")
    application_ids: list[uuid.UUID]


class ApplicationsTaken(Event):
    """Evaluation has taken in what was recommended: exactly these revisions, by snapshot."""

    topic = "evaluation.applications_taken"
    consumers = ("intake.pass_on_applications",)
    snapshot_ids: list[uuid.UUID]


class FactsStated(Event):
    """Somebody but the enterprise has stated or retracted facts of the enterprises with these codes."""

    topic = "evaluation.facts_stated"
    consumers = ("evaluation.judge_stated_facts",)
    usccs: list[str]


class SelectionCommitted(Event):
    topic = "evaluation.selection_committed"
    consumers = ("finance.publish_pool_list", "intake.queue_pool_changes")
    plan_id: uuid.UUID
    pool_code: str


class ListsDue(Event):
    """Look whether an edition of a list is about to expire."""

    topic = "finance.lists_due"
    consumers = ("finance.renew_lists",)


class ProgrammesDue(Event):
    """Once a day: lists whose cadence has come round are to be judged."""

    topic = "evaluation.programmes_due"
    consumers = ("evaluation.judge_due_programmes",)


class ProgrammeJudged(Event):
    """Everybody on record was judged by the rule of a list: an edition of those who meet it is to be proposed."""

    topic = "evaluation.programme_judged"
    consumers = ("finance.propose_list",)
    judgement_id: uuid.UUID
    programme_code: str


class CreditOutcomeRecorded(Event):
    """A bank reported or corrected what it decided; `outcome_id` is that of its first report."""

    topic = "finance.credit_outcome_recorded"
    consumers = ("evaluation.take_credit_outcome",)
    outcome_id: uuid.UUID


class TimetableReleased(Event):
    """A version of an event's timetable is in force: those for whom it changes something are to be told."""

    topic = "finance.timetable_released"
    consumers = ("finance.tell_participants",)
    match_event_id: uuid.UUID
    version: int


class MatchRecorded(Event):
    """What came of an event, or of a push of patents, has changed; `names` say what, as the ledger calls it."""

    topic = "finance.match_recorded"
    consumers = ("evaluation.take_match",)
    names: list[str]


class EditionPublished(Event):
    """An edition of a list is there to be pulled."""

    topic = "finance.edition_published"
    consumers = ("finance.announce_edition", "finance.render_edition")
    programme: str
    serial: int


class WebhooksDue(Event):
    """A message waits to be sent to a subscriber's address, or is due again."""

    topic = "finance.webhooks_due"
    consumers = ("finance.push_webhooks",)


class ProgressReportDecided(Event):
    """A progress report was accepted, or one that was accepted is open again."""

    topic = "intake.progress_report_decided"
    consumers = ("evaluation.take_report_support",)
    report_id: uuid.UUID


class StallRadarDue(Event):
    """Once a day: members that reached another stage without progress are to be reminded."""

    topic = "evaluation.stall_radar_due"
    consumers = ("evaluation.remind_stalled",)


class PoolAdjusted(Event):
    """An adjustment was committed: members graduated, ended or came in beside a cycle."""

    topic = "evaluation.pool_adjusted"
    consumers = ("finance.publish_pool_list", "finance.supersede_lists", "intake.queue_pool_changes")
    plan_id: uuid.UUID
    pool_code: str


class IncidentConfirmed(Event):
    """From now on the incident counts against the enterprise (二(六)12(3))."""

    topic = "intake.incident_confirmed"
    consumers = ()
    incident_id: uuid.UUID
    uscc: str
    kind: str


class IncidentClosed(Event):
    """A confirmed incident is cured and no longer counts."""

    topic = "intake.incident_closed"
    consumers = ()
    incident_id: uuid.UUID
    uscc: str
    kind: str


class SpotCheckContradicted(Event):
    """A spot check found that an enterprise had told something else; `digest` is that of the finding."""

    topic = "evaluation.spot_check_contradicted"
    consumers = ("intake.allege_contradicted_facts",)
    finding_id: uuid.UUID
    number: str
    uscc: str
    checked_on: date
    document: str
    summary: str
    digest: str
    facts: list[str]
    found_by: str
    role: str
    city_code: str | None


class NationalDeliveriesDue(Event):
    """Something waits to be pushed to the national system, or is due again."""

    topic = "intake.national_deliveries_due"
    consumers = ("intake.push_national_deliveries",)


class NationalReconciliationDue(Event):
    """Compare both sides: the run that an officer asked for, else that of the night."""

    topic = "intake.national_reconciliation_due"
    consumers = ("intake.reconcile_national",)
    reconciliation_id: uuid.UUID | None = None


class AttachmentsSweepDue(Event):
    """Delete what the store of evidence holds and nobody needs."""

    topic = "intake.attachments_sweep_due"
    consumers = ("intake.sweep_attachments",)


EVENTS: tuple[type[Event], ...] = (
    WorkbookUploaded,
    LinesUploaded,
    ApplicationsRecommended,
    ApplicationsTaken,
    FactsStated,
    SelectionCommitted,
    ListsDue,
    ProgrammesDue,
    ProgrammeJudged,
    CreditOutcomeRecorded,
    TimetableReleased,
    MatchRecorded,
    EditionPublished,
    WebhooksDue,
    ProgressReportDecided,
    PoolAdjusted,
    StallRadarDue,
    IncidentConfirmed,
    IncidentClosed,
    SpotCheckContradicted,
    NationalDeliveriesDue,
    NationalReconciliationDue,
    AttachmentsSweepDue,
)
