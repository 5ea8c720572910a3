"""What a repurchase board is asked for: the address's fields, understood."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from analytics.repurchase import RepurchaseQuery
from scrm.console.work.asof import AsOf
from scrm.console.work.board_range import BoardRangeForm
from scrm.console.work.ranges import DayField


@dataclass(frozen=True)
class RepurchaseBoardRequest:
    """A query, and the as-of that it was made with."""

    query: RepurchaseQuery
    as_of: AsOf


class RepurchaseBoardForm(BoardRangeForm):
    """The board's days; every field may be missing."""

    from_date = DayField(label=_("Reached from"), required=False)
    to_date = DayField(label=_("Reached to"), required=False)
    first_from = DayField(label=_("First bought from"), required=False)

    def board_request(self, *, default_as_of: AsOf, now: datetime) -> RepurchaseBoardRequest:
        """The query; a field that is not understood counts as missing and says so beside itself."""
        held, as_of = self.held(), self.as_of_or(default_as_of, now=now)
        query = RepurchaseQuery(
            as_of=as_of.at,
            from_date=held.get("from_date"),
            to_date=held.get("to_date"),
            first_from=held.get("first_from"),
        )
        return RepurchaseBoardRequest(query, as_of)
