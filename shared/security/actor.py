"""Who acts: roles, their scopes, and the reach (city or enterprise) of each."""

from __future__ import annotations

from dataclasses import dataclass

# role: the scopes its tokens carry. A scope is what a route asks for; reach is checked in queries.
ROLE_SCOPES: dict[str, frozenset[str]] = {
    "enterprise": frozenset({"cycles:read", "applications:submit", "applications:read"}),
    "city_officer": frozenset(
        {"cycles:read", "applications:read", "applications:decide", "imports:write", "imports:read"}
    ),
    "province_officer": frozenset(
        {
            "cycles:read",
            "cycles:write",
            "applications:read",
            "imports:write",
            "imports:read",
            "assessments:read",
            "plans:read",
            "plans:write",
            "plans:approve",
            "pool:read",
            "lists:read",
            "lists:admin",
        }
    ),
    "reviewer": frozenset({"cycles:read", "applications:read", "assessments:read", "assessments:review", "plans:read"}),
    "bank": frozenset({"lists:read"}),
    "national_system": frozenset({"cycles:read"}),
    "auditor": frozenset(
        {
            "cycles:read",
            "applications:read",
            "imports:read",
            "assessments:read",
            "plans:read",
            "pool:read",
            "lists:read",
        }
    ),
    "admin": frozenset({"cycles:read", "cycles:write", "lists:admin", "pool:read"}),
}
SCOPES: dict[str, str] = {
    "cycles:read": "Read application cycles",
    "cycles:write": "Open application cycles",
    "applications:submit": "Submit one's own application",
    "applications:read": "Read applications within reach",
    "applications:decide": "Recommend or return applications of one's city",
    "imports:write": "Upload workbooks of applications",
    "imports:read": "Read workbook imports and their rejected rows",
    "assessments:read": "Read assessments and receipts",
    "assessments:review": "Enter findings, propose and sign deviations",
    "plans:read": "Read selection plans",
    "plans:write": "Compute and commit selection plans",
    "plans:approve": "Approve a selection plan that somebody else proposed",
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
