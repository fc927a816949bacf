"""Who may do what with which table, as reviewed: a role may do only what a use case of its service does."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
from support.forms import form
from support.system import System

# A word alone is about the whole table; columns are named where the rest of a row stays as it was inserted.
# Whoever widens a line here says in the migration which use case needs it.
REVIEWED: dict[str, dict[str, str]] = {
    "peiyu_evaluation": {
        "match_event": "SELECT (city_code, id, kind, title)",
        "match_outcome": "SELECT (after_days, amount_fen, enterprise_id, event_id, happened_on, held, id, partner_id, result)",
        "match_participant": "SELECT (event_id, id, name, uscc)",
        "match_slot": "SELECT (during, event_id, slot)",
        "patent_push": "SELECT (by_city, city_code, found, id, pushed_on, uscc)",
        "adjustment_plan": "SELECT, INSERT, UPDATE (approved_at, approved_by, committed_at, committed_by, status)",
        "adjustment_plan_entry": "SELECT, INSERT",
        "adjustment_rules": "SELECT, INSERT",
        "admission_quota": "SELECT",
        "alembic_version": "SELECT",
        "api_client": "SELECT",
        "appeal": "SELECT, INSERT, UPDATE (decided_at, decided_by, decision_reason, reopened_as, status)",
        "application": "SELECT",
        "application_snapshot": "SELECT",
        "assessment": "SELECT, INSERT, UPDATE (current, overall)",
        "attachment": "SELECT (application_id, created_at, criterion, digest, enterprise_id, id, removed_at)",
        "audit_entry": "INSERT",
        "credit_outcome": "SELECT",
        "criterion_result": "SELECT, INSERT, UPDATE (verdict)",
        "cycle": "SELECT",
        "cycle_quota": "SELECT",
        "cycle_reserve": "SELECT",
        "deviation": "SELECT, INSERT, UPDATE (signed_at, signed_by)",
        "edition_change": "SELECT (change, entry, programme_code, serial, uscc)",
        "enterprise": "SELECT",
        "enterprise_code": "SELECT",
        "enterprise_version": "SELECT",
        "exit_notice": (
            "SELECT, INSERT, UPDATE (decided_at, decided_by, decision, decision_reason, evidence, replied_at, "
            "replied_by, reply)"
        ),
        "fact_statement": "SELECT, INSERT",
        "figure_change": "SELECT",
        "finding": "SELECT, INSERT",
        "follow_on": "SELECT, INSERT, UPDATE (assigned_at, assigned_by, basis, track)",
        "idempotency_record": "SELECT, INSERT",
        "incident": "SELECT (confirmed_at, cured_at, cured_on, enterprise_id, id, kind, occurred_on, status)",
        "kept_place": "SELECT, INSERT, UPDATE (outcome, released_at)",
        "list_consent": "SELECT (given_on, id, purpose, uscc, withdrawn_at)",
        "membership": "SELECT, INSERT, UPDATE (during, ended_by_plan, ended_reason, known_from)",
        "membership_baseline": "SELECT, INSERT",
        "membership_version": "SELECT",
        "objection": "SELECT, INSERT, UPDATE (decided_at, decided_by, decision_reason, status)",
        "objector": "SELECT, INSERT",
        "outbox_event": (
            "SELECT, INSERT, UPDATE (dead_at, due_at, failures, last_error, lease, leased_until, processed_at)"
        ),
        "patent_extract": "SELECT",
        "performance_freeze": "SELECT, INSERT",
        "performance_report": "SELECT, INSERT",
        "pledge": "SELECT",
        "pool": "SELECT, INSERT, UPDATE (title)",
        "pool_hold": "SELECT, INSERT, UPDATE (lift_reason, lifted_at, lifted_by)",
        "programme_judgement": "SELECT, INSERT",
        "programme_judgement_entry": "SELECT, INSERT",
        "progress_report": "SELECT (decided_at, enterprise_id, id, period_id, revision, status, submitted_at)",
        "progress_report_snapshot": "SELECT (city_code, payload, report_id, revision)",
        "public_notice": "SELECT, INSERT, UPDATE (ended_at, ended_by)",
        "public_notice_entry": "SELECT, INSERT",
        "replacement_credit": "SELECT",
        "replacement_credit_entry": "SELECT, INSERT",
        "reporting_period": "SELECT (closes_at, code, covers_from, covers_to, id, pool_code, title)",
        "review": (
            "SELECT, INSERT, UPDATE (assessment_id, assigned_at, assignee, city_code, overtaken_at, recommended_by, "
            "status, uscc)"
        ),
        "review_assignment": "SELECT, INSERT",
        "review_declaration": "SELECT, INSERT",
        "review_item": "SELECT, INSERT, UPDATE, DELETE",
        "reviewer": "SELECT, INSERT, UPDATE (active, home_city_code, load_limit, subject)",
        "rulebook_version": "SELECT, INSERT",
        "selection_plan": "SELECT, INSERT, UPDATE (approved_at, approved_by, committed_at, committed_by, status)",
        "selection_plan_entry": "SELECT, INSERT",
        "spot_check": "SELECT, INSERT",
        "spot_check_drawn": "SELECT, INSERT",
        "spot_check_fact": "SELECT, INSERT",
        "spot_check_finding": "SELECT, INSERT",
        "spot_check_member": "SELECT, INSERT",
        "spot_check_reveal": "SELECT, INSERT",
        "spot_check_stratum": "SELECT, INSERT",
        "support_action": "SELECT, INSERT",
        "stall_reminder": "SELECT, INSERT",
    },
    "peiyu_finance": {
        "adjustment_plan": "SELECT (id, status)",
        "alembic_version": "SELECT",
        "api_client": "SELECT",
        "audit_entry": "INSERT",
        "compensation_claim": "SELECT, INSERT",
        "compensation_decision": "SELECT, INSERT",
        "credit_outcome": "SELECT, INSERT",
        "edition": "SELECT, INSERT",
        "edition_ack": "SELECT, INSERT",
        "edition_change": "SELECT, INSERT",
        "edition_file": "SELECT, INSERT",
        "edition_pull": "SELECT, INSERT",
        "edition_recall": "SELECT, INSERT",
        "enterprise": "SELECT",
        "enterprise_change": "SELECT (enterprise_id, id, into_id, kind, made_at, undone_at)",
        "enterprise_code": "SELECT",
        "idempotency_record": "SELECT, INSERT",
        "incident": "SELECT (confirmed_at, cured_at, cured_on, enterprise_id, id, kind, occurred_on)",
        "list_consent": "SELECT, INSERT, UPDATE (withdrawal_reason, withdrawn_at, withdrawn_by)",
        "list_programme": "SELECT, INSERT, UPDATE (title)",
        "list_proposal": "SELECT, INSERT, UPDATE (approved_at, approved_by, serial, status)",
        "list_signing_key": "SELECT, INSERT",
        "list_subscription": "SELECT, INSERT",
        "match_conflict": "SELECT, INSERT",
        "match_event": "SELECT, INSERT",
        "match_meeting": "SELECT, INSERT",
        "match_notice": "SELECT, INSERT, UPDATE (seen_at, seen_by)",
        "match_outcome": "SELECT, INSERT",
        "match_participant": (
            "SELECT, INSERT, UPDATE (cancel_reason, cancelled_at, cancelled_by, checked_in_at, checked_in_by, "
            "consented_at, consented_by)"
        ),
        "match_plan": "SELECT, INSERT",
        "match_preference": "SELECT, INSERT, UPDATE (recorded_at, recorded_by, word)",
        "match_release": "SELECT, INSERT",
        "match_room": "SELECT, INSERT",
        "match_slot": "SELECT, INSERT",
        "membership": "SELECT",
        "patent_offer": "SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_by)",
        "patent_push": "SELECT, INSERT",
        "outbox_event": (
            "SELECT, INSERT, UPDATE (dead_at, due_at, failures, last_error, lease, leased_until, processed_at)"
        ),
        "patent_extract": "SELECT, INSERT",
        "pledge": "SELECT, INSERT, UPDATE (released_by, released_on, voided_by)",
        "pool": "SELECT",
        "programme_judgement": "SELECT",
        "programme_judgement_entry": "SELECT",
        "refused_publication": "SELECT, INSERT",
        "removal_decision": "SELECT, INSERT",
        "selection_plan": "SELECT",
        "webhook_attempt": "SELECT, INSERT",
        "webhook_endpoint": "SELECT, INSERT, UPDATE (earlier_secret, earlier_until, removed_at, secret)",
        "webhook_message": "SELECT, INSERT, UPDATE (attempts, claim, due_at, settled_at, status)",
    },
    "peiyu_intake": {
        "alembic_version": "SELECT",
        "api_client": "SELECT",
        "application": (
            "SELECT, INSERT, UPDATE (city_code, correct_until, decided_at, decided_by, enterprise_id, "
            "reopened_sections, return_reasons, revision, status, status_reason, submitted_at)"
        ),
        "application_draft": "SELECT, INSERT, UPDATE (content, saved_at, saved_by, version), DELETE",
        "application_import": (
            "SELECT, INSERT, UPDATE (finished_at, problem, rows_accepted, rows_read, rows_rejected, rows_total, "
            "status, warnings)"
        ),
        "application_snapshot": "SELECT, INSERT",
        "assessment": "SELECT (application_id, id, uscc)",
        "attachment": "SELECT, INSERT, UPDATE (enterprise_id, held_at, removed_at, removed_by)",
        "audit_entry": (
            "SELECT (action, actor, at, detail, id, number, role, service, subject_id, subject_type), INSERT"
        ),
        "business_notice": "SELECT, INSERT, UPDATE (enterprise_id, removal_source, removed_on)",
        "cycle": "SELECT, INSERT",
        "cycle_quota": "SELECT, INSERT",
        "cycle_reserve": "SELECT, INSERT",
        "enterprise": "SELECT, INSERT, UPDATE (city_code, division_code, merged_into, name, updated_at, uscc)",
        "enterprise_change": "SELECT, INSERT, UPDATE (undo_reason, undone_at, undone_by)",
        "enterprise_code": "SELECT, INSERT, UPDATE (change_id, enterprise_id, kind, since), DELETE",
        "enterprise_version": "SELECT",
        "idempotency_record": "SELECT, INSERT",
        "import_chunk": "SELECT, INSERT",
        "import_progress": "SELECT, INSERT, UPDATE (rows_accepted, rows_read, rows_rejected, rows_total, updated_at)",
        "import_row": "SELECT, INSERT",
        "incident": "SELECT, INSERT, UPDATE (confirmed_at, confirmed_by, cured_at, cured_on, enterprise_id, status)",
        "incident_step": "SELECT, INSERT",
        "major_problem": (
            "SELECT, INSERT, UPDATE (acknowledged_at, acknowledged_by, answer, enterprise_id, settled_at, "
            "settled_by, status)"
        ),
        "membership": "SELECT",
        "national_answer_file": "SELECT, INSERT",
        "national_batch": "SELECT, INSERT",
        "national_breaker": "SELECT, INSERT, UPDATE (changed_at, failures, last_error, open_until, probe_until, state)",
        "national_delivery": (
            "SELECT, INSERT, UPDATE (attempts, claim, due_at, failures, last_error, remote_id, result, "
            "settled_at, status)"
        ),
        "national_difference": "SELECT, INSERT",
        "national_file": "SELECT, INSERT",
        "national_filing": "SELECT, INSERT, UPDATE (application_id, application_version, digest, status_sequence)",
        "national_reconciliation": "SELECT, INSERT, UPDATE (counts, error, finished_at, status)",
        "national_record": "SELECT, INSERT, UPDATE (application_id, outcome, settled_at, violations)",
        "national_sender_key": "SELECT, INSERT, UPDATE (revoked_at)",
        "outbox_event": (
            "SELECT, INSERT, UPDATE (dead_at, due_at, failures, last_error, lease, leased_until, processed_at)"
        ),
        "progress_report": (
            "SELECT, INSERT, UPDATE (decided_at, decided_by, draft, enterprise_id, return_reasons, revision, "
            "status, submitted_at, version)"
        ),
        "progress_report_snapshot": "SELECT, INSERT",
        "reporting_period": "SELECT, INSERT",
        "rulebook_version": "SELECT",
        "section_confirmation": "SELECT, INSERT, DELETE",
        "selection_plan": "SELECT (cycle_id, id, status)",
        "selection_plan_entry": "SELECT (assessment_id, plan_id)",
        "stored_content": "SELECT, INSERT, UPDATE (needed_until, removed_at, removing_since)",
    },
    "peiyu_relay": {
        "alembic_version": "SELECT",
        "outbox_event": "SELECT, INSERT, UPDATE (due_at, sends)",
        "schedule_run": "SELECT, INSERT",
    },
}
# Each privilege on the whole of a table, or on the columns named.
_GRANTED = """
    WITH whole AS (
        SELECT grantee, table_name, privilege_type AS privilege, NULL AS columns
        FROM information_schema.role_table_grants
    )
    SELECT * FROM whole WHERE grantee LIKE 'peiyu\\_%'
    UNION ALL
    SELECT grantee, table_name, privilege_type,
           ' (' || string_agg(column_name, ', ' ORDER BY column_name COLLATE "C") || ')'
    FROM information_schema.role_column_grants
    WHERE grantee LIKE 'peiyu\\_%' AND (grantee, table_name, privilege_type) NOT IN (
        SELECT grantee, table_name, privilege FROM whole
    )
    GROUP BY 1, 2, 3
