"""Lists by rule: judgements, consents, patents, proposals that somebody approves, recalls, and what banks answer."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TABLES = (
    "programme_judgement",
    "programme_judgement_entry",
    "list_consent",
    "patent_extract",
    "list_proposal",
    "edition_recall",
    "credit_outcome",
    "pledge",
)
# What is written once; of the others single columns are added later, and no row of any is taken away.
_IMMUTABLE = ("programme_judgement", "programme_judgement_entry", "patent_extract", "edition_recall", "credit_outcome")
_GRANTS = {
    "peiyu_evaluation": (
        "SELECT, INSERT ON programme_judgement",
        "SELECT, INSERT ON programme_judgement_entry",
        # Whether there is consent, and what may be pledged, are facts of a rule.
        "SELECT (id, uscc, purpose, given_on, withdrawn_at) ON list_consent",
        "SELECT ON patent_extract",
        # What banks lent, for the ledger, and which patents are pledged.
        "SELECT ON credit_outcome",
        "SELECT ON pledge",
        # Which lists an enterprise is on.
        "SELECT (programme_code, serial, uscc, change, entry) ON edition_change",
    ),
    "peiyu_finance": (
        "SELECT ON programme_judgement",
        "SELECT ON programme_judgement_entry",
        "SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_by, withdrawal_reason) ON list_consent",
        "SELECT, INSERT ON patent_extract",
        "SELECT, INSERT, UPDATE (status, approved_by, approved_at, serial) ON list_proposal",
        "SELECT, INSERT ON edition_recall",
        "SELECT, INSERT ON credit_outcome",
        "SELECT, INSERT, UPDATE (released_on, released_by, voided_by) ON pledge",
    ),
}
_BASES = (
    "'selection_plan', 'adjustment_plan', 'enterprise_change', 'removal_decision'{more}, 'register', 'before_records'"
)
_CLIENTS = "'enterprise', 'bank'{more}, 'national_system', 'auditor'"
_DDL = (
    """
    CREATE TABLE programme_judgement (
        id UUID NOT NULL, programme_code TEXT NOT NULL, judged_on DATE NOT NULL, rule TEXT NOT NULL, consent TEXT,
        met INTEGER NOT NULL, unknown INTEGER NOT NULL, not_met INTEGER NOT NULL, digest TEXT NOT NULL, judged_by
        TEXT NOT NULL, judged_at timestamptz DEFAULT now() NOT NULL, cause_event_id UUID NOT NULL,
        CONSTRAINT pk_programme_judgement PRIMARY KEY (id),
        CONSTRAINT uq_programme_judgement_programme_code_cause_event_id UNIQUE (programme_code, cause_event_id),
        CONSTRAINT ck_programme_judgement_counted CHECK (met >= 0 AND unknown >= 0 AND not_met >= 0),
        CONSTRAINT ck_programme_judgement_not_in_future CHECK (judged_on <= (judged_at AT TIME ZONE 'Asia/Shanghai')::date)
    )
    """,
    """
    CREATE INDEX ix_programme_judgement_programme_code_id ON programme_judgement (programme_code, id)
    """,
    """
    CREATE TABLE programme_judgement_entry (
        judgement_id UUID NOT NULL, uscc TEXT NOT NULL, city_code TEXT NOT NULL, verdict TEXT NOT NULL, missing
        JSONB NOT NULL, fields JSONB NOT NULL, membership_id UUID, consent_id UUID,
        CONSTRAINT pk_programme_judgement_entry PRIMARY KEY (judgement_id, uscc),
        CONSTRAINT ck_programme_judgement_entry_verdict CHECK (verdict IN ('met', 'unknown')),
        CONSTRAINT ck_programme_judgement_entry_missing_where_unknown CHECK ((verdict = 'met') = (missing = '[]')),
        CONSTRAINT fk_programme_judgement_entry_judgement_id_programme_judgement FOREIGN KEY(judgement_id) REFERENCES programme_judgement (id),
        CONSTRAINT fk_programme_judgement_entry_membership_id_membership FOREIGN KEY(membership_id) REFERENCES membership (id)
    )
    """,
    """
    CREATE TABLE list_consent (
        id UUID NOT NULL, uscc TEXT NOT NULL, city_code TEXT NOT NULL, purpose TEXT NOT NULL, source TEXT NOT NULL,
        document TEXT, given_on DATE NOT NULL, recorded_by TEXT NOT NULL, recorded_at timestamptz DEFAULT now() NOT
        NULL, withdrawn_at timestamptz, withdrawn_by TEXT, withdrawal_reason TEXT,
        CONSTRAINT pk_list_consent PRIMARY KEY (id),
        CONSTRAINT ck_list_consent_source CHECK (source IN ('enterprise', 'paper')),
        CONSTRAINT ck_list_consent_paper_named CHECK ((source = 'paper') = (document IS NOT NULL)),
        CONSTRAINT ck_list_consent_not_in_future CHECK (given_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date),
        CONSTRAINT ck_list_consent_withdrawn_whole CHECK (num_nonnulls(withdrawn_at, withdrawn_by, withdrawal_reason) IN (0, 3))
    )
    """,
    """
    CREATE UNIQUE INDEX uq_list_consent_live ON list_consent (uscc, purpose) WHERE withdrawn_at IS NULL
    """,
    """
    CREATE TABLE patent_extract (
        id UUID NOT NULL, patent_no TEXT NOT NULL, uscc TEXT NOT NULL, city_code TEXT NOT NULL, legal_status TEXT
        NOT NULL, filed_on DATE NOT NULL, granted_on DATE, fees_paid_until DATE, suspended BOOLEAN,
        invalidation_pending BOOLEAN, co_owned BOOLEAN, same_day_twin BOOLEAN, as_of DATE NOT NULL, document TEXT
        NOT NULL, recorded_by TEXT NOT NULL, recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_patent_extract PRIMARY KEY (id),
        CONSTRAINT ck_patent_extract_legal_status CHECK (legal_status IN ('pending', 'valid', 'terminated', 'invalidated')),
        CONSTRAINT ck_patent_extract_not_in_future CHECK (as_of <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date),
        CONSTRAINT ck_patent_extract_in_order CHECK (filed_on <= as_of AND (granted_on IS NULL AND legal_status = 'pending' OR granted_on BETWEEN filed_on AND as_of)),
        CONSTRAINT ck_patent_extract_documented CHECK (document <> ''),
        CONSTRAINT uq_patent_extract_patent_no_as_of_document UNIQUE (patent_no, as_of, document)
    )
    """,
    """
    CREATE INDEX ix_patent_extract_uscc ON patent_extract (uscc)
    """,
    """
    CREATE TABLE list_proposal (
        id UUID NOT NULL, programme_code TEXT NOT NULL, judgement_id UUID NOT NULL, judged_on DATE NOT NULL,
        entry_count INTEGER NOT NULL, unknown_count INTEGER NOT NULL, body BYTEA NOT NULL, digest TEXT NOT NULL,
        approval_needed BOOLEAN NOT NULL, status TEXT NOT NULL, proposed_by TEXT NOT NULL, proposed_at timestamptz
        DEFAULT now() NOT NULL, approved_by TEXT, approved_at timestamptz, serial INTEGER,
        CONSTRAINT pk_list_proposal PRIMARY KEY (id),
        CONSTRAINT ck_list_proposal_status CHECK (status IN ('frozen', 'published', 'overtaken')),
        CONSTRAINT ck_list_proposal_digest_of_body CHECK (digest = encode(sha256(body), 'hex')),
        CONSTRAINT ck_list_proposal_second_person CHECK (person_of(approved_by) <> person_of(proposed_by)),
        CONSTRAINT ck_list_proposal_approval_whole CHECK (num_nonnulls(approved_by, approved_at) IN (0, 2)),
        CONSTRAINT ck_list_proposal_published_as CHECK ((status = 'published') = (serial IS NOT NULL)),
        CONSTRAINT ck_list_proposal_approved_where_needed CHECK (status <> 'published' OR approval_needed = (approved_by IS NOT NULL)),
        CONSTRAINT fk_list_proposal_edition FOREIGN KEY(programme_code, serial) REFERENCES edition (programme_code, serial),
        CONSTRAINT uq_list_proposal_judgement_id UNIQUE (judgement_id),
        CONSTRAINT fk_list_proposal_programme_code_list_programme FOREIGN KEY(programme_code) REFERENCES list_programme (code)
    )
    """,
    """
    CREATE INDEX ix_list_proposal_programme_code_id ON list_proposal (programme_code, id)
    """,
    """
    CREATE UNIQUE INDEX uq_list_proposal_open ON list_proposal (programme_code) WHERE status = 'frozen'
    """,
    """
    CREATE TABLE edition_recall (
        programme_code TEXT NOT NULL, serial INTEGER NOT NULL, superseded_by INTEGER NOT NULL, removed JSONB NOT
        NULL, recalled_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_edition_recall PRIMARY KEY (programme_code, serial),
        CONSTRAINT fk_edition_recall_programme_code_serial_edition FOREIGN KEY(programme_code, serial) REFERENCES edition (programme_code, serial),
        CONSTRAINT fk_edition_recall_superseded_by FOREIGN KEY(programme_code, superseded_by) REFERENCES edition (programme_code, serial),
        CONSTRAINT ck_edition_recall_superseded_later CHECK (superseded_by > serial)
    )
    """,
    """
    CREATE TABLE credit_outcome (
        id UUID NOT NULL, root_id UUID NOT NULL, programme_code TEXT NOT NULL, serial INTEGER NOT NULL, uscc TEXT
        NOT NULL, city_code TEXT NOT NULL, client_id TEXT NOT NULL, reference TEXT NOT NULL, decision TEXT,
        decided_on DATE, line_fen BIGINT, drawn_fen BIGINT, rate_e4 INTEGER, due_on DATE, refusal_code TEXT,
        registration_no TEXT, registered_on DATE, unverified JSONB NOT NULL, content JSONB NOT NULL, corrects UUID,
        withdrawn BOOLEAN NOT NULL, reason TEXT, recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_credit_outcome PRIMARY KEY (id),
        CONSTRAINT uq_credit_outcome_whose UNIQUE (id, root_id, programme_code, client_id, reference, uscc),
        CONSTRAINT uq_credit_outcome_corrects UNIQUE (corrects),
        CONSTRAINT fk_credit_outcome_programme_code_serial_edition FOREIGN KEY(programme_code, serial) REFERENCES edition (programme_code, serial),
        CONSTRAINT fk_credit_outcome_corrects_the_same FOREIGN KEY(corrects, root_id, programme_code, client_id, reference, uscc) REFERENCES credit_outcome (id, root_id, programme_code, client_id, reference, uscc),
        CONSTRAINT ck_credit_outcome_decision CHECK (decision IN ('approved', 'refused')),
        CONSTRAINT ck_credit_outcome_decided_unless_withdrawn CHECK (withdrawn = (decision IS NULL)),
        CONSTRAINT ck_credit_outcome_correction_has_reason CHECK ((corrects IS NULL) = (reason IS NULL)),
        CONSTRAINT ck_credit_outcome_withdrawal_corrects CHECK (NOT withdrawn OR corrects IS NOT NULL),
        CONSTRAINT ck_credit_outcome_whole CHECK (CASE decision WHEN 'approved' THEN num_nulls(decided_on, line_fen, due_on) = 0 AND refusal_code IS NULL WHEN 'refused' THEN num_nulls(decided_on, refusal_code) = 0 AND num_nonnulls(line_fen, drawn_fen, rate_e4, due_on, registration_no) = 0 ELSE num_nonnulls(decided_on, line_fen, drawn_fen, rate_e4, due_on, refusal_code, registration_no) = 0 END),
        CONSTRAINT ck_credit_outcome_line_positive CHECK (line_fen BETWEEN 1 AND 1000000000000000),
        CONSTRAINT ck_credit_outcome_drawn_within_line CHECK (drawn_fen BETWEEN 0 AND line_fen),
        CONSTRAINT ck_credit_outcome_rate_in_range CHECK (rate_e4 BETWEEN 0 AND 1000000),
        CONSTRAINT ck_credit_outcome_due_later CHECK (due_on > decided_on),
        CONSTRAINT ck_credit_outcome_not_in_future CHECK (decided_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date),
        CONSTRAINT ck_credit_outcome_registration_whole CHECK ((registration_no IS NULL) = (registered_on IS NULL))
    )
    """,
    """
    CREATE INDEX ix_credit_outcome_client_id_id ON credit_outcome (client_id, id)
    """,
    """
    CREATE INDEX ix_credit_outcome_uscc ON credit_outcome (uscc)
    """,
    """
    CREATE UNIQUE INDEX uq_credit_outcome_reference ON credit_outcome (client_id, reference) WHERE corrects IS NULL
    """,
    """
    CREATE TABLE pledge (
        id UUID NOT NULL, outcome_id UUID NOT NULL, patent_no TEXT NOT NULL, registration_no TEXT NOT NULL,
        registered_on DATE NOT NULL, released_on DATE, released_by TEXT, voided_by UUID,
        CONSTRAINT pk_pledge PRIMARY KEY (id),
        CONSTRAINT ex_pledge_no_double EXCLUDE USING gist (patent_no WITH =, daterange(registered_on, released_on, '[)') WITH &&) WHERE (voided_by IS NULL),
        CONSTRAINT uq_pledge_outcome_id_patent_no UNIQUE (outcome_id, patent_no),
        CONSTRAINT ck_pledge_released_later CHECK (released_on >= registered_on),
        CONSTRAINT ck_pledge_release_whole CHECK (num_nonnulls(released_on, released_by) IN (0, 2)),
        CONSTRAINT fk_pledge_outcome_id_credit_outcome FOREIGN KEY(outcome_id) REFERENCES credit_outcome (id),
        CONSTRAINT fk_pledge_voided_by_credit_outcome FOREIGN KEY(voided_by) REFERENCES credit_outcome (id)
    )
    """,
)
_FUNCTIONS = (
    # A consent is withdrawn once; a proposal that was published or overtaken stays so.
    """
    CREATE FUNCTION keep_consent_withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.withdrawn_at IS NOT NULL THEN PERFORM refuse_as('ck_list_consent_withdrawn_once'); END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION keep_proposal_settled() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.status <> 'frozen' THEN PERFORM refuse_as('ck_list_proposal_settled_once'); END IF;
        RETURN NEW;
    END $$
    """,
)
# What a bank reports of a credit is a source of the ledger as a progress report is: taken as it is, corrected there.
_TAKEN = """
CREATE OR REPLACE FUNCTION keep_support_actions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holder text := holder_of_code(NEW.uscc);
    before support_action;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('support of ' || holder, 0));
    NEW.recorded_at := clock_timestamp();
    IF NEW.corrects IS NOT NULL THEN
        SELECT * INTO before FROM support_action WHERE id = NEW.corrects;
        IF before.withdrawn THEN
            RAISE EXCEPTION 'a withdrawal is not corrected' USING
                ERRCODE = 'check_violation', CONSTRAINT = 'support_action_withdrawn_already';
        END IF;
        IF before.source <> NEW.source AND (before.source IN ({taken}) OR NEW.source IN ({taken})) THEN
            RAISE EXCEPTION 'what is taken from elsewhere is corrected there' USING
                ERRCODE = 'check_violation', CONSTRAINT = 'support_action_of_a_report';
        END IF;
    END IF;
    -- What is taken from elsewhere is taken as it is: what it repeats is shown as repeated, and counted once.
    IF NEW.source NOT IN ({taken}) AND EXISTS (
        SELECT FROM support_action AS other
        WHERE other.claim = NEW.claim AND other.id IS DISTINCT FROM NEW.corrects
            AND holder_of_code(other.uscc) = holder
            AND NOT EXISTS (SELECT FROM support_action AS later WHERE later.corrects = other.id)
    ) THEN
        RAISE EXCEPTION 'claimed already' USING
            ERRCODE = 'unique_violation', CONSTRAINT = 'support_action_claimed_once';
    END IF;
    RETURN NEW;
