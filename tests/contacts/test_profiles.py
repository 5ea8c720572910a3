"""Versions and attributes of what is told of a person."""

from datetime import UTC, datetime
from itertools import permutations

from contacts.profiles import Profile, Told, is_stale, merge

FIRST, SECOND = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def test_newer_version_replaces_what_it_names_alone() -> None:
    held = Profile("王", {"city": "北京", "size": "M"}, 7, FIRST)

    merged = merge(held, Told(attributes={"city": "上海", "size": None, "age": 3}, version_at=SECOND))

    assert merged == Profile("王", {"city": "上海", "age": 3}, 7, SECOND)


def test_older_version_is_stale_and_no_version_never() -> None:
    held = Profile(version_at=SECOND)

    assert is_stale(held, Told(version_at=FIRST))
    assert not is_stale(held, Told(version_at=SECOND))
    assert not is_stale(held, Told())
    assert not is_stale(Profile(), Told(version_at=FIRST))


def test_telling_without_version_replaces_and_keeps_the_version() -> None:
    assert merge(Profile("王", version_at=FIRST), Told(name="李")) == Profile("李", version_at=FIRST)


def test_two_tellings_of_one_version_end_the_same_in_any_order() -> None:
    tellings = [
        Told("王", {"city": "北京"}, 3, SECOND),
        Told("李", {"city": "上海", "age": 3}, 5, SECOND),
        Told(None, {"age": 12}, None, SECOND),
    ]

    ends = set()
    for order in permutations(tellings):
        profile = Profile()
        for told in order:
            profile = merge(profile, told)
        ends.add(repr((profile.name, sorted(profile.attributes.items()), profile.channel_id)))

    assert ends == {repr(("王", [("age", 3), ("city", "北京")], 5))}
