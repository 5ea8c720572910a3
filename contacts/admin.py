"""Tags and their groups in the console."""

from tenants.admin_base import TenantAdmin, TenantRelatedFilter


class TagGroupAdmin(TenantAdmin):
    """A family of tags."""

    list_display = ["name"]
    ordering = ["name"]
    fields = ["name"]
    search_fields = ["name__startswith"]


class TagAdmin(TenantAdmin):
    """A label in its group."""

    list_display = ["name", "group"]
    list_filter = [("group", TenantRelatedFilter)]
    list_select_related = ["group"]
    ordering = ["group", "name"]
    fields = ["group", "name"]
    search_fields = ["name__startswith"]
