"""`peiyu demo`: a fresh system, one round of the programme, a readable account of it."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from services.demo import applying, files, judging, lending, matchmaking, report, selecting
from services.demo.agreement import check_agreement
from services.demo.api import Api, DemoError
from services.demo.invented_enterprises import invented_forms, invented_workbook
from services.demo.people import assemble
from services.local.screen import announce
from services.local.supervisor import Supervisor, SupervisorError
from services.local.system import LocalSystem, local_system
from shared.embedded import EmbeddedServerError
from shared.reference.divisions import cities, city_of
from shared.reference.province import province

# Applications sent one by one, out of so many invented ones; of the rest, the capital's make its workbook.
_SINGLE, _FORMS = 6, 46
# A demo is watched: what a killed worker held is sent again sooner than in production.
_RESEND_SECONDS = 3.0
# Nobody watches for a week of working days: the notice is published all the same, says so, and is ended by an officer.
_NOTICE = {"PEIYU_NOTICE_WORKING_DAYS": "0", "PEIYU_NOTICE_BASIS": "演示：不设公示期限，由经办人当场结束公示"}


@dataclass(frozen=True, slots=True)
class Invented:
    """Which enterprises the round is about: the same numbers give the same ones."""

    seed: int
    enterprises: int


def run_demo(home: Path, screen: Console, invented: Invented, *, once: bool, json_line: bool) -> None:
    """Run the round in `home`, whose earlier demo data is removed; exit status 1 where anything disagrees."""
    try:
        _forget_earlier(home, screen)
        with local_system(
            home, durable=False, resend_seconds=_RESEND_SECONDS, further=_NOTICE, on_event=_teller(screen)
        ) as system:
            account = screen if json_line else Console(highlight=False)
            figures = asyncio.run(_round(system, screen, account, invented))
            if json_line:
                typer.echo(json.dumps(figures, ensure_ascii=False))
            if not once:
                announce(system, screen)
                system.supervisor.run_forever()
    except (DemoError, SupervisorError, EmbeddedServerError) as error:
        screen.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        raise SystemExit(1) from None


def _forget_earlier(home: Path, screen: Console) -> None:
    # Only what a demo made is removed: the marker says so.
    marker = home / "demo"
    if home.exists() and any(home.iterdir()) and not marker.exists():
        raise DemoError(f"{home} holds something other than a demo; choose another --home")
    if (home / "run" / "processes.json").exists():
        with Supervisor(home):
            pass  # refuses where another one holds the folder
    if marker.exists():
        screen.print(f"[dim]  the earlier demo's data in {home} is removed[/dim]")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    marker.touch()


def _teller(screen: Console) -> Callable[[str, str], None]:
    def tell(name: str, what: str) -> None:
        screen.print(f"[dim]  {name} {what}[/dim]")

    return tell


async def _round(system: LocalSystem, screen: Console, account: Console, invented: Invented) -> dict[str, int]:
    people = assemble(system.owner)
    workbook, _ = invented_workbook(invented.seed, invented.enterprises)
    capital = cities()[0].code
    forms = invented_forms(invented.seed, _FORMS)
    single, others = forms[:_SINGLE], forms[_SINGLE:]
    citys_own = [form for form in others if city_of(form["registered_division"]) == capital]
    elsewhere = [form for form in others if form not in citys_own]
    applied, judged = applying.Applied(), judging.Judged()
    api = Api(system.urls)
    try:
        with _step(screen, "开启申报批次 · a cycle opens"):
            await applying.open_cycle(api, people)
        with _step(screen, f"导入工作簿 · a workbook of {invented.enterprises} invented enterprises is read"):
            await applying.upload_workbook(api, people.planner, "全省申报表（虚构企业）.xlsx", workbook, applied)
        with _step(
            screen, f"市州工作簿往返 · a city's workbook of {len(citys_own)}: rehearsed, imported, marked, mended"
        ):
            await files.round_trip(api, people.cities[capital], citys_own, applied)
        with _step(screen, f"批量导入 · {len(elsewhere)} good lines of NDJSON and two bad ones"):
            await files.send_lines(api, people.planner, elsewhere, applied)
        with _step(
            screen, f"在线申报 · {_SINGLE} enterprises apply over HTTP; one asks how it stands and sends evidence"
        ):
            tokens = await applying.apply_singly(api, system.owner, single, applied)
            await files.check_and_prove(api, tokens[single[-1]["uscc"]], single[-1], applied)
        with _step(screen, "市州推荐或退回 · 17 cities recommend or return"):
            await applying.decide(api, people, single, tokens, applied)
        with _step(screen, f"评判 · {applied.recommended} applications are judged against ten standards"):
            await judging.wait_until_judged(api, people, applied.recommended)
        with _step(screen, "评审 · reviewers settle, propose and sign"):
            await judging.review(api, people, judged)
        with _step(screen, "入库方案 · a plan is frozen, approved, under public notice with two objections, committed"):
            await selecting.select(api, people, province().pool_code, judged)
        with _step(screen, "名单 · an edition is published, a bank pulls and verifies it"):
            (programme, *_) = province().list_programmes
            await judging.pull_as_bank(api, people, system.owner, programme.code, judged)
        with _step(
            screen, "路演 · a roadshow is planned and released; somebody cancels, and only that is planned anew"
        ):
            roadshow = await matchmaking.hold_roadshow(api, people, programme.code, forms)
        figures = report.figures(applied, judged)
        await check_agreement(system.owner, figures)
        with _step(screen, "授信白名单 · a finance officer approves the whitelist; an exit supersedes it at once"):
            whitelist = await lending.lend(api, people, system.owner, programme.code, forms)
    finally:
        await api.close()
    report.show(account, applied, judged, figures)
    matchmaking.show_roadshow(account, roadshow)
    lending.show_whitelist(account, whitelist, system.home / "bank")
    return figures


@contextmanager
def _step(screen: Console, title: str) -> Generator[None]:
    started = time.monotonic()
    with screen.status(title):
        yield
    screen.print(f"[green]✓[/green] {title} [dim]{time.monotonic() - started:.1f} s[/dim]")
