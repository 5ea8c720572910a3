"""How large a benchmark's tenant is to be."""

import os

_UNITS = {"k": 1_000, "m": 1_000_000}


def asked_size(usual: int) -> int:
    """SIZE of the environment as a number, `200000`, `200k` or `1m`; the usual one where it says none.

    Raises: ValueError
    """
    asked = os.environ.get("SIZE", "").strip().lower() or str(usual)
    unit = _UNITS.get(asked[-1:], 1)
    return int(asked[:-1] if unit > 1 else asked) * unit
