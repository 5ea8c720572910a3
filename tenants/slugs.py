"""How people may write a slug in the console: as programs do over REST."""

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy

from tenants.admin_base import TenantForm

is_slug = RegexValidator(
    r"^[a-z0-9][a-z0-9_-]{0,49}\Z",
    gettext_lazy("1 to 50 small letters, digits, - or _, a letter or digit first."),
    "invalid_slug",
)


class SlugForm(TenantForm):
    """A form of a row with a `slug`, which is given once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].validators = [is_slug]
