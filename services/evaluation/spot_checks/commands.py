"""`peiyu spotcheck`: take a seed for a draw, and verify a draw from its published files."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from services.evaluation.spot_checks.verification import Verified

spotcheck_app = typer.Typer(no_args_is_help=True, help="核查抽查 Spot checks: seed, verify")
HexOption = Annotated[str | None, typer.Option(help="As it was published before the reveal")]


@spotcheck_app.command("seed")
def seed() -> None:
    """Print a fresh seed and nonce, to be kept secret until the reveal, and their commitment, to be published."""
    from services.evaluation.spot_checks.draw import commitment_of

    taken, nonce = secrets.token_hex(32), secrets.token_hex(32)
    typer.echo(f"seed={taken}\nnonce={nonce}\ncommitment={commitment_of(taken, nonce)}")


@spotcheck_app.command("verify")
def verify(
    files: Annotated[list[Path], typer.Argument(help="frame.json, result.json, and pages of members where at hand")],
    digest: HexOption = None,
    commitment: HexOption = None,
) -> None:
    """复核抽查 Draw again from the published files: equal, or the first difference (exit code 1)."""
    from services.evaluation.spot_checks.reading import read_published
    from services.evaluation.spot_checks.verification import verify as verified_from

    with _faults_told():
        found = verified_from(read_published(files), digest=digest, commitment=commitment)
        _show(found, noted=digest is not None)


def _show(found: Verified, *, noted: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"核查抽查 {found.number} 复核一致", title_justify="left")
    table.add_column("项目")
    table.add_column("值", overflow="fold")
    rows = (
        ("抽样框摘要", found.frame_digest),
        ("种子承诺", found.commitment),
        ("结果摘要", found.result_digest),
        ("抽中企业数", str(found.drawn)),
        ("已核对企业封签", str(found.members) if found.members else "未提供企业名录，只核对了封签"),
    )
    for row in rows:
        table.add_row(*row)
    screen = Console(stderr=True, highlight=False)
    screen.print(table)
    if not noted:
        screen.print("请将抽样框摘要与揭示种子前公布的比对（--digest）：事后成套改动的文件彼此仍会一致。")
    typer.echo(f"equal 复核一致 {found.frame_digest}")


@contextmanager
def _faults_told() -> Generator[None]:
    """A fault is said with its code in both languages, not in a traceback."""
    from services.evaluation.spot_checks.verification import SpotCheckFaultError

    try:
        yield
    except SpotCheckFaultError as fault:
        _say(fault.code, fault.zh, fault.en)
    except OSError as error:
        _say("unreadable", "无法读取文件", str(error))


def _say(code: str, zh: str, en: str) -> None:
    from rich.console import Console

    # Unwrapped, so that a code or a digest can be found in it.
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"{code}: {zh}\n{en}", style="red", markup=False)
    raise typer.Exit(1) from None
