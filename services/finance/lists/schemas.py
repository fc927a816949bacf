"""What HTTP says about lists."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.validation import iso_date

MOST_LOOKED_UP = 500
MOST_ACK_ERRORS = 1000
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["0f" * 32])]
Code = Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]
Serial = Annotated[int, Field(examples=[1])]
_Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
_Programme = Annotated[str, Field(examples=["pool-members"])]
_Signature = Annotated[str, Field(examples=["eyJhbGciOiJFZDI1NTE5In0..c2lnbmF0dXJl"])]
_Moment = Annotated[str, Field(examples=["2024-06-06T01:02:03Z"])]
_Day = Annotated[date, BeforeValidator(iso_date), Field(examples=["2024-06-30"])]
_Basis = Annotated[
    Literal[
        "selection_plan",
        "adjustment_plan",
        "enterprise_change",
        "removal_decision",
        "judgement",
        "consent_withdrawal",
        "register",
        "before_records",
    ],
    Field(examples=["selection_plan"]),
]
_Count = Annotated[int, Field(examples=[1])]


class RecalledEntry(BaseModel):
    """An enterprise whose leaving called editions back, and the adjustment that ended its stay."""

    uscc: Code
    plan_id: _Id


class RecallOut(BaseModel):
    """Notice that an edition is not to be used: enterprises on it left for misconduct (二(六)12(3))."""

    serial: Serial
    superseded_by: Annotated[int, Field(examples=[2])]
    removed: list[RecalledEntry]
    recalled_at: datetime


class RecallsOut(BaseModel):
    items: list[RecallOut]


class EditionSummary(BaseModel):
    """An edition without its entries; `digest` is the SHA-256 of the exact bytes that were signed."""

    serial: Serial
    issued_at: datetime
    expires_at: datetime
    entry_count: _Count
    digest: Digest
    previous_digest: Digest | None
    signature: _Signature
    recalled: RecallOut | None = None


class EditionEntry(BaseModel):
    """One enterprise, with the columns that the edition's head names; `member_since` and `plan_id` of the pool's."""

    model_config = ConfigDict(extra="allow")

    uscc: Code
    name: Annotated[str, Field(examples=["【虚构】示范科技有限公司"])]
    city_code: Annotated[str, Field(examples=["420100"])] = ""
    member_since: Annotated[str, Field(examples=["2024-06-06"])] = ""
    plan_id: Annotated[str, Field(examples=["018f0000-0000-7000-8000-000000000000"])] = ""


class EditionHead(BaseModel):
    """What an edition says beside its entries. `column_digests` tell which column of a file was altered."""

    kind: Literal["edition"] | None = None
    programme: _Programme
    title: Annotated[str, Field(examples=["入库企业名单"])]
    serial: Serial
    issued_at: _Moment
    expires_at: _Moment
    previous_digest: Digest | None
    count: _Count
    columns: list[str] | None = None
    column_digests: dict[str, Digest] | None = None


class EditionDocument(EditionHead):
    """The signed document. The bytes on the wire are the signed ones: verify before parsing."""

    entries: list[EditionEntry]


class ReasonOut(BaseModel):
    """What stands behind one change of one edition; `register` is a corrected name or the like, without a decision."""

    serial: Serial
    uscc: Code
    change: Annotated[Literal["added", "removed", "changed"], Field(examples=["added"])]
    basis: _Basis
    basis_id: _Id | None


class ChangesContent(BaseModel):
    """Edition `since` with these changes is edition `to`: its entries in order of code, beside `head`."""

    kind: Literal["changes"]
    programme: _Programme
    since: Serial
    to: Serial
    digest_before: Digest
    digest_after: Digest
    head: EditionHead
    edition_signature: _Signature
    added: list[EditionEntry]
    changed: list[EditionEntry]
    removed: list[Code]
    reasons: list[ReasonOut]


class SignedChanges(BaseModel):
    """`signature` is a detached JWS over the canonical JSON (RFC 8785) of `content`, `digest` its SHA-256."""

    content: ChangesContent
    digest: Digest
    signature: _Signature


class StandingOut(BaseModel):
    """What the list in force at the end of `date` said. `listed` is null where no edition had been issued by then."""

    date: Annotated[str, Field(examples=["2024-06-30"])]
    serial: Serial | None
    edition_digest: Digest | None
    issued_at: _Moment | None
    expires_at: _Moment | None
    expired: bool | None
    listed: bool | None
    entry: EditionEntry | None
    basis: _Basis | None
    basis_id: _Id | None


class AnswerOut(BaseModel):
    """One enterprise on the dates asked for; null for a date that was not."""

    uscc: Code
    report_date: StandingOut | None
    loan_date: StandingOut | None


class LookupContent(BaseModel):
    kind: Literal["lookup"]
    programme: _Programme
    asked_at: _Moment
    answers: list[AnswerOut]


class SignedLookup(BaseModel):
    """`signature` is a detached JWS over the canonical JSON (RFC 8785) of `content`, `digest` its SHA-256."""

    content: LookupContent
    digest: Digest
    signature: _Signature


class LookupIn(BaseModel):
    """At least one of the two dates."""

    model_config = ConfigDict(extra="forbid")

    usccs: Annotated[list[Code], Field(min_length=1, max_length=MOST_LOOKED_UP)]
    report_date: _Day | None = None
    loan_date: _Day | None = None


class SubscriptionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    client_id: Annotated[str, Field(min_length=1, max_length=100, examples=["bank-0123456789ab"])]


class KeySet(BaseModel):
    """JWKS (RFC 7517) with the public keys that list signatures verify under: the present one first, then retired ones."""

    keys: list[dict[str, Any]]


class EntryFault(BaseModel):
    """Why the client could not take in one entry, in its own words and code."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    uscc: Code
    code: Annotated[str, Field(min_length=1, max_length=60, examples=["customer_unknown"])]
    message: Annotated[str, Field(max_length=500, examples=["行内无此客户"])] = ""


