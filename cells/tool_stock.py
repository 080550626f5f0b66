"""The shop's tools out of a cell file: catalogue names and own sections side by side."""

from __future__ import annotations

from pathlib import Path

from cells.model import ToolStock
from cells.own_tools import own_die, own_punch
from cells.schema import ToolingSpec
from cells.tool_catalogue import SEGMENTS_MM, die_names, load_die, load_punch, punch_names
from core.errors import InputError
from core.units import MM


def load_stock(spec: ToolingSpec, folder: Path) -> ToolStock:
    """Tools of a cell file whose folder is `folder`.

    Raises:
        InputError: For an unknown or doubled name, or a section that does not agree with its figures.
    """
    punches = tuple(load_punch(entry) if isinstance(entry, str) else own_punch(entry, folder) for entry in spec.punches)
    dies = tuple(load_die(entry) if isinstance(entry, str) else own_die(entry, folder) for entry in spec.dies)
    names = [*(punch.name for punch in punches), *(die.name for die in dies)]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise InputError(f"the tool '{double}' stands twice in the stock", place="tooling")
    own = [entry for entry in (*spec.punches, *spec.dies) if not isinstance(entry, str)]
    taken = next((entry.name for entry in own if entry.name in (*punch_names(), *die_names(), "*")), None)
    if taken is not None:
        raise InputError(f"'{taken}' is a catalogue tool; an own section needs a name of its own", place="tooling")
    segments = {"*": _lengths(spec.segments_mm or list(SEGMENTS_MM))}
    segments |= {entry.name: _lengths(entry.segments_mm) for entry in own if entry.segments_mm}
    return ToolStock(punches, dies, segments)


def _lengths(values_mm: list[float]) -> tuple[float, ...]:
    return tuple(sorted((value * MM for value in values_mm), reverse=True))
