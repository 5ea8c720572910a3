"""A shop, and a way to make one of its segments fail in the database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg2
import pytest

_BREAK = """
CREATE FUNCTION refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.segment_id = {0} THEN RAISE EXCEPTION 'the disk is full'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_move BEFORE INSERT ON segments_segmentmember FOR EACH ROW EXECUTE FUNCTION refuse_move();
"""
_MEND = "DROP TRIGGER refuse_move ON segments_segmentmember; DROP FUNCTION refuse_move();"


@pytest.fixture
def shop(transactional_db: Any) -> Any:
    """A tenant with nobody in it."""
    from tenants.models import Tenant

    return Tenant.objects.create(slug="shop", name="Shop", timezone="UTC", currency="GBP")


@pytest.fixture
def broken(transactional_db: Any) -> Callable[[int], AbstractContextManager[None]]:
    """Nobody can enter this segment meanwhile: `with broken(segment_id): …`."""
    return _broken


@contextmanager
def _broken(segment_id: int) -> Iterator[None]:
    from django.conf import settings

    held = settings.DATABASES["owner"]
    owner = psycopg2.connect(
        dbname=held["NAME"],
        user=held["USER"],
        password=held["PASSWORD"],
        host=held["HOST"],
        port=held["PORT"] or None,
    )
    owner.autocommit = True
    try:
        with owner.cursor() as cursor:
            cursor.execute(_BREAK.format(int(segment_id)))
            try:
                yield
            finally:
                cursor.execute(_MEND)
    finally:
        owner.close()
