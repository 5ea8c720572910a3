"""Groups and tags: made, renamed, moved, deleted."""

from collections.abc import Callable
from typing import Any

import pytest

from contacts.models import ContactTag, Tag, TagGroup, TagMove
from contacts.services import tag_catalogue
from contacts.services.tag_catalogue import NameIsTaken, TagGroupHasTags, UnknownTagGroup
from contacts.services.tags import assign_tags
from contacts.tags import InvalidTag
from tenants.context import tenant_transaction
from tenants.models import AuditEntry
from tests.cast import AT
from tests.contacts.crowd import changes, make_people, make_tags, moves

pytestmark = pytest.mark.django_db

BY_BOB: dict[str, Any] = {"actor": "bob@example.com", "at": AT}


def run(service: Callable[..., Any], tenant: Any, **told: Any) -> Any:
    with tenant_transaction(tenant.pk):
        return service(tenant=tenant, **BY_BOB, **told)


def names(tenant: Any) -> list[str]:
    with tenant_transaction(tenant.pk):
        return sorted(str(tag) for tag in Tag.objects.for_tenant(tenant).select_related("group"))


def acts(tenant: Any) -> list[tuple[str, str, str]]:
    with tenant_transaction(tenant.pk):
        return list(AuditEntry.objects.for_tenant(tenant).order_by("pk").values_list("act", "target", "actor"))


def test_groups_and_tags_are_made_renamed_and_moved(acme: Any) -> None:
    taste = run(tag_catalogue.create_tag_group, acme, name=" taste ")
    origin = run(tag_catalogue.create_tag_group, acme, name="origin")
    tag = run(tag_catalogue.create_tag, acme, group_id=taste.pk, name="hot/very")
    run(tag_catalogue.rename_tag_group, acme, group_id=origin.pk, name="from")

    run(tag_catalogue.edit_tag, acme, tag_id=tag.pk, name="shop", group_id=origin.pk)

    assert names(acme) == ["from/shop"]
    assert acts(acme) == [
        ("taggroup.created", "taste", "bob@example.com"),
        ("taggroup.created", "origin", "bob@example.com"),
        ("tag.created", "taste/hot/very", "bob@example.com"),
        ("taggroup.changed", "from", "bob@example.com"),
        ("tag.changed", "from/shop", "bob@example.com"),
    ]


def test_what_is_said_again_is_no_news(acme: Any) -> None:
    group = run(tag_catalogue.create_tag_group, acme, name="taste")
    tag = run(tag_catalogue.create_tag, acme, group_id=group.pk, name="hot")

    run(tag_catalogue.rename_tag_group, acme, group_id=group.pk, name="taste")
    run(tag_catalogue.edit_tag, acme, tag_id=tag.pk, name="hot", group_id=group.pk)

    assert len(acts(acme)) == 2


def test_names_are_taken_once(acme: Any) -> None:
    hot, sweet, shop = make_tags(acme, "taste/hot", "taste/sweet", "origin/hot")
    with tenant_transaction(acme.pk):
        taste = Tag.objects.for_tenant(acme).get(pk=hot).group_id
        origin = Tag.objects.for_tenant(acme).get(pk=shop).group_id

    for service, told in (
        (tag_catalogue.create_tag_group, {"name": "taste"}),
        (tag_catalogue.rename_tag_group, {"group_id": origin, "name": "taste"}),
        (tag_catalogue.create_tag, {"group_id": taste, "name": "hot"}),
        (tag_catalogue.edit_tag, {"tag_id": sweet, "name": "hot"}),
        (tag_catalogue.edit_tag, {"tag_id": shop, "group_id": taste}),
    ):
        with pytest.raises(NameIsTaken):
            run(service, acme, **told)
    assert names(acme) == ["origin/hot", "taste/hot", "taste/sweet"]


@pytest.mark.parametrize("name", ["", "  ", "a/b", "x" * 61, "a\x00b"])
def test_a_group_is_named_so_that_group_and_name_can_be_told_apart(acme: Any, name: str) -> None:
    with pytest.raises(InvalidTag):
        run(tag_catalogue.create_tag_group, acme, name=name)


def test_another_tenants_rows_are_not_there(acme: Any, globex: Any) -> None:
    (hot,) = make_tags(acme, "taste/hot")
    (spicy,) = make_tags(globex, "口味/辣")
    with tenant_transaction(globex.pk):
        group = Tag.objects.for_tenant(globex).get().group_id

    for service, told, refusal in (
        (tag_catalogue.rename_tag_group, {"group_id": group, "name": "x"}, TagGroup.DoesNotExist),
        (tag_catalogue.delete_tag_group, {"group_id": group}, TagGroup.DoesNotExist),
        (tag_catalogue.create_tag, {"group_id": group, "name": "x"}, UnknownTagGroup),
        (tag_catalogue.edit_tag, {"tag_id": hot, "group_id": group}, UnknownTagGroup),
        (tag_catalogue.edit_tag, {"tag_id": spicy, "name": "x"}, Tag.DoesNotExist),
        (tag_catalogue.delete_tag, {"tag_id": spicy}, Tag.DoesNotExist),
    ):
        with pytest.raises(refusal):
            run(service, acme, **told)
    assert names(globex) == ["口味/辣"]


def test_only_an_empty_group_is_deleted(acme: Any) -> None:
    group = run(tag_catalogue.create_tag_group, acme, name="taste")
    tag = run(tag_catalogue.create_tag, acme, group_id=group.pk, name="hot")
    with pytest.raises(TagGroupHasTags):
        run(tag_catalogue.delete_tag_group, acme, group_id=group.pk)

    run(tag_catalogue.delete_tag, acme, tag_id=tag.pk)
    run(tag_catalogue.delete_tag_group, acme, group_id=group.pk)

    with tenant_transaction(acme.pk):
        assert not TagGroup.objects.for_tenant(acme).exists()


def test_a_deleted_tag_leaves_everybody_and_its_moves_stay_under_its_name(acme: Any) -> None:
    ann, ben, cy = make_people(acme, "ann", "ben", "cy")
    hot, sweet = make_tags(acme, "taste/hot", "taste/sweet")
    with tenant_transaction(acme.pk):
        assign_tags(tenant=acme, contact_ids=[ann, ben], tags=[hot], source="rule", at=AT)
        assign_tags(tenant=acme, contact_ids=[cy], tags=[sweet], source="rule", at=AT)
    before = changes(acme)

    run(tag_catalogue.delete_tag, acme, tag_id=hot)

    assert changes(acme)[len(before) :] == [(ann, "tag"), (ben, "tag")]
    assert sorted(moves(acme)[3:]) == [
        (ann, "taste/hot", False, "hand", "", "bob@example.com"),
        (ben, "taste/hot", False, "hand", "", "bob@example.com"),
    ]
    with tenant_transaction(acme.pk):
        assert set(TagMove.objects.for_tenant(acme).values_list("name", "tag_id")) == {
            ("taste/hot", None),
            ("taste/sweet", sweet),
        }
        assert list(ContactTag.objects.for_tenant(acme).values_list("contact_id", flat=True)) == [cy]
    assert names(acme) == ["taste/sweet"]
