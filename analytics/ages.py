"""The ages at which a cohort's value is read, and the buckets that add up to them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from analytics.cohorts import SliceName

DAY_SECONDS = 86_400
SLICES: tuple[SliceName, ...] = get_args(SliceName)
# slices that end at an age; `first` and `to_date` do not
SLICE_DAYS: Mapping[SliceName, int] = MappingProxyType(
    {"7d": 7, "30d": 30, "60d": 60, "90d": 90, "180d": 180, "365d": 365}
)
# Bucket i holds EDGES[i-1] < elapsed <= EDGES[i], the last one what is older. Every slice ends at an edge;
# the edges between narrow a payback's exact second.
_EDGE_DAYS = (0, 1, 3, 7, 15, 30, 45, 60, 75, 90, 120, 150, 180, 270, 365)
EDGES = tuple(days * DAY_SECONDS for days in _EDGE_DAYS)
BUCKETS = len(EDGES) + 1
# Steps narrow a payback's second further: (until, width) in seconds; days after the last. Early ages are crowded.
_STEPS = ((3_600, 600), (DAY_SECONDS, 3_600), (7 * DAY_SECONDS, 10_800))
# SQL of `step_end` over the column elapsed_seconds
STEP_END = "CASE {} ELSE {} END".format(
    " ".join(
        f"WHEN elapsed_seconds <= {until} THEN (elapsed_seconds + {width - 1}) / {width} * {width}"
        for until, width in _STEPS
    ),
    f"(elapsed_seconds + {DAY_SECONDS - 1}) / {DAY_SECONDS} * {DAY_SECONDS}",
)


def bucket_of(elapsed_seconds: int) -> int:
    """The bucket of an age; SQL says the same with `width_bucket(elapsed_seconds - 1, EDGES)`."""
    return sum(edge < elapsed_seconds for edge in EDGES)


def bucket_range(bucket: int) -> tuple[int, int | None]:
    """First and last second of a bucket; the last bucket has no end."""
    first = 0 if bucket == 0 else EDGES[bucket - 1] + 1
    return first, EDGES[bucket] if bucket < len(EDGES) else None


def slice_bucket(name: SliceName) -> int:
    """The last bucket that belongs to a slice."""
    days = SLICE_DAYS.get(name)
    return BUCKETS - 1 if days is None else EDGES.index(days * DAY_SECONDS)


def step_end(elapsed_seconds: int) -> int:
    """The last second of the step that holds an age."""
    width = _step_width(elapsed_seconds)
    return -(-elapsed_seconds // width) * width


def step_range(end: int) -> tuple[int, int]:
    """First and last second of the step that ends there; second 0 is one of its own."""
    return max(0, end - _step_width(end) + 1), end


def _step_width(elapsed_seconds: int) -> int:
    return next((width for until, width in _STEPS if elapsed_seconds <= until), DAY_SECONDS)
