"""Dynamic adjustment: memberships end by plans and are known since when; holds, exit notices, credits, baselines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ROLE = "peiyu_evaluation"
_REASONS = (
    "'graduated', 'no_progress', 'safety_accident', 'serious_dishonesty', 'tax_evasion', 'data_falsification', "
    "'abnormal_patent_filings', 'other_violation'"
)
_MEMBERSHIP = {
    "opened_by_one_plan": "num_nonnulls(plan_id, opened_by_adjustment) = 1",
    "ended_by_a_plan": "upper_inf(during) = (ended_reason IS NULL) AND (ended_reason IS NULL) = (ended_by_plan IS NULL)",
    "ended_reason": f"ended_reason IN ({_REASONS})",
}
_TABLES = (
    "adjustment_rules",
    "adjustment_plan",
    "pool_hold",
    "exit_notice",
    "adjustment_plan_entry",
    "membership_baseline",
    "membership_version",
    "follow_on",
    "replacement_credit",
    "replacement_credit_entry",
    "stall_reminder",
)
# What is written once; of the others single columns are added later, and no row of any is taken away.
_IMMUTABLE = (
    "adjustment_rules",
    "adjustment_plan_entry",
    "membership_baseline",
    "membership_version",
    "replacement_credit_entry",
    "stall_reminder",
)
_BY_TRIGGERS = ("membership_version", "replacement_credit")
_UPDATES = {
    "adjustment_plan": "status, approved_by, approved_at, committed_by, committed_at",
    "pool_hold": "lifted_by, lifted_at, lift_reason",
    "exit_notice": ("reply, evidence, replied_by, replied_at, decision, decided_by, decided_at, decision_reason"),
    "follow_on": "track, basis, assigned_by, assigned_at",
    "membership": "ended_reason, ended_by_plan, known_from",
}
_DDL = (
    """
    CREATE TABLE adjustment_rules (
        digest TEXT NOT NULL, rules_id TEXT NOT NULL, effective_from DATE NOT NULL, text TEXT NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_adjustment_rules PRIMARY KEY (digest)
    )
    """,
    """
    CREATE TABLE adjustment_plan (
        id UUID NOT NULL, pool_code TEXT NOT NULL, judged_on DATE NOT NULL, cycle_id UUID, spend JSONB,
        rules_digest TEXT NOT NULL, status TEXT NOT NULL, inputs_digest TEXT NOT NULL, summary JSONB NOT NULL,
        credits JSONB NOT NULL, valid_until DATE NOT NULL, proposed_by TEXT NOT NULL, approved_by TEXT,
        approved_at timestamptz, committed_by TEXT, committed_at timestamptz,
        created_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_adjustment_plan PRIMARY KEY (id),
        CONSTRAINT ck_adjustment_plan_status CHECK (status IN ('frozen', 'approved', 'committed')),
        CONSTRAINT ck_adjustment_plan_second_person CHECK (person_of(approved_by) <> person_of(proposed_by)),
        CONSTRAINT ck_adjustment_plan_approved_before_commit CHECK (status = 'frozen' OR approved_by IS NOT NULL),
        CONSTRAINT ck_adjustment_plan_approval_whole CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
        CONSTRAINT ck_adjustment_plan_commit_whole CHECK ((status = 'committed') = (committed_at IS NOT
            NULL) AND (committed_at IS NULL) = (committed_by IS NULL)),
        CONSTRAINT ck_adjustment_plan_committed_while_valid CHECK (committed_at IS NULL OR (committed_at AT
            TIME ZONE 'Asia/Shanghai')::date BETWEEN judged_on AND valid_until),
        CONSTRAINT fk_adjustment_plan_pool_code_pool FOREIGN KEY(pool_code) REFERENCES pool (code),
        CONSTRAINT fk_adjustment_plan_rules_digest_adjustment_rules FOREIGN KEY(rules_digest) REFERENCES
            adjustment_rules (digest)
    )
    """,
    "CREATE INDEX ix_adjustment_plan_pool_code_id ON adjustment_plan (pool_code, id)",
    """
    CREATE TABLE pool_hold (
        id UUID NOT NULL, pool_code TEXT NOT NULL, uscc TEXT NOT NULL, city_code TEXT NOT NULL,
        kind TEXT NOT NULL, reason TEXT NOT NULL, set_by TEXT NOT NULL, set_at timestamptz NOT NULL,
        lifted_by TEXT, lifted_at timestamptz, lift_reason TEXT,
        CONSTRAINT pk_pool_hold PRIMARY KEY (id),
        CONSTRAINT ck_pool_hold_kind CHECK (kind IN ('graduation', 'exit', 'replacement')),
        CONSTRAINT ck_pool_hold_reasoned CHECK (reason <> ''),
        CONSTRAINT ck_pool_hold_lifting_whole CHECK (num_nonnulls(lifted_by, lifted_at, lift_reason) IN (0, 3)),
        CONSTRAINT ck_pool_hold_lifting_reasoned CHECK (lift_reason <> ''),
        CONSTRAINT fk_pool_hold_pool_code_pool FOREIGN KEY(pool_code) REFERENCES pool (code)
    )
    """,
    "CREATE UNIQUE INDEX uq_pool_hold_open ON pool_hold (pool_code, uscc, kind) WHERE lifted_at IS NULL",
    """
    CREATE TABLE exit_notice (
        id UUID NOT NULL, membership_id UUID NOT NULL, pool_code TEXT NOT NULL, uscc TEXT NOT NULL,
        city_code TEXT NOT NULL, reason_code TEXT NOT NULL, ground TEXT NOT NULL, reasons JSONB NOT NULL,
        receipt TEXT NOT NULL, sent_by TEXT NOT NULL, sent_at timestamptz NOT NULL, reply_until DATE NOT NULL,
        reply TEXT, evidence JSONB DEFAULT '[]' NOT NULL, replied_by TEXT, replied_at timestamptz,
        decision TEXT, decided_by TEXT, decided_at timestamptz, decision_reason TEXT,
        CONSTRAINT pk_exit_notice PRIMARY KEY (id),
        CONSTRAINT ck_exit_notice_reply_whole CHECK (num_nonnulls(reply, replied_by, replied_at) IN (0, 3)),
        CONSTRAINT ck_exit_notice_decision_whole CHECK (num_nonnulls(decision, decided_by, decided_at,
            decision_reason) IN (0, 4)),
        CONSTRAINT ck_exit_notice_decision CHECK (decision IN ('end', 'keep')),
        CONSTRAINT ck_exit_notice_second_person CHECK (person_of(decided_by) <> person_of(sent_by)),
        CONSTRAINT ck_exit_notice_time_to_reply CHECK ((sent_at AT TIME ZONE 'Asia/Shanghai')::date <= reply_until),
        CONSTRAINT ck_exit_notice_replied_in_time CHECK ((replied_at AT TIME ZONE 'Asia/Shanghai')::date <=
            reply_until),
        CONSTRAINT ck_exit_notice_ends_after_window CHECK (decision <> 'end' OR (decided_at AT TIME ZONE
            'Asia/Shanghai')::date > reply_until),
        CONSTRAINT fk_exit_notice_membership_id_membership FOREIGN KEY(membership_id) REFERENCES membership (id)
    )
    """,
    "CREATE INDEX ix_exit_notice_pool_code_id ON exit_notice (pool_code, id)",
    "CREATE UNIQUE INDEX uq_exit_notice_open ON exit_notice (membership_id) WHERE decision IS NULL",
    """
    CREATE TABLE adjustment_plan_entry (
        plan_id UUID NOT NULL, uscc TEXT NOT NULL, position INTEGER NOT NULL, membership_id UUID,
        assessment_id UUID, city_code TEXT NOT NULL, outcome TEXT, action TEXT NOT NULL,
        reason_code TEXT NOT NULL, reasons JSONB NOT NULL, receipt TEXT, receipt_digest TEXT NOT NULL,
        hold_id UUID, notice_id UUID,
        CONSTRAINT pk_adjustment_plan_entry PRIMARY KEY (plan_id, uscc),
        CONSTRAINT uq_adjustment_plan_entry_plan_id_position UNIQUE (plan_id, position),
        CONSTRAINT ck_adjustment_plan_entry_member_or_candidate CHECK (num_nonnulls(membership_id,
            assessment_id) = 1),
        CONSTRAINT ck_adjustment_plan_entry_action CHECK (CASE WHEN assessment_id IS NULL THEN action IN
            ('graduate', 'exit', 'give_notice', 'await_decision', 'kept', 'held', 'unknown', 'stay') ELSE
            action IN ('admit', 'no_credit', 'not_spent', 'pool_cap', 'held_out', 'objected', 'incident') END),
        CONSTRAINT ck_adjustment_plan_entry_receipt_of_member CHECK ((membership_id IS NULL) = (receipt IS NULL)),
        CONSTRAINT ck_adjustment_plan_entry_held_by_a_hold CHECK (action <> 'held' OR hold_id IS NOT NULL),
        CONSTRAINT fk_adjustment_plan_entry_plan_id_adjustment_plan FOREIGN KEY(plan_id) REFERENCES
            adjustment_plan (id),
        CONSTRAINT fk_adjustment_plan_entry_membership_id_membership FOREIGN KEY(membership_id) REFERENCES
            membership (id),
        CONSTRAINT fk_adjustment_plan_entry_assessment_id_assessment FOREIGN KEY(assessment_id) REFERENCES
            assessment (id),
        CONSTRAINT fk_adjustment_plan_entry_hold_id_pool_hold FOREIGN KEY(hold_id) REFERENCES pool_hold (id),
        CONSTRAINT fk_adjustment_plan_entry_notice_id_exit_notice FOREIGN KEY(notice_id) REFERENCES exit_notice (id)
    )
    """,
    "CREATE INDEX ix_adjustment_plan_entry_membership_id ON adjustment_plan_entry (membership_id)",
    """
    CREATE TABLE membership_baseline (
        membership_id UUID NOT NULL, assessment_id UUID NOT NULL, receipt_digest TEXT NOT NULL,
        industrialised BIGINT, valid BIGINT, created_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_membership_baseline PRIMARY KEY (membership_id),
        CONSTRAINT ck_membership_baseline_counts CHECK (industrialised >= 0 AND valid >= 0),
        CONSTRAINT fk_membership_baseline_membership_id_membership FOREIGN KEY(membership_id) REFERENCES
            membership (id),
        CONSTRAINT fk_membership_baseline_assessment_id_assessment FOREIGN KEY(assessment_id) REFERENCES
            assessment (id)
    )
    """,
    """
    CREATE TABLE membership_version (
        id UUID DEFAULT uuidv7() NOT NULL, membership_id UUID NOT NULL, number INTEGER NOT NULL,
        known_from timestamptz NOT NULL, pool_code TEXT NOT NULL, uscc TEXT NOT NULL, city_code TEXT NOT NULL,
        during TSTZRANGE NOT NULL, plan_id UUID, opened_by_adjustment UUID, ended_reason TEXT,
        ended_by_plan UUID, supersedes UUID,
        CONSTRAINT pk_membership_version PRIMARY KEY (id),
        CONSTRAINT uq_membership_version_membership_id_number UNIQUE (membership_id, number),
        CONSTRAINT fk_membership_version_membership_id_membership FOREIGN KEY(membership_id) REFERENCES
            membership (id),
        CONSTRAINT fk_membership_version_supersedes_membership_version FOREIGN KEY(supersedes) REFERENCES
            membership_version (id)
    )
    """,
    "CREATE INDEX ix_membership_version_pool_code_known_from ON membership_version (pool_code, known_from)",
    """
    CREATE TABLE follow_on (
        id UUID NOT NULL, membership_id UUID NOT NULL, plan_id UUID NOT NULL, pool_code TEXT NOT NULL,
        uscc TEXT NOT NULL, city_code TEXT NOT NULL, began_at timestamptz NOT NULL, track TEXT, basis TEXT,
        assigned_by TEXT, assigned_at timestamptz,
        CONSTRAINT pk_follow_on PRIMARY KEY (id),
        CONSTRAINT ck_follow_on_track_whole CHECK (num_nonnulls(track, assigned_by, assigned_at, basis) IN (0, 4)),
        CONSTRAINT uq_follow_on_membership_id UNIQUE (membership_id),
        CONSTRAINT fk_follow_on_membership_id_membership FOREIGN KEY(membership_id) REFERENCES membership (id),
        CONSTRAINT fk_follow_on_plan_id_adjustment_plan FOREIGN KEY(plan_id) REFERENCES adjustment_plan (id)
    )
    """,
    "CREATE INDEX ix_follow_on_pool_code_id ON follow_on (pool_code, id)",
    """
    CREATE TABLE replacement_credit (
        pool_code TEXT NOT NULL, city_code TEXT NOT NULL, balance INTEGER NOT NULL,
        CONSTRAINT pk_replacement_credit PRIMARY KEY (pool_code, city_code),
        CONSTRAINT ck_replacement_credit_not_overdrawn CHECK (balance >= 0),
        CONSTRAINT fk_replacement_credit_pool_code_pool FOREIGN KEY(pool_code) REFERENCES pool (code)
    )
    """,
    """
    CREATE TABLE replacement_credit_entry (
        id UUID NOT NULL, pool_code TEXT NOT NULL, city_code TEXT NOT NULL, kind TEXT NOT NULL,
        credits INTEGER NOT NULL, entered_on DATE NOT NULL, expires_on DATE, plan_id UUID NOT NULL,
        membership_id UUID,
        CONSTRAINT pk_replacement_credit_entry PRIMARY KEY (id),
        CONSTRAINT fk_replacement_credit_entry_membership_of_the_city FOREIGN KEY(membership_id, pool_code,
            city_code) REFERENCES membership (id, pool_code, city_code),
        CONSTRAINT ck_replacement_credit_entry_kind CHECK (kind IN ('minted', 'spent', 'expired')),
        CONSTRAINT ck_replacement_credit_entry_credits CHECK (CASE kind WHEN 'minted' THEN credits > 0 WHEN
            'spent' THEN credits = -1 ELSE credits < 0 END),
        CONSTRAINT ck_replacement_credit_entry_membership_named CHECK ((kind = 'expired') = (membership_id
            IS NULL)),
        CONSTRAINT ck_replacement_credit_entry_expiry CHECK (expires_on IS NULL OR (kind = 'minted' AND
            expires_on >= entered_on)),
        CONSTRAINT uq_replacement_credit_entry_once UNIQUE (membership_id, kind),
        CONSTRAINT fk_replacement_credit_entry_plan_id_adjustment_plan FOREIGN KEY(plan_id) REFERENCES
            adjustment_plan (id)
    )
    """,
    "CREATE INDEX ix_replacement_credit_entry_pool_code_city_code_id ON replacement_credit_entry (pool_code, city_code, id)",
    """
    CREATE TABLE stall_reminder (
        id UUID NOT NULL, membership_id UUID NOT NULL, pool_code TEXT NOT NULL, uscc TEXT NOT NULL,
        city_code TEXT NOT NULL, months INTEGER NOT NULL, since DATE NOT NULL, term_ends_on DATE NOT NULL,
        advice JSONB NOT NULL, sent_at timestamptz NOT NULL,
        CONSTRAINT pk_stall_reminder PRIMARY KEY (id),
        CONSTRAINT uq_stall_reminder_once UNIQUE (membership_id, months, since),
        CONSTRAINT fk_stall_reminder_membership_id_membership FOREIGN KEY(membership_id) REFERENCES membership (id)
    )
    """,
    "CREATE INDEX ix_stall_reminder_pool_code_id ON stall_reminder (pool_code, id)",
)
_FUNCTIONS = (
    # Whoever comes in beside a cycle, or goes, is an entry of a committed plan that says so; a hold is never passed over.
    """
    CREATE FUNCTION keep_adjustment_backed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            PERFORM FROM adjustment_plan_entry AS e JOIN adjustment_plan AS p ON p.id = e.plan_id
            WHERE p.id = NEW.opened_by_adjustment AND p.status = 'committed' AND p.pool_code = NEW.pool_code
                AND e.uscc = NEW.uscc AND e.city_code = NEW.city_code AND e.action = 'admit';
            IF NOT FOUND THEN PERFORM refuse_as('ck_membership_backed_by_plan'); END IF;
            RETURN NEW;
        END IF;
        IF NOT upper_inf(OLD.during) OR lower(NEW.during) <> lower(OLD.during) THEN
            PERFORM refuse_as('ck_membership_ended_once');
        END IF;
        IF NEW.known_from <= OLD.known_from THEN PERFORM refuse_as('ck_membership_known_later'); END IF;
        PERFORM FROM adjustment_plan_entry AS e JOIN adjustment_plan AS p ON p.id = e.plan_id
        WHERE p.id = NEW.ended_by_plan AND p.status = 'committed' AND e.membership_id = NEW.id
            AND CASE NEW.ended_reason WHEN 'graduated' THEN e.action = 'graduate'
                ELSE e.action = 'exit' AND e.reason_code = NEW.ended_reason END;
        IF NOT FOUND THEN PERFORM refuse_as('ck_membership_backed_by_plan'); END IF;
        PERFORM FROM pool_hold
        WHERE pool_code = NEW.pool_code AND uscc = NEW.uscc AND lifted_at IS NULL
            AND kind = CASE NEW.ended_reason WHEN 'graduated' THEN 'graduation' ELSE 'exit' END;
        IF FOUND THEN PERFORM refuse_as('ck_membership_not_held'); END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_membership_versions() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO membership_version (membership_id, number, known_from, pool_code, uscc, city_code, during, plan_id,
            opened_by_adjustment, ended_reason, ended_by_plan, supersedes)
        SELECT NEW.id, COALESCE(max(v.number), 0) + 1, NEW.known_from, NEW.pool_code, NEW.uscc, NEW.city_code,
            NEW.during, NEW.plan_id, NEW.opened_by_adjustment, NEW.ended_reason, NEW.ended_by_plan,
            (array_agg(v.id ORDER BY v.number DESC))[1]
        FROM membership_version AS v WHERE v.membership_id = NEW.id;
        RETURN NULL;
    END $$
    """,
    # An admission beside a cycle spends a credit of the city that it is given to: there is no other way in.
    """
    CREATE FUNCTION spend_replacement_credit() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO replacement_credit_entry (id, pool_code, city_code, kind, credits, entered_on, plan_id, membership_id)
        VALUES (uuidv7(), NEW.pool_code, NEW.city_code, 'spent', -1,
            (lower(NEW.during) AT TIME ZONE 'Asia/Shanghai')::date, NEW.opened_by_adjustment, NEW.id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION count_replacement_credit() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO replacement_credit (pool_code, city_code, balance) VALUES (NEW.pool_code, NEW.city_code, 0)
        ON CONFLICT DO NOTHING;
        UPDATE replacement_credit SET balance = balance + NEW.credits
        WHERE pool_code = NEW.pool_code AND city_code = NEW.city_code;
        RETURN NULL;
    END $$
    """,
    # Only a stay that graduated mints, and only by the plan that it graduated by.
    """
    CREATE FUNCTION keep_minting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM membership
        WHERE id = NEW.membership_id AND ended_reason = 'graduated' AND ended_by_plan = NEW.plan_id;
        IF NOT FOUND THEN PERFORM refuse_as('ck_replacement_credit_entry_minted_by_graduate'); END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_exit_notice() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.decision IS NOT NULL THEN PERFORM refuse_as('ck_exit_notice_decided_once'); END IF;
        IF OLD.reply IS NOT NULL AND (NEW.reply, NEW.evidence, NEW.replied_by) IS DISTINCT FROM
            (OLD.reply, OLD.evidence, OLD.replied_by) THEN
            PERFORM refuse_as('ck_exit_notice_replied_once');
        END IF;
        RETURN NEW;
    END $$
    """,
)
# (name, table): when, under which condition, which function.
_TRIGGERS = {
    ("backed_admission", "membership"): (
        "BEFORE INSERT",
        "WHEN (NEW.opened_by_adjustment IS NOT NULL)",
        "keep_adjustment_backed",
    ),
    ("backed_end", "membership"): ("BEFORE UPDATE", "", "keep_adjustment_backed"),
    ("versions", "membership"): ("AFTER INSERT OR UPDATE", "", "keep_membership_versions"),
    ("spend_credit", "membership"): (
        "AFTER INSERT",
        "WHEN (NEW.opened_by_adjustment IS NOT NULL)",
        "spend_replacement_credit",
    ),
    ("minted_by_graduate", "replacement_credit_entry"): (
        "BEFORE INSERT",
        "WHEN (NEW.kind = 'minted')",
        "keep_minting",
    ),
    ("count_credit", "replacement_credit_entry"): ("AFTER INSERT", "", "count_replacement_credit"),
    ("said_once", "exit_notice"): ("BEFORE UPDATE", "", "keep_exit_notice"),
    ("lifted_once", "pool_hold"): ("BEFORE UPDATE", "WHEN (OLD.lifted_at IS NOT NULL)", "refuse_change"),
    ("commit_is_final", "adjustment_plan"): ("BEFORE UPDATE", "WHEN (OLD.status = 'committed')", "refuse_change"),
}
_BASELINES = """
    INSERT INTO membership_baseline (membership_id, assessment_id, receipt_digest, industrialised, valid)
    SELECT m.id, a.id, a.receipt_digest, (a.receipt::jsonb -> 'facts' ->> 'industrialised_patents')::bigint,
        (a.receipt::jsonb -> 'facts' ->> 'valid_patents')::bigint
    FROM membership AS m
    JOIN selection_plan_entry AS e ON e.plan_id = m.plan_id AND e.uscc = m.uscc AND e.admitted
    JOIN assessment AS a ON a.id = e.assessment_id
"""
_VERSIONS = """
    INSERT INTO membership_version (membership_id, number, known_from, pool_code, uscc, city_code, during, plan_id)
    SELECT id, 1, known_from, pool_code, uscc, city_code, during, plan_id FROM membership
"""


def upgrade() -> None:
    _memberships()
    for statement in _DDL:
        op.execute(statement)
    for column in ("opened_by_adjustment", "ended_by_plan"):
        name = op.f(f"fk_membership_{column}_adjustment_plan")
        op.create_foreign_key(name, "membership", "adjustment_plan", [column], ["id"])
    op.execute(_BASELINES)
    op.execute(_VERSIONS)
    _guard()


def _memberships() -> None:
    op.add_column("membership", sa.Column("opened_by_adjustment", sa.Uuid(), nullable=True))
    op.add_column("membership", sa.Column("ended_reason", sa.Text(), nullable=True))
    op.add_column("membership", sa.Column("ended_by_plan", sa.Uuid(), nullable=True))
    moment = sa.DateTime(timezone=True)
    op.add_column("membership", sa.Column("known_from", moment, server_default=sa.text("now()"), nullable=False))
    op.execute("UPDATE membership SET known_from = created_at")
    op.alter_column("membership", "plan_id", nullable=True)
    for name, check in _MEMBERSHIP.items():
        op.create_check_constraint(op.f(f"ck_membership_{name}"), "membership", check)
    op.create_unique_constraint("uq_membership_place", "membership", ["id", "pool_code", "city_code"])


def _guard() -> None:
    for function in _FUNCTIONS:
        op.execute(function)
    for (name, table), (when, condition, function) in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION {function}()")
    for table in _TABLES:
        event = "UPDATE OR DELETE" if table in _IMMUTABLE else "DELETE"
        op.execute(f"CREATE TRIGGER immutable BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        rights = "SELECT" if table in _BY_TRIGGERS else "SELECT, INSERT"
        op.execute(f"GRANT {rights} ON {table} TO {_ROLE}")
    for table, columns in _UPDATES.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO {_ROLE}")


def downgrade() -> None:
    for name, table in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for column in ("opened_by_adjustment", "ended_by_plan"):
        op.drop_constraint(op.f(f"fk_membership_{column}_adjustment_plan"), "membership")
    for table in reversed(_TABLES):
        op.drop_table(table)
    # What no cycle's plan opened cannot be told any more; the counts of the pool follow by its own trigger.
    op.execute("DELETE FROM membership WHERE plan_id IS NULL")
    op.drop_constraint("uq_membership_place", "membership")
    for name in _MEMBERSHIP:
        op.drop_constraint(op.f(f"ck_membership_{name}"), "membership")
    op.alter_column("membership", "plan_id", nullable=False)
    for column in ("known_from", "ended_by_plan", "ended_reason", "opened_by_adjustment"):
        op.drop_column("membership", column)
    for function in (
        "keep_adjustment_backed",
        "keep_membership_versions",
        "spend_replacement_credit",
        "count_replacement_credit",
        "keep_minting",
        "keep_exit_notice",
    ):
        op.execute(f"DROP FUNCTION {function}")
