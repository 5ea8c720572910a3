"""`python -m scrm.healthcheck`: exit 0 when the web process of this container answers, for Docker."""

import os
import sys
from http.client import HTTPConnection


def is_alive(*, port: int) -> bool:
    """Ask /healthz as the TLS proxy in front would."""
    host = os.environ.get("SCRM_ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".") or "localhost"
    link = HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        link.request("GET", "/healthz", headers={"Host": host, "X-Forwarded-Proto": "https"})
        return link.getresponse().status == 200
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_alive(port=8000) else 1)
