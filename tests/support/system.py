"""The three services in this process over a database of their own, with a relay and burst workers at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from arq import ArqRedis
from fastapi import FastAPI

from services.evaluation import app as evaluation_app
from services.evaluation.worker import HANDLERS as EVALUATION_HANDLERS
from services.finance import app as finance_app
from services.finance.worker import HANDLERS as FINANCE_HANDLERS
from services.intake import app as intake_app
from services.intake.worker import HANDLERS as INTAKE_HANDLERS
from services.local.identities import create_client
from shared.db import Database, open_database
from shared.queue import Handler, build_worker, open_queue, queue_name
from shared.relay import relay_once
from shared.security.officers import officer
from shared.security.tokens import TokenAuthority, actor_of_role
from shared.settings import Settings

APPS = {"intake": intake_app, "evaluation": evaluation_app, "finance": finance_app}
HANDLERS: dict[str, Mapping[str, Handler]] = {
    "intake": INTAKE_HANDLERS,
    "evaluation": EVALUATION_HANDLERS,
    "finance": FINANCE_HANDLERS,
}


@dataclass
class System:
    settings: dict[str, Settings]
    apps: dict[str, FastAPI]
    clients: dict[str, httpx.AsyncClient]
    relay_database: Database
    _keys: int = 0
    _reviewers: set[str] = field(default_factory=set[str])

    # people -------------------------------------------------------------------------------------------------

    @property
    def _authority(self) -> TokenAuthority:
        return self.apps["intake"].state.tokens

    def officer(self, subject: str, role: str, city: str | None = None) -> str:
        return self._authority.issue(officer(subject, role, city_code=city), timedelta(hours=1))

    def enterprise(self, uscc: str) -> str:
        return self._authority.issue(actor_of_role(f"enterprise-{uscc}", "enterprise", uscc=uscc), timedelta(hours=1))

    async def client_token(self, service: str, role: str, uscc: str | None = None) -> tuple[str, str]:
        """A registered client's id and the token it got with its secret, over HTTP."""
        credentials = await create_client(self.settings["owner"], name="【虚构】", role=role, uscc=uscc)
        answer = await self.clients[service].post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(credentials.client_id, credentials.client_secret),
        )
        assert answer.status_code == 200, answer.text
        return credentials.client_id, answer.json()["access_token"]

    # HTTP ---------------------------------------------------------------------------------------------------

    async def request(self, service: str, method: str, path: str, token: str | None, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if method == "POST":
            self._keys += 1
            headers["Idempotency-Key"] = f"key-{self._keys}"
        headers |= request.pop("headers", {})
        return await self.clients[service].request(method, path, headers=headers, **request)

    async def ok(self, service: str, method: str, path: str, token: str | None, **request: Any) -> Any:
        answer = await self.request(service, method, path, token, **request)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def refused(
        self, service: str, method: str, path: str, token: str | None, code: str, status: int, **request: Any
    ) -> dict[str, Any]:
        """The problem document of a refusal, which must have this code and status, in both languages."""
        answer = await self.request(service, method, path, token, **request)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert (problem["code"], answer.status_code, problem["status"]) == (code, status, status), answer.text
        assert problem["title"]
        assert problem["title_zh"]
        return problem

    # events -------------------------------------------------------------------------------------------------

    async def drain(self) -> int:
        """Relay and work until no event is due; returns how many were sent."""
        sent = 0
        queue = await open_queue(self.settings["relay"])
        try:
            while count := await relay_once(self.relay_database, queue, self.settings["relay"]):
                sent += count
                await self._work_on(queue)
        finally:
            await queue.aclose()
        return sent

    async def work(self) -> None:
        """Do the jobs that are queued."""
        queue = await open_queue(self.settings["relay"])
        try:
            await self._work_on(queue)
        finally:
            await queue.aclose()

    async def _work_on(self, queue: ArqRedis) -> None:
        for service, handlers in HANDLERS.items():
            if not await queue.zcard(queue_name(service)):
                continue
            database = self.apps[service].state.database
            worker = build_worker(service, handlers, self.settings[service], burst=True, database=database)
            await worker.async_run()
            await worker.close()

    # the usual beginning ------------------------------------------------------------------------------------

    async def open_cycle(self, code: str = "2024-1", **changes: Any) -> None:
        planner = self.officer("planner", "province_officer")
        (rulebook, *_) = await self.ok("evaluation", "GET", "/v1/rulebooks", planner)
        now = datetime.now(UTC)
        body = {
            "code": code,
            "title": "测试批次",
            "rulebook_id": rulebook["id"],
            "rulebook_digest": rulebook["digest"],
            "opens_at": (now - timedelta(days=1)).isoformat(),
            "closes_at": (now + timedelta(days=1)).isoformat(),
            "assessed_on": "2024-06-30",
        }
        await self.ok("intake", "POST", "/v1/cycles", planner, json=body | changes)

    async def submit(self, form: dict[str, Any], code: str = "2024-1") -> dict[str, Any]:
        path = f"/v1/cycles/{code}/applications"
        return await self.ok("intake", "POST", path, self.enterprise(form["uscc"]), json=form)

    async def recommend(self, city: str, ids: list[str]) -> None:
        token = self.officer(f"officer-{city}", "city_officer", city)
        await self.ok("intake", "POST", "/v1/applications:recommend", token, json={"application_ids": ids})

    async def assessments(self, code: str = "2024-1", **params: Any) -> list[dict[str, Any]]:
        reviewer = self.officer("reviewer-a", "reviewer")
        page = await self.ok("evaluation", "GET", f"/v1/cycles/{code}/assessments", reviewer, params=params)
        return page["items"]

    async def register_reviewer(self, subject: str, home: str = "429021", **changes: Any) -> None:
        """A reviewer of a city that the tests' enterprises are seldom of."""
        body = {"subject": subject, "home_city_code": home} | changes
        await self.ok("evaluation", "POST", "/v1/reviewers", self.officer("assigner", "province_officer"), json=body)
        self._reviewers.add(subject)

    async def review_of(self, assessment_id: str) -> dict[str, Any]:
        assigner, params = (
            self.officer("assigner", "province_officer"),
            {"whose": "all", "assessment_id": assessment_id},
        )
        (review,) = (await self.ok("evaluation", "GET", "/v1/reviews", assigner, params=params))["items"]
        return review

    async def take_up(self, assessment_id: str, reviewer: str = "reviewer-a", *, declared: bool = True) -> str:
        """Give the review of an assessment to a reviewer, who declares that there is no conflict; its id."""
        if reviewer not in self._reviewers:
            await self.register_reviewer(reviewer)
        review = await self.review_of(assessment_id)
        path, body = f"/v1/reviews/{review['id']}", {"to": reviewer, "reason": "按专业分工"}
        if review["assignee"] != reviewer:
            assigner = self.officer("assigner", "province_officer")
            await self.ok("evaluation", "POST", f"{path}:reassign", assigner, json=body)
        if declared:
            token = self.officer(reviewer, "reviewer")
            await self.ok("evaluation", "POST", f"{path}:declare", token, json={"conflict": False})
        return review["id"]

    async def prepare_to_sign(self, assessment_id: str, reviewer: str) -> str:
        """A second reviewer's token, with which a deviation that was proposed of the assessment may be signed."""
        if reviewer not in self._reviewers:
            await self.register_reviewer(reviewer)
        token, review = self.officer(reviewer, "reviewer"), await self.review_of(assessment_id)
        await self.ok("evaluation", "POST", f"/v1/reviews/{review['id']}:declare", token, json={"conflict": False})
        return token

    async def settle(self, assessment_id: str, *, met: bool = True, reviewer: str = "reviewer-a") -> dict[str, Any]:
        """Have a reviewer take up an assessment's review and answer every unknown part alike."""
        token = self.officer(reviewer, "reviewer")
        await self.take_up(assessment_id, reviewer)
        full = await self.ok("evaluation", "GET", f"/v1/assessments/{assessment_id}", token)
        findings = [
            {"part": part["part"], "met": met, "reason": "经查阅材料认定"}
            for criterion in full["criteria"]
            for part in criterion["parts"]
            if part["computed"] == "unknown" and part["finding"] is None
        ]
        return await self.ok(
            "evaluation", "POST", f"/v1/assessments/{assessment_id}/findings", token, json={"findings": findings}
        )


@asynccontextmanager
async def running_system(settings: dict[str, Settings]) -> AsyncIterator[System]:
    """All three services, started as their processes would be."""
    async with AsyncExitStack() as stack:
        apps = {service: APPS[service].create_app(settings[service]) for service in ("evaluation", "finance")}
        # Intake asks evaluation over HTTP: the real application, without a socket between them.
        next_door = httpx.ASGITransport(app=apps["evaluation"], raise_app_exceptions=False)
        apps["intake"] = intake_app.create_app(settings["intake"], evaluation=next_door)
        clients: dict[str, httpx.AsyncClient] = {}
        for service, app in apps.items():
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url=f"http://{service}")
            clients[service] = await stack.enter_async_context(client)
        relay = open_database(settings["relay"], "relay")
        stack.push_async_callback(relay.close)
        yield System(settings, apps, clients, relay)
