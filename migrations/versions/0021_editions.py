"""Editions that prove themselves: linked, with each change and its basis, in files, acknowledged; refused ones kept."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_OF_EDITION = (["programme_code", "serial"], ["edition.programme_code", "edition.serial"])
# Whatever is on record about an edition stays as it was written.
_IMMUTABLE = (
    "edition_change",
    "edition_file",
    "refused_publication",
    "removal_decision",
    "list_signing_key",
    "edition_ack",
)
# What finance reads of changes of enterprises: which one gave a listed enterprise another code.
_READ = "SELECT (id, kind, enterprise_id, into_id, made_at, undone_at) ON enterprise_change"
_PLANS = "SELECT (id, status) ON adjustment_plan"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _at(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=_NOW, nullable=False)


def upgrade() -> None:
    _link_editions()
    _create_changes()
    _create_records()
    for table in _IMMUTABLE:
        for name, when, each in (("immutable", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO peiyu_finance")
    op.execute(f"GRANT {_READ} TO peiyu_finance")
    op.execute(f"GRANT {_PLANS} TO peiyu_finance")


def _link_editions() -> None:
    """What the bytes say beside the entries, and the link to the edition before, as columns that are checked."""
    op.add_column("edition", sa.Column("previous_digest", sa.Text(), nullable=True))
    op.add_column("edition", sa.Column("previous_serial", sa.Integer(), nullable=True))
    op.add_column("edition", sa.Column("head", JSONB(), nullable=True))
    op.execute("ALTER TABLE edition DISABLE TRIGGER immutable")
    op.execute("UPDATE edition SET head = convert_from(body, 'UTF8')::jsonb - 'entries'")
    op.execute("UPDATE edition SET previous_serial = serial - 1, previous_digest = head ->> 'previous_digest'")
    op.execute("ALTER TABLE edition ENABLE TRIGGER immutable")
    op.alter_column("edition", "head", nullable=False)
    op.alter_column("edition", "previous_serial", nullable=False)
    op.create_unique_constraint("uq_edition_link", "edition", ["programme_code", "serial", "digest"])
    op.create_foreign_key(
        "fk_edition_previous",
        "edition",
        "edition",
        ["programme_code", "previous_serial", "previous_digest"],
        ["programme_code", "serial", "digest"],
    )
    for name, check in (
        ("linked", "previous_serial = serial - 1 AND (serial = 1) = (previous_digest IS NULL)"),
        ("digest_of_body", "digest = encode(sha256(body), 'hex')"),
    ):
        op.create_check_constraint(op.f(f"ck_edition_{name}"), "edition", check)


def _create_changes() -> None:
    op.create_table(
        "edition_change",
        _text("programme_code"),
        sa.Column("serial", sa.Integer(), nullable=False),
        _text("uscc"),
        _text("change"),
        sa.Column("entry", JSONB(), nullable=True),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        _text("basis"),
        sa.Column("basis_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("programme_code", "serial", "uscc", name=op.f("pk_edition_change")),
        sa.ForeignKeyConstraint(*_OF_EDITION, name=op.f("fk_edition_change_programme_code_edition")),
        sa.CheckConstraint("change IN ('added', 'removed', 'changed')", name=op.f("ck_edition_change_change")),
        sa.CheckConstraint(
            "basis IN ('selection_plan', 'adjustment_plan', 'enterprise_change', 'removal_decision', 'register', 'before_records')",
            name=op.f("ck_edition_change_basis"),
        ),
        sa.CheckConstraint(
            "(change = 'removed') = (entry IS NULL)", name=op.f("ck_edition_change_entry_unless_removed")
        ),
        sa.CheckConstraint(
            "basis <> 'register' OR change = 'changed'", name=op.f("ck_edition_change_register_changes")
        ),
        sa.CheckConstraint(
            "(basis_id IS NULL) = (basis IN ('register', 'before_records'))",
            name=op.f("ck_edition_change_basis_named"),
        ),
    )
    op.create_index(
        op.f("ix_edition_change_programme_code_uscc_serial"),
        "edition_change",
        ["programme_code", "uscc", sa.text("serial DESC")],
    )
    _record_earlier_changes()
    op.execute(
        """
        CREATE FUNCTION edition_counts_changes() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            counted bigint;
        BEGIN
            SELECT coalesce((SELECT entry_count FROM edition
                             WHERE programme_code = NEW.programme_code AND serial = NEW.serial - 1), 0)
                   + count(*) FILTER (WHERE change = 'added') - count(*) FILTER (WHERE change = 'removed')
            INTO counted FROM edition_change WHERE programme_code = NEW.programme_code AND serial = NEW.serial;
            IF counted <> NEW.entry_count THEN
                RAISE EXCEPTION 'edition % has % entries, its changes make %', NEW.serial, NEW.entry_count, counted
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_edition_counts_changes', TABLE = 'edition';
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER counts_changes AFTER INSERT ON edition DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION edition_counts_changes()"
    )


