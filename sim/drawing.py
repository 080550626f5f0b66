"""A small SVG writer: shapes in millimetres with y up, sharp at any size."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from core.frames import Array

INK, MUTED, RED, GREEN, ORANGE, BLUE, PALE, STEEL = (
    "#1b2530",
    "#5b6b7b",
    "#c21807",
    "#14804a",
    "#e08a2c",
    "#27496d",
    "#dbe7f3",
    "#59616e",
)


class Drawing:
    """Collects shapes; coordinates in any one unit, y up."""

    def __init__(self, x: float, y: float, width: float, height: float, label: str, *, style: str = "") -> None:
        """A view of `width` by `height` whose lower left corner is at (x, y); `label` is for screen readers."""
        self._head = (
            f'<svg viewBox="{x:.2f} {-(y + height):.2f} {width:.2f} {height:.2f}" role="img" aria-label="{escape(label)}" style="{style}">'
        )
        self._parts: list[str] = []

    def rings(
        self, rings: Iterable[Array], *, fill: str, stroke: str = "none", width: float = 0.0, opacity: float = 1.0, dash: str = ""
    ) -> None:
        """A closed region of rings (n, 2), holes by the even-odd rule."""
        path = " ".join("M" + " L".join(f"{x:.2f},{-y:.2f}" for x, y in ring) + " Z" for ring in rings)
        self._parts.append(f'<path d="{path}" fill="{fill}" fill-opacity="{opacity:g}" fill-rule="evenodd"{_stroke(stroke, width, dash)}/>')

    def line(self, points: Array, *, stroke: str, width: float, dash: str = "") -> None:
        """A polyline (n, 2)."""
        path = " ".join(f"{x:.2f},{-y:.2f}" for x, y in points)
        self._parts.append(f'<polyline points="{path}" fill="none"{_stroke(stroke, width, dash)}/>')

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none", line: float = 0.0, title: str = ""
    ) -> None:
        """A rectangle from its lower left corner."""
        inside = f"<title>{escape(title)}</title>" if title else ""
        self._parts.append(
            f'<rect x="{x:.2f}" y="{-(y + height):.2f}" width="{width:.2f}" height="{height:.2f}" fill="{fill}"{_stroke(stroke, line, "")}>{inside}</rect>'
        )

    def circle(
        self, x: float, y: float, radius: float, *, fill: str, stroke: str = "none", width: float = 0.0, opacity: float = 1.0
    ) -> None:
        """A disc."""
        self._parts.append(
            f'<circle cx="{x:.2f}" cy="{-y:.2f}" r="{radius:.2f}" fill="{fill}" fill-opacity="{opacity:g}"{_stroke(stroke, width, "")}/>'
        )

    def text(
        self, x: float, y: float, text: str, size: float, *, anchor: str = "middle", fill: str = INK, bold: bool = False, halo: float = 0.0
    ) -> None:
        """Text with its baseline at y; `halo`: width of a white rim that keeps it legible on lines."""
        rim = f' stroke="#fff" stroke-width="{halo:.2f}" paint-order="stroke" stroke-linejoin="round"' if halo else ""
        weight = ' font-weight="700"' if bold else ""
        self._parts.append(
            f'<text x="{x:.2f}" y="{-y:.2f}" font-size="{size:.2f}" text-anchor="{anchor}" fill="{fill}"{weight}{rim}>{escape(text)}</text>'
        )

    def badge(self, x: float, y: float, text: str, radius: float, *, color: str, filled: bool = False) -> None:
        """A number in a circle."""
        self.circle(x, y, radius, fill=color if filled else "#fff", stroke=color, width=radius * 0.16)
        self.text(x, y - radius * 0.4, text, radius * (1.15 if len(text) < 3 else 0.85), fill="#fff" if filled else color, bold=True)

    def svg(self) -> Markup:
        """The finished drawing."""
        return Markup(self._head + "".join(self._parts) + "</svg>")


def _stroke(color: str, width: float, dash: str) -> str:
    if color == "none" or width <= 0:
        return ""
    return f' stroke="{color}" stroke-width="{width:.3g}"' + (f' stroke-dasharray="{dash}"' if dash else "")
