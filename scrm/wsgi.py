"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from scrm.collector import spare_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings")
application = get_wsgi_application()

_ = get_resolver().url_patterns  # loads every page
spare_what_is_loaded()
