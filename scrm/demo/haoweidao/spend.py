"""What the brand's channels cost: advertisements by day, the rest by month. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from scrm.demo.haoweidao.channels import BY_SLUG
from scrm.demo.haoweidao.people import Person, dice

CENT = Decimal("0.01")


def spend_rows(people: Iterable[Person], *, before: date) -> list[dict[str, object]]:
    """One row a day and kind, or a month and kind, of each channel that costs anything, until before a day.

    A channel's cost follows the people it brought, at its usual cost each, a little dearer or cheaper each time.
    """
    came = [(one.channel.slug, one.acquired_at.date()) for one in people if one.acquired_at.date() < before]
    by_day: Counter[tuple[str, str]] = Counter((slug, day.isoformat()) for slug, day in came)
    by_month: Counter[tuple[str, str]] = Counter((slug, f"{day:%Y-%m}") for slug, day in came)
    return [*_rows("date", by_day), *_rows("month", by_month)]


def _rows(field: str, counts: Mapping[tuple[str, str], int]) -> Iterator[dict[str, object]]:
    for (slug, period), count in sorted(counts.items()):
        channel = BY_SLUG[slug]
        kinds = channel.daily if field == "date" else channel.monthly
        for kind, share in kinds.items():
            name = f"{period}-{slug}-{kind}"
            cost = channel.cac * share * count * dice(f"spend/{name}").uniform(0.85, 1.15)
            yield {
                "external_id": name,
                field: period,
                "channel": slug,
                "kind": kind,
                "amount": str(Decimal(cost).quantize(CENT)),
                "currency": "CNY",
            }
