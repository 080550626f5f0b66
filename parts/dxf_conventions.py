"""How CAD systems mark bends in flat DXF files: data, not branches. Sources: docs/dxf.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["bend", "bend-up", "bend-down", "outline", "ignore"]

# First match wins; patterns are matched against the whole layer name in capitals.
LAYERS: tuple[tuple[str, Role], ...] = (
    (r"IV_BEND_DOWN", "bend-down"),
    (r"IV_BEND(_UP)?", "bend-up"),
    (r"IV_(TANGENT|ARC_CENTERS|TOOL_CENTER.*|ALTREP.*|UNCONSUMED.*|ROLL.*|MARK.*|FEATURE_PROFILES.*)", "ignore"),
    (r".*(BEND_?EXTENT|TANGENT|_EXTENT).*", "ignore"),
    (r"SHEETMETAL_BEND_LINES_UP", "bend-up"),
    (r"SHEETMETAL_BEND_LINES_DOWN", "bend-down"),
    (r"SHEETMETAL_BEND_TANGENT.*", "ignore"),
    (r"UP_CENTERLINES", "bend-up"),
    (r"DOWN_CENTERLINES", "bend-down"),
    (r"(BEND|FOLD|BENDING|BENDLINES?|BEND_LINES?)[-_ ]?UP", "bend-up"),
    (r"(BEND|FOLD|BENDING|BENDLINES?|BEND_LINES?)[-_ ]?(DOWN|DN)", "bend-down"),
    (r"(BEND|BENDS|BENDING|BENDLINES?|BEND_LINES?|FOLD|FOLDS|FOLDLINES?|KANT.*|BIEGE.*|PLI|PLIS|SKETCH_?BEND.*)", "bend"),
    (r".*(ETCH|ENGRAV|MARK|DIM|TEXT|NOTE|CENTER_?MARK|CENTERMARK|ANNOT|TITLE|DEFPOINTS|FRAME|BORDER|GRAVUR).*", "ignore"),
)
LINETYPES: tuple[tuple[str, Role], ...] = ((r".*(CENTER|CENTRE|DASHDOT|CHAIN|PHANTOM|DASHED|HIDDEN|DIVIDE).*", "bend"),)
"""On layers without a role, a straight line of one of these line types is a bend (SolidWorks' default, hand-made files)."""
KNOWN = "Inventor IV_BEND, Fusion BEND, Onshape SHEETMETAL_BEND_LINES_UP, SolidWorks BEND-UP or dashed lines, Solid Edge UP_CENTERLINES, BENDLINES, FOLD, KANT"


def layer_role(layer: str) -> Role | None:
    """What lies on a layer, by its name; None when the name says nothing."""
    name = layer.strip().upper()
    return next((role for pattern, role in LAYERS if re.fullmatch(pattern, name)), None)


def linetype_role(linetype: str) -> Role | None:
    """What a line type says on a layer without a role."""
    name = linetype.strip().upper()
    return next((role for pattern, role in LINETYPES if re.fullmatch(pattern, name)), None)


@dataclass(frozen=True, slots=True)
class Note:
    """A bend note: direction, angle [deg], radius [file units] or None, and where it stands in file units."""

    direction: Literal["up", "down"]
    angle_deg: float
    radius: float | None
    x: float
    y: float


_NOTE = re.compile(r"\b(UP|DOWN|DN)\b\s*(\d+(?:\.\d+)?)[^A-Z\d]*(?:R\s*=?\s*(\d*\.?\d+))?")


def parse_note(text: str, x: float, y: float) -> Note | None:
    """`UP 90° R 0.313` in any of the spellings of TEXT and MTEXT; None when it is another text."""
    plain = text.upper().replace("\\U+00B0", "°").replace("%%D", "°").replace("\\P", " ")
    plain = re.sub(r"\\[A-Z][^;]*;|[{}]", " ", plain)
    found = _NOTE.search(plain)
    if found is None:
        return None
    radius = float(found.group(3)) if found.group(3) else None
    return Note("up" if found.group(1) == "UP" else "down", float(found.group(2)), radius, x, y)
