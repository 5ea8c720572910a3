"""How the API describes itself: Structs as components, and what every view of ours has in common."""

from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from msgspec import inspect

from tenants.api.bulk import BulkView
from tenants.api.pagination import page_type
from tenants.api.problems import CONTENT_TYPE, Problem
from tenants.api.views import ListView, TenantAPIView

_PROBLEMS = ("400", "401", "403", "404", "429")
_PROBLEMS_OF_WRITES = ("409", "413", "415", "422")
_REF = "#/components/schemas/{name}"


class StructExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A Struct is a component; the Structs inside it are components as well."""

    target_class = "msgspec.Struct"
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: str) -> str:
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> Any:
        (own,), components = msgspec.json.schema_components([self.target], ref_template=_REF)
        name = own["$ref"].rsplit("/", 1)[1]
        mine = components.pop(name)
        classes = _structs(inspect.type_info(self.target), {})
        for inner, definition in components.items():
            kind, known = ResolvedComponent.SCHEMA, classes.get(inner, inner)
            component = ResolvedComponent(inner, kind, definition, object=known)  # type: ignore[no-untyped-call]
            auto_schema.registry.register_on_missing(component)
        return mine


def _structs(kind: Any, found: dict[str, Any]) -> dict[str, Any]:
    """Every Struct inside a type, by name."""
    if isinstance(kind, inspect.StructType):
        if kind.cls.__name__ in found:
            return found
        found[kind.cls.__name__] = kind.cls
        inner: Any = [field.type for field in kind.fields]
    else:
        inner = [getattr(kind, name, None) for name in ("type", "item_type", "value_type")]
        inner += [*getattr(kind, "types", ()), *getattr(kind, "item_types", ())]
    for one in inner:
        if isinstance(one, inspect.Type):
            _structs(one, found)
    return found


class BearerExtension(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """API keys."""

    target_class = "tenants.api.authentication.TenantAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key of one tenant: `scrm_<tenant id>_<secret>`.",
        }


class TenantSchema(AutoSchema):
    """Reads `scopes`, `query`, `body`, `envelope`, `answer` and `row` of a view."""

    view: Any

    @property
    def is_write(self) -> bool:
        return self.method not in ("GET", "HEAD")

    @property
    def is_list(self) -> bool:
        """Whether a page of rows is answered; a list's address may take writes as well."""
        return isinstance(self.view, ListView) and not self.is_write

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_operation_id(self) -> str:
        words = [word for word in self.path.removeprefix("/api/v1/").split("/") if word]
        verb = "list" if self.is_list else self.method.lower()
        plain = [word.strip("{}").replace("-", "_") for word in words]
        return "_".join([verb, *plain])

    def get_summary(self) -> str:
        said = " ".join((super().get_description() or "").split("\n\n")[0].split())
        return said.partition(". ")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        scope = getattr(self.view, "scopes", {}).get(self.method)
        said = super().get_description() or ""
        return f"{said}\n\nScope: `{scope}`." if scope else said

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # a page is one object

    def get_override_parameters(self) -> list[Any]:
        if not isinstance(self.view, TenantAPIView):
            return super().get_override_parameters()
        if self.is_write:
            text = "Names this call: the same key and body get the stored answer for 24 hours."
            return [OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description=text)]
        return [_parameter(field, self.view.query) for field in msgspec.structs.fields(self.view.query)]

    def get_request_serializer(self) -> Any:
        if isinstance(self.view, BulkView):
            return self.view.envelope
        if isinstance(self.view, TenantAPIView):
            return self.view.body if self.is_write else None
        return super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        if not isinstance(self.view, TenantAPIView):
            return super().get_response_serializers()
        answer = self.view.answer
        if isinstance(self.view, ListView) and not self.is_write:
            answer = page_type(self.view.row)
        problems = (*_PROBLEMS, *_PROBLEMS_OF_WRITES) if self.is_write else _PROBLEMS
        return {(self.view.answer_status, "application/json"): answer} | {
            (code, CONTENT_TYPE): Problem for code in problems
        }


def _parameter(field: Any, query: type[msgspec.Struct]) -> OpenApiParameter:
    (_,), components = msgspec.json.schema_components([query], ref_template=_REF)
    schema = dict(components[query.__name__]["properties"][field.encode_name])
    description = schema.pop("description", "") or next(
        (option.pop("description") for option in schema.get("anyOf", []) if "description" in option), ""
    )
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        schema = options[0]
    return OpenApiParameter(field.encode_name, schema, required=field.required, description=description)