class AckIn(BaseModel):
    """`digest` is that of the edition as the client holds it; `imported` how many entries it took in."""

    model_config = ConfigDict(extra="forbid")

    digest: Digest
    imported: Annotated[int, Field(ge=0, le=2_147_483_647, examples=[1])]
    errors: Annotated[list[EntryFault], Field(max_length=MOST_ACK_ERRORS)] = []


class AckOut(BaseModel):
    """What the client said of an edition; `serials_behind` is how many editions are newer."""

    serial: Serial
    imported: _Count
    errors: list[EntryFault]
    acknowledged_at: datetime
    serials_behind: Annotated[int, Field(examples=[0])]


class SubscriberOut(BaseModel):
    """How far one client is. `serials_behind` counts editions newer than the newest it acknowledged: all, if none."""

    client_id: Annotated[str, Field(examples=["bank-0123456789ab"])]
    name: Annotated[str, Field(examples=["【虚构】示范银行"])]
    granted_at: datetime
    pulled_serial: Serial | None
    pulled_at: datetime | None
    acknowledged_serial: Serial | None
    acknowledged_at: datetime | None
    import_errors: Annotated[int, Field(examples=[0])] | None
    serials_behind: Annotated[int, Field(examples=[0])]


class SubscriberPage(BaseModel):
    latest_serial: Serial | None
    items: list[SubscriberOut]
    next_cursor: str | None


class SafeguardOut(BaseModel):
    """One reason against publishing; `uscc` is null where it concerns the whole edition."""

    code: Annotated[
        Literal["addition_unbacked", "removal_unbacked", "duplicate", "collapse"], Field(examples=["removal_unbacked"])
    ]
    message_zh: Annotated[str, Field(examples=["移出名单没有方案或决定为依据"])]
    message_en: Annotated[str, Field(examples=["No plan or decision is behind the removal"])]
    uscc: Code | None


class RefusalOut(BaseModel):
    """An edition that was not published: what it would have followed, how many it would have listed, and why not."""

    id: _Id
    previous_serial: Serial | None
    entry_count: _Count
    reasons: list[SafeguardOut]
    refused_at: datetime


class RefusalPage(BaseModel):
    items: list[RefusalOut]
    next_cursor: _Id | None


class PublicationIn(BaseModel):
    """`authorised_removals`: how many enterprises fewer than the last edition somebody has checked and authorised."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[str, Field(min_length=1, max_length=500, examples=["到期续发"])]
    authorised_removals: Annotated[int, Field(ge=0, le=1_000_000, examples=[12])] | None = None


class PublicationOut(BaseModel):
    """Either the edition that was published or the refusal that is on record."""

    edition: EditionSummary | None
    refusal: RefusalOut | None


class RemovalIn(BaseModel):
    """The decision on paper by which an enterprise left, where no plan in the system ended its stay."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    uscc: Code
    document: Annotated[str, Field(min_length=1, max_length=200, examples=["（虚构）鄂知函〔2026〕8号"])]
    decided_on: Annotated[date, BeforeValidator(iso_date), Field(ge=date(2024, 1, 1), examples=["2026-03-01"])]
    reason: Annotated[str, Field(min_length=1, max_length=500, examples=["企业已注销"])]


class RemovalOut(BaseModel):
    id: _Id
    uscc: Code
    membership_id: _Id
    document: Annotated[str, Field(examples=["（虚构）鄂知函〔2026〕8号"])]
    decided_on: Annotated[date, Field(examples=["2026-03-01"])]
    reason: Annotated[str, Field(examples=["企业已注销"])]
    recorded_by: Annotated[str, Field(examples=["planner"])]
    recorded_at: datetime
