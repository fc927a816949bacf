"""The people and machines of the demo, each with an identity of their own issued as an operator would."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta

from services.demo.api import Api
from services.local.identities import create_client
from shared.reference.divisions import cities
from shared.security.clients import ClientCredentials
from shared.security.keys import load_key
from shared.security.officers import officer
from shared.security.tokens import TokenAuthority
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class People:
    """Tokens: two province officers, a finance officer, three reviewers and two who decide objections by name, one officer per city code."""

    planner: str
    approver: str
    treasurer: str
    reviewers: dict[str, str]
    deciders: dict[str, str]
    cities: dict[str, str]


def assemble(settings: Settings) -> People:
    """Issue a token to every officer."""
    authority = TokenAuthority(
        load_key(settings.token_key_file), issuer=settings.token_issuer, audience=settings.token_audience
    )

    def token(subject: str, role: str, city_code: str | None = None) -> str:
        return authority.issue(officer(subject, role, city_code=city_code), timedelta(hours=8))

    return People(
        planner=token("province-planner", "province_officer"),
        approver=token("province-approver", "province_officer"),
        treasurer=token("province-treasurer", "finance_officer"),
        reviewers={name: token(name, "reviewer") for name in ("reviewer-a", "reviewer-b", "reviewer-c")},
        deciders={name: token(name, "reviewer") for name in ("decider-a", "decider-b")},
        cities={city.code: token(f"officer-{city.code}", "city_officer", city.code) for city in cities()},
    )


def homes_of_deciders(people: People) -> dict[str, str]:
    """Each of another city than the other, so that one may decide whatever the city."""
    return dict(zip(people.deciders, (city.code for city in cities()), strict=False))


def homes(people: People) -> dict[str, str]:
    """The home city of each reviewer, each another one: of an application's city, two are left, to propose and to sign."""
    return dict(zip(people.reviewers, (city.code for city in cities()), strict=False))


async def machine_token(api: Api, service: str, credentials: ClientCredentials) -> str:
    """A token by OAuth 2.0 client credentials, over HTTP."""
    answer = await api.json(
        service,
        "POST",
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": _basic(credentials)},
    )
    return str(answer["access_token"])


def _basic(credentials: ClientCredentials) -> str:
    return "Basic " + base64.b64encode(f"{credentials.client_id}:{credentials.client_secret}".encode()).decode()


async def enterprise_client(settings: Settings, uscc: str) -> ClientCredentials:
    return await create_client(settings, name=f"【虚构】{uscc}", role="enterprise", uscc=uscc)


async def bank_client(settings: Settings) -> ClientCredentials:
    return await create_client(settings, name="【虚构】示范银行武汉分行", role="bank")
