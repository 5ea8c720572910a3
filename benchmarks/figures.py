"""What a benchmark hands back: named figures, some with a goal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """One figure: the median of its rounds, and the goal that it should reach, if any."""

    name: str
    unit: str
    rounds: Sequence[float]
    goal: float | None = None
    better: Literal["more", "less"] = "more"

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return median(self.rounds)

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "more" else self.value <= self.goal


def as_json(figure: Figure) -> dict[str, Any]:
    """Write a figure with its rounds."""
    return {**asdict(figure), "rounds": list(figure.rounds), "value": figure.value, "is_met": figure.is_met}


def from_json(written: Mapping[str, Any]) -> Figure:
    """Read what `as_json` wrote."""
    return Figure(**{field.name: written[field.name] for field in fields(Figure)})


def as_row(figure: Figure) -> tuple[str, str, str, str]:
    """Write a figure as cells: name, value, goal, verdict."""
    sign = "≥" if figure.better == "more" else "≤"
    goal = "" if figure.goal is None else f"{sign} {number(figure.goal)}"
    verdict = {None: "", True: "met", False: "MISSED"}[figure.is_met]
    return figure.name, f"{number(figure.value)} {figure.unit}".strip(), goal, verdict


def number(value: float) -> str:
    """Write a number with the digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