"""
_ORDER = ("SELECT", "INSERT", "UPDATE", "DELETE")


async def test_every_role_may_do_what_was_reviewed_and_nothing_else(owner: asyncpg.Connection) -> None:
    found: dict[str, dict[str, dict[str, str]]] = {}
    for role, table, privilege, columns in await owner.fetch(_GRANTED):
        found.setdefault(role, {}).setdefault(table, {})[privilege] = f"{privilege}{columns or ''}"
    written = {
        role: {
            table: ", ".join(rights[one] for one in sorted(rights, key=(*_ORDER, *sorted(rights)).index))
            for table, rights in tables.items()
        }
        for role, tables in found.items()
    }
    assert written == REVIEWED


@pytest.fixture
async def intake(database_urls: dict[str, str]):
    """A connection as intake's role, as whoever took the service over would have it."""
    connection = await asyncpg.connect(database_urls["intake"].replace("+asyncpg", ""))
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cycle SET closes_at = closes_at + interval '1 year'",
        "UPDATE cycle_quota SET maximum = 500",
        "DELETE FROM enterprise",
        "DELETE FROM application_snapshot",
        "UPDATE idempotency_record SET response = '{}'",
        "UPDATE outbox_event SET payload = '{}'",
        "UPDATE national_filing SET sender = 'me'",
        "UPDATE audit_entry SET actor = 'somebody'",
    ],
)
async def test_what_no_use_case_changes_cannot_be_changed(intake: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await intake.execute(statement)


async def test_a_submission_is_dated_by_the_database(system: System, intake: asyncpg.Connection) -> None:
    await system.open_cycle()
    application = uuid.UUID((await system.submit(form(1)))["id"])
    for change in ("submitted_at = now() - interval '1 day'", "submitted_at = now()", "revision = 2", "revision = 0"):
        with pytest.raises(asyncpg.CheckViolationError, match="dated now"):
            await intake.execute(f"UPDATE application SET {change} WHERE id = $1", application)
    copied = (
        "INSERT INTO application (id, cycle_id, enterprise_id, city_code, status, revision, submitted_at) "
        "SELECT gen_random_uuid(), cycle_id, enterprise_id, city_code, 'submitted', 1, now() - interval '1 day' "
        "FROM application"
    )
    with pytest.raises(asyncpg.CheckViolationError, match="dated now"):
        await intake.execute(copied)


async def test_the_code_that_a_record_began_with_is_never_taken_away(
    system: System, intake: asyncpg.Connection
) -> None:
    await system.open_cycle()
    await system.submit(form(1))
    with pytest.raises(asyncpg.RestrictViolationError):
        await intake.execute("DELETE FROM enterprise_code")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await intake.execute("UPDATE enterprise_code SET code = '91420106MAXQ00001A'")
