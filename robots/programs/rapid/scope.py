"""What names mean in RAPID text: data, routines, signals, tools, work objects, and the welding data of the controller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.units import MM
from robots.programs.controller import Controller
from robots.programs.expressions import Value
from robots.programs.program import Frame, Load, Procedure, SignalLine, Tool, Weave
from robots.programs.rapid.records import PREDEFINED, pose


@dataclass(eq=False, slots=True)
class Datum:
    """A declared name.

    Attributes:
        kind: Data type.
        storage: `const`, `pers`, `var`, or `parameter`.
        value: Constant or first value; None when it has none or its kind is not interpreted.
        key: Of the variable in the program.
        line: Where it is declared.
        changes: Assigned somewhere: the first value does not count for records.
        cache: What a record was turned into.
    """

    kind: str
    storage: str
    value: Any
    key: str
    line: int = 0
    changes: bool = False
    cache: Any = None


@dataclass(eq=False, slots=True)
class Head:
    """The head of a routine: its kind (`proc`, `func`, `trap`), its values, and whether they can be handed over by value."""

    name: str
    kind: str
    parameters: tuple[tuple[str, str], ...]
    simple: bool
    line: int
    file: str


_BUILT_IN = {name: Datum(kind, "const", value, name) for name, (kind, value) in PREDEFINED.items()}


@dataclass(eq=False, slots=True)
class Names:
    """Everything that a program's modules share.

    `addresses` finds a signal whatever its case; `results` are search results by the `pose` that holds them; `pending` are loads (file, line, name, data) in
    routines that do not move.
    """

    controller: Controller
    data: dict[str, Datum] = field(default_factory=lambda: dict(_BUILT_IN))
    routines: dict[str, Head] = field(default_factory=dict)
    signals: dict[str, SignalLine] = field(default_factory=dict)
    tools: dict[str, Tool] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    procedures: dict[str, Procedure] = field(default_factory=dict)
    weaves: dict[str, Weave] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    results: dict[str, tuple[str, ...]] = field(default_factory=dict)
    variables: dict[str, Value | None] = field(default_factory=dict)
    pending: list[tuple[str, int, str, Datum]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.addresses = {address.lower(): address for address in self.controller.signals or ()}

    def signal(self, name: str, output: bool | None, number: bool | None) -> str | None:
        """The address of a signal as an output or input, a line or a group; a text that says what is wrong begins with '!'. None: there is no such signal."""
        address = self.addresses.get(name.lower())
        if address is None:
            if self.controller.signals is not None:
                return None
            address = self.addresses.setdefault(name.lower(), name)
        known = self.signals.get(address)
        if known is None:
            self.signals[address] = SignalLine(address, bool(output), bool(number))
            return address
        if (output is not None and known.output != output) or (number is not None and known.number != number):
            return f"!'{address}' is {_described(known)} elsewhere, here {_described(SignalLine(address, bool(output), bool(number)))}"
        return address

    def tool(self, name: str, datum: Datum | None) -> Tool | str:
        """A tool by name, or what is wrong with it."""
        if datum is None:
            tools = self.controller.tools
            if name.lower() != (self.controller.settings.rapid.tool or "").lower() or not tools:
                return self.unknown("tooldata", name)
            return tools[min(tools)]
        robhold, tframe, load = datum.value
        if not robhold:
            return f"tool '{name}' stands still and the robot carries the workpiece (robhold FALSE); that is not interpreted"
        return Tool(pose(tframe), _load(load))

    def frame(self, name: str, datum: Datum | None) -> Frame | str:
        """A work object by name, or what is wrong with it."""
        settings, frames = self.controller.settings.rapid, self.controller.frames
        if datum is None:
            if name.lower() != (settings.work_object or "").lower() or not frames:
                return self.unknown("wobjdata", name)
            return frames[min(frames)]
        robhold, programmed, unit, uframe, oframe = datum.value
        if robhold:
            return f"work object '{name}' is carried by the robot (robhold TRUE); that is not interpreted"
        if programmed:
            return (
                f"work object '{name}' has a programmed user frame and names the unit '{unit}'"
                if unit
                else Frame(pose(uframe) @ pose(oframe))
            )
        if not self.controller.positioner or unit.lower() != settings.mechanical_unit.lower():
            valid = settings.mechanical_unit if self.controller.positioner else "none"
            return f"work object '{name}' is carried by the mechanical unit '{unit}'; there are: {valid}"
        return Frame(pose(oframe), carried=True)

    def unknown(self, kind: str, name: str) -> str:
        """The message for a name that does not exist."""
        own = self.controller.settings.rapid
        valid = {key for key, datum in self.data.items() if datum.kind == kind} | {
            own.tool if kind == "tooldata" else None,
            own.work_object if kind == "wobjdata" else None,
        }
        names = sorted(name for name in valid if name)
        return f"{kind} '{name}' is not declared; there are: {', '.join(names[:30]) or 'none'}{' ..' if len(names) > 30 else ''}"

    def held(self, name: str, datum: Datum, tool: str | None) -> str:
        """The key of a load as it hangs on a tool: the controller counts from the tool, the program from the flange."""
        T = np.eye(4) if tool is None else self.tools[tool].T_flange_tcp
        load = _load(datum.value)
        in_flange = Load(load.mass, T[:3, :3] @ load.com + T[:3, 3])
        for key in (name, f"{name} on {tool}"):
            known = self.loads.get(key)
            if known is None or np.allclose(known.com, in_flange.com, atol=1e-12):
                self.loads[key] = in_flange
                return key
        raise AssertionError(f"{name} on {tool} has two places")

    def procedure(self, seam: str, weld: str, declared: Datum | None, speed: float) -> str | None:
        """The key of a welding procedure; None: the controller has no such data. `speed` [m/s] counts when nobody else knows."""
        key = f"{seam} {weld}".lower()
        if key in self.procedures:
            return key
        known = self.controller.procedures.values()
        found = next((one for one in known if (one.seam.lower(), one.weld.lower()) == (seam.lower(), weld.lower())), None)
        if found is None and declared is not None:
            found = Procedure(len(self.procedures) + 1, declared.value[0] * MM, seam, weld, int(declared.value[2][0]))
        if found is None and not known:
            found = Procedure(len(self.procedures) + 1, speed, seam, weld)
        if found is None:
            return None
        self.procedures[key] = found
        return key

    def weave(self, name: str, declared: Datum | None, speed: float) -> str | None:
        """The key of weaving data: declared, or the controller's `wv1`, `wv2`, ..; None: there is no such."""
        key = name.lower()
        if key in self.weaves:
            return key
        weaves = self.controller.weaves
        if declared is not None:
            shape, _, run, width, _, left, _, right, *_ = declared.value
            if shape not in _SHAPES or run <= 0:
                return None
            self.weaves[key] = Weave(_SHAPES[shape], speed / (run * MM), width * MM / 2, left * MM / speed, right * MM / speed)
        elif key.startswith("wv") and key[2:].isdigit() and (int(key[2:]) in weaves or not weaves):
            # What the controller's data holds is not known here; its number is.
            self.weaves[key] = weaves.get(int(key[2:])) or Weave("zigzag", 1.0, 1e-3, number=int(key[2:]))
        else:
            return None
        return key


_SHAPES = {1: "zigzag", 2: "zigzag", 3: "triangle", 4: "circle"}
"""weave_shape; the V is a zigzag seen along the torch."""


def _load(value: Any) -> Load:
    mass, com, *_ = value
    return Load(mass, np.array(com) * MM)


def _described(line: SignalLine) -> str:
    return f"{'a group of ' if line.number else 'an '}{'output' if line.output else 'input'}{'s' if line.number else ''}"