def _record_earlier_changes() -> None:
    """The changes of the editions that are there, as their bytes tell them; what was behind them was not recorded."""
    op.execute(
        """
        WITH entry AS (
            SELECT edition.programme_code, edition.serial, one ->> 'uscc' AS uscc, one AS entry
            FROM edition, jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'entries') AS one
        ), step AS (
            SELECT coalesce(now.programme_code, before.programme_code) AS programme_code,
                   coalesce(now.serial, before.serial + 1) AS serial, coalesce(now.uscc, before.uscc) AS uscc,
                   now.entry, before.entry AS was
            FROM entry AS now FULL JOIN entry AS before
            ON (before.programme_code, before.serial + 1, before.uscc) = (now.programme_code, now.serial, now.uscc)
        )
        INSERT INTO edition_change (programme_code, serial, uscc, change, entry, membership_id, basis, basis_id)
        SELECT programme_code, serial, uscc,
               CASE WHEN step.entry IS NULL THEN 'removed' WHEN was IS NULL THEN 'added' ELSE 'changed' END,
               step.entry, stay.id,
               'before_records', NULL
        FROM step JOIN edition USING (programme_code, serial)
        LEFT JOIN LATERAL (
            SELECT membership.id FROM membership
            JOIN enterprise_code ON enterprise_code.code = membership.uscc
            JOIN enterprise_code AS listed ON listed.enterprise_id = enterprise_code.enterprise_id
            WHERE listed.code = step.uscc
            AND membership.plan_id = (coalesce(step.entry, was) ->> 'plan_id')::uuid LIMIT 1
        ) AS stay ON true
        WHERE step.entry IS DISTINCT FROM was
        """
    )


def _create_records() -> None:
    op.create_table(
        "edition_file",
        _text("programme_code"),
        sa.Column("serial", sa.Integer(), nullable=False),
        _text("format"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("programme_code", "serial", "format", name=op.f("pk_edition_file")),
        sa.ForeignKeyConstraint(*_OF_EDITION, name=op.f("fk_edition_file_programme_code_edition")),
        sa.CheckConstraint("format IN ('json', 'ndjson', 'csv', 'xlsx', 'gzip')", name=op.f("ck_edition_file_format")),
    )
    op.create_table(
        "refused_publication",
        sa.Column("id", sa.Uuid(), nullable=False),
        _text("programme_code"),
        sa.Column("previous_serial", sa.Integer(), nullable=True),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column("cause_event_id", sa.Uuid(), nullable=False),
        _at("refused_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_publication")),
        sa.ForeignKeyConstraint(
            ["programme_code"],
            ["list_programme.code"],
            name=op.f("fk_refused_publication_programme_code_list_programme"),
        ),
        sa.UniqueConstraint(
            "programme_code", "cause_event_id", name=op.f("uq_refused_publication_programme_code_cause_event_id")
        ),
    )
    op.create_index(op.f("ix_refused_publication_programme_code_id"), "refused_publication", ["programme_code", "id"])
    op.create_table(
        "removal_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        _text("programme_code"),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        _text("uscc"),
        _text("document"),
        sa.Column("decided_on", sa.Date(), nullable=False),
        _text("reason"),
        _text("recorded_by"),
        _at("recorded_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal_decision")),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["list_programme.code"], name=op.f("fk_removal_decision_programme_code_list_programme")
        ),
        sa.UniqueConstraint("membership_id", name=op.f("uq_removal_decision_membership_id")),
        sa.CheckConstraint("document <> '' AND reason <> ''", name=op.f("ck_removal_decision_reasoned")),
        sa.CheckConstraint(
            "decided_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date",
            name=op.f("ck_removal_decision_not_in_future"),
        ),
    )
    op.create_table(
        "list_signing_key",
        _text("kid"),
        sa.Column("public_jwk", JSONB(), nullable=False),
        _at("registered_at"),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_list_signing_key")),
        sa.CheckConstraint(
            "NOT public_jwk ? 'd' AND public_jwk ->> 'kid' = kid", name=op.f("ck_list_signing_key_public_only")
        ),
    )
    op.create_table(
        "edition_ack",
        sa.Column("id", sa.Uuid(), nullable=False),
        _text("programme_code"),
        sa.Column("serial", sa.Integer(), nullable=False),
        _text("client_id"),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("errors", JSONB(), nullable=False),
        _at("acknowledged_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_ack")),
        sa.ForeignKeyConstraint(*_OF_EDITION, name=op.f("fk_edition_ack_programme_code_edition")),
        sa.CheckConstraint("imported >= 0", name=op.f("ck_edition_ack_imported")),
    )
    op.create_index(
        "ix_edition_ack_programme_code_client_id_serial_id",
        "edition_ack",
        ["programme_code", "client_id", sa.text("serial DESC"), sa.text("id DESC")],
    )
    op.create_index(
        op.f("ix_edition_pull_programme_code_client_id_serial"),
        "edition_pull",
        ["programme_code", "client_id", "serial"],
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_edition_pull_programme_code_client_id_serial"), table_name="edition_pull")
    op.execute(f"REVOKE {_READ} FROM peiyu_finance")
    op.execute("DROP TRIGGER counts_changes ON edition")
    op.execute("DROP FUNCTION edition_counts_changes")
    for table in reversed(_IMMUTABLE):
        op.drop_table(table)
    for name in ("linked", "digest_of_body"):
        op.drop_constraint(op.f(f"ck_edition_{name}"), "edition")
    op.drop_constraint("fk_edition_previous", "edition", type_="foreignkey")
    op.drop_constraint("uq_edition_link", "edition", type_="unique")
    for column in ("previous_serial", "head", "previous_digest"):
        op.drop_column("edition", column)
