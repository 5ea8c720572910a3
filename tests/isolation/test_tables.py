"""Every tenant table, found in the catalogue: both locks are on, and the walk sees it when one is off."""

import psycopg2
import pytest

from tests.isolation import catalogue
from tests.isolation.conftest import connect, second_lock_off
from tests.isolation.rows import fill, tenant_models

pytestmark = pytest.mark.django_db

DAMAGE = [
    ("DROP POLICY tenant_isolation ON contacts_contact", "contacts_contact has other policies than the one: none"),
    (
        "CREATE POLICY wide ON contacts_contact USING (true)",
        "contacts_contact has other policies than the one: tenant_isolation, wide",
    ),
    (
        "ALTER POLICY tenant_isolation ON contacts_contact"
        " USING (tenant_id = current_setting('app.tenant_id')::bigint)",
        "contacts_contact has other policies than the one: tenant_isolation",
    ),
    ("ALTER TABLE contacts_contact DISABLE ROW LEVEL SECURITY", "contacts_contact has no row security"),
    (
        "ALTER TABLE contacts_contact NO FORCE ROW LEVEL SECURITY",
        "contacts_contact does not force row security on its owner",
    ),
    (
        "ALTER TABLE contacts_contact ADD CONSTRAINT leak UNIQUE (email)",
        "contacts_contact: unique key leak does not start with tenant_id",
    ),
    (
        "ALTER TABLE orders_order DROP CONSTRAINT orders_order_contact_id_fk",
        "orders_order lacks FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts_contact(tenant_id, id)",
    ),
    (
        "ALTER TABLE orders_order ADD CONSTRAINT leak FOREIGN KEY (contact_id) REFERENCES contacts_contact (id)",
        "orders_order: leak may refer to another tenant's contacts_contact",
    ),
    (
        "ALTER TABLE orders_order ALTER CONSTRAINT orders_order_contact_id_fk DEFERRABLE",
        "orders_order: orders_order_contact_id_fk is checked late or not at all",
    ),
    (
        "ALTER TABLE contacts_contact DROP CONSTRAINT contacts_contact_tenant_fk",
        "contacts_contact has no key to its tenant",
    ),
    (
        "GRANT TRUNCATE ON orders_order TO {app}",
        "orders_order: the app role may DELETE, INSERT, SELECT, TRUNCATE, UPDATE",
    ),
    (
        "GRANT UPDATE ON tenants_auditentry TO {app}",
        "tenants_auditentry: the app role may INSERT, SELECT, UPDATE",
    ),
    (
        "CREATE MATERIALIZED VIEW leak AS SELECT * FROM contacts_contact",
        "leak is no plain table: row security does not hold there",
    ),
    ("CREATE VIEW leak AS SELECT * FROM contacts_contact", "leak is no plain table: row security does not hold there"),
    ("ALTER TABLE auth_group RENAME TO auth_team", "auth_group is exempt but does not exist"),
    (
        "CREATE FUNCTION leak() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "function leak runs with its owner's rights",
    ),
]


def test_every_tenant_table_is_under_both_locks(owner, app_role):
    assert catalogue.faults(owner, app_role=app_role) == []
    assert set(catalogue.tables(owner)) == {model._meta.db_table for model in tenant_models()}
    assert "tenants_auditentry" in catalogue.append_only_tables()


@pytest.mark.parametrize(("damage", "fault"), DAMAGE)
def test_the_walk_reports_a_lock_that_is_off(owner, app_role, damage, fault):
    owner.execute(damage.format(app=app_role))

    assert fault in catalogue.faults(owner, app_role=app_role)


def test_a_new_table_without_locks_is_reported(owner, app_role):
    owner.execute("CREATE TABLE leak (id bigint PRIMARY KEY, tenant_id bigint)")

    assert catalogue.faults(owner, app_role=app_role) == [
        "leak has no row security",
        "leak does not force row security on its owner",
        "leak has other policies than the one: none",
        "leak has no key to its tenant",
    ]


def test_a_plain_select_shows_the_tenants_own_rows_and_no_other(acme, globex, owner):
    counts = {}
    fill(acme), fill(globex)
    names = catalogue.tables(owner)

    connection = connect("default")
    with connection.cursor() as cursor:
        for tenant in (None, globex.pk + 1000, acme.pk, globex.pk):
            for name in names:
                if tenant is not None:
                    cursor.execute(f"SET LOCAL app.tenant_id = '{tenant}'")
                cursor.execute(f"SELECT tenant_id FROM {name}")
                counts[name, tenant] = {row[0] for row in cursor.fetchall()}
                connection.rollback()
    connection.close()

    assert counts == {
        **{(name, None): set() for name in names},
        **{(name, globex.pk + 1000): set() for name in names},
        **{(name, acme.pk): {acme.pk} for name in names},
        **{(name, globex.pk): {globex.pk} for name in names},
    }


def test_the_same_select_shows_all_rows_once_the_policy_is_gone(acme, globex):
    fill(acme), fill(globex)
    app = connect("default")

    with second_lock_off(["contacts_contact"]), app.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tenant_id FROM contacts_contact")
        seen = {row[0] for row in cursor.fetchall()}
        app.close()

    assert seen == {acme.pk, globex.pk}


def test_no_row_can_be_written_for_another_tenant(acme, globex):
    fill(acme)
    rows = fill(globex)
    connection = connect("default")

    for model in tenant_models():
        with (
            connection.cursor() as cursor,
            pytest.raises(psycopg2.Error, match=r"row-level security|permission denied"),
        ):
            cursor.execute(f"SET LOCAL app.tenant_id = '{acme.pk}'")
            cursor.execute(f"UPDATE {model._meta.db_table} SET tenant_id = %s", [globex.pk])
        connection.rollback()
    connection.close()
    assert len(rows) == len(tenant_models())


def test_append_only_tables_refuse_change(acme):
    fill(acme)
    connection = connect("default")

    for name in catalogue.append_only_tables():
        for statement in (f"UPDATE {name} SET tenant_id = tenant_id", f"DELETE FROM {name}", f"TRUNCATE {name}"):
            with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"SET LOCAL app.tenant_id = '{acme.pk}'")
                cursor.execute(statement)
            connection.rollback()
    connection.close()


def references():
    from tenants.scoping import TenantForeignKey

    return [
        (model, field)
        for model in tenant_models()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    ]


def test_no_reference_to_another_tenants_row_is_accepted(acme, globex):
    mine, theirs = fill(acme), fill(globex)
    connection = connect("owner")  # even the owner, whom the policy binds as well
    refused = []

    for model, field in references():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL app.tenant_id = '{acme.pk}'")
            try:
                cursor.execute(
                    f'UPDATE {model._meta.db_table} SET "{field.column}" = %s', [theirs[field.related_model].pk]
                )
            except psycopg2.errors.ForeignKeyViolation:
                refused.append((model, field))
            connection.rollback()
    connection.close()

    assert refused == references()
    assert len(mine) == len(theirs)
