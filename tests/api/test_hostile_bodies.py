"""Hostile bodies get a 4xx problem or that row's error, never a 500, in bounded time and memory."""

import gzip
import io
import json
import resource
import time
import zlib

import pytest

pytestmark = pytest.mark.django_db

RATE = {"date": "2026-01-01", "currency": "USD", "rate": "0.75"}
OTHER = {"date": "2026-01-02", "currency": "USD", "rate": "0.75"}
MEGABYTE = 2**20
# of the time in which this machine decodes the largest honest body, plainly
MAX_TIMES = 4
MAX_GROWTH_KB = 50 * 1024


def body(*rows):
    return json.dumps({"rates": rows}).encode()


def patched(old, new):
    return body(RATE, OTHER).replace(old, new, 1)


WHOLE = {
    "nothing": (b"", 400, "invalid_json"),
    "no json": (b"rates=1", 400, "invalid_json"),
    "cut short": (body(RATE)[:-1], 400, "invalid_json"),
    "something after": (body(RATE) + b"{}", 400, "invalid_json"),
    "a list": (b"[]", 400, "invalid"),
    "a number": (b"1", 400, "invalid"),
    "null": (b"null", 400, "invalid"),
    "another shape": (b'{"rates": {}}', 400, "invalid"),
    "no items": (b"{}", 400, "required"),
    "another field": (b'{"rates": [], "tenant_id": 2}', 400, "unknown_field"),
    "NaN": (patched(b'"0.75"', b"NaN"), 400, "invalid_json"),
    "Infinity": (patched(b'"0.75"', b"-Infinity"), 400, "invalid_json"),
    "leading zero": (patched(b'"0.75"', b"00.75"), 400, "invalid_json"),
    "comment": (b"/* */" + body(RATE), 400, "invalid_json"),
    "raw NUL": (patched(b"USD", b"US\x00"), 400, "invalid_json"),
    "lone surrogate": (patched(b"USD", b"\\ud800"), 400, "invalid_json"),
    "latin-1": ('{"rates": ["é"]}'.encode("latin-1"), 400, "invalid_encoding"),
    "utf-16": (body(RATE).decode().encode("utf-16"), 400, "invalid_encoding"),
    "byte order mark": (b"\xef\xbb\xbf" + body(RATE), 400, "invalid_json"),
    "duplicate key of the whole": (b'{"rates": [], "rates": []}', 400, "duplicate_key"),
    "200k deep": (b"[" * 200_000 + b"]" * 200_000, 400, "invalid"),
    "200k deep in a row": (b'{"rates": [' + b"[" * 200_000 + b"]" * 200_000 + b"]}", 400, "too_deep"),
    # deep enough for the decoder of objects, which begins further down the stack, and for no other
    **{
        f"{depth} deep": (b'{"rates": [' + b"[" * depth + b"]" * depth + b"]}", 400, "too_deep")
        for depth in range(900, 960, 4)
    },
    "200k deep, unclosed": (b'{"rates": [' + b"[" * 200_000, 400, "too_deep"),
    "200k objects deep": (b'{"rates":[' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"]}", 400, "too_deep"),
    "1001 rows": (body(*[RATE] * 1001), 400, "too_many_items"),
    "a flood of rows": (b'{"rates":[' + b"{}," * 1_600_000 + b"{}]}", 400, "too_many_values"),
    "a flood of numbers": (b'{"rates":[' + b"1," * 190_000 + b"1]}", 400, "too_many_items"),
    "a flood of keys": (
        b'{"rates":[{' + b",".join(b'"%d":1' % number for number in range(90_000)) + b"}]}",
        200,
        None,
    ),
    "one long text": (b'{"rates":["' + b"x" * (5 * MEGABYTE - 100) + b'"]}', 200, None),
    "5 MB of escapes": (b'{"rates":["' + b"\\u0001" * (5 * MEGABYTE // 6 - 100) + b'"]}', 200, None),
    "more than 5 MB": (body(RATE) + b" " * (5 * MEGABYTE), 413, None),
    "20 MB": (b'{"rates":["' + b"x" * (20 * MEGABYTE) + b'"]}', 413, None),
}
ROWS = {
    "number for a decimal": (patched(b'"0.75"', b"0.75"), "/rates/0/rate", "invalid_decimal"),
    "1e999": (patched(b'"0.75"', b"1e999"), "/rates/0/rate", "invalid_decimal"),
    "a long number": (patched(b'"0.75"', b"9" * 5000), "/rates/0/rate", "invalid_decimal"),
    "exponent text": (patched(b"0.75", b"1e5"), "/rates/0/rate", "invalid_decimal"),
    "NaN text": (patched(b"0.75", b"NaN"), "/rates/0/rate", "invalid_decimal"),
    "negative": (patched(b"0.75", b"-1"), "/rates/0/rate", "invalid_decimal"),
    "zero": (patched(b"0.75", b"0.00"), "/rates/0/rate", "invalid_decimal"),
    "too many digits": (patched(b"0.75", b"1234567890"), "/rates/0/rate", "invalid_decimal"),
    "too many places": (patched(b"0.75", b"0.123456789"), "/rates/0/rate", "invalid_decimal"),
    "arabic digits": (patched(b"0.75", "٣".encode()), "/rates/0/rate", "invalid_decimal"),
    "newline": (patched(b"0.75", b"0.75\\n"), "/rates/0/rate", "invalid_decimal"),
    "null": (patched(b'"0.75"', b"null"), "/rates/0/rate", "invalid_decimal"),
    "list": (patched(b'"0.75"', b"[]"), "/rates/0/rate", "invalid_decimal"),
    "unknown currency": (patched(b"USD", b"XXX"), "/rates/0/currency", "invalid_currency"),
    "lower case currency": (patched(b"USD", b"usd"), "/rates/0/currency", "invalid_currency"),
    "NUL": (patched(b"USD", b"US\\u0000"), "/rates/0/currency", "invalid_text"),
    "NUL in a key": (patched(b'"rate"', b'"ra\\u0000te"'), "/rates/0", "invalid_text"),
    "no date": (patched(b"2026-01-01", b"2026-02-30"), "/rates/0/date", "invalid_date"),
    "a time": (patched(b"2026-01-01", b"2026-01-01T00:00:00Z"), "/rates/0/date", "invalid_date"),
    "year 1": (patched(b"2026-01-01", b"0001-01-01"), "/rates/0/date", "invalid_date"),
    "year 9999": (patched(b"2026-01-01", b"9999-12-31"), "/rates/0/date", "invalid_date"),
    "hidden year 1": (patched(b"2026-01-01", b"\\u0030001-01-01"), "/rates/0/date", "invalid_date"),
    "missing": (patched(b'"currency": "USD", ', b""), "/rates/0/currency", "required"),
    "unknown field": (patched(b'"rate"', b'"tenant_id": 1, "rate"'), "/rates/0/tenant_id", "unknown_field"),
    "duplicate key": (patched(b'"rate"', b'"rate": "1", "rate"'), "/rates/0", "duplicate_key"),
    "duplicate by escape": (patched(b'"rate"', b'"r\\u0061te": "1", "rate"'), "/rates/0", "duplicate_key"),
    "deep": (patched(b'"0.75"', b"[" * 100 + b"]" * 100), "/rates/0", "too_deep"),
    "no object": (b'{"rates": [1, ' + json.dumps(OTHER).encode() + b"]}", "/rates/0", "invalid"),
}


def post(api, raw, **headers):
    return api.send("post", "/fx-rates/bulk", raw, **headers)


@pytest.fixture(scope="module")
def max_seconds():
    """The most that a body may take: a multiple of this machine's own pace, not of another's."""
    honest, times = body(*[RATE] * (5 * MEGABYTE // (len(json.dumps(RATE)) + 2))), []
    for _ in range(3):
        start = time.thread_time()
        json.loads(honest)
        times.append(time.thread_time() - start)
    return MAX_TIMES * min(times)


@pytest.fixture
def warm(api):
    post(api, body(OTHER))
    return api


@pytest.mark.parametrize("name", WHOLE)
def test_a_hostile_body_is_refused_quickly(warm, max_seconds, name):
    raw, status, code = WHOLE[name]
    size, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()

    answer = post(warm, raw)

    took, grown = time.thread_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["summary"] == {"error": 1}
    else:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert [error["code"] for error in answer.json()["errors"]] == ([code] if code else [])
    assert took <= max_seconds
    assert grown <= MAX_GROWTH_KB + len(raw) * 3 // 1024  # the test client holds the body too


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_row_is_that_rows_error(api, name):
    raw, pointer, code = ROWS[name]

    answer = post(api, raw)

    assert answer.status_code == 200
    first, second = answer.json()["results"]
    assert (first["status"], second["status"]) == ("error", "created")
    assert [(error["pointer"], error["code"]) for error in first["errors"]] == [(pointer, code)]
    assert all(error["detail"] for error in first["errors"])


def test_gzip_is_accepted(api):
    answer = post(api, gzip.compress(body(RATE)), Content_Encoding="gzip")

    assert answer.json()["summary"] == {"created": 1}


@pytest.mark.parametrize(
    ("raw", "encoding", "status"),
    [
        (b"no gzip", "gzip", 400),
        (gzip.compress(body(RATE))[:-4], "gzip", 400),
        (gzip.compress(body(RATE)) + b"more", "gzip", 400),
        (zlib.compress(body(RATE)), "deflate", 415),
        (gzip.compress(body(RATE)), "gzip, gzip", 415),
        (body(RATE), "br", 415),
    ],
)
def test_a_broken_or_unknown_packing_is_refused(api, raw, encoding, status):
    answer = post(api, raw, Content_Encoding=encoding)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


def test_a_gzip_bomb_is_refused_quickly(warm, max_seconds):
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as out:
        for _ in range(1000):
            out.write(b" " * MEGABYTE)
    size, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()

    answer = post(warm, packed.getvalue(), Content_Encoding="gzip")

    assert answer.status_code == 413
    assert time.thread_time() - start <= max_seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size <= MAX_GROWTH_KB


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=gbk", ""],
)
def test_another_content_type_is_refused(api, content_type):
    answer = api.client.post("/api/v1/fx-rates/bulk", body(RATE), content_type=content_type, headers=api.headers)

    assert (answer.status_code, answer.headers["Content-Type"]) == (415, "application/problem+json")


def test_a_body_is_refused_by_its_announced_length_unread(api):
    class Unread(io.BytesIO):
        def read(self, *size):
            raise AssertionError("read")

    answer = api.client.generic(
        "POST",
        "/api/v1/fx-rates/bulk",
        b"",
        headers=api.headers,
        **{"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(20 * MEGABYTE), "wsgi.input": Unread()},
    )

    assert answer.status_code == 413


def test_a_thousand_bad_rows_are_each_named(api):
    answer = post(api, body(*[{**RATE, "rate": 1}] * 1000)).json()

    assert answer["summary"] == {"error": 1000}
    assert [row["index"] for row in answer["results"]] == list(range(1000))
