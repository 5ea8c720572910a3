"""Scopes: what a key was made for, what a role allows."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.api.problems import ApiProblem


class HasScope(BasePermission):
    """The caller has the scope that the view asks for this method; a method without one is no method of the view."""

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        scope = getattr(view, "scopes", {}).get(method)
        caller: Any = request.auth
        if scope is not None and scope not in caller.scopes:
            raise ApiProblem(403, f"This needs the scope {scope}.")
        return True
