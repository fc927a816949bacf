"""Risk compensation: claims of banks for credits that failed, and decisions on them."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE compensation_claim (
        id UUID NOT NULL, root_id UUID NOT NULL, credit_id UUID NOT NULL, outcome_id UUID NOT NULL, client_id TEXT NOT NULL,
        uscc TEXT NOT NULL, city_code TEXT NOT NULL, reference TEXT NOT NULL, defaulted_on DATE, principal_fen BIGINT,
        recovered_fen BIGINT, claimed_fen BIGINT, content JSONB, corrects UUID, withdrawn BOOLEAN NOT NULL, reason TEXT,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_compensation_claim PRIMARY KEY (id),
        CONSTRAINT uq_compensation_claim_whose UNIQUE (id, root_id, credit_id, client_id, reference),
        CONSTRAINT uq_compensation_claim_corrects UNIQUE (corrects),
        CONSTRAINT fk_compensation_claim_outcome_id_credit_outcome FOREIGN KEY (outcome_id) REFERENCES credit_outcome (id),
        CONSTRAINT fk_compensation_claim_corrects_the_same FOREIGN KEY (corrects, root_id, credit_id, client_id, reference)
            REFERENCES compensation_claim (id, root_id, credit_id, client_id, reference),
        CONSTRAINT ck_compensation_claim_correction_has_reason CHECK ((corrects IS NULL) = (reason IS NULL)),
        CONSTRAINT ck_compensation_claim_withdrawal_corrects CHECK (NOT withdrawn OR corrects IS NOT NULL),
        CONSTRAINT ck_compensation_claim_whole CHECK (
            CASE WHEN withdrawn THEN num_nonnulls(defaulted_on, principal_fen, recovered_fen, claimed_fen) = 0
            ELSE num_nulls(defaulted_on, principal_fen, claimed_fen) = 0 END),
        CONSTRAINT ck_compensation_claim_principal_positive CHECK (principal_fen BETWEEN 1 AND 1000000000000000),
        CONSTRAINT ck_compensation_claim_recovered_within_principal CHECK (recovered_fen BETWEEN 0 AND principal_fen),
        CONSTRAINT ck_compensation_claim_claimed_within_loss
            CHECK (claimed_fen BETWEEN 1 AND principal_fen - coalesce(recovered_fen, 0)),
        CONSTRAINT ck_compensation_claim_not_in_future
            CHECK (defaulted_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date)
    )
    """,
    "CREATE INDEX ix_compensation_claim_client_id_id ON compensation_claim (client_id, id)",
    "CREATE INDEX ix_compensation_claim_uscc ON compensation_claim (uscc)",
    (
        "CREATE UNIQUE INDEX uq_compensation_claim_reference ON compensation_claim (client_id, reference) "
        "WHERE corrects IS NULL"
    ),
    "CREATE UNIQUE INDEX uq_compensation_claim_credit ON compensation_claim (credit_id) WHERE corrects IS NULL",
    """
    CREATE TABLE compensation_decision (
        claim_id UUID NOT NULL, decision TEXT NOT NULL, compensated_fen BIGINT, refusal_code TEXT, document TEXT NOT NULL,
        reason TEXT NOT NULL, decided_by TEXT NOT NULL, decided_at timestamptz NOT NULL,
        CONSTRAINT pk_compensation_decision PRIMARY KEY (claim_id),
        CONSTRAINT fk_compensation_decision_claim_id_compensation_claim
            FOREIGN KEY (claim_id) REFERENCES compensation_claim (id),
        CONSTRAINT ck_compensation_decision_decision CHECK (decision IN ('accepted', 'refused')),
        CONSTRAINT ck_compensation_decision_whole CHECK (
            CASE decision WHEN 'accepted' THEN compensated_fen >= 1 AND refusal_code IS NULL
            ELSE compensated_fen IS NULL AND refusal_code IS NOT NULL END)
    )
    """,
)
_FUNCTIONS = (
    # Of a credit that this very bank was said to have drawn, of no more than that, and not before it was granted.
    """
    CREATE FUNCTION keep_claim_of_a_credit() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        credit credit_outcome;
    BEGIN
        SELECT * INTO credit FROM credit_outcome WHERE id = NEW.outcome_id;
        IF credit.root_id <> NEW.credit_id OR credit.client_id <> NEW.client_id THEN
            PERFORM refuse_as('ck_compensation_claim_own_credit');
        END IF;
        IF NEW.withdrawn THEN RETURN NEW; END IF;
        IF credit.decision IS DISTINCT FROM 'approved' OR credit.drawn_fen IS NULL
            OR NEW.principal_fen > credit.drawn_fen THEN
            PERFORM refuse_as('ck_compensation_claim_within_drawn');
        END IF;
        IF NEW.defaulted_on < credit.decided_on THEN PERFORM refuse_as('ck_compensation_claim_after_credit'); END IF;
        RETURN NEW;
    END $$
    """,
    # What was corrected is not decided any more; whoever decides and whoever corrects wait for each other.
    """
    CREATE FUNCTION keep_decision_of_a_claim() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        claim compensation_claim;
    BEGIN
        SELECT * INTO claim FROM compensation_claim WHERE id = NEW.claim_id;
        PERFORM pg_advisory_xact_lock(hashtextextended('claim ' || claim.root_id, 0));
        IF claim.withdrawn OR EXISTS (SELECT FROM compensation_claim WHERE corrects = NEW.claim_id) THEN
            PERFORM refuse_as('ck_compensation_decision_of_what_holds');
        END IF;
        IF NEW.compensated_fen > claim.claimed_fen THEN
            PERFORM refuse_as('ck_compensation_decision_within_claim');
        END IF;
        RETURN NEW;
    END $$
    """,
)
_TRIGGERS = (
    "CREATE TRIGGER of_a_credit BEFORE INSERT ON compensation_claim FOR EACH ROW EXECUTE FUNCTION keep_claim_of_a_credit()",
    (
        "CREATE TRIGGER of_a_claim BEFORE INSERT ON compensation_decision FOR EACH ROW "
        "EXECUTE FUNCTION keep_decision_of_a_claim()"
    ),
)


def upgrade() -> None:
    for statement in (*_TABLES, *_FUNCTIONS, *_TRIGGERS):
        op.execute(statement)
    for table in ("compensation_claim", "compensation_decision"):
        op.execute(
            f"CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO peiyu_finance")


def downgrade() -> None:
    op.execute("DROP TABLE compensation_decision")
    op.execute("DROP TABLE compensation_claim")
    op.execute("DROP FUNCTION keep_decision_of_a_claim()")
    op.execute("DROP FUNCTION keep_claim_of_a_credit()")
