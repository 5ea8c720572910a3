"""From beat to the provider: hints on their queue, a run, and a second worker where there is a lot."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from scrm.celery import app
from scrm.heartbeat import redis_client
from sop import transports
from sop.tasks.dispatch import dispatch, run
from tenants.models import Tenant
from tests.sop.ledger.floor import Laid, lay_sop, make_people
from tests.sop.ledger.provider import Provider


@pytest.fixture
def queue(db: Any) -> Iterator[str]:
    """The touch queue of this run, empty."""
    name = f"{django_settings.REDIS_PREFIX}touch"
    redis_client().delete(name)
    app.set_current()
    yield name
    redis_client().delete(name)


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    """The installation's transport is a provider in this process."""
    settings.SCRM_TRANSPORT = "tests.sop.ledger.provider.Provider"
    transports.active_transport.cache_clear()
    transport = transports.active_transport()
    assert isinstance(transport, Provider)
    yield transport
    transports.active_transport.cache_clear()


def hints(queue: str) -> list[Any]:
    """Arguments of the hints that wait, newest first."""
    import base64

    bodies = [json.loads(raw)["body"] for raw in redis_client().lrange(queue, 0, -1)]
    return [json.loads(base64.b64decode(body))[1] for body in bodies]


def due_now(tenant: Tenant, *, count: int, name: str = "Welcome") -> Laid:
    return lay_sop(tenant, make_people(tenant, count=count), name=name, due_at=timezone.now())


def test_a_due_sop_is_hinted_once_and_run(acme: Tenant, queue: str, provider: Provider) -> None:
    laid = due_now(acme, count=3)

    dispatch.run()
    dispatch.run()
    (hint,) = hints(queue)
    run.run(**hint)

    assert hint == {"tenant_id": acme.pk, "sop_id": laid.sop.pk, "is_begun": False}
    assert (laid.states(), provider.sent, laid.due_at()) == ([("sent", "")] * 3, 3, None)
    assert len(hints(queue)) == 1


@pytest.mark.parametrize(("is_begun", "others"), [(False, 2), (True, 1)])
def test_a_run_that_leaves_work_asks_to_go_on_and_at_first_for_a_second_worker(
    acme: Tenant, queue: str, provider: Provider, settings: Any, is_begun: bool, others: int
) -> None:
    settings.TOUCH_BATCH = 2
    laid = due_now(acme, count=9)

    run.run(tenant_id=acme.pk, sop_id=laid.sop.pk, is_begun=is_begun)
    dispatch.run()

    assert provider.sent == 8
    assert hints(queue) == [{"tenant_id": acme.pk, "sop_id": laid.sop.pk, "is_begun": True}] * others


def test_every_due_sop_of_every_tenant_is_hinted(acme: Tenant, globex: Tenant, queue: str) -> None:
    laid = [due_now(acme, count=1, name="a"), due_now(acme, count=1, name="b"), due_now(globex, count=1)]

    dispatch.run()

    told = {(hint["tenant_id"], hint["sop_id"]) for hint in hints(queue)}
    assert told == {(one.tenant.pk, one.sop.pk) for one in laid}


def test_a_lost_hint_is_given_again(acme: Tenant, queue: str, provider: Provider) -> None:
    from sop.models import Due

    laid = due_now(acme, count=1)
    dispatch.run()
    redis_client().delete(queue)
    Due.objects.update(hinted_until=timezone.now())

    dispatch.run()
    run.run(**hints(queue)[0])

    assert laid.states() == [("sent", "")]


def test_the_transport_in_use_is_named_by_the_settings(settings: Any) -> None:
    from sop.transports.simulator.client import Transport

    settings.SCRM_TRANSPORT = "simulator"
    transports.active_transport.cache_clear()

    assert isinstance(transports.active_transport(), Transport)
    assert transports.active_transport() is transports.active_transport()
    transports.active_transport.cache_clear()
