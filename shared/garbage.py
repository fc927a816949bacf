"""Python's collector of cyclic garbage, settled for a process that serves: called once, after all is imported."""

from __future__ import annotations

import gc

# A submission makes some thousand objects that refer to each other for a moment only; at Python's own 700 the collector
# runs again and again while they are still in use.
_YOUNG = 20_000


def settle_collector() -> None:
    """Leave what the process was made of out of every later collection, and collect less often.

    Modules, routes and models are hundreds of thousands of objects that live as long as the process does; looking
    through them took a fifth of the time of a submission (`make bench ARGS=submit`).
    """
    gc.collect()
    gc.freeze()
    _, middle, old = gc.get_threshold()
    gc.set_threshold(_YOUNG, middle, old)
