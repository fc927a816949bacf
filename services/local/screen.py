"""What `peiyu up` shows a person: what starts, where it answers, what dies and comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.local.supervisor import SupervisorError
from services.local.system import LocalSystem, local_system
from shared.embedded import EmbeddedServerError


def announce(system: LocalSystem, screen: Console) -> None:
    """The table of services with their OpenAPI pages, and how to get in."""
    table = Table(title="培育 Peiyu is up", title_justify="left", show_edge=False)
    for heading in ("service", "OpenAPI page", "log"):
        table.add_column(heading, overflow="fold")
    for service, url in system.urls.items():
        table.add_row(service, f"{url}/docs", str(system.home / "log" / f"{service}-api.log"))
    screen.print(table)
    environment = system.home / "secrets" / "operator.env"
    screen.print(
        f"\nTo act as somebody, in another shell:\n"
        f"  set -a; . {environment}; set +a\n"
        "  .venv/bin/peiyu token your-name --role province_officer\n"
        "and paste the token into a page's Authorize. Ctrl-C stops everything.",
        soft_wrap=True,
    )


def run_announced(home: Path, screen: Console, *, then: Callable[[LocalSystem, Console], None]) -> None:
    """Start, announce, and run until interrupted."""

    def show(name: str, what: str) -> None:
        screen.print(f"[dim]{name}[/dim] {what}")

    try:
        with local_system(home, on_event=show) as system:
            then(system, screen)
            system.supervisor.run_forever()
    except (SupervisorError, EmbeddedServerError) as error:
        screen.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        raise SystemExit(1) from None
