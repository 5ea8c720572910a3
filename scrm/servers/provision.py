"""Roles and the database: an owner for tables, an app role that owns nothing and cannot truncate."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import psycopg2
from psycopg2 import extensions, sql

from scrm.servers.errors import explain

MAINTENANCE_DATABASES = ("", "postgres", "template1")


@dataclass(frozen=True)
class Login:
    """A role and its password."""

    role: str
    password: str


@dataclass(frozen=True)
class Provisioned:
    """The two addresses of one database."""

    app_url: str
    owner_url: str


def provision(*, admin_url: str, database: str, owner: Login, app: Login) -> Provisioned:
    """Make (or bring up to date) both roles, the database and the rights. May be repeated.

    Raises: ServerError when the administrator, or a new role, cannot log in.
    """
    with_admin = connect(address(admin_url, database=_maintenance(admin_url)))
    try:
        for login in (owner, app):
            _make_role(with_admin, login)
        _make_database(with_admin, database, owner)
    finally:
        with_admin.close()
    inside = connect(address(admin_url, database=database))
    try:
        _grant(inside, database, owner, app)
    finally:
        inside.close()
    made = Provisioned(
        app_url=address(admin_url, database=database, login=app),
        owner_url=address(admin_url, database=database, login=owner),
    )
    connect(made.app_url).close()
    return made


def drop(*, admin_url: str, database: str, roles: list[str]) -> None:
    """Remove a database, whoever is still connected, and its roles."""
    admin = connect(address(admin_url, database=_maintenance(admin_url)))
    try:
        with admin.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
            for role in roles:
                cursor.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
    finally:
        admin.close()


def may_create_roles(url: str) -> bool:
    """Say whether a URL's role is an administrator's.

    Raises: ServerError when it cannot log in.
    """
    link = connect(address(url, database=_maintenance(url)))
    try:
        with link.cursor() as cursor:
            cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
            return bool(cursor.fetchone()[0])
    finally:
        link.close()


def connect(url: str) -> extensions.connection:
    """Open an autocommitting connection, or say why it cannot be opened."""
    try:
        link = psycopg2.connect(url, connect_timeout=10)
    except psycopg2.OperationalError as error:
        raise explain(f"PostgreSQL at {without_password(url)} cannot be used.", str(error)) from error
    link.autocommit = True
    return link


def database_name(url: str) -> str:
    """Read the database's name from a URL."""
    return unquote(urlsplit(url).path.lstrip("/"))


def login_of(url: str) -> Login:
    """Read role and password from a URL."""
    parts = urlsplit(url)
    return Login(unquote(parts.username or ""), unquote(parts.password or ""))


def address(url: str, *, database: str, login: Login | None = None) -> str:
    """Point a URL at another database, and log in as another role when one is given."""
    parts = urlsplit(url)
    credentials, _, place = parts.netloc.rpartition("@")
    query = parts.query
    if login is not None:
        credentials = f"{quote(login.role, safe='')}:{quote(login.password, safe='')}"
        kept = [(name, value) for name, value in parse_qsl(query) if name not in ("user", "password")]
        query = urlencode(kept)
    return urlunsplit(
        (parts.scheme, f"{credentials}@{place}" if credentials else place, f"/{quote(database)}", query, "")
    )


def without_password(url: str) -> str:
    """Show a URL without its password."""
    parts = urlsplit(url)
    credentials, _, place = parts.netloc.rpartition("@")
    user = credentials.partition(":")[0]
    return urlunsplit((parts.scheme, f"{user}@{place}" if user else place, parts.path, parts.query, ""))


def _maintenance(admin_url: str) -> str:
    return "template1" if database_name(admin_url) == "template1" else "postgres"


def _make_role(admin: extensions.connection, login: Login) -> None:
    with admin.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.role])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        cursor.execute(
            sql.SQL(verb + " ROLE {} LOGIN NOCREATEDB NOCREATEROLE PASSWORD %s").format(sql.Identifier(login.role)),
            [login.password],
        )


def _make_database(admin: extensions.connection, database: str, owner: Login) -> None:
    name, role = sql.Identifier(database), sql.Identifier(owner.role)
    with admin.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(name, role))


def _grant(inside: extensions.connection, database: str, owner: Login, app: Login) -> None:
    """Purpose: the app role reads and writes rows of the owner's tables, and nothing else."""
    statements = (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {app}",
        "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {owner}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        "GRANT USAGE ON SCHEMA public TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    )
    names = {
        "database": sql.Identifier(database),
        "owner": sql.Identifier(owner.role),
        "app": sql.Identifier(app.role),
    }
    with inside.cursor() as cursor:
        for statement in statements:
            cursor.execute(sql.SQL(statement).format(**names))
