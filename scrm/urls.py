"""Routes outside any tenant's console."""

from django.urls import URLPattern, URLResolver, include, path

from scrm import health
from scrm.console import accounts
from tenants.api import documentation

urlpatterns: list[URLPattern | URLResolver] = [
    path("", accounts.start, name="start"),
    path("login/", accounts.ConsoleLogin.as_view(), name="login"),
    path("logout/", accounts.log_out, name="logout"),
    path("tenants/", accounts.tenant_list, name="tenants"),
    path("language/", accounts.set_language, name="set_language"),
    path("api/schema/", documentation.schema_view, name="api-schema"),
    path("api/docs/", documentation.DocsView.as_view(), name="api-docs"),
    path("", include("scrm.api_urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = "tenants.api.problems.bad_request"
handler403 = "tenants.api.problems.forbidden"
handler404 = "tenants.api.problems.not_found"
handler500 = "tenants.api.problems.server_error"
