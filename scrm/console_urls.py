"""Routes inside a tenant's console, below `/t/<slug>/`."""

from django.urls import URLPattern, URLResolver, include, path

from scrm.console import settings_pages
from scrm.console.site import site

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("scrm.console.work.urls")),
    path("settings/tenant/", settings_pages.tenant_settings, name="tenant"),
    path("settings/members/", settings_pages.member_list, name="members"),
    path("settings/members/<int:membership_id>/role/", settings_pages.member_role, name="member-role"),
    path("settings/members/<int:membership_id>/remove/", settings_pages.member_remove, name="member-remove"),
    path("settings/keys/", settings_pages.key_list, name="keys"),
    path("settings/keys/<int:key_id>/revoke/", settings_pages.key_revoke, name="key-revoke"),
    path("settings/audit/", settings_pages.audit_log, name="audit"),
    path("", include("scrm.api_urls")),
    path("manage/", site.urls),
]

handler400 = "tenants.api.problems.bad_request"
handler403 = "tenants.api.problems.forbidden"
handler404 = "tenants.api.problems.not_found"
handler500 = "tenants.api.problems.server_error"
