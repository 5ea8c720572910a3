"""Lists written in PostgreSQL's own notation come out as they went in."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.arrays import array_of

# what a row may hold: neither NUL nor lone surrogates, which are refused before
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12))
same_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.mark.django_db
@same_database
@given(TEXTS)
def test_texts_come_out_as_they_went_in(texts: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [array_of(texts)])
        assert cursor.fetchone() == (texts,)


@pytest.mark.django_db
@same_database
@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_numbers_come_out_as_they_went_in(numbers: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::bigint[]", [array_of(numbers)])
        assert cursor.fetchone() == (numbers,)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("values", "told"),
    [([], "{}"), ([3, -1], "{3,-1}"), (['a"b', "c\\", "{NULL}", ""], r'{"a\"b","c\\","{NULL}",""}')],
)
def test_lists_are_written_in_postgresqls_notation(values: list[int] | list[str], told: str) -> None:
    assert array_of(values) == told
