"""`peiyu rulebook`: check files before they judge anybody, read them in Chinese, and tell two of them apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.evaluation.rulebooks.errors import RulebookError

if TYPE_CHECKING:
    from services.evaluation.rulebooks.rulebook import Rulebook

rulebook_app = typer.Typer(no_args_is_help=True, help="Rulebooks: criteria as data")
FileArgument = Annotated[
    Path, typer.Argument(help="A rulebook's file, or the id of one of the province's", show_default=False)
]
_LARGEST_BYTES = 2_000_000


@rulebook_app.command("check")
def check(files: Annotated[list[Path], typer.Argument(help="Rulebooks to check", show_default=False)]) -> None:
    """Load each file as the services would. All faults go to stdout, one a line, with exit code 1.

    A fault is told as file:line:column: code: 中文 / English.
    """
    from rich.console import Console

    screen, faults = Console(stderr=True, highlight=False), 0
    for file in files:
        try:
            _, rulebook = read(file)
        except RulebookError as error:
            faults += len(error.faults)
            typer.echo(str(error))
        else:
            counted = f"{len(rulebook.criteria)} 条标准、{len(rulebook.parts)} 项要求"
            screen.print(
                f"{file}：通过，{counted}；{rulebook.id}，摘要 {rulebook.digest[:12]}", markup=False, soft_wrap=True
            )
    if faults:
        screen.print(f"共 {faults} 处错误", markup=False)
        raise typer.Exit(1)


@rulebook_app.command("explain")
def explain(
    file: FileArgument,
    number: Annotated[int | None, typer.Argument(min=1, help="One criterion only", show_default=False)] = None,
) -> None:
    """Print the rulebook as a person reads it: criteria, readings chosen, scores, order and reserved places, and why."""
    from rich.console import Console

    from services.evaluation.rulebooks.presentation import criterion_panel, readings, title
    from services.evaluation.rulebooks.presentation_scoring import ranking_tables

    _, rulebook = _read_or_exit(file)
    chosen = [one for one in rulebook.criteria if number in (None, one.number)]
    if not chosen:
        raise typer.BadParameter(f"the rulebook has criteria 1 to {len(rulebook.criteria)}")
    screen = Console(highlight=False)
    if number is None:
        screen.print(title(rulebook))
    for criterion in chosen:
        screen.print(criterion_panel(criterion, rulebook))
    if number is None and (rulebook.parameters or rulebook.derivations):
        screen.print(readings(rulebook))
    for table in ranking_tables(rulebook) if number is None else ():
        screen.print()
        screen.print(table)


@rulebook_app.command("diff")
def diff(
    before: FileArgument,
    after: FileArgument,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array on stdout")] = False,
) -> None:
    """Tell what changed from one rulebook to another: criteria, parts, parameters, derivations, clauses."""
    from rich.console import Console

    from services.evaluation.rulebooks.comparison import differences
    from services.evaluation.rulebooks.presentation import difference_table

    (old_text, old), (new_text, new) = _read_or_exit(before), _read_or_exit(after)
    found = differences(old_text, new_text, (old, new))
    if as_json:
        typer.echo(json.dumps([one.as_json() for one in found], ensure_ascii=False))
    elif found:
        Console(highlight=False).print(difference_table(found, old.id, new.id))
    else:
        typer.echo("没有差别")


def read(file: Path, *, recorded: bool = False) -> tuple[str, Rulebook]:
    """The text and the rulebook. Raises RulebookError, also for a file that cannot be read.

    `recorded`: it may have judged already, so that what has no effect is let through.
    """
    from services.evaluation.rulebooks.loader import load_recorded, load_rulebook

    file = _of_the_province(file)
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise RulebookError("too_long", "a rulebook has at most 2 MB", str(file), 1, zh="规则书最多 2 MB")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError("unreadable", str(error), str(file), 1, zh="文件无法读取") from None
    return text, (load_recorded if recorded else load_rulebook)(text, origin=str(file))


def _of_the_province(file: Path) -> Path:
    """The rulebook with this id in the province's folder, where nothing else is there under that name."""
    from shared.reference.province import province

    if file.suffix or file.parent != Path() or file.exists():
        return file
    known = Path(str(province().rulebooks.joinpath(f"{file}.toml")))
    return known if known.is_file() else file


def _read_or_exit(file: Path) -> tuple[str, Rulebook]:
    try:
        return read(file, recorded=True)
    except RulebookError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
