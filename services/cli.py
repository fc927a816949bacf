"""The one command, `peiyu`: run the system, show a round of the programme, migrate, register clients, issue tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.evaluation.assessment.commands import receipt_app
from services.evaluation.rulebooks.commands import rulebook_app
from services.evaluation.spot_checks.commands import spotcheck_app
from services.finance.lists.commands import verify
from shared.settings import DatabaseSettings, Settings, TokenSettings, from_environment

app = typer.Typer(no_args_is_help=True, add_completion=False, help="培育 Peiyu: 专利产业化促进中小企业成长计划")
client_app = typer.Typer(no_args_is_help=True, help="Machine clients: banks, enterprises, auditors")
schema_app = typer.Typer(no_args_is_help=True, help="The database schema")
app.add_typer(client_app, name="client")
app.add_typer(schema_app, name="schema")
attachments_app = typer.Typer(no_args_is_help=True, help="The store of evidence")
app.add_typer(attachments_app, name="attachments")
app.add_typer(receipt_app, name="receipt")
app.add_typer(rulebook_app, name="rulebook")
app.command("verify")(verify)
app.add_typer(spotcheck_app, name="spotcheck")

# What a person reads goes to stderr, so that stdout holds results only.
screen = Console(stderr=True, highlight=False)
HOME = Path(".peiyu")
HomeOption = Annotated[Path, typer.Option(help="Folder for data, logs and secrets")]


@contextmanager
def _database_errors_told() -> Generator[None]:
    """A database that does not answer is the operator's news, not a traceback."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except (OSError, DBAPIError) as error:
        screen.print(f"The database at PEIYU_DATABASE_URL did not do it: {error}", style="red", markup=False)
        raise typer.Exit(1) from None


@app.command()
def up(home: HomeOption = HOME / "local") -> None:
    """Run everything on this machine until Ctrl-C; restarts what dies."""
    from services.local.screen import announce, run_announced

    run_announced(home, screen, then=announce)


@app.command()
def demo(
    *,
    home: HomeOption = HOME / "demo",
    once: Annotated[bool, typer.Option("--once", help="Stop after the round")] = False,
    json_line: Annotated[bool, typer.Option("--json", help="End with one JSON line on stdout")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the invented enterprises")] = 2024,
    enterprises: Annotated[int, typer.Option(min=60, max=2000, help="Rows of the invented workbook")] = 200,
) -> None:
    """Run one round of the programme on invented enterprises, through the HTTP APIs, and stay up."""
    from services.demo.command import Invented, run_demo

    run_demo(home, screen, Invented(seed, enterprises), once=once, json_line=json_line)


@app.command()
def simulate(
    *,
    home: HomeOption = HOME / "simulations",
    years: Annotated[int, typer.Option(min=1, max=10, help="How many, from 2024 on")] = 5,
    seed: Annotated[int, typer.Option(help="The same seed gives the same history")] = 2024,
    enterprises: Annotated[int, typer.Option(min=20, max=400, help="New applicants a year")] = 60,
    json_line: Annotated[bool, typer.Option("--json", help="End with one JSON line on stdout")] = False,
) -> None:
    """Live years of the programme on invented enterprises, through the real use cases, and check what must hold."""
    from services.simulation.command import run_simulation

    run_simulation(home, screen, years=years, seed=seed, enterprises=enterprises, json_line=json_line)


@app.command()
def migrate() -> None:
    """Bring the database at PEIYU_DATABASE_URL to this version's schema."""
    from shared.schema import head_revision
    from shared.schema import migrate as migrate_database

    settings = from_environment(DatabaseSettings)
    with _database_errors_told():
        asyncio.run(migrate_database(settings.database_url.get_secret_value()))
    screen.print(f"schema is at {head_revision()}")


@app.command()
def keys(folder: Annotated[Path, typer.Argument(help="Where to put the key files")]) -> None:
    """Make the two signing keys (access tokens, lists); existing ones are kept."""
    from shared.security.keys import create_key

    for name in ("token", "list"):
        create_key(folder / f"{name}-key.pem")
        screen.print(f"{folder / f'{name}-key.pem'}")


@app.command()
def token(
    subject: Annotated[str, typer.Argument(help="Who acts: a staff number or an account name")],
    role: Annotated[str, typer.Option(help="city_officer, province_officer, reviewer, auditor or admin")],
    city: Annotated[str | None, typer.Option(help="City code of a city officer, such as 420100")] = None,
    hours: Annotated[int, typer.Option(min=1, max=24, help="Lifetime")] = 8,
) -> None:
    """Print an officer's access token, signed with PEIYU_TOKEN_KEY_FILE."""
    from shared.security.keys import load_key
    from shared.security.officers import officer
    from shared.security.tokens import TokenAuthority

    settings = from_environment(TokenSettings)
    try:
        actor = officer(subject, role, city_code=city)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    authority = TokenAuthority(
        load_key(settings.token_key_file), issuer=settings.token_issuer, audience=settings.token_audience
    )
    typer.echo(authority.issue(actor, timedelta(hours=hours)))


@client_app.command("create")
def create_client(
    name: Annotated[str, typer.Argument(help="What people call this client")],
    role: Annotated[str, typer.Option(help="enterprise, bank, national_system or auditor")],
    uscc: Annotated[str | None, typer.Option(help="统一社会信用代码 of an enterprise")] = None,
) -> None:
    """Register a machine client in PEIYU_DATABASE_URL and print its id and secret (shown only now)."""
    from services.local.identities import create_client as create

    settings = from_environment(DatabaseSettings)
    try:
        with _database_errors_told():
            credentials = asyncio.run(create(settings, name=name, role=role, uscc=uscc))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(f"client_id={credentials.client_id}\nclient_secret={credentials.client_secret}")


@schema_app.command("check")
def check_schema() -> None:
    """Migrate an empty embedded database and compare it with the models (alembic check)."""
    from services.local.schema_check import check_on_embedded_server

    check_on_embedded_server(HOME / "schema-check")
    screen.print("models and migrations agree")


@attachments_app.command("sweep")
def sweep_attachments() -> None:
    """Delete contents that nobody needs and what killed uploads left behind; safe while uploads go on."""
    from services.intake.attachments.upkeep import sweep_attachments as sweep

    settings = from_environment(Settings)
    with _database_errors_told():
        swept = asyncio.run(sweep(settings))
    screen.print("another sweep is running" if swept is None else str(swept))


@attachments_app.command("check")
def check_attachments() -> None:
    """Read every stored content; digests of missing or damaged ones go to stdout, with exit code 1."""
    from services.intake.attachments.upkeep import damaged_attachments

    settings = from_environment(Settings)
    with _database_errors_told():
        read, damaged = asyncio.run(damaged_attachments(settings))
    screen.print(f"{read} contents read, {len(damaged)} missing or damaged")
    for digest in damaged:
        typer.echo(digest)
    if damaged:
        raise typer.Exit(1)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
