"""Notes as people write them. Pure."""

from django.utils.translation import gettext as _

from contacts.identities import has_control

MAX_LENGTH = 2_000
_LAID_OUT = str.maketrans("\n\t", "  ")


class InvalidNote(ValueError):
    """Empty, too long, or with control characters other than line breaks and tabs; `str()` says which."""


def clean_note(text: str) -> str:
    """A note without outer blanks, its lines ended by `\\n`, however they were.

    Raises: InvalidNote
    """
    note = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not note:
        raise InvalidNote(_("Write something first."))
    if len(note) > MAX_LENGTH:
        said = _("Write at most %(most)s characters; these are %(given)s.")
        raise InvalidNote(said % {"most": f"{MAX_LENGTH:,}", "given": f"{len(note):,}"})
    if has_control(note.translate(_LAID_OUT)):
        raise InvalidNote(_("Leave out the invisible control character."))
    return note
