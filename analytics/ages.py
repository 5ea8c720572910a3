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
_EDGE_DAYS = (0, 7, 15, 30, 45, 60, 75, 90, 120, 150, 180, 270, 365)
EDGES = tuple(days * DAY_SECONDS for days in _EDGE_DAYS)
BUCKETS = len(EDGES) + 1
# Rows of one channel are coarse: of the buckets between two slices they use the last.
COARSE_BUCKETS = (*(i for i, days in enumerate(_EDGE_DAYS) if days in (0, *SLICE_DAYS.values())), BUCKETS - 1)
COARSE_EDGES = tuple(EDGES[bucket] for bucket in COARSE_BUCKETS[:-1])


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
