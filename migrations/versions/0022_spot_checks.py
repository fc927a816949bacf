"""Spot checks: frozen frames, revealed seeds, draws that the database recomputes, and findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ROLE = "peiyu_evaluation"
_TABLES = (
    "spot_check",
    "spot_check_stratum",
    "spot_check_member",
    "spot_check_reveal",
    "spot_check_drawn",
    "spot_check_finding",
    "spot_check_fact",
)
# Signs of risk: whether an incident is open, and whether a report is owed on a period that is over.
_READ = {"incident": "status", "reporting_period": "closes_at"}
_FRAME = """
CREATE FUNCTION keep_spot_check_frame(wanted uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    published jsonb := (SELECT frame::jsonb FROM spot_check WHERE id = wanted);
BEGIN
    IF EXISTS (
        (SELECT seal, stratum FROM jsonb_to_recordset(published -> 'members') AS told (seal text, stratum int)
         EXCEPT SELECT seal, stratum FROM spot_check_member WHERE spot_check_id = wanted)
        UNION ALL
        (SELECT seal, stratum FROM spot_check_member WHERE spot_check_id = wanted
         EXCEPT SELECT seal, stratum FROM jsonb_to_recordset(published -> 'members') AS told (seal text, stratum int))
    ) OR EXISTS (
        (SELECT stratum, members, size
         FROM jsonb_to_recordset(published -> 'strata') AS told (stratum int, members int, size int)
         EXCEPT SELECT stratum, members, size FROM spot_check_stratum WHERE spot_check_id = wanted)
        UNION ALL
        (SELECT stratum, members, size FROM spot_check_stratum WHERE spot_check_id = wanted
         EXCEPT SELECT stratum, members, size
         FROM jsonb_to_recordset(published -> 'strata') AS told (stratum int, members int, size int))
    ) THEN
        RAISE EXCEPTION 'the frame is not the published one' USING
            ERRCODE = 'check_violation', CONSTRAINT = 'spot_check_frame_as_published';
    END IF;
END $$
"""
_FRAME_PUBLISHED = """
CREATE FUNCTION keep_published_spot_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_spot_check_frame(NEW.id);
    RETURN NULL;
END $$
"""
_FRAME_MEMBERS = """
CREATE FUNCTION keep_spot_check_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_spot_check_frame(spot_check_id) FROM (SELECT DISTINCT spot_check_id FROM added) AS touched;
    RETURN NULL;
END $$
"""
# A commitment made before, a time that was told, and nobody drawn but by the smallest tickets.
_REVEAL = """
CREATE FUNCTION keep_spot_check_reveal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    published spot_check;
BEGIN
    SELECT * INTO published FROM spot_check WHERE id = NEW.spot_check_id;
    IF NEW.revealed_at < published.reveal_from THEN
        RAISE EXCEPTION 'it is too early' USING
            ERRCODE = 'check_violation', CONSTRAINT = 'spot_check_reveal_in_time';
    END IF;
    IF encode(sha256(decode(NEW.seed, 'hex') || decode(NEW.nonce, 'hex')), 'hex') <> published.commitment THEN
        RAISE EXCEPTION 'another seed was committed to' USING
            ERRCODE = 'check_violation', CONSTRAINT = 'spot_check_reveal_as_committed';
    END IF;
    RETURN NEW;
END $$
"""
_DRAW = """
CREATE FUNCTION keep_spot_check_draw(wanted uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        WITH ranked AS (
            SELECT member.uscc, stratum.size, row_number() OVER (
                PARTITION BY member.stratum
                ORDER BY sha256(decode(reveal.seed, 'hex') || decode(published.digest, 'hex')
                    || decode(member.seal, 'hex')), member.seal
            ) AS place
            FROM spot_check AS published
            JOIN spot_check_reveal AS reveal ON reveal.spot_check_id = published.id
            JOIN spot_check_member AS member ON member.spot_check_id = published.id
            JOIN spot_check_stratum AS stratum
                ON stratum.spot_check_id = member.spot_check_id AND stratum.stratum = member.stratum
            WHERE published.id = wanted
        ), drawn AS (SELECT uscc FROM ranked WHERE place <= size)
        (SELECT uscc FROM drawn EXCEPT SELECT uscc FROM spot_check_drawn WHERE spot_check_id = wanted)
        UNION ALL
        (SELECT uscc FROM spot_check_drawn WHERE spot_check_id = wanted EXCEPT SELECT uscc FROM drawn)
    ) THEN
        RAISE EXCEPTION 'the seed draws others' USING
            ERRCODE = 'check_violation', CONSTRAINT = 'spot_check_drawn_as_computed';
    END IF;
END $$
"""
_DRAW_REVEALED = """
CREATE FUNCTION keep_revealed_spot_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_spot_check_draw(NEW.spot_check_id);
    RETURN NULL;
END $$
"""
_DRAW_ROWS = """
CREATE FUNCTION keep_spot_check_drawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_spot_check_draw(spot_check_id) FROM (SELECT DISTINCT spot_check_id FROM added) AS touched;
    RETURN NULL;
END $$
"""
_STRATUM = """
CREATE FUNCTION keep_spot_check_stratum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM spot_check_member WHERE spot_check_id = NEW.spot_check_id) THEN
        RAISE EXCEPTION 'the frame is not the published one' USING
            ERRCODE = 'check_violation', CONSTRAINT = 'spot_check_frame_as_published';
    END IF;
    RETURN NEW;