END $$
"""
_TRIGGERS = {"list_consent": "keep_consent_withdrawn", "list_proposal": "keep_proposal_settled"}


def upgrade() -> None:
    _widen(", 'judgement', 'consent_withdrawal'", ", 'department'")
    for statement in (*_DDL, *_FUNCTIONS):
        op.execute(statement)
    for table, function in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {function} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
    for table in _IMMUTABLE:
        op.execute(
            f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for role, grants in _GRANTS.items():
        for grant in grants:
            op.execute(f"GRANT {grant} TO {role}")
    _take_from_banks()


def _take_from_banks() -> None:
    """Rows of the ledger that a bank's report of a credit is taken as."""
    op.execute("ALTER TABLE support_action ADD COLUMN outcome_id UUID")
    op.execute("CREATE INDEX ix_support_action_outcome ON support_action (outcome_id) WHERE outcome_id IS NOT NULL")
    for name, check in (
        ("source", "source IN ('city', 'province', 'report', 'bank')"),
        ("report_named", "num_nonnulls(report_id, report_revision) = CASE source WHEN 'report' THEN 2 ELSE 0 END"),
        ("outcome_named", "(source = 'bank') = (outcome_id IS NOT NULL)"),
        ("source_named", "(source IN ('report', 'bank')) = (source_key IS NOT NULL)"),
    ):
        op.execute(f"ALTER TABLE support_action DROP CONSTRAINT IF EXISTS ck_support_action_{name}")
        op.execute(f"ALTER TABLE support_action ADD CONSTRAINT ck_support_action_{name} CHECK ({check})")
    op.execute(_TAKEN.format(taken="'report', 'bank'"))


