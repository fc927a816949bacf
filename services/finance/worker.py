"""Compose the finance service's worker."""

from __future__ import annotations

from services.finance.lists.tasks import publish_pool_list, render_edition, renew_lists
from services.finance.matchmaking.tasks import tell_affected
from services.finance.programmes.tasks import propose_judged_list, supersede_judged_lists
from services.finance.webhooks.tasks import HANDLERS as WEBHOOKS
from shared.queue import Handler, run_worker
from shared.settings import Settings, from_environment

HANDLERS: dict[str, Handler] = {
    "finance.propose_list": propose_judged_list,
    "finance.publish_pool_list": publish_pool_list,
    "finance.render_edition": render_edition,
    "finance.renew_lists": renew_lists,
    "finance.supersede_lists": supersede_judged_lists,
    "finance.tell_participants": tell_affected,
    **WEBHOOKS,
}

if __name__ == "__main__":
    run_worker("finance", HANDLERS, from_environment(Settings))
