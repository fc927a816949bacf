"""`peiyu verify`: whether a list that somebody holds is genuine, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from services.finance.lists.held_file import HeldFile

_SECONDS = 20.0


def verify(
    file: Annotated[Path, typer.Argument(help="名单或签名回复：JSON、NDJSON、CSV 或 XLSX")],
    keys: Annotated[str, typer.Option(help="公钥集（JWKS）：事先取得的文件，或 …/v1/lists/jwks.json 的网址")],
    signature: Annotated[
        str | None, typer.Option(help="X-Edition-Signature, for signed bytes whose signature came beside them")
    ] = None,
) -> None:
    """核验名单是否属实：摘要、签名、每一格。 Check a list: exit code 0 genuine, 1 altered, 2 cannot be read."""
    from rich.console import Console

    from services.finance.lists.held_file import HeldValue, UnreadableFileError
    from services.finance.lists.reading import read_file
    from services.finance.lists.verification import Fault, faults_of, public_keys

    try:
        known = public_keys(_key_set(keys))
        held = read_file(file.read_bytes())
    except UnreadableFileError as error:
        _give_up(error.zh, error.en)
    except OSError as error:
        _give_up(f"无法读取：{error.filename or file}", str(error))
    if held.signature is None and signature is not None:
        held.signature = HeldValue(signature, "X-Edition-Signature")
    found: list[Fault] = faults_of(held, known)
    if not found:
        Console(highlight=False, soft_wrap=True).print(genuine_table(held))
        return
    _tell_faults(found)
    raise typer.Exit(1)


def _key_set(source: str) -> Any:
    """The JWKS in a file, or at a URL: https, or this machine."""
    from services.finance.lists.held_file import UnreadableFileError

    text = _fetched(source) if source.startswith(("https://", "http://")) else Path(source).read_text("utf-8")
    try:
        return json.loads(text)
    except ValueError:
        raise UnreadableFileError("公钥集不是 JSON", "The JWKS is not JSON") from None


def _fetched(url: str) -> str:
    import httpx

    from services.finance.lists.held_file import UnreadableFileError

    asked = httpx.URL(url)
    if asked.scheme != "https" and asked.host not in {"127.0.0.1", "localhost", "::1"}:
        raise UnreadableFileError("公钥只能经 https 获取", "Keys are fetched by https only")
    try:
        return httpx.get(url, timeout=_SECONDS).raise_for_status().text
    except httpx.HTTPError as error:
        raise UnreadableFileError("无法取得公钥集；可改用事先保存的文件", f"The JWKS was not there: {error}") from None


def genuine_table(held: HeldFile) -> Table:
    """What a genuine file says of itself, and the key that signed it."""
    from rich.markup import escape
    from rich.table import Table

    from services.finance.lists.cells import LABELS, head_order
    from services.finance.lists.edition import body_of, digest_of, key_id_of

    content = held.content()
    table = Table(title="属实 genuine", title_style="bold green", show_header=False)
    head = {name: one.value for name, one in held.head.items() if isinstance(one.value, str | int)}
    for name in head_order(head):
        table.add_row(LABELS.get(name, name), escape(str(head[name])))
    table.add_row(LABELS["digest"], digest_of(body_of(content)))
    assert held.signature is not None  # noqa: S101 (without one nothing is genuine)
    table.add_row("密钥 kid", escape(str(key_id_of(str(held.signature.value)))))
    return table


def _tell_faults(found: list[Any]) -> None:
    from rich.console import Console

    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    screen.print("不属实 not as it was signed", style="bold red")
    for fault in found[:50]:
        screen.print(f"{fault.code}: {fault.place} {fault.zh}\n  {fault.en}", style="red", markup=False)
    if len(found) > 50:
        screen.print(f"…… 另有 {len(found) - 50} 处 more", style="red", markup=False)


def _give_up(zh: str, en: str) -> NoReturn:
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(f"unreadable: {zh}\n{en}", style="red", markup=False)
    raise typer.Exit(2)
