"""Answers: Structs and plain values as JSON."""

from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """Plain values as JSON; decimals as strings, times with their offset."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else msgspec.json.encode(data)


class StructResponse(HttpResponse):
    """An answer that is one Struct."""

    def __init__(self, answer: Any, *, status: int = 200) -> None:
        super().__init__(msgspec.json.encode(answer), status=status, content_type="application/json")
