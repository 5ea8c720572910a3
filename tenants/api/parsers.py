"""Reading a request's body: JSON in UTF-8, gzip allowed, bounded before and after unpacking."""

import zlib
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import RawPostDataException
from django.http.request import UnreadablePostError
from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from tenants import strict_json
from tenants.api.problems import ApiProblem


class StrictJSONParser(BaseParser):
    """Any JSON value, decoded strictly."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        assert parser_context is not None
        return strict_json.decode(read_body(parser_context["request"]))


def read_body(request: Request) -> bytes:
    """The unpacked body of a JSON request; read once.

    Raises: ApiProblem 400, 413 or 415
    """
    inner = request._request
    if not hasattr(inner, "scrm_body"):
        refuse_other_media(request)
        body = _unpack(_read(request), request.headers.get("Content-Encoding", "identity"))
        inner.scrm_body = body  # type: ignore[attr-defined]
    return inner.scrm_body  # type: ignore[attr-defined,no-any-return]


def refuse_other_media(request: Request) -> None:
    """Refuse a body that is not JSON in UTF-8, before anything reads it.

    Raises: ApiProblem 415
    """
    content_type = request.META.get("CONTENT_TYPE", "")
    if not content_type and request.META.get("CONTENT_LENGTH") in (None, "", "0"):
        return
    media, parameters = parse_header_parameters(content_type)
    if media != "application/json":
        raise ApiProblem(415, "Send Content-Type: application/json.")
    if parameters.get("charset", "utf-8").strip('"').lower() not in ("utf-8", "utf8"):
        raise ApiProblem(415, "Send the body in UTF-8.")


def _read(request: Request) -> bytes:
    if _content_length(request) > settings.MAX_BODY_BYTES:
        raise _too_large()
    try:
        return request._request.read(settings.MAX_BODY_BYTES + 1)
    except (UnreadablePostError, RawPostDataException):
        raise ApiProblem(400, "The body could not be read; send it again.") from None


def _content_length(request: Request) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _unpack(body: bytes, encoding: str) -> bytes:
    """Raises: ApiProblem when it is no gzip, or more than the bound."""
    if len(body) > settings.MAX_BODY_BYTES:
        raise _too_large()
    encoding = encoding.strip().lower()
    if encoding in ("identity", ""):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise ApiProblem(
            415, "Send the body plain or with Content-Encoding: gzip.", headers={"Accept-Encoding": "gzip"}
        )
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(body, settings.MAX_BODY_BYTES + 1)
    except zlib.error:
        raise ApiProblem(400, "The body is not gzip although Content-Encoding says so.") from None
    if len(unpacked) > settings.MAX_BODY_BYTES or unpacker.unconsumed_tail:
        raise _too_large()
    if not unpacker.eof or unpacker.unused_data:
        raise ApiProblem(400, "The gzip body is cut short or has something after its end.")
    return unpacked


def _too_large() -> ApiProblem:
    megabytes = settings.MAX_BODY_BYTES // 2**20
    return ApiProblem(413, f"Send at most {megabytes} MB in one call (unpacked): split it.")
