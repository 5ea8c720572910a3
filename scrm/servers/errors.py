"""What goes wrong with servers, in words that carry the fix."""


class ServerError(Exception):
    """A server cannot be used; the text says why and what to do."""


CAUSES = [
    (
        "no space left on device",
        "The disk is full. Free some space (1 GB is enough), or keep the data elsewhere:"
        " make up DATA_DIR=/path/with/space",
    ),
    (
        "peer authentication failed",
        "PostgreSQL's socket trusts only a system user of the same name (peer authentication), and SCRM's"
        " roles have none. Use the network address with a password:"
        " DATABASE_URL=postgresql://USER:PASSWORD@127.0.0.1:5432/scrm",
    ),
    (
        "password authentication failed",
        "The password was refused. Check user and password in DATABASE_URL and DATABASE_OWNER_URL.",
    ),
    (
        "no password supplied",
        "PostgreSQL asks for a password and the URL holds none:"
        " DATABASE_URL=postgresql://USER:PASSWORD@127.0.0.1:5432/scrm",
    ),
    (
        "could not translate host name",
        "The host's name is unknown. Check the host in DATABASE_URL.",
    ),
    (
        "connection refused",
        "Nothing listens there. Start that server, or unset DATABASE_URL and REDIS_URL to use the embedded ones.",
    ),
    (
        "pre-existing shared memory block",
        "A killed PostgreSQL is still leaving. Wait some seconds and start again.",
    ),
    (
        'parameter "shared_buffers"',
        "SCRM_SHARED_BUFFERS is a size of memory with its unit. Say SCRM_SHARED_BUFFERS=512MB, or unset it.",
    ),
    (
        "could not map anonymous shared memory",
        "There is less memory than PostgreSQL asks for. Start it with less: SCRM_SHARED_BUFFERS=128MB",
    ),
]


def explain(problem: str, output: str) -> ServerError:
    """Turn a server's own output into an error with the fix.

    Shape: the problem, the fix when the cause is known, then the last lines of what the server said.
    """
    fixes = [fix for sign, fix in CAUSES if sign in output.lower()][:1]
    said = [f"  | {line}" for line in output.strip().splitlines()[-8:]]
    return ServerError("\n".join([problem, *fixes, *said]))
