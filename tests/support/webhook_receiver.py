"""A bank's side of webhooks: a server on loopback that keeps what it gets and answers as it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fastapi import FastAPI, Request, Response

from support.loopback import listening


@dataclass(frozen=True)
class Received:
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """`answers` are the statuses of the next requests, 204 when they run out; `elsewhere` counts followed redirects."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[Received] = field(default_factory=list)
    elsewhere: int = 0


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    app = FastAPI()

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        receiver.got.append(Received(dict(request.headers), (await request.body()).decode()))
        status = receiver.answers.pop(0) if receiver.answers else 204
        return Response(status_code=status, headers={"location": "/elsewhere"} if status == 302 else None)

    @app.post("/elsewhere")
    async def elsewhere() -> Response:
        receiver.elsewhere += 1
        return Response()

    with listening(app) as url:
        receiver.url = f"{url}/hook"
        yield receiver
