"""Jobs: propose an edition after a judgement; take who left for misconduct off every list at once."""

from __future__ import annotations

import uuid

from services.finance.lists.publication import Cause
from services.finance.programmes.propose_list import propose_list
from services.finance.programmes.supersede import supersede_lists
from shared.queue import Work
from shared.security.keys import load_key


async def propose_judged_list(work: Work) -> None:
    """Handle `programme_judged`: a frozen proposal, published at once where the list needs no approval."""
    key = load_key(work.settings.list_key_file)
    await propose_list(work.session, uuid.UUID(work.payload["judgement_id"]), key)


async def supersede_judged_lists(work: Work) -> None:
    """Handle `pool_adjusted`: an edition without those who left for misconduct, and a recall of those with them."""
    key = load_key(work.settings.list_key_file)
    await supersede_lists(work.session, work.payload["pool_code"], Cause(work.event_id), key)