def _widen(bases: str, clients: str) -> None:
    """What may stand behind a change of a list, and who may be a client."""
    for table, column, words in (
        ("edition_change", "basis", _BASES.format(more=bases)),
        ("api_client", "role", _CLIENTS.format(more=clients)),
    ):
        name = op.f(f"ck_{table}_{column}")
        op.drop_constraint(name, table)
        op.create_check_constraint(name, table, f"{column} IN ({words})")


def downgrade() -> None:
    _take_from_reports_alone()
    op.execute("REVOKE SELECT (programme_code, serial, uscc, change, entry) ON edition_change FROM peiyu_evaluation")
    for table in reversed(_TABLES):
        op.drop_table(table)
    for function in _TRIGGERS.values():
        op.execute(f"DROP FUNCTION {function}")
    # What an earlier release has no word for: changes whose basis it would not know, and clients of departments.
    op.execute("ALTER TABLE edition_change DISABLE TRIGGER USER")
    op.execute(
        "UPDATE edition_change SET basis = 'before_records', basis_id = NULL "
        "WHERE basis IN ('judgement', 'consent_withdrawal')"
    )
    op.execute("ALTER TABLE edition_change ENABLE TRIGGER USER")
    op.execute("DELETE FROM api_client WHERE role = 'department'")
    _widen("", "")


def _take_from_reports_alone() -> None:
    op.execute("DELETE FROM outbox_event WHERE consumer = 'evaluation.take_credit_outcome'")
    op.execute("ALTER TABLE support_action DISABLE TRIGGER USER")
    op.execute("DELETE FROM support_action WHERE source = 'bank'")
    op.execute("ALTER TABLE support_action ENABLE TRIGGER USER")
    for name in ("outcome_named", "source_named"):
        op.execute(f"ALTER TABLE support_action DROP CONSTRAINT ck_support_action_{name}")
    op.execute("ALTER TABLE support_action DROP COLUMN outcome_id")
    for name, check in (
        ("source", "source IN ('city', 'province', 'report')"),
        (
            "report_named",
            "num_nonnulls(report_id, report_revision, source_key) = CASE source WHEN 'report' THEN 3 ELSE 0 END",
        ),
    ):
        op.execute(f"ALTER TABLE support_action DROP CONSTRAINT ck_support_action_{name}")
        op.execute(f"ALTER TABLE support_action ADD CONSTRAINT ck_support_action_{name} CHECK ({check})")
    op.execute(_TAKEN.format(taken="'report'"))
