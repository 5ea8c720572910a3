"""The garbage collector of processes that serve for long."""

import gc


def spare_what_is_loaded() -> None:
    """Let the collector pass over what lives as long as the process, and look at the rest less often.

    A board, or a call of a thousand orders, makes tens of thousands of objects that no cycle holds. Call it once all
    is loaded; where workers are forked afterwards, the pages that it leaves alone stay shared.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
