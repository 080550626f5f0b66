"""Flat patterns from DXF files: outline, holes, bend lines; what is wrong is said with its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from shapely import Polygon

from core.errors import InputError
from core.findings import Finding, Level
from parts.bend_lines import Mark, Neighbourhood, bend_lines, crossings, join_collinear, marks_of, without_doubles
from parts.bend_notes import with_notes
from parts.dxf_conventions import KNOWN, Role, layer_role, linetype_role
from parts.dxf_entities import Curve, Drawn, draw
from parts.dxf_file import DxfLimits, open_dxf
from parts.flat import BendLine, FlatPattern
from parts.outline import sheet_region

UNITS = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "inch": 25.4e-3, "ft": 0.3048}
_INSUNITS = {1: "inch", 2: "ft", 4: "mm", 5: "cm", 6: "m"}
CHORD = 1e-5
"""Largest distance of an arc from its chords [m]."""
PLAUSIBLE = (5e-3, 6.0)
"""Sizes of a sheet that are believed [m]."""


def read_dxf(
    file: str | Path,
    *,
    units: str | None = None,
    layers: Mapping[str, Role] | None = None,
    keywords: Mapping[str, str] | None = None,
    limits: DxfLimits | None = None,
) -> FlatPattern:
    """Reads a flat pattern.

    Args:
        file: The DXF file.
        units: `mm`, `cm`, `m`, `inch` or `ft`: overrides what the file says.
        layers: Roles of layers whose names say nothing or something else, by layer name in any case.
        keywords: What `angle`, `direction` and `radius` are called in extended data behind bend lines (Solid Edge lets the user choose).
        limits: Upper bounds.

    Raises:
        InputError: When the file cannot be used at all. What is wrong with a readable drawing comes as findings of error level.
    """
    path = Path(file)
    bounds = limits or DxfLimits()
    if units is not None and units not in UNITS:
        raise InputError(f"unknown unit '{units}'; valid: {', '.join(UNITS)}", file=path)
    document = open_dxf(path, bounds)
    chord = CHORD / UNITS[units or "mm"]
    drawn = draw(document, path, bounds, chord, keywords)
    if not drawn.curves:
        hidden = f"; layers that are off or frozen: {', '.join(drawn.hidden)}" if drawn.hidden else ""
        raise InputError(f"the drawing has no visible lines, arcs or curves in model space{hidden}", file=path)
    findings: list[Finding] = []
    if drawn.hidden:
        findings.append(
            Finding(
                "info", "hidden-layers", f"what lies on layers that are off or frozen is left out: {', '.join(drawn.hidden)}", "", "part"
            )
        )
    roles = [_role(curve, layers) for curve in drawn.curves]
    cut = [curve for curve, role in zip(drawn.curves, roles, strict=True) if role == "outline"]
    if not cut:
        names = ", ".join(sorted({curve.layer for curve in drawn.curves}))
        raise InputError(f"no outline: every curve lies on a layer of bends or marks ({names}); say which with `layers`", file=path)
    scale = metres_per_unit(document, cut, units, findings)
    if CHORD / scale < 0.5 * chord:
        # Drawn in inches or metres: arcs once more, as fine as there.
        drawn = draw(document, path, bounds, CHORD / scale, keywords)
        cut = [curve for curve in drawn.curves if _role(curve, layers) == "outline"]
    outline = sheet_region(path, [curve.points * scale for curve in cut], [curve.place for curve in cut], findings)
    lines = [] if outline.is_empty else _bends(path, drawn, roles, outline, scale, findings, bounds)
    return FlatPattern(path.stem, outline, tuple(lines), tuple(findings), path.name)


def _bends(
    path: Path, drawn: Drawn, roles: list[Role], outline: Polygon, scale: float, findings: list[Finding], limits: DxfLimits
) -> list[BendLine]:
    marks: list[Mark] = []
    for curve, role in zip(drawn.curves, roles, strict=True):
        if role.startswith("bend"):
            marks += marks_of(curve, role, scale, findings)
            if len(marks) > 20 * limits.bends:
                raise InputError(
                    f"more than {20 * limits.bends} lines on bend layers; is the outline on one of them?", file=path, place=curve.place
                )
    marks = join_collinear(marks, outline, findings)
    if len(marks) > limits.bends:
        raise InputError(f"{len(marks)} bend lines; the limit is {limits.bends}", file=path, place=marks[limits.bends].place)
    near = Neighbourhood(outline)
    lines = without_doubles([line for mark in marks for line in bend_lines(mark, near.of(mark), scale, findings)])
    lines = with_notes(lines, drawn.notes, scale, outline, findings)
    if not lines and not any(finding.level == "error" for finding in findings):
        names = sorted({curve.layer for curve in drawn.curves})
        empty = [layer for layer in drawn.empty if (layer_role(layer) or "").startswith("bend")]
        but = f"; the bend layers {', '.join(empty)} are declared but empty" if empty else ""
        findings.append(
            Finding(
                "error", "no-bend-lines", f"{path.name} has no bend lines; its layers are: {', '.join(names)}{but}",
                f"put bend lines on a layer that says so ({KNOWN}), or say with `layers` which it is", "part", {"layers": names, "empty_bend_layers": empty},
            )
        )  # fmt: skip
    findings += crossings(lines)
    return lines


def _role(curve: Curve, own: Mapping[str, Role] | None) -> Role:
    by_layer = layer_role(curve.layer, own)
    if by_layer is not None:
        return by_layer
    return "bend" if curve.straight and linetype_role(curve.linetype) == "bend" else "outline"


def _header(document: Any, key: str) -> int:
    try:
        return int(document.header.get(key, 0))
    except (TypeError, ValueError, OverflowError):
        return 0


def metres_per_unit(document: Any, cut: list[Curve], units: str | None, findings: list[Finding]) -> float:
    """Metres per file unit: the option, or what the file says if the sheet's size is then believable."""
    if units is not None:
        return UNITS[units]
    corners = np.array([[curve.points.min(axis=0), curve.points.max(axis=0)] for curve in cut])
    size = float(np.max(corners[:, 1].max(axis=0) - corners[:, 0].min(axis=0)))
    code = _header(document, "$INSUNITS")
    said = _INSUNITS.get(code)

    def believable(name: str) -> bool:
        return PLAUSIBLE[0] <= size * UNITS[name] <= PLAUSIBLE[1]

    if said is None:
        states = f"the unit code {code}, which is not read" if code else "no unit"
        # Small numbers may be inches: then it is worth more than a remark.
        level: Level = "warning" if size < 50 else "info"
        findings.append(
            Finding(
                level,
                "units-assumed",
                f"the file states {states}; {size:.4g} units are read as mm",
                "give the unit if that is wrong",
                "part",
            )
        )
        return UNITS["mm"]
    if believable(said) and not (said == "inch" and size > 100):
        return UNITS[said]
    other = next((name for name in ("mm", "inch", "cm", "m") if name != said and believable(name)), said)
    if other == said:
        findings.append(
            Finding(
                "warning", "size-doubtful", f"the sheet is {size * UNITS[said]:.4g} m long if the file's unit ({said}) is right", "check the drawing's unit", "part"
            )
        )  # fmt: skip
    else:
        findings.append(
            Finding(
                "warning", "units-lie", f"the file says {said}, which makes the sheet {size * UNITS[said]:.2f} m long; it is read as {other}: {size * UNITS[other] * 1e3:.1f} mm",
                f"give the unit {said} if the file is right", "part", {"said": said, "read_as": other},
            )
        )  # fmt: skip
    return UNITS[other]


__all__ = ["DxfLimits", "metres_per_unit", "read_dxf"]
