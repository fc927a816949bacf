"""`peiyu receipt`: show a receipt as people read it, and replay it."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.settings import DatabaseSettings, from_environment

if TYPE_CHECKING:
    from services.evaluation.assessment.receipt_reading import HeldReceipt
    from services.evaluation.rulebooks.rulebook import Rulebook

receipt_app = typer.Typer(no_args_is_help=True, help="Receipts of assessments: show, replay")
FileArgument = Annotated[
    str | None, typer.Argument(help="A receipt, or an assessment as the API answers it; - is stdin")
]
AssessmentOption = Annotated[uuid.UUID | None, typer.Option("--assessment", help="Read it from PEIYU_DATABASE_URL")]
RulebookOption = Annotated[
    Path | None, typer.Option("--rulebook", help="The rulebook's TOML, where it is none of the province's")
]


@receipt_app.command("show")
def show(file: FileArgument = None, assessment: AssessmentOption = None, rulebook_file: RulebookOption = None) -> None:
    """Print a receipt in Chinese: each standard with the plan's text, verdict, reasons, figures and distances."""
    from rich.console import Console

    from services.evaluation.assessment.receipt_page import print_page
    from services.evaluation.assessment.receipt_reading import ReceiptFaultError, check_replay

    with _faults_told():
        held, rulebook = _held(file, assessment, rulebook_file)
        check_replay(held, rulebook)
        try:
            print_page(Console(highlight=False), held, rulebook)
        except ValueError as error:
            raise ReceiptFaultError("acts_do_not_fit", f"人工认定或例外与回执不符：{error}", str(error)) from None


@receipt_app.command("replay")
def replay(
    file: FileArgument = None, assessment: AssessmentOption = None, rulebook_file: RulebookOption = None
) -> None:
    """Judge a receipt's facts again by its rulebook: equal to the byte, or where it first differs (exit code 1)."""
    from services.evaluation.assessment.receipt_reading import check_replay
    from services.evaluation.rulebooks.receipt import receipt_digest

    with _faults_told():
        held, rulebook = _held(file, assessment, rulebook_file)
        check_replay(held, rulebook)
        typer.echo(f"equal 重放一致 {receipt_digest(held.text)}")


def _held(file: str | None, assessment: uuid.UUID | None, rulebook_file: Path | None) -> tuple[HeldReceipt, Rulebook]:
    from services.evaluation.assessment.receipt_reading import read_receipt, rulebook_for

    if (file is None) == (assessment is None):
        raise typer.BadParameter("name a file, or --assessment")
    if assessment is not None:
        return _stored(assessment)
    held = read_receipt(_text(str(file)))
    return held, rulebook_for(held.rulebook_digest, rulebook_file)


def _stored(assessment: uuid.UUID) -> tuple[HeldReceipt, Rulebook]:
    from sqlalchemy.exc import DBAPIError

    from services.evaluation.assessment.held_receipts import held_receipt
    from services.evaluation.assessment.receipt_reading import ReceiptFaultError

    settings = from_environment(DatabaseSettings)
    try:
        return asyncio.run(held_receipt(settings, assessment))
    except (OSError, DBAPIError) as error:
        raise ReceiptFaultError(
            "database_unavailable", "PEIYU_DATABASE_URL 的数据库没有应答", f"The database did not answer: {error}"
        ) from None


def _text(file: str) -> str:
    from services.evaluation.assessment.receipt_reading import ReceiptFaultError

    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ReceiptFaultError("not_json", "不是 UTF-8 编码的 JSON", "The file is not UTF-8") from None


@contextmanager
def _faults_told() -> Generator[None]:
    """A fault is said with its code in both languages, not in a traceback."""
    from services.evaluation.assessment.receipt_reading import ReceiptFaultError

    try:
        yield
    except ReceiptFaultError as fault:
        _say(fault.code, fault.zh, fault.en)
    except OSError as error:
        _say("unreadable", "无法读取", str(error))


def _say(code: str, zh: str, en: str) -> None:
    from rich.console import Console

    from services.evaluation.assessment.receipt_page import plain

    # Unwrapped, so that a code or a digest can be found in it.
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"{code}: {plain(zh)}\n{plain(en)}", style="red", markup=False
    )
    raise typer.Exit(1) from None
