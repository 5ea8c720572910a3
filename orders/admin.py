"""Order sources in the console."""

from django.utils.translation import gettext_lazy

from tenants.admin_base import SlugForm, TenantAdmin


class SourceForm(SlugForm):
    """A source made or named by hand."""

    class Meta(SlugForm.Meta):
        help_texts = SlugForm.Meta.help_texts | {
            "unknown_buyer": gettext_lazy(
                "What happens when an order's buyer is none of the contacts: make one at once, or keep the order"
                " among the waiting orders until somebody matches."
            )
        }


class SourceAdmin(TenantAdmin):
    """A shop or system that orders come from; made on first use, named here."""

    form = SourceForm
    list_display = ["name", "slug", "unknown_buyer"]
    ordering = ["slug"]
    fields = ["name", "slug", "unknown_buyer"]
    search_fields = ["slug__startswith", "name__startswith"]

    def get_readonly_fields(self, request: object, obj: object = None) -> list[str]:
        """The slug is how rows name their source: it does not change."""
        return ["slug"] if obj else []
