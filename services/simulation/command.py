"""`peiyu simulate`: run the years, show each as it is done, and end with a table."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.simulation.enterprises import Population
from services.simulation.invariants import check, digest
from services.simulation.world import SimulationError, World, simulated_world
from services.simulation.years import Programme, Year, begin, live
from shared.embedded import EmbeddedServerError

FIRST_YEAR = 2024
# The programme's rules apply from June 2024.
_BEGINS = date(FIRST_YEAR, 6, 19)
_COLUMNS = {
    "year": "年度",
    "applied": "申报",
    "admitted": "入库",
    "reports": "报告",
    "incidents": "事件",
    "held": "暂缓",
    "graduated": "出库",
    "notices": "告知",
    "exited": "退库",
    "replaced": "增补",
    "credits": "名额",
    "members": "在库",
}


@dataclass(frozen=True, slots=True)
class Simulated:
    """The years' figures and the digest of every stay."""

    years: Sequence[Year]
    digest: str
    seconds: float


def run_simulation(home: Path, screen: Console, *, years: int, seed: int, enterprises: int, json_line: bool) -> None:
    """Exit status 1 where the system refuses what it should not, or an invariant does not hold."""
    try:
        done = asyncio.run(_simulate(home, screen, years, seed, enterprises))
    except (SimulationError, EmbeddedServerError) as error:
        screen.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        raise SystemExit(1) from None
    account = screen if json_line else Console(highlight=False)
    account.print(_table(done, seed))
    if json_line:
        figures = {"years": [one.row() for one in done.years], "digest": done.digest}
        typer.echo(json.dumps(figures, ensure_ascii=False))


async def _simulate(home: Path, screen: Console, years: int, seed: int, enterprises: int) -> Simulated:
    started = time.monotonic()
    async with simulated_world(home, _BEGINS) as world:
        programme = Programme(world, Population(seed), seed, enterprises, {}, set())
        await begin(programme)
        known: dict[date, set[str]] = {}
        told = [await _one_year(screen, world, programme, number, known) for number in range(years)]
        found = await digest(world)
    return Simulated(told, found, time.monotonic() - started)


async def _one_year(
    screen: Console, world: World, programme: Programme, number: int, known: dict[date, set[str]]
) -> Year:
    started = time.monotonic()
    with screen.status(f"{FIRST_YEAR + number} 年"):
        year = await live(programme, number, FIRST_YEAR)
        await check(world, programme.members, known)
    known[date(year.year, 12, 31)] = set(programme.members)
    screen.print(
        f"[green]✓[/green] {year.year} 年：入库 {year.admitted}，出库 {year.graduated}，退库 {year.exited}，"
        f"增补 {year.replaced}，在库 {year.members} [dim]{time.monotonic() - started:.1f} s[/dim]"
    )
    return year


def _table(done: Simulated, seed: int) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title="动态调整模拟（虚构企业）",
        caption=f"种子 {seed} · 摘要 {done.digest[:16]} · 不变量全部成立 · {done.seconds:.0f} 秒",
    )
    for title in _COLUMNS.values():
        table.add_column(title, justify="right", no_wrap=True)
    for one in done.years:
        table.add_row(*(str(one.row()[name]) for name in _COLUMNS))
    return table