END $$
"""
_FUNCTIONS = {
    "keep_spot_check_frame(uuid)": _FRAME,
    "keep_published_spot_check()": _FRAME_PUBLISHED,
    "keep_spot_check_rows()": _FRAME_MEMBERS,
    "keep_spot_check_stratum()": _STRATUM,
    "keep_spot_check_reveal()": _REVEAL,
    "keep_spot_check_draw(uuid)": _DRAW,
    "keep_revealed_spot_check()": _DRAW_REVEALED,
    "keep_spot_check_drawn()": _DRAW_ROWS,
}
_TRIGGERS = (
    (
        "CREATE CONSTRAINT TRIGGER frame_whole AFTER INSERT ON spot_check DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION keep_published_spot_check()"
    ),
    (
        "CREATE TRIGGER frame_as_published AFTER INSERT ON spot_check_member REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_spot_check_rows()"
    ),
    (
        "CREATE TRIGGER strata_first BEFORE INSERT ON spot_check_stratum "
        "FOR EACH ROW EXECUTE FUNCTION keep_spot_check_stratum()"
    ),
    (
        "CREATE TRIGGER as_committed BEFORE INSERT ON spot_check_reveal "
        "FOR EACH ROW EXECUTE FUNCTION keep_spot_check_reveal()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER draw_whole AFTER INSERT ON spot_check_reveal DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION keep_revealed_spot_check()"
    ),
    (
        "CREATE TRIGGER as_computed AFTER INSERT ON spot_check_drawn REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_spot_check_drawn()"
    ),
)


def upgrade() -> None:
    _draws()
    _members()
    _reveals()
    _findings()
    for function in _FUNCTIONS.values():
        op.execute(function)
    for trigger in _TRIGGERS:
        op.execute(trigger)
    for table in _TABLES:
        for name, when, each in (("immutable", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
    op.execute(f"GRANT SELECT, INSERT ON {', '.join(_TABLES)} TO {_ROLE}")
    for table, columns in _READ.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO {_ROLE}")


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _ids(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _checks(table: str, **checks: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}")) for name, condition in checks.items()]


def _hex(column: str) -> str:
    return f"{column} ~ '^[0-9a-f]{{64}}$'"


def _key(table: str, columns: list[str], to: str, keys: list[str], name: str | None = None) -> sa.ForeignKeyConstraint:
    name = name or op.f(f"fk_{table}_{'_'.join(columns)}_{to}")
    return sa.ForeignKeyConstraint(columns, [f"{to}.{key}" for key in keys], name=name)


def _draws() -> None:
    op.create_table(
        "spot_check",
        *_ids("id"),
        *_texts("number"),
        *_numbers("year", "sequence"),
        *_texts("title", "pool_code", "commitment", "frame", "digest"),
        *_numbers("members"),
        *_texts("frozen_by"),
        _moment("frozen_at"),
        _moment("reveal_from"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check")),
        sa.UniqueConstraint("number", name=op.f("uq_spot_check_number")),
        sa.UniqueConstraint("commitment", name=op.f("uq_spot_check_commitment")),
        sa.UniqueConstraint("year", "sequence", name=op.f("uq_spot_check_year_sequence")),
        _key("spot_check", ["pool_code"], "pool", ["code"]),
        *_checks(
            "spot_check",
            sequence_positive="sequence >= 1",
            digest_of_frame="digest = encode(sha256(convert_to(frame, 'UTF8')), 'hex')",
            commitment_format=_hex("commitment"),
            published_before_reveal="frozen_at < reveal_from",
            has_members="members >= 1",
        ),
    )
    op.create_table(
        "spot_check_stratum",
        *_ids("spot_check_id"),
        *_numbers("stratum"),
        *_texts("city_code", "risk"),
        *_numbers("members", "size"),
        sa.PrimaryKeyConstraint("spot_check_id", "stratum", name=op.f("pk_spot_check_stratum")),
        sa.UniqueConstraint(
            "spot_check_id", "city_code", "risk", name=op.f("uq_spot_check_stratum_spot_check_id_city_code_risk")
        ),
        _key("spot_check_stratum", ["spot_check_id"], "spot_check", ["id"]),
        *_checks(
            "spot_check_stratum",
            risk="risk IN ('elevated', 'ordinary')",
            size_within_members="size BETWEEN 1 AND members",
        ),
    )


def _members() -> None:
    op.create_table(
        "spot_check_member",
        *_ids("spot_check_id"),
        *_texts("uscc", "name", "city_code"),
        *_numbers("stratum"),
        sa.Column("signs", postgresql.ARRAY(sa.Text()), nullable=False),
        *_texts("salt", "seal"),
        sa.PrimaryKeyConstraint("spot_check_id", "uscc", name=op.f("pk_spot_check_member")),
        sa.UniqueConstraint("spot_check_id", "seal", name=op.f("uq_spot_check_member_spot_check_id_seal")),
        _key("spot_check_member", ["spot_check_id"], "spot_check", ["id"]),
        _key(
            "spot_check_member",
            ["spot_check_id", "stratum"],
            "spot_check_stratum",
            ["spot_check_id", "stratum"],
        ),
        *_checks(
            "spot_check_member",
            salt_format=_hex("salt"),
            seal_of_member=(
                "seal = encode(sha256(convert_to("
                "salt || chr(10) || uscc || chr(10) || city_code || chr(10) || name, 'UTF8')), 'hex')"
            ),
        ),
    )


def _reveals() -> None:
    op.create_table(
        "spot_check_reveal",
        *_ids("spot_check_id"),
        *_texts("seed", "nonce", "revealed_by"),
        _moment("revealed_at"),
        sa.PrimaryKeyConstraint("spot_check_id", name=op.f("pk_spot_check_reveal")),
        _key("spot_check_reveal", ["spot_check_id"], "spot_check", ["id"]),
        *_checks("spot_check_reveal", seed_format=_hex("seed"), nonce_format=_hex("nonce")),
    )
    op.create_table(
        "spot_check_drawn",
        *_ids("spot_check_id"),
        *_texts("uscc"),
        sa.PrimaryKeyConstraint("spot_check_id", "uscc", name=op.f("pk_spot_check_drawn")),
        _key("spot_check_drawn", ["spot_check_id"], "spot_check_reveal", ["spot_check_id"]),
        _key("spot_check_drawn", ["spot_check_id", "uscc"], "spot_check_member", ["spot_check_id", "uscc"]),
    )


def _findings() -> None:
    op.create_table(
        "spot_check_finding",
        *_ids("id", "spot_check_id"),
        *_texts("uscc", "city_code"),
        *_texts("by_city", nullable=True),
        *_ids("application_id", nullable=True),
        *_texts("recommended_by", nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=False),
        *_texts("document", "summary", "digest", "found_by"),
        _moment("found_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check_finding")),
        sa.UniqueConstraint("spot_check_id", "uscc", name="uq_spot_check_finding_once"),
        _key(
            "spot_check_finding",
            ["spot_check_id", "uscc"],
            "spot_check_drawn",
            ["spot_check_id", "uscc"],
            "fk_spot_check_finding_drawn",
        ),
        *_checks(
            "spot_check_finding",
            own_city="by_city = city_code",
            not_the_recommender="person_of(found_by) <> person_of(recommended_by)",
            not_in_future="checked_on <= (found_at AT TIME ZONE 'Asia/Shanghai')::date",
            digest_format=_hex("digest"),
        ),
    )
    op.create_index(op.f("ix_spot_check_finding_city_code"), "spot_check_finding", ["city_code"])
    op.create_table(
        "spot_check_fact",
        *_ids("finding_id"),
        *_texts("fact", "outcome"),
        *(sa.Column(name, postgresql.JSONB(), nullable=False) for name in ("claimed", "found")),
        *_ids("statement_id"),
        sa.PrimaryKeyConstraint("finding_id", "fact", name=op.f("pk_spot_check_fact")),
        _key("spot_check_fact", ["finding_id"], "spot_check_finding", ["id"]),
        _key("spot_check_fact", ["statement_id"], "fact_statement", ["id"]),
        *_checks(
            "spot_check_fact",
            outcome="outcome IN ('verified', 'contradicted')",
            outcome_of_values="(outcome = 'verified') = (claimed = found)",
        ),
    )


def downgrade() -> None:
    for table, columns in _READ.items():
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM {_ROLE}")  # noqa: S608 (names from this file)
    op.execute("DELETE FROM outbox_event WHERE topic = 'evaluation.spot_check_contradicted'")
    for table in reversed(_TABLES):
        op.drop_table(table)
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
