"""A tag of many: slice by slice, each move once, whoever dies in between."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from contacts.models import ContactTag, TagMove
from contacts.tags import TagName
from scrm.contact_lists import tagging
from scrm.contact_lists.filters import ListFilters
from scrm.contact_lists.tagging import NoSuchTag, ask_for_tagging
from tenants.context import tenant_transaction
from tenants.models import Job
from tenants.services.jobs import Requester, advance_job, claim_job
from tests.cast import AT
from tests.segments.audience import carry, people, tag
from tests.tenants.counting import finish


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagging, "SLICE", 10)


def asked(tenant: Any, tag_id: int, move: tagging.Move = "put", **filters: Any) -> Job:
    with tenant_transaction(tenant.pk):
        return ask_for_tagging(
            tenant=tenant,
            filters=ListFilters(**filters),
            move=move,
            tag_id=tag_id,
            requester=Requester(actor="Bob"),
            at=AT,
        )


def moves(tenant: Any) -> list[tuple[int, bool, str]]:
    with tenant_transaction(tenant.pk):
        rows = TagMove.objects.for_tenant(tenant).filter(actor="Bob")
        return sorted(rows.values_list("contact_id", "is_added", "source"))


def test_everybody_found_gets_the_tag_and_who_had_it_is_told_apart(acme: Any) -> None:
    vip, ids = tag(acme, "vip"), people(acme, 25)
    carry(acme, vip, ids[:5])

    job = finish(acme, asked(acme, vip).pk)

    assert (job.state, job.done, job.total, job.outcome) == ("done", 25, 25, {"moved": 20})
    assert moves(acme) == [(pk, True, "hand") for pk in ids[5:]]


def test_the_tag_is_taken_off_those_whom_it_finds(acme: Any) -> None:
    vip, ids = tag(acme, "vip"), people(acme, 25)
    carry(acme, vip, ids[:15])

    job = finish(acme, asked(acme, vip, "take", tag=TagName("group of vip", "vip")).pk)

    assert (job.done, job.total, job.outcome) == (15, 15, {"moved": 15})
    with tenant_transaction(acme.pk):
        assert not ContactTag.objects.for_tenant(acme).exists()


def test_after_a_kill_another_worker_goes_on_and_nobody_is_moved_twice(acme: Any) -> None:
    vip, ids = tag(acme, "vip"), people(acme, 35)
    job = asked(acme, vip)
    with tenant_transaction(acme.pk):
        claim = claim_job(tenant=acme, job_id=job.pk)
    assert claim is not None
    with tenant_transaction(acme.pk):
        advance_job(tenant=acme, claim=claim, at=AT)
    with pytest.raises(KeyboardInterrupt), tenant_transaction(acme.pk):
        advance_job(tenant=acme, claim=claim, at=AT)
        raise KeyboardInterrupt  # killed before its slice was kept
    with tenant_transaction(acme.pk):
        Job.objects.for_tenant(acme).update(lease_until=timezone.now() - timedelta(seconds=1))

    done = finish(acme, job.pk)

    assert (done.done, done.outcome) == (35, {"moved": 35})
    assert moves(acme) == [(pk, True, "hand") for pk in ids]


def test_who_comes_in_meanwhile_is_left_for_the_next_time(acme: Any) -> None:
    vip, ids = tag(acme, "vip"), people(acme, 15)
    job = asked(acme, vip)
    with tenant_transaction(acme.pk):
        claim = claim_job(tenant=acme, job_id=job.pk)
    assert claim is not None
    with tenant_transaction(acme.pk):
        advance_job(tenant=acme, claim=claim, at=AT)
    people(acme, 3)
    with tenant_transaction(acme.pk):
        advance_job(tenant=acme, claim=claim, at=AT)

    assert [pk for pk, _is_added, _source in moves(acme)] == ids


def test_a_tag_of_another_tenant_is_none(acme: Any, globex: Any) -> None:
    theirs = tag(globex, "vip")

    with pytest.raises(NoSuchTag):
        asked(acme, theirs)
