"""Order sources in the console."""

from tenants.admin_base import SlugForm, TenantAdmin


class SourceAdmin(TenantAdmin):
    """A shop or system that orders come from; made on first use, named here."""

    form = SlugForm
    list_display = ["name", "slug", "unknown_buyer"]
    ordering = ["slug"]
    fields = ["name", "slug", "unknown_buyer"]
    search_fields = ["slug__startswith", "name__startswith"]

    def get_readonly_fields(self, request: object, obj: object = None) -> list[str]:
        """The slug is how rows name their source: it does not change."""
        return ["slug"] if obj else []
