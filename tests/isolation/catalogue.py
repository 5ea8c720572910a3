"""What the database's own catalogue says about the locks: every fault of every table, found by walking."""

from typing import Any

_TABLES = """
SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner)
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname
"""
_POLICIES = """
SELECT polname, polcmd, polpermissive, polroles::text, pg_get_expr(polqual, polrelid), polwithcheck IS NULL
FROM pg_policy WHERE polrelid = %s
"""
_UNIQUE = """
SELECT i.relname, x.indisprimary, array(
    SELECT a.attname::text FROM unnest(x.indkey) WITH ORDINALITY AS k (attnum, place)
    LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum ORDER BY k.place)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = %s AND x.indisunique ORDER BY 1
"""
_FOREIGN = """
SELECT k.conname, t.relname, k.condeferrable, k.convalidated,
    array(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS c (attnum, place)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.attnum ORDER BY c.place),
    array(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS c (attnum, place)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.attnum ORDER BY c.place),
    (SELECT bool_and(a.attnotnull) FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))
FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid
WHERE k.conrelid = %s AND k.contype = 'f' ORDER BY 1
"""
_PRIVILEGES = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER".split(", ")
_DEFINERS = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY 1"


def tables(cursor: Any) -> list[str]:
    """The tables that row security should hold: all but the exempt ones."""
    from tenants.checks import EXEMPT

    cursor.execute(_TABLES)
    return [name for _, name, kind, *_ in cursor.fetchall() if kind in "rp" and name not in EXEMPT]


def faults(cursor: Any, *, app_role: str) -> list[str]:
    """Everything wrong with the locks of this database, as sentences."""
    from tenants.checks import EXEMPT

    cursor.execute(_TABLES)
    found = cursor.fetchall()
    names = {name for _, name, *_ in found}
    wrong = [f"{name} is exempt but does not exist" for name in sorted(EXEMPT.keys() - names)]
    policy = _canonical_policy(cursor)
    for oid, name, kind, is_enabled, is_forced, owner in found:
        if kind not in "rp":
            wrong.append(f"{name} is no plain table: row security does not hold there")
            continue
        if owner == app_role:
            wrong.append(f"{name} belongs to the app role")
        if name in EXEMPT:
            wrong += [f"{name} is exempt but has row security"] if is_enabled else []
            wrong += _privilege_faults(cursor, oid, name, app_role, _all_but_ddl())
            continue
        wrong += [] if is_enabled else [f"{name} has no row security"]
        wrong += [] if is_forced else [f"{name} does not force row security on its owner"]
        wrong += _policy_faults(cursor, oid, name, policy)
        wrong += _unique_faults(cursor, oid, name)
        wrong += _foreign_faults(cursor, oid, name)
        rights = {"SELECT", "INSERT"} if name in append_only_tables() else _all_but_ddl()
        wrong += _privilege_faults(cursor, oid, name, app_role, rights)
    wrong += _missing_references(cursor)
    cursor.execute(_DEFINERS)
    return wrong + [f"function {name} runs with its owner's rights" for (name,) in cursor.fetchall()]


def append_only_tables() -> set[str]:
    """The tables that a migration declares append-only."""
    from django.db.migrations.loader import MigrationLoader

    from tenants.operations import TenantTable

    migrations = MigrationLoader(None).disk_migrations.items()
    return {
        f"{app}_{operation.model_name.lower()}"
        for (app, _), migration in migrations
        for operation in migration.operations
        if isinstance(operation, TenantTable) and operation.append_only
    }


def _all_but_ddl() -> set[str]:
    return {"SELECT", "INSERT", "UPDATE", "DELETE"}


def _canonical_policy(cursor: Any) -> str:
    """The one policy as this server prints it."""
    from tenants.operations import POLICY

    cursor.execute("CREATE TEMP TABLE probe (tenant_id bigint)")
    cursor.execute(f"CREATE POLICY probe ON probe USING ({POLICY})")
    cursor.execute("SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'probe'::regclass")
    text = str(cursor.fetchone()[0])
    cursor.execute("DROP TABLE probe")
    return text


def _policy_faults(cursor: Any, oid: int, name: str, policy: str) -> list[str]:
    cursor.execute(_POLICIES, [oid])
    found = cursor.fetchall()
    if found == [("tenant_isolation", "*", True, "{0}", policy, True)]:
        return []
    return [f"{name} has other policies than the one: {', '.join(row[0] for row in found) or 'none'}"]


def _unique_faults(cursor: Any, oid: int, name: str) -> list[str]:
    cursor.execute(_UNIQUE, [oid])
    return [
        f"{name}: unique key {index} does not start with tenant_id"
        for index, is_primary, columns in cursor.fetchall()
        if columns[0] != "tenant_id" and not (is_primary and columns == ["id"])
    ]


def _foreign_faults(cursor: Any, oid: int, name: str) -> list[str]:
    from tenants.checks import EXEMPT

    cursor.execute(_FOREIGN, [oid])
    wrong, leads_to_tenant = [], False
    for key, target, is_deferrable, is_valid, columns, referred, is_required in cursor.fetchall():
        # its own key to the tenant, or one that no row is without and that leads there
        leads_to_tenant |= (target, columns, referred) == ("tenants_tenant", ["tenant_id"], ["id"])
        leads_to_tenant |= is_required and referred == ["tenant_id", "id"]
        if target in EXEMPT:
            continue
        if is_deferrable or not is_valid:
            wrong.append(f"{name}: {key} is checked late or not at all")
        if columns[0] != "tenant_id" or referred != ["tenant_id", "id"]:
            wrong.append(f"{name}: {key} may refer to another tenant's {target}")
    return wrong if leads_to_tenant else [*wrong, f"{name} has no key to its tenant"]


def _privilege_faults(cursor: Any, oid: int, name: str, role: str, expected: set[str]) -> list[str]:
    cursor.execute(
        "SELECT p FROM unnest(%s::text[]) p WHERE has_table_privilege(%s, %s::oid, p)", [_PRIVILEGES, role, oid]
    )
    granted = {privilege for (privilege,) in cursor.fetchall()}
    return [] if granted == expected else [f"{name}: the app role may {', '.join(sorted(granted))}"]


def _missing_references(cursor: Any) -> list[str]:
    """Every TenantForeignKey of the models has its composite key."""
    from tenants.scoping import TenantForeignKey
    from tests.isolation.rows import tenant_models

    cursor.execute("SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'")
    held = [f"{table} {definition}" for table, definition in cursor.fetchall()]
    wanted = [
        (
            model._meta.db_table,
            f"FOREIGN KEY (tenant_id, {field.column}) REFERENCES {field.related_model._meta.db_table}(tenant_id, id)",
        )
        for model in tenant_models()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    ]
    return [
        f"{table} lacks {definition}"
        for table, definition in wanted
        if not any(one.startswith(f"{table} {definition}") for one in held)
    ]
