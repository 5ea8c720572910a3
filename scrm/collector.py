"""The garbage collector of processes that serve for long."""

import gc


def spare_what_is_loaded() -> None:
    """Let it never look again at what lives as long as the process, nor at the rest after every few hundred objects.

    A board or a call of a thousand orders makes ten thousands that no cycle holds. Called once all is loaded, before
    workers are forked: pages that it does not touch stay shared.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
