"""What the compiler makes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL with named parameters, all of which start with `rule_`."""

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)
