"""Tags: the page, what is made and deleted on it, and tags put on contacts by hand."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import ContactTag, Tag, TagGroup, TagMove
from scrm.console.work import tags_on_contacts
from tenants.context import tenant_transaction
from tests.cast import log_in
from tests.console.shop_floor import person, tell_contacts
from tests.segments.audience import carry, live, people, tag, tagged
from tests.tenants.counting import finish

pytestmark = pytest.mark.django_db

PAGE_QUERIES = 12
HTMX = {"HX-Request": "true"}


def get(user: Any, path: str, **query: Any) -> Any:
    return log_in(user).get(f"/t/acme/{path}", query, headers={"accept-language": "en"})


def post(user: Any, path: str, **fields: Any) -> Any:
    return log_in(user).post(f"/t/acme/{path}", fields, headers={"accept-language": "en"}, follow=True)


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def names(tenant: Any) -> list[str]:
    with tenant_transaction(tenant.pk):
        return sorted(str(tag) for tag in Tag.objects.for_tenant(tenant).select_related("group"))


def carriers(tenant: Any, tag_id: int) -> list[int]:
    with tenant_transaction(tenant.pk):
        rows = ContactTag.objects.for_tenant(tenant).filter(tag_id=tag_id)
        return sorted(rows.values_list("contact_id", flat=True))


def test_tags_stand_in_their_groups_with_their_people_and_who_names_them(acme: Any, bob: Any) -> None:
    vip = tag(acme, "vip")
    carry(acme, vip, people(acme, 2))
    live(acme, "Friends", tagged(vip))

    page = get(bob, "tags/")

    (line,) = page.context["groups"]
    ((summary, rules),) = line.tags
    assert (line.group.name, summary.name, summary.people, summary.removed) == ("group of vip", "vip", 2, 0)
    assert rules == ["Friends"]
    assert f"?tag={vip}" in page.content.decode()


def test_a_search_finds_groups_and_tags(acme: Any, bob: Any) -> None:
    tag(acme, "vip")
    tag(acme, "new")

    assert [line.group.name for line in get(bob, "tags/", q="VIP").context["groups"]] == ["group of vip"]
    assert b"No tag has this in its name" in get(bob, "tags/", q="nothing").content


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_queries_whatever_there_is(acme: Any, bob: Any, count: int) -> None:
    for number in range(count):
        live(acme, f"Segment {number}", tagged(tag(acme, f"tag {number}")))
    browser = log_in(bob)

    with CaptureQueriesContext(connection) as seen:
        browser.get("/t/acme/tags/")

    assert len(seen) == PAGE_QUERIES


def test_a_tag_is_made_with_its_group_and_once(acme: Any, bob: Any) -> None:
    post(bob, "tags/", group="口味", name="辣")
    post(bob, "tags/", group="口味", name="甜")
    again = post(bob, "tags/", group="口味", name="甜")

    assert names(acme) == ["口味/甜", "口味/辣"]
    assert again.context["form"].errors == {"name": ["This name is taken."]}


def test_a_groups_name_has_no_slash(acme: Any, bob: Any) -> None:
    page = post(bob, "tags/", group="a/b", name="c")

    assert list(page.context["form"].errors) == ["group"]
    assert names(acme) == []


def test_a_tag_is_renamed_and_moved(acme: Any, bob: Any) -> None:
    vip = tag(acme, "vip")
    with tenant_transaction(acme.pk):
        other = TagGroup.objects.create(tenant=acme, name="other")

    post(bob, f"tags/{vip}/", name="best", group=other.pk)

    assert names(acme) == ["other/best"]


def test_a_tag_that_a_rule_names_is_deleted_with_a_warning(acme: Any, bob: Any) -> None:
    vip = tag(acme, "vip")
    ids = people(acme, 2)
    carry(acme, vip, ids)
    live(acme, "Friends", tagged(vip))

    page = get(bob, f"tags/{vip}/")
    post(bob, f"tags/{vip}/delete/")

    assert b"These segments name it in their rules: Friends." in page.content
    assert b"It is taken off 2 contacts." in page.content
    assert names(acme) == []
    assert carriers(acme, vip) == []


def test_only_an_empty_group_is_deleted(acme: Any, bob: Any) -> None:
    vip = tag(acme, "vip")
    with tenant_transaction(acme.pk):
        group_id = Tag.objects.for_tenant(acme).get(pk=vip).group_id

    assert told(post(bob, f"tags/groups/{group_id}/delete/")) == ["This group has tags; delete or move them first."]
    post(bob, f"tags/{vip}/delete/")
    assert told(post(bob, f"tags/groups/{group_id}/delete/")) == ["The group is deleted."]


def test_who_may_not_edit_reads(acme: Any, mei: Any) -> None:
    vip = tag(acme, "vip")

    assert get(mei, "tags/").status_code == 200
    assert b'method="post" action="/t/acme/tags/"' not in get(mei, "tags/").content
    assert [
        post(mei, path, group="a", name="b").status_code for path in ("tags/", f"tags/{vip}/", f"tags/{vip}/delete/")
    ] == [403, 403, 403]
    assert names(acme) == ["group of vip/vip"]


def test_a_contacts_tags_are_put_on_and_taken_off_on_her_page(acme: Any, bob: Any) -> None:
    vip, (pk,) = tag(acme, "vip"), people(acme, 1)

    put = post(bob, f"contacts/{pk}/tags/", move="put", tag=vip)
    before = carriers(acme, vip)
    post(bob, f"contacts/{pk}/tags/", move="take", tag=vip)

    assert before == [pk]
    assert b"Take off vip" in put.content
    assert carriers(acme, vip) == []
    with tenant_transaction(acme.pk):
        moves = TagMove.objects.for_tenant(acme).order_by("id").values_list("is_added", "source", "actor")
        assert list(moves) == [(True, "hand", "Bob"), (False, "hand", "Bob")]


def test_a_tag_of_all_whom_the_filters_find(acme: Any, bob: Any) -> None:
    vip = tag(acme, "vip")
    tell_contacts(acme, person(1, name="小龙女"), person(2, name="郭靖"), person(3, name="小红"))

    asked = get(bob, "contacts/tagging/", q="小")
    answer = post(bob, "contacts/tagging/?q=小", move="put", tag=vip)

    assert asked.context["count"] == 2
    assert asked.context["form"]["tag"].value() is None
    assert "Choose a tag" in asked.content.decode().split('name="tag"')[1].split("</option>")[0]
    assert told(answer) == ["Put on 2 contacts."]
    assert len(carriers(acme, vip)) == 2
    assert answer.request["QUERY_STRING"] == "q=%E5%B0%8F"


def test_a_tag_of_more_than_fit_into_a_request_is_left_to_a_worker(
    acme: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    vip = tag(acme, "vip")
    ids = people(acme, 5)
    carry(acme, vip, ids[:2])
    monkeypatch.setattr(tags_on_contacts, "AT_ONCE", 4)

    asked = get(bob, "contacts/tagging/")
    answer = post(bob, "contacts/tagging/", move="put", tag=vip)
    job_id = answer.context["job"].pk
    before = carriers(acme, vip)
    finish(acme, job_id)

    assert b"all 5 contacts: no filter is set" in asked.content
    assert b"in the background" in asked.content
    assert (before, carriers(acme, vip)) == (ids[:2], ids)
    page = get(bob, f"jobs/{job_id}/").content.decode()
    assert "Put on the tag group of vip/vip" in page
    assert "Put on 3; 2 had it already." in page


def test_a_tag_of_those_who_were_chosen(acme: Any, bob: Any) -> None:
    vip = tag(acme, "vip")
    first, _second, third = people(acme, 3)

    answer = post(bob, f"contacts/tagging/?contacts={first},{third}", move="put", tag=vip)

    assert told(answer) == ["Put on 2 contacts."]
    assert carriers(acme, vip) == [first, third]


@pytest.mark.parametrize(
    "asked",
    [
        *(f"contacts={chosen}" for chosen in ("all", "1;2", ",".join(map(str, range(1, 502))), "9" * 30, "0")),
        "tag=999999",
        "channel=nowhere",
        "acquired_from=yesterday",
    ],
)
def test_filters_that_are_not_understood_act_on_nobody(acme: Any, bob: Any, asked: str) -> None:
    vip = tag(acme, "vip")
    people(acme, 3)

    answer = post(bob, f"contacts/tagging/?{asked}", move="put", tag=vip)

    assert b"The filters find nobody" in answer.content
    assert carriers(acme, vip) == []


def test_a_hostile_tag_is_text(acme: Any, bob: Any) -> None:
    nasty = '<img src=x onerror="alert(1)">'
    tag(acme, nasty)

    assert b"<img src=x" not in get(bob, "tags/").content
