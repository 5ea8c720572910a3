"""Tags as people write them."""

import pytest

from contacts.tags import InvalidTag, TagName, parse_tag


def test_tag_is_group_and_name() -> None:
    assert parse_tag(" 口味 / 辣/微辣 ") == TagName("口味", "辣/微辣")


@pytest.mark.parametrize("text", ["", "辣", "/辣", "口味/", "口味/ ", "口味/\x00", "x" * 61 + "/y", "x/" + "y" * 61])
def test_tag_without_group_or_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidTag):
        parse_tag(text)
