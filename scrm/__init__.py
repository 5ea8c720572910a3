"""Composition root: settings, routes, Celery and the console; imports all apps, imported by none."""

from scrm.celery import app as celery_app

__all__ = ["celery_app"]
