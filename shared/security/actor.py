"""Who acts: roles, their scopes, and the reach (city or enterprise) of each."""

from __future__ import annotations

from dataclasses import dataclass

# role: the scopes its tokens carry. A scope is what a route asks for; reach is checked in queries.
ROLE_SCOPES: dict[str, frozenset[str]] = {
    "enterprise": frozenset(
        {
            "memberships:read",
            "exits:reply",
            "cycles:read",
            "enterprises:read",
            "applications:submit",
            "applications:read",
            "assessments:preview",
            "attachments:write",
            "reports:submit",
            "reports:read",
            "incidents:read",
            "assessments:appeal",
            "assessments:own",
            "support:read",
        }
    ),
    "city_officer": frozenset(
        {
            "figures:read",
            "memberships:read",
            "adjustments:read",
            "cycles:read",
            "enterprises:read",
            "applications:submit",
            "applications:read",
            "applications:decide",
            "assessments:preview",
            "attachments:write",
            "imports:write",
            "imports:read",
            "reports:read",
            "reports:decide",
            "incidents:read",
            "incidents:write",
            "objections:write",
            "notices:read",
            "assessments:own",
            "facts:read",
            "facts:write",
            "support:read",
            "support:write",
            "support:compare",
        }
    ),
    "province_officer": frozenset(
        {
            "figures:read",
            "memberships:read",
            "adjustments:read",
            "adjustments:write",
            "adjustments:approve",
            "cycles:read",
            "cycles:write",
            "enterprises:read",
            "enterprises:write",
            "applications:read",
            "applications:reopen",
            "assessments:preview",
            "attachments:write",
            "imports:write",
            "imports:read",
            "reports:read",
            "reports:admin",
            "incidents:read",
            "incidents:write",
            "incidents:decide",
            "national:read",
            "national:admin",
            "assessments:read",
            "plans:read",
            "plans:write",
            "plans:approve",
            "pool:read",
            "lists:read",
            "lists:admin",
            "notices:write",
            "notices:read",
            "objections:write",
            "assessments:impact",
            "reviews:assign",
            "facts:read",
            "facts:write",
            "support:read",
            "support:write",
            "support:compare",
        }
    ),
    "reviewer": frozenset(
        {
            "memberships:read",
            "adjustments:read",
            "cycles:read",
            "enterprises:read",
            "applications:read",
            "assessments:read",
            "assessments:review",
            "plans:read",
            "reports:read",
            "incidents:read",
            "objections:decide",
            "notices:read",
        }
    ),
    "bank": frozenset({"lists:read"}),
    "national_system": frozenset({"cycles:read", "national:push"}),
    "auditor": frozenset(
        {
            "figures:read",
            "memberships:read",
            "adjustments:read",
            "cycles:read",
            "enterprises:read",
            "applications:read",
            "imports:read",
            "reports:read",
            "incidents:read",
            "national:read",
            "assessments:read",
            "plans:read",
            "pool:read",
            "lists:read",
            "notices:read",
            "facts:read",
            "support:read",
            "support:compare",
        }
    ),
    "admin": frozenset({"cycles:read", "cycles:write", "lists:admin", "pool:read", "national:read", "national:admin"}),
}
SCOPES: dict[str, str] = {
    "cycles:read": "Read application cycles",
    "cycles:write": "Open application cycles",
    "enterprises:read": "Read enterprises within reach, with their history",
    "enterprises:write": "Move, merge and re-code enterprises, and undo it",
    "applications:submit": "Draft, submit and withdraw applications: one's own, or of one's city",
    "applications:read": "Read applications within reach",
    "applications:decide": "Recommend or return applications of one's city",
    "applications:reopen": "Send an application that a city has recommended back for correction",
    "assessments:preview": "See how an application would be judged today",
    "attachments:write": "Store evidence for applications within reach",
    "imports:write": "Upload files of applications",
    "imports:read": "Read imports and what came of each row",
    "reports:submit": "Submit one's own progress reports",
    "reports:read": "Read progress reports within reach",
    "reports:decide": "Accept or return progress reports of one's city, report major problems",
    "reports:admin": "Open reporting periods, settle major problems",
    "incidents:read": "Read incidents within reach",
    "incidents:write": "Record alleged incidents",
    "incidents:decide": "Confirm, dismiss or close incidents",
    "national:push": "Push records as the national system",
    "national:read": "Read the exchange with the national system",
    "national:admin": "Run the exchange with the national system",
    "facts:read": "Read what is known of enterprises within reach, and who says so",
    "facts:write": "State what a register or a city knows of an enterprise, and retract it",
    "assessments:read": "Read assessments and receipts",
    "assessments:review": "Enter findings, propose and sign deviations",
    "assessments:impact": "See what another rulebook would have said of past decisions",
    "assessments:own": "Read the judgement of one's own application, or of one's city's, once it is announced",
    "assessments:appeal": "Appeal against the judgement of one's own application",
    "reviews:assign": "Assign and reassign reviews",
    "notices:read": "Read public notices with their objections and appeals, within reach",
    "notices:write": "Publish a plan for public notice and end it",
    "objections:write": "Record objections against an entry under public notice",
    "objections:decide": "Decide objections and appeals",
    "plans:read": "Read selection plans",
    "plans:write": "Compute and commit selection plans",
    "plans:approve": "Approve a selection plan that somebody else proposed",
    "support:read": "Read support actions and timelines of enterprises within reach",
    "support:write": "Record support actions of enterprises within reach, and correct them",
    "support:compare": "Compare what members with and without support reported",
    "adjustments:read": "Read adjustments of the pool, notices, holds and credits within reach",
    "adjustments:write": "Compute and commit adjustments, hold and lift, assign tracks",
    "adjustments:approve": "Approve an adjustment that somebody else proposed, decide on exit notices",
    "exits:reply": "Read and answer an exit notice to one's own enterprise",
    "memberships:read": "Read the stays of enterprises within reach, and why they began and ended",
    "figures:read": "Read figures within reach and the rows behind them",
    "pool:read": "Read the cultivation pool",
    "lists:read": "Pull editions of subscribed lists",
    "lists:admin": "Grant subscriptions to lists",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """The bearer of a verified token. `city_code` limits officers of a city, `uscc` limits an enterprise."""

    subject: str
    role: str
    scopes: frozenset[str]
    city_code: str | None = None
    uscc: str | None = None

    @property
    def identity(self) -> str:
        """Tells apart people of one name in different roles or cities."""
        return f"{self.role}:{self.city_code or self.uscc or ''}:{self.subject}"
