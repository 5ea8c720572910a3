"""The one migration operation that every tenant table runs through."""

from typing import Any

from django.conf import settings
from django.db.migrations.operations.base import Operation

from tenants.scoping import TenantForeignKey

POLICY = "tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::bigint)"


class TenantTable(Operation):
    """Put a table under both database locks, as its model stands at this point of the migrations.

    Forces row security with the one policy, adds `UNIQUE (tenant_id, id)`, the composite keys of every
    `TenantForeignKey` and, where none of them leads there, the key to the tenant, all NOT DEFERRABLE, and the app
    role's grants. Run it again after a migration that adds a key: what stands is left alone. `append_only` tables give
    the app role no UPDATE and no DELETE. A `leaf`, whose rows nothing names by id, is spared the key that others
    would refer to.
    Source: PostgreSQL, "Row Security Policies": referential checks bypass row security, hence the composite keys.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, append_only: bool = False, leaf: bool = False) -> None:
        self.model_name = model_name
        self.append_only = append_only
        self.leaf = leaf

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The model's state is Django's; only the table changes."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        for statement in secure_table(model, append_only=self.append_only, leaf=self.leaf):
            schema_editor.execute(statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """The locks go with the table."""

    def describe(self) -> str:
        return f"Secure {self.model_name} as a tenant table"


def secure_table(model: Any, *, append_only: bool, leaf: bool) -> list[str]:
    """The statements that lock one table; each leaves alone what stands already."""
    table = model._meta.db_table
    role = settings.DATABASES["default"]["USER"]
    statements = [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'DROP POLICY IF EXISTS tenant_isolation ON "{table}"',
        f'CREATE POLICY tenant_isolation ON "{table}" USING ({POLICY})',
        f'REVOKE ALL ON "{table}" FROM "{role}"',
        f'GRANT {"SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"} ON "{table}" TO "{role}"',
    ]
    keys = [field for field in model._meta.local_fields if isinstance(field, TenantForeignKey)]
    if all(field.null for field in keys):  # else a composite key leads to the tenant already
        statements.append(_add(table, f"{table}_tenant_fk", "FOREIGN KEY (tenant_id) REFERENCES tenants_tenant (id)"))
    if leaf:
        statements.append(f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{table}_tenant_id_key"')
    elif any(field.column == "id" for field in model._meta.local_fields):
        statements.append(_add(table, f"{table}_tenant_id_key", "UNIQUE (tenant_id, id)"))
    return statements + [_composite_key(table, field) for field in keys]


def _composite_key(table: str, field: Any) -> str:
    target = field.remote_field.model._meta.db_table
    on_delete = f"SET NULL ({field.column})" if field.db_on_delete == "SET NULL" else field.db_on_delete
    definition = (
        f'FOREIGN KEY (tenant_id, "{field.column}") REFERENCES "{target}" (tenant_id, id) ON DELETE {on_delete}'
    )
    return _add(table, f"{table}_{field.column}_fk", definition)


def _add(table: str, name: str, definition: str) -> str:
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '{name}') THEN "
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}; END IF; END $$'
    )
