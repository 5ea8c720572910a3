"""The API's own description: the schema, and a page that shows it."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.views import SpectacularSwaggerSplitView


@cache
def schema() -> bytes:
    """The OpenAPI document; it is the same for everybody and for as long as the process lives."""
    generator = SchemaGenerator(urlconf=spectacular_settings.SERVE_URLCONF)  # type: ignore[no-untyped-call]
    document: bytes = OpenApiJsonRenderer().render(generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]
    return document


@require_GET
@cache_control(public=True, max_age=300)
def schema_view(request: HttpRequest) -> HttpResponse:
    """Serve the OpenAPI document as JSON, whatever `format` says."""
    return HttpResponse(schema(), content_type="application/json")


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, with its script in a file of its own as our Content-Security-Policy asks."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_classes: list[Any] = []
    template_name = "tenants/api_docs.html"
    url_name = "api-schema"
