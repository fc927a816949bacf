"""One attempt: sign after Standard Webhooks, connect to the address that was checked, follow nothing, read nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from services.finance.webhooks.targets import Target, TargetError, checked_target
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent: `id` is the same at every attempt, so that a receiver can tell a repetition."""

    id: str
    url: str
    payload: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """`status_code` is the receiver's; `error` a stable word where there was none, or where its answer is no 2xx."""

    status_code: int | None
    error: str | None
    milliseconds: int

    @property
    def is_delivered(self) -> bool:
        return self.error is None


def signed_headers(letter: Letter, at: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks, with a signature per secret that is good now."""
    signatures = (Webhook(secret).sign(letter.id, at, letter.payload) for secret in letter.secrets)
    return {
        "webhook-id": letter.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
        "user-agent": "peiyu-webhooks",
    }


async def send(client: httpx.AsyncClient, letter: Letter, settings: Settings) -> Sent:
    """Try once; never raises for what the other side or the line does."""
    begun = time.monotonic()
    status, error = await _try(client, letter, settings)
    return Sent(status, error, round((time.monotonic() - begun) * 1000))


async def _try(client: httpx.AsyncClient, letter: Letter, settings: Settings) -> tuple[int | None, str | None]:
    try:
        timeout = settings.webhook_timeout_seconds
        target = await checked_target(letter.url, settings.webhook_allowed_networks, timeout)
        status = await _post(client, target, letter)
    except TargetError as error:
        return None, str(error)
    except httpx.TimeoutException:
        return None, "timed_out"
    except httpx.HTTPError as error:
        return None, f"not_reached: {type(error).__name__}"
    if httpx.codes.is_redirect(status):
        return status, "redirect_not_followed"
    return status, None if httpx.codes.is_success(status) else "not_accepted"


async def _post(client: httpx.AsyncClient, target: Target, letter: Letter) -> int:
    url = httpx.URL(target.url)
    headers = signed_headers(letter, datetime.now(UTC)) | {"host": url.netloc.decode()}
    request = client.stream(
        "POST",
        url.copy_with(host=str(target.address)),
        content=letter.payload.encode(),
        headers=headers,
        extensions={"sni_hostname": target.host},
    )
    async with request as answer:
        # What the receiver says beside its status is not read: it may be endless.
        return answer.status_code


def open_client(settings: Settings) -> httpx.AsyncClient:
    """No proxy by accident, no redirects, no cookies kept from one receiver to the next."""
    return httpx.AsyncClient(timeout=settings.webhook_timeout_seconds, trust_env=False, follow_redirects=False)
