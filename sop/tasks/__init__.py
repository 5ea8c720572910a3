"""The app's tasks: the tick that starts and ends runs, and the ones that send."""

from sop.tasks import dispatch, tick

__all__ = ["dispatch", "tick"]
