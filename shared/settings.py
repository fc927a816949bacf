"""Settings that every process reads from the environment (prefix `PEIYU_`); README has the table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, HttpUrl, IPvAnyNetwork, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

_DRIVER = "postgresql+asyncpg://"


class TokenSettings(BaseSettings):
    """What issuing a token needs."""

    model_config = SettingsConfigDict(env_prefix="PEIYU_", extra="ignore")

    # Ed25519 private keys, PEM. Tokens and lists are signed by different keys so that each can be rotated alone.
    token_key_file: Path
    token_issuer: str = "peiyu"
    token_audience: str = "peiyu-api"


class DatabaseSettings(BaseSettings):
    """What reaching the database needs."""

    model_config = SettingsConfigDict(env_prefix="PEIYU_", extra="ignore")

    database_url: SecretStr

    @field_validator("database_url")
    @classmethod
    def _names_the_driver(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(_DRIVER):
            raise ValueError(f"write the URL with its driver: {_DRIVER}user:password@host/database")
        return value


def _local_folder() -> str:
    return (Path.cwd() / ".peiyu" / "attachments").as_uri()


class NationalSettings(BaseSettings):
    """The line to the national system. Without an adapter the system runs alone and what is due there waits."""

    model_config = SettingsConfigDict(env_prefix="PEIYU_", extra="ignore")

    national_adapter: Literal["none", "http", "file"] = "none"
    # Ed25519, PEM: signs what we send. The national system knows its public half by the key's RFC 7638 thumbprint.
    national_key_file: Path | None = None
    national_url: HttpUrl | None = None
    national_client_id: str | None = None
    national_client_secret: SecretStr | None = None
    # How the national system addresses us, where a gateway in between changes host or path: signatures cover it.
    national_public_url: HttpUrl | None = None
    national_max_batch_bytes: int = 20 * 1024 * 1024
    national_signature_age_seconds: float = Field(default=300.0, gt=0)
    national_signature_skew_seconds: float = Field(default=30.0, ge=0)
    national_batch_records: int = Field(default=100, ge=1, le=1000)
    national_timeout_seconds: float = Field(default=30.0, gt=0)
    # A record that the other side failed on so often is dead until an officer sends it again; a line that is down
    # does not count.
    national_max_failures: int = Field(default=10, ge=1)
    national_retry_seconds: float = Field(default=5.0, gt=0)
    national_retry_longest_seconds: float = Field(default=3600.0, gt=0)
    national_breaker_failures: int = Field(default=5, ge=1)
    national_breaker_seconds: float = Field(default=60.0, gt=0)
    national_reconcile_at: time = time(2, 30)

    @model_validator(mode="after")
    def _line_whole(self) -> Self:
        needed = {"none": (), "file": ("key_file",), "http": ("key_file", "url", "client_id", "client_secret")}
        missing = [name for name in needed[self.national_adapter] if not getattr(self, f"national_{name}")]
        if missing:
            names = ", ".join(f"PEIYU_NATIONAL_{name.upper()}" for name in missing)
            raise ValueError(f"PEIYU_NATIONAL_ADAPTER={self.national_adapter} needs {names}")
        url = self.national_url
        if url is not None and url.scheme != "https" and url.host not in {"127.0.0.1", "localhost", "[::1]"}:
            raise ValueError("PEIYU_NATIONAL_URL: credentials travel by https only")
        return self


class WebhookSettings(BaseSettings):
    """Telling subscribers that there is something to pull."""

    model_config = SettingsConfigDict(env_prefix="PEIYU_", extra="ignore")

    # JSON, such as ["10.20.0.0/16"]: private addresses that may be written to all the same, and by plain http, too.
    webhook_allowed_networks: tuple[IPvAnyNetwork, ...] = ()
    webhook_timeout_seconds: float = Field(default=15.0, gt=0)
    # Pauses after each failure, as Standard Webhooks proposes: nine more attempts over three days.
    webhook_retry_seconds: tuple[float, ...] = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
    webhook_batch: int = Field(default=50, ge=1, le=500)
    webhook_endpoints_each: int = Field(default=5, ge=1)
    # How long an address's earlier secret signs beside the new one.
    webhook_earlier_secret_hours: float = Field(default=24.0, ge=0)


class Settings(TokenSettings, DatabaseSettings, NationalSettings, WebhookSettings):
    redis_url: SecretStr
    list_key_file: Path
    client_token_minutes: int = Field(default=30, ge=1, le=1440)
    # Off by default: an intranet may not want its schema readable without a token. `peiyu up` turns it on.
    docs_enabled: bool = False
    # A fixed number: connections beyond it would be made and thrown away, at many times the cost of a request.
    database_pool_size: int = Field(default=15, ge=1)
    max_body_bytes: int = 2 * 1024 * 1024
    max_workbook_bytes: int = 20 * 1024 * 1024
    # Evidence by content: file:///folder, s3://bucket/prefix, or any other URL that obstore opens. Keys that are not
    # set here are taken from the store's own variables (AWS_ACCESS_KEY_ID and so on).
    attachments_url: str = Field(default_factory=_local_folder)
    attachments_endpoint: str | None = None
    attachments_region: str | None = None
    attachments_access_key_id: SecretStr | None = None
    attachments_secret_access_key: SecretStr | None = None
    max_attachment_bytes: int = Field(default=20 * 1024 * 1024, ge=1024)
    # Of one application, or of one enterprise for reports and incidents: a ceiling on what one account can store.
    max_attachments: int = Field(default=200, ge=1)
    # What an upload that died left behind is swept after this long, which must exceed any upload's time.
    attachments_grace_seconds: int = Field(default=86_400, ge=60)
    # NDJSON, as sent and again as expanded. Forms take 4 to 5 KB: room for several times every enterprise with patents
    # of a province. One line may be as long as the body of a single submission (`max_body_bytes`).
    max_import_bytes: int = 256 * 1024 * 1024
    max_import_rows: int = Field(default=200_000, ge=1)
    # The plan names no ceiling. A file of which more than half is wrong was made from the wrong columns or for the
    # wrong cycle, whoever made it wants to know at once; two hundred rows are enough to tell that from bad luck.
    import_max_error_share: float = Field(default=0.5, ge=0, le=1)
    import_error_share_after: int = Field(default=200, ge=1)
    # The sweep that `peiyu attachments sweep` runs by hand, once a day at this time in China; "never" leaves it to hands.
    attachments_sweep_at: time | Literal["never"] = time(3, 30)
    # When members that reached another stage without progress are reminded, at this time in China.
    stall_radar_at: time | Literal["never"] = time(6, 0)
    # Each export holds a connection of the pool while its rows are read: fewer than `database_pool_size`, for each
    # process. A client that reads a few bytes a minute must not keep a snapshot of the database open for days.
    exports_at_once: int = Field(default=4, ge=1)
    export_max_seconds: float = Field(default=900.0, gt=0)
    # Latest editions that are given again from memory; 0 asks the database every time.
    list_memory_bytes: int = Field(default=256 * 1024 * 1024, ge=0)
    # How many rows are in memory at a time.
    export_batch_rows: int = Field(default=1_000, ge=1)
    # A sent event that is not processed by then is sent again; a running one is protected by its row lock.
    outbox_resend_seconds: float = Field(default=15.0, gt=0)
    outbox_poll_seconds: float = Field(default=0.2, gt=0)
    # Work outside a transaction is run again when its worker has not renewed its lease for so long.
    outbox_lease_seconds: float = Field(default=60.0, gt=0)
    outbox_max_failures: int = Field(default=12, ge=1)
    job_timeout_seconds: int = Field(default=600, ge=1)
    log_json: bool = True
    # Where intake asks how a form would be judged; without it the completeness check answers 503.
    evaluation_url: str | None = Field(default=None, pattern=r"^https?://")
    evaluation_timeout_seconds: float = Field(default=5.0, gt=0)
    # Another length of public notice than the province's, such as 0 for a rehearsal; the page tells why.
    notice_working_days: int | None = Field(default=None, ge=0, le=60)
    notice_basis: str | None = Field(default=None, min_length=2, max_length=500)

    @model_validator(mode="after")
    def _notice_has_a_basis(self) -> Self:
        if (self.notice_working_days is None) != (self.notice_basis is None):
            raise ValueError("PEIYU_NOTICE_WORKING_DAYS goes together with PEIYU_NOTICE_BASIS, which says why")
        return self


Kind = TypeVar("Kind", TokenSettings, DatabaseSettings, Settings)


def from_environment(kind: type[Kind]) -> Kind:
    """The settings of this process; SystemExit that names each variable that is missing or wrong."""
    try:
        return kind()  # pyright: ignore[reportCallIssue] (values come from the environment)
    except ValidationError as error:
        wrong = (
            f"  PEIYU_{str(one['loc'][0]).upper()}: {one['msg']}" if one["loc"] else f"  {one['msg']}"
            for one in error.errors()
        )
        raise SystemExit("Settings are missing or wrong:\n" + "\n".join(wrong)) from None


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings that a process with this environment would have."""
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in environment.items()}
    return Settings.model_validate(source())
