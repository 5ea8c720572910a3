"""How a slug is written, over REST and in the console alike."""

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy

PATTERN = r"^[a-z0-9][a-z0-9_-]{0,49}"
is_slug = RegexValidator(
    rf"{PATTERN}\Z",
    gettext_lazy("1 to 50 small letters, digits, - or _, a letter or digit first."),
    "invalid_slug",
)
# what forms say of a slug
SLUG_HELP = gettext_lazy(
    "Its name over the API: 1 to 50 small letters, digits, - or _, a letter or digit first. It cannot be changed later."
)
