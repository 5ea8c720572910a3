"""The product refuses to run as a role that could step round row security."""

import pytest
from django.db import connections

from tenants import roles
from tenants.roles import UnsafeRole
from tests.isolation.conftest import connect


class Probe:
    """A connection as one role, under the alias that the product runs on."""

    alias = "default"

    def __init__(self, raw, user):
        self.raw, self.settings_dict = raw, {"USER": user, "NAME": "probe"}
        self.is_closed = False

    def cursor(self):
        return self.raw.cursor()

    def close(self):
        self.is_closed = True


@pytest.fixture(autouse=True)
def _forget():
    roles._safe.discard(("probe", "probe"))
    yield
    roles._safe.discard(("probe", "probe"))


def test_the_app_role_is_accepted(transactional_db):
    raw = connect("default")

    roles.refuse_unsafe_role(connection=Probe(raw, "probe"))

    raw.close()


def test_the_owner_is_refused(transactional_db):
    probe = Probe(connect("owner"), "probe")

    with pytest.raises(UnsafeRole, match="table owner, may TRUNCATE"):
        roles.refuse_unsafe_role(connection=probe)

    assert probe.is_closed
    probe.raw.close()


class Flags:
    """A server that answers what `pg_roles` would say of an unsafe role."""

    def __init__(self, *flags):
        self.flags = flags

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def execute(self, statement):
        assert "rolbypassrls" in statement

    def fetchone(self):
        return self.flags


@pytest.mark.parametrize("flag", range(4))
def test_each_way_round_row_security_is_refused(flag):
    reason = ["superuser", "BYPASSRLS", "table owner", "may TRUNCATE"][flag]
    probe = Probe(Flags(*(place == flag for place in range(4))), "probe")

    with pytest.raises(UnsafeRole, match=rf"unsafe \({reason}\)"):
        roles.refuse_unsafe_role(connection=probe)

    assert probe.is_closed


def test_the_roles_flags_are_looked_up(transactional_db):
    with connections["default"].cursor() as cursor:
        cursor.execute(roles._UNSAFE)
        assert cursor.fetchone() == (False, False, False, False)
