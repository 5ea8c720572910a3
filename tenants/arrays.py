"""Lists as one text in PostgreSQL's own notation; else the driver spends a microsecond on each element. Pure."""

from collections.abc import Iterable

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\""})


def array_of(values: Iterable[int] | Iterable[str]) -> str:
    """`{1,2}` or `{"a","b"}`, to be a parameter that the statement casts: `%(ids)s::bigint[]`."""
    return f"{{{','.join([_element(value) for value in values])}}}"


def _element(value: int | str) -> str:
    return f'"{value.translate(_ESCAPES)}"' if isinstance(value, str) else str(value)
