"""WSGI entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings")
application = get_wsgi_application()

# All that is loaded by now lives as long as the process, and a call of a thousand orders makes ten thousands of objects
# that no cycle holds: the collector need not look at the former again, nor after every few hundred of the latter.
_ = get_resolver().url_patterns
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
