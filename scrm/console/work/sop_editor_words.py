"""What the editor's script says, in the reader's language."""

from django.utils.translation import gettext as _


def editor_words() -> dict[str, str]:
    """Sentences by name; `{a}` and `{b}` stand for what the script fills in."""
    return {
        "afterEntry": _("After entry"),
        "day": _("Day {a}"),
        "atEntry": _("At entry"),
        "dayFault": _("Give a day from 1 to 730."),
        "clockFault": _("Give a time of day."),
        "spanFault": _("Give a whole number."),
        "lateFault": _("Give a whole number, 7 days at most."),
        "blankFault": _("Write what is to be sent."),
        "segmentFault": _("Choose for whom it is."),
        "stepsFault": _("Add a step first."),
        "people": _("{a} people now"),
        "asDraft": _("{a} (draft)"),
        "asArchived": _("{a} (archived)"),
        "to": _("as {a} would get it, entering now"),
        "toNobody": _("as somebody without a name would get it, entering now"),
        "missed": _("missed: its time today is over"),
        "atOnce": _("at once"),
        "longFault": _("Write at most 4,000 characters."),
        "loggedOut": _("You are logged out. What you wrote is kept in this tab: log in, and take it back here."),
        "failed": _("The preview could not be made; what you wrote is still here."),
        "checking": _("Checking …"),
        "letters": _("{a} of 4,000 characters"),
        "gone": _("deleted"),
    }
