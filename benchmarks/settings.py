"""The product's settings with the benchmarks' own addresses."""

from scrm.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
