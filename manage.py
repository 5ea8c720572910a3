#!/usr/bin/env python3
"""The command line: joins (or starts) the servers that a command needs, then hands over to Django."""

import os
import sys


def main() -> None:
    """Run one management command."""
    from scrm.servers import prepare_environment
    from scrm.servers.errors import ServerError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings")
    try:
        argv = prepare_environment(sys.argv)
    except ServerError as error:
        sys.exit(f"\n{error}\n")
    except KeyboardInterrupt:
        sys.exit(130)
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)


if __name__ == "__main__":
    main()
