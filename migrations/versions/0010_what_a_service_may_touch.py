"""Each service may change only what its use cases change; filings belong to their sender; acts are numbered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ALL = "UPDATE, DELETE"
# (role, table): what it could do until now, and the only thing that it does. INSERT and SELECT stay as they are.
NARROWED: dict[tuple[str, str], tuple[str, str]] = {
    ("peiyu_intake", "cycle"): (_ALL, ""),
    ("peiyu_intake", "cycle_quota"): (_ALL, ""),
    ("peiyu_intake", "enterprise"): (
        _ALL,
        "UPDATE (uscc, name, division_code, city_code, merged_into, updated_at)",
    ),
    ("peiyu_intake", "application"): (
        "UPDATE",
        (
            "UPDATE (enterprise_id, city_code, status, status_reason, revision, return_reasons, reopened_sections, "
            "correct_until, submitted_at, decided_by, decided_at)"
        ),
    ),
    ("peiyu_intake", "application_snapshot"): ("UPDATE", ""),
    ("peiyu_intake", "application_draft"): (_ALL, "UPDATE (content, version, saved_by, saved_at), DELETE"),
    ("peiyu_intake", "import_progress"): (
        "UPDATE",
        "UPDATE (rows_total, rows_read, rows_accepted, rows_rejected, updated_at)",
    ),
    ("peiyu_intake", "national_filing"): (
        "UPDATE",
        "UPDATE (application_id, application_version, digest, status_sequence)",
    ),
    ("peiyu_intake", "national_breaker"): (
        "UPDATE",
        "UPDATE (state, failures, open_until, probe_until, last_error, changed_at)",
    ),
    ("peiyu_evaluation", "rulebook_version"): (_ALL, ""),
    ("peiyu_evaluation", "criterion_result"): (_ALL, "UPDATE (verdict)"),
    ("peiyu_evaluation", "finding"): (_ALL, ""),
    ("peiyu_evaluation", "deviation"): (_ALL, "UPDATE (signed_by, signed_at)"),
    ("peiyu_evaluation", "selection_plan"): (
        _ALL,
        "UPDATE (status, approved_by, approved_at, committed_by, committed_at)",
    ),
    ("peiyu_evaluation", "selection_plan_entry"): (_ALL, ""),
    ("peiyu_evaluation", "admission_quota"): (_ALL, "UPDATE (used)"),
    # PostgreSQL locks a row only for who may change some of it; publication locks the programme.
    ("peiyu_finance", "list_programme"): (_ALL, "UPDATE (title)"),
    ("peiyu_finance", "list_subscription"): (_ALL, ""),
    ("peiyu_finance", "edition"): (_ALL, ""),
    ("peiyu_finance", "edition_pull"): (_ALL, ""),
    ("peiyu_relay", "outbox_event"): ("UPDATE", "UPDATE (due_at, sends)"),
    **{
        (role, table): ("UPDATE", now)
        for role in ("peiyu_intake", "peiyu_evaluation", "peiyu_finance")
        for table, now in (
            ("outbox_event", "UPDATE (due_at, failures, last_error, processed_at, dead_at, lease, leased_until)"),
            ("idempotency_record", ""),
        )
    },
}
# A submission is dated by the database, in the statement that raises the revision.
_DATED = {
    "submission_begins": "BEFORE INSERT ON application FOR EACH ROW WHEN (NEW.submitted_at <> now())",
    "submission_dated": (
        "BEFORE UPDATE ON application FOR EACH ROW WHEN ("
        "(OLD.revision, OLD.submitted_at) IS DISTINCT FROM (NEW.revision, NEW.submitted_at) "
        "AND (NEW.revision, NEW.submitted_at) IS DISTINCT FROM (OLD.revision + 1, now()))"
    ),
}
_NUMBER = "SELECT (number) ON audit_entry"


def upgrade() -> None:
    for (role, table), (was, now) in NARROWED.items():
        op.execute(f"REVOKE {was} ON {table} FROM {role}")
        if now:
            op.execute(f"GRANT {now} ON {table} TO {role}")
    op.execute(
        """
        CREATE FUNCTION refuse_other_date() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a submission is dated now, with its revision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_application_submission_dated', TABLE = TG_TABLE_NAME;
        END $$
        """
    )
    for name, event in _DATED.items():
        op.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION refuse_other_date()")
    # The first code of a record is never taken away; one that a change brought goes with the change.
    op.execute(
        "CREATE TRIGGER first_code_stays BEFORE DELETE ON enterprise_code FOR EACH ROW WHEN (OLD.change_id IS NULL) "
        "EXECUTE FUNCTION refuse_change()"
    )
    _number_acts()
    _give_filings_to_senders()


def _number_acts() -> None:
    """Number acts as they are written: on one subject, behind its lock, that is the order in which they happened."""
    op.add_column("audit_entry", sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False))
    op.execute(f"GRANT {_NUMBER} TO peiyu_intake")


def _give_filings_to_senders() -> None:
    for table in ("national_filing", "national_record"):
        op.add_column(table, sa.Column("sender", sa.Text(), nullable=True))
    op.execute(
        "UPDATE national_record SET sender = batch.sender FROM national_batch AS batch "
        "WHERE batch.id = national_record.batch_id"
    )
    # Who wrote first about an application filed it; what others wrote about it is theirs alone from now on.
    op.execute(
        "UPDATE national_filing SET sender = coalesce((SELECT sender FROM national_record AS record "
        "WHERE record.filing_id = national_filing.record_id ORDER BY record.kind, record.id LIMIT 1), '')"
    )
    op.drop_constraint("fk_national_record_filing_id_national_filing", "national_record")
    op.drop_constraint("pk_national_filing", "national_filing")
    op.execute(
        "INSERT INTO national_filing (record_id, sender) SELECT DISTINCT filing_id, sender FROM national_record AS r "
        "WHERE filing_id IS NOT NULL AND NOT EXISTS (SELECT FROM national_filing AS f "
        "WHERE f.record_id = r.filing_id AND f.sender = r.sender)"
    )
    for table in ("national_filing", "national_record"):
        op.alter_column(table, "sender", nullable=False)
    op.create_primary_key("pk_national_filing", "national_filing", ["sender", "record_id"])
    op.create_foreign_key(
        "fk_national_record_sender_filing_id_national_filing",
        "national_record",
        "national_filing",
        ["sender", "filing_id"],
        ["sender", "record_id"],
    )
    op.create_exclude_constraint(
        "ex_national_filing_one_sender", "national_filing", ("application_id", "="), ("sender", "<>"), using="gist"
    )
    op.drop_constraint("uq_national_record_version", "national_record")
    op.create_unique_constraint("uq_national_record_version", "national_record", ["sender", "record_id", "version"])
    for name, columns, where in _FILING_INDEXES:
        op.drop_index(name, "national_record")
        op.create_index(name, "national_record", ["sender", *columns], postgresql_where=where and sa.text(where))


_FILING_INDEXES = (
    ("ix_national_record_filing", ["filing_id", "outcome"], None),
    ("ix_national_record_waiting", ["filing_id"], "outcome = 'waiting'"),
)


def _take_filings_from_senders() -> None:
    """Fails, with nothing changed, where two senders use one record id: one of them would be lost."""
    for name, columns, where in _FILING_INDEXES:
        op.drop_index(name, "national_record")
        op.create_index(name, "national_record", columns, postgresql_where=where and sa.text(where))
    op.drop_constraint("uq_national_record_version", "national_record")
    op.create_unique_constraint("uq_national_record_version", "national_record", ["record_id", "version"])
    op.drop_constraint("ex_national_filing_one_sender", "national_filing")
    op.drop_constraint("fk_national_record_sender_filing_id_national_filing", "national_record")
    op.drop_constraint("pk_national_filing", "national_filing")
    op.create_primary_key("pk_national_filing", "national_filing", ["record_id"])
    op.create_foreign_key(
        "fk_national_record_filing_id_national_filing",
        "national_record",
        "national_filing",
        ["filing_id"],
        ["record_id"],
    )
    for table in ("national_record", "national_filing"):
        op.drop_column(table, "sender")


def downgrade() -> None:
    _take_filings_from_senders()
    op.drop_column("audit_entry", "number")
    op.execute("DROP TRIGGER first_code_stays ON enterprise_code")
    for name in _DATED:
        op.execute(f"DROP TRIGGER {name} ON application")
    op.execute("DROP FUNCTION refuse_other_date")
    for (role, table), (was, now) in NARROWED.items():
        if now:
            op.execute(f"REVOKE {now} ON {table} FROM {role}")
        op.execute(f"GRANT {was} ON {table} TO {role}")
