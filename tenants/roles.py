"""The database role the product runs as must not be able to step round row security."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

_UNSAFE = """
SELECT r.rolsuper AS superuser, r.rolbypassrls AS bypassrls,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relowner = r.oid AND n.nspname = 'public') AS owner,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
                 AND has_table_privilege(r.oid, c.oid, 'TRUNCATE')) AS truncate
FROM pg_roles r WHERE r.rolname = current_user
"""
_safe: set[tuple[str, str]] = set()


class UnsafeRole(ImproperlyConfigured):
    """The run-time role is a superuser, bypasses row security, owns tables or may truncate them."""


def refuse_unsafe_role(*, connection: Any, **_: Any) -> None:
    """Check the `default` connection's role once a process.

    Raises: UnsafeRole
    """
    settings = connection.settings_dict
    role = (settings["USER"], settings["NAME"])
    if connection.alias != "default" or role in _safe:
        return
    with connection.cursor() as cursor:
        cursor.execute(_UNSAFE)
        flags = zip(("superuser", "BYPASSRLS", "table owner", "may TRUNCATE"), cursor.fetchone(), strict=True)
    found = [name for name, is_so in flags if is_so]
    if found:
        connection.close()
        raise UnsafeRole(
            f"DATABASE_URL's role {role[0]!r} is unsafe ({', '.join(found)}): row security would not hold. "
            "Give DATABASE_URL the app role and DATABASE_OWNER_URL the owner."
        )
    _safe.add(role)
