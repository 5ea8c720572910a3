"""Ways out to people: one folder a provider, all of one shape (`base.Transport`), one in use (`SCRM_TRANSPORT`)."""

import functools

from django.conf import settings
from django.utils.module_loading import import_string

from sop.transports.base import Transport


@functools.cache
def active_transport() -> Transport:
    """The transport of this installation, one object for each process.

    `SCRM_TRANSPORT` is the name of a folder here, or the dotted path of a class that has the shape.
    """
    name = settings.SCRM_TRANSPORT
    path = name if "." in name else f"sop.transports.{name}.client.Transport"
    transport: Transport = import_string(path)()
    return transport
