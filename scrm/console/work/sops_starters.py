"""Schedules to begin with: what brands send first. The operator picks the audience and speaks in the brand's voice."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from sop.incoming import StepBody

HOUR = 60


@dataclass(frozen=True)
class StarterStep:
    """One message: on `day` `at` a time, or `after_minutes` of entry."""

    text: StrOrPromise
    day: int | None = None
    at: str | None = None
    after_minutes: int | None = None

    def body(self) -> StepBody:
        """The step in the reader's language."""
        late = 2 * HOUR if self.day is None else 8 * HOUR
        return StepBody(
            content=str(self.text),
            day=self.day,
            at=self.at,
            after_minutes=self.after_minutes,
            late_after_minutes=late,
        )


@dataclass(frozen=True)
class SopStarter:
    """A schedule to begin with. `segment`: the key of the rule (`segments_starters`) that makes its audience."""

    name: StrOrPromise
    use: StrOrPromise
    segment: str
    steps: tuple[StarterStep, ...]
    exits_on_order: bool


STARTERS: Mapping[str, SopStarter] = {
    "welcome": SopStarter(
        _("Welcome, 7 days"),
        _("For new people: say hello, help with the first use, invite to the second order."),
        "new",
        (
            StarterStep(
                _("{{ contact.name|Hello }}, welcome to {{ brand.name }}! Ask us anything here."), None, None, 5
            ),
            StarterStep(_("How do you like it so far? Tell us what you are curious about."), 2, "10:00"),
            StarterStep(_("A tip from us: three ways in which others enjoy it."), 4, "10:00"),
            StarterStep(_("You are with us for a week: here is something for your next order."), 7, "19:00"),
        ),
        exits_on_order=False,
    ),
    "again": SopStarter(
        _("Time to buy again"),
        _("For those who bought twice and have gone quiet: remind, then offer, and stop with an order."),
        "asleep",
        (
            StarterStep(_("{{ contact.name|Hello }}, are you running low? Your favourites are in stock."), 1, "10:30"),
            StarterStep(_("Shall we put the same as last time aside for you?"), 4, "19:30"),
        ),
        exits_on_order=True,
    ),
    "wake": SopStarter(
        _("First order"),
        _("For those who came and never bought: one question, one offer, then leave them in peace."),
        "never",
        (
            StarterStep(_("{{ contact.name|Hello }}, may we ask what you are looking for?"), 1, "11:00"),
            StarterStep(_("A small first order at a kind price: it is yours for three days."), 3, "19:00"),
        ),
        exits_on_order=True,
    ),
}
