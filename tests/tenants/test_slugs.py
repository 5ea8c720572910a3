"""REST and the console take the same slugs."""

import msgspec
import pytest
from django.core.exceptions import ValidationError

from tenants.incoming import Slug
from tenants.slugs import is_slug


def rest_takes(slug: str) -> bool:
    try:
        msgspec.convert(slug, Slug)
    except msgspec.ValidationError:
        return False
    return True


def console_takes(slug: str) -> bool:
    try:
        is_slug(slug)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("slug", ["a", "7", "douyin-live_2", "a-", "a_", "x" * 50])
def test_a_slug_is_taken_by_both(slug: str) -> None:
    assert (rest_takes(slug), console_takes(slug)) == (True, True)


@pytest.mark.parametrize("slug", ["", "-", "_", "-store", "_store", "Store", "a b", "店", "x" * 51, "store\n", "a\nb"])
def test_what_is_no_slug_is_refused_by_both(slug: str) -> None:
    assert (rest_takes(slug), console_takes(slug)) == (False, False)
