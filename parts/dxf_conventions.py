"""How CAD systems mark bends in flat DXF files: data, not branches. Described for users in docs/dxf.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import UnknownNameError

Role = Literal["bend", "bend-up", "bend-down", "outline", "ignore"]
ROLES: tuple[str, ...] = get_args(Role)
Direction = Literal["up", "down"]

# First match wins; patterns are matched against the whole layer name in capitals.
LAYERS: tuple[tuple[str, Role], ...] = (
    (r"IV_BEND_DOWN", "bend-down"),
    (r"IV_BEND(_UP)?", "bend-up"),
    (r"IV_(TANGENT|ARC_CENTERS|TOOL_CENTER.*|ALTREP.*|UNCONSUMED.*|ROLL.*|MARK.*|FEATURE_PROFILES.*)", "ignore"),
    (r".*(BEND[-_ ]?(EXTENT|TANGENT|ZONE|REGION|ALLOWANCE|NOTE)|TANGENT|[-_ ]EXTENT).*", "ignore"),
    # Onshape cuts names off, so only their beginnings are sure.
    (r"SHEETMETAL_BEND_LINES_U.*", "bend-up"),
    (r"SHEETMETAL_BEND_LINES_D.*", "bend-down"),
    (r"UP_CENTER_?LINES?", "bend-up"),
    (r"DOWN_CENTER_?LINES?", "bend-down"),
    (r"(BEND|FOLD|BENDING|BEND[-_ ]?LINES?|FOLD[-_ ]?LINES?)[-_ ]?UP", "bend-up"),
    (r"UP[-_ ]?(BENDS?|FOLDS?)", "bend-up"),
    (r"(BEND|FOLD|BENDING|BEND[-_ ]?LINES?|FOLD[-_ ]?LINES?)[-_ ]?(DOWN|DN)", "bend-down"),
    (r"(DOWN|DN)[-_ ]?(BENDS?|FOLDS?)", "bend-down"),
    (r"(KANT|BIEGE|PLI|PLIAGE|PLIS|PIEG|PLEGAD|DOBLE[ZC]).*", "bend"),
    (r"(.*[^A-Z])?(ETCH|ENGRAV|CENTER_?MARK|GRAVUR|SCRIBE|MARK|DIM|TEXT|NOTE|ANNOT|TITLE|DEFPOINTS|FRAME|BORDER).*", "ignore"),
    # The word itself, alone or between separators: BEND, BENDLINES, SKETCH_BENDS, 3_FOLD_LINE.
    (r"(.*[^A-Z])?(BENDS?|BENDING|FOLDS?|FOLDING)([-_ ]?LINES?)?([^A-Z].*)?", "bend"),
)
LINETYPES: tuple[tuple[str, Role], ...] = ((r".*(CENTER|CENTRE|DASHDOT|CHAIN|PHANTOM|DASHED|HIDDEN|DIVIDE).*", "bend"),)
"""On layers without a role, a straight line of one of these line types is a bend (SolidWorks' default, hand-made files)."""
KNOWN = "Inventor IV_BEND, Fusion BEND, Onshape SHEETMETAL_BEND_LINES_UP, SolidWorks BEND-UP or dashed lines, Solid Edge UP_CENTERLINES, BENDLINES, FOLD, KANT"


def layer_role(layer: str, own: Mapping[str, Role] | None = None) -> Role | None:
    """What lies on a layer, by the user's own table (`own`, any case) or by its name; None when the name says nothing."""
    name = layer.strip().upper()
    for given, role in (own or {}).items():
        if given.strip().upper() == name:
            return role
    return next((role for pattern, role in LAYERS if re.fullmatch(pattern, name)), None)


def linetype_role(linetype: str) -> Role | None:
    """What a line type says on a layer without a role."""
    name = linetype.strip().upper()
    return next((role for pattern, role in LINETYPES if re.fullmatch(pattern, name)), None)


def checked_role(role: str) -> Role:
    """A role by its name; raises `UnknownNameError` with the valid ones."""
    for valid in get_args(Role):
        if role == valid:
            return valid  # type: ignore[no-any-return]
    raise UnknownNameError("layer role", role, list(ROLES))


@dataclass(frozen=True, slots=True)
class Note:
    """What a text or an entity's extended data says about a bend.

    Attributes:
        direction: None when it says none.
        angle_deg: Deflection from flat [deg]; None when it says none.
        radius: Inner radius [file units]; None when it says none.
        x, y: Where a text stands [file units].
        height: Of the letters [file units].
        text: As written, for messages.
    """

    direction: Direction | None
    angle_deg: float | None
    radius: float | None
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    text: str = ""


_NUMBER = r"(\d+(?:[.,]\d+)?|[.,]\d+)"
_NOTE = re.compile(rf"\b(UP|DOWN|DN)\b\s*:?\s*{_NUMBER}[^A-Z\d]*(?:R\s*[=:]?\s*{_NUMBER})?")
_NOTE_ANGLE_FIRST = re.compile(rf"{_NUMBER}\s*(?:°|DEG)?\s*\b(UP|DOWN|DN)\b[^A-Z\d]*(?:R\s*[=:]?\s*{_NUMBER})?")
MAX_TEXT = 1000
"""Longer texts are no bend notes."""


def parse_note(text: str, x: float, y: float, height: float = 0.0) -> Note | None:
    """`UP 90° R 0.313` in any of the spellings of TEXT and MTEXT; None when it is another text."""
    if len(text) > MAX_TEXT:
        return None
    plain = text.upper().replace("\\U+00B0", "°").replace("%%D", "°").replace("%%176", "°").replace("\\P", " ").replace("\\~", " ")
    plain = re.sub(r"\\[A-Z][^;\\]*;|[{}]", " ", plain)
    found = _NOTE.search(plain)
    if found is not None:
        word, angle, radius = found.groups()
    else:
        found = _NOTE_ANGLE_FIRST.search(plain)
        if found is None:
            return None
        angle, word, radius = found.groups()
    shown = " ".join(plain.split())
    return Note("up" if word == "UP" else "down", _float(angle), None if radius is None else _float(radius), x, y, height, shown)


def _float(text: str) -> float:
    return float(text.replace(",", "."))


# Solid Edge writes bend data behind each bend line under keywords the user chose; these words are in most of them.
KEYWORDS: dict[str, str] = {"direction": r"DIR|RICHTUNG|ORIENT", "angle": r"ANGLE|WINKEL", "radius": r"RADIUS|BEND_?RAD|INNER_?R"}


def parse_xdata(values: Iterable[str | float], own: Mapping[str, str] | None = None) -> Note | None:
    """Bend data from the values of extended data, in their order: `BEND_ANGLE: 90`, or a keyword and then its value.

    Args:
        values: Strings and numbers of all groups.
        own: The user's keywords for `angle`, `direction`, `radius`; they win over the usual words.
    """
    patterns = {**KEYWORDS, **{key: re.escape(word.strip().upper()) for key, word in (own or {}).items()}}
    found: dict[str, str] = {}
    wanted: str | None = None
    for value in values:
        if not isinstance(value, str):
            if wanted is not None:
                found.setdefault(wanted, repr(float(value)))
            wanted = None
            continue
        for word in re.split(r"[;\n]", value.upper()[:MAX_TEXT]):
            key = next((key for key, pattern in patterns.items() if re.search(pattern, word)), None)
            if key is None:
                if wanted is not None and word.strip():
                    found.setdefault(wanted, word.strip())
                    wanted = None
                continue
            rest = re.sub(rf"^.*?(?:{patterns[key]})[A-Z_]*[:=\s]*", "", word).strip()
            if rest:
                found.setdefault(key, rest)
                wanted = None
            else:
                wanted = key
    direction_word = re.search(r"\b(UP|DOWN|DN|U|D)\b", found.get("direction", ""))
    direction: Direction | None = None if direction_word is None else "up" if direction_word.group(1).startswith("U") else "down"
    angle, radius = (_first_number(found.get(key, "")) for key in ("angle", "radius"))
    return None if direction is None and angle is None and radius is None else Note(direction, angle, radius)


def _first_number(text: str) -> float | None:
    number = re.search(_NUMBER, text)
    return None if number is None else _float(number.group(1))
