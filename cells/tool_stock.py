"""The shop's tools out of a cell file: catalogue names and own sections side by side."""

from __future__ import annotations

from cells.model import ToolStock
from cells.own_tools import own_die, own_punch
from cells.schema import OwnDieSpec, OwnPunchSpec, ToolingSpec
from cells.tool_catalogue import SEGMENTS_MM, die_names, load_die, load_punch, punch_names
from cells.tooling import Die, Punch
from cells.yaml_source import Source
from core.errors import InputError
from core.units import MM


def load_stock(spec: ToolingSpec, source: Source) -> ToolStock:
    """Tools of a cell file.

    Raises:
        InputError: For an unknown or doubled name, or a section that does not agree with its figures; with the line of the tool, or the section's file.
    """
    folder = source.path.parent
    punches: list[Punch] = []
    dies: list[Die] = []
    names: set[str] = set()
    for i, punch in enumerate(spec.punches):
        with source.at("tooling", "punches", i):
            punches.append(load_punch(punch) if isinstance(punch, str) else own_punch(punch, folder))
            _once(punches[-1].name, names)
    for i, die in enumerate(spec.dies):
        with source.at("tooling", "dies", i):
            dies.append(load_die(die) if isinstance(die, str) else own_die(die, folder))
            _once(dies[-1].name, names)
    own: dict[tuple[str, int], OwnPunchSpec | OwnDieSpec] = {}
    own |= {("punches", i): punch for i, punch in enumerate(spec.punches) if not isinstance(punch, str)}
    own |= {("dies", i): die for i, die in enumerate(spec.dies) if not isinstance(die, str)}
    for at, tool in own.items():
        if tool.name in (*punch_names(), *die_names(), "*"):
            with source.at("tooling", *at, "name"):
                raise InputError(f"'{tool.name}' is a catalogue tool; an own section needs a name of its own")
    segments = {"*": _lengths(spec.segments_mm or list(SEGMENTS_MM))}
    segments |= {tool.name: _lengths(tool.segments_mm) for tool in own.values() if tool.segments_mm}
    return ToolStock(tuple(punches), tuple(dies), segments)


def _once(name: str, names: set[str]) -> None:
    if name in names:
        raise InputError(f"the tool '{name}' stands twice in the stock")
    names.add(name)


def _lengths(values_mm: list[float]) -> tuple[float, ...]:
    return tuple(sorted((value * MM for value in values_mm), reverse=True))
