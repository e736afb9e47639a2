"""The evaluation as a page: curves over how far down a list one looks, as plain SVG, with the figures in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.template.loader import render_to_string

from django_personalize.training.report import CHEAP, DEEPEST, NEW, PERSONAL, POPULAR, SCOPES, Figures, Report

WIDTH, HEIGHT = 640.0, 300.0
LEFT, BOTTOM, TOP, RIGHT = 48.0, 32.0, 12.0, 12.0
DRAWN = (PERSONAL, CHEAP, POPULAR, "LightFM alone, folded in", "what owners take lately", "basket neighbours")
"""The lines of a chart; more would not be told apart."""
COLOURS = ("#0b6e4f", "#b8336a", "#726da8", "#c07f00", "#2d7dd2", "#6b6b6b")
DASHES = ("", "6 3", "2 3", "", "6 3", "2 3")
"""Not by colour alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    name: str
    colour: str
    dash: str
    points: str
    figures: tuple[str, ...]
    """At 1, 5, 10 and 20."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    title: str
    lines: tuple[Line, ...]
    steps: tuple[tuple[float, str], ...]
    """(y, label) of the horizontal rules."""
    depths: tuple[tuple[float, str], ...]
    """(x, label)"""


def write(path: Path, report: Report, day: date) -> None:
    """Write the page; its directory must be there already."""
    context = {
        "charts": [chart for scope in SCOPES for chart in _charts(report, scope)],
        "table": report.table(),
        "day": day,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "floor": HEIGHT - BOTTOM,
    }
    path.write_text(render_to_string("personalize/evaluation.html", context), encoding="utf-8")


def _charts(report: Report, scope: str) -> list[Chart]:
    cell = report.shares[0], scope
    found = {name: report.rows[name][cell] for name in DRAWN if cell in report.rows[name]}
    words = "items new to the shopper" if scope == NEW else "all items"
    return [
        _chart(f"NDCG, {words}", found, lambda figures, k: float(figures.at(k).mean()) if figures.people else 0.0),
        _chart(f"Hit rate, {words}", found, lambda figures, k: figures.hit_rate(k)),
    ]


def _chart(title: str, found: dict[str, Figures], value: Callable[[Figures, int], float]) -> Chart:
    curves = {name: [value(figures, k) for k in range(1, DEEPEST + 1)] for name, figures in found.items()}
    highest = max((max(curve) for curve in curves.values()), default=0.0) or 1.0
    return Chart(
        title=title,
        lines=tuple(
            Line(
                name=name,
                colour=COLOURS[DRAWN.index(name)],
                dash=DASHES[DRAWN.index(name)],
                points=_points(curve, highest),
                figures=tuple(f"{curve[k - 1]:.4f}" for k in (1, 5, 10, DEEPEST)),
            )
            for name, curve in curves.items()
        ),
        steps=tuple((_y(highest * share, highest), f"{highest * share:.2f}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
        depths=tuple((_x(k), str(k)) for k in (1, 5, 10, 15, DEEPEST)),
    )


def _points(curve: Sequence[float], highest: float) -> str:
    return " ".join(f"{_x(k):.1f},{_y(value, highest):.1f}" for k, value in enumerate(curve, 1))


def _x(k: int) -> float:
    return LEFT + (k - 1) / (DEEPEST - 1) * (WIDTH - LEFT - RIGHT)


def _y(value: float, highest: float) -> float:
    return TOP + (1 - value / highest) * (HEIGHT - TOP - BOTTOM)
