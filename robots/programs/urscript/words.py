"""Names and lines of a program as URScript takes them."""

from __future__ import annotations

from core.errors import UnsupportedError
from robots.programs.expressions import Const
from robots.programs.program import RobotProgram, SetSignal
from robots.programs.settings import UrScriptSettings
from robots.programs.text import ascii_text, identifier, identifiers
from robots.programs.urscript.features import CAPABILITIES, LONGEST_NAME
from robots.programs.urscript.names import FUNCTIONS, KEYWORDS
from robots.programs.urscript.text import Wire


class Words:
    """The program's names, different from each other and from the controller's own, and its signals.

    Args:
        program: That is written.
        own: Settings of the language.

    Raises:
        UnsupportedError: A signal address that the controller does not have.
    """

    def __init__(self, program: RobotProgram, own: UrScriptSettings) -> None:
        self.wires = {name: Wire(name, line) for name, line in program.signals.items()}
        longest = own.longest_name or LONGEST_NAME
        taken = [word.upper() for word in (*KEYWORDS, *FUNCTIONS, "waited", "bits", "value", "make_safe", "p")]
        self.name = identifier(own.name or program.name, longest)
        if self.name in taken:
            self.name = identifier(f"prog {self.name}", longest)
        taken.append(self.name)

        def named(keys: list[str], prefix: str = "") -> dict[str, str]:
            names = identifiers(keys, LONGEST_NAME, prefix=prefix, taken=tuple(taken))
            taken.extend(names.values())
            return {key: name.lower() for key, name in names.items()}

        self.name = self.name.lower()
        self.routines = named([routine.name for routine in program.routines[1:]])
        self.tools = named(list(program.tools), "tool ")
        self.frames = named(list(program.frames), "frame ")
        self.groups = named([name for name, wire in self.wires.items() if wire.kind == "GO"], "set ")

    def wire(self, signal: str) -> Wire:
        if signal not in self.wires:
            raise UnsupportedError(f"signal '{signal}' has no address; there are: {', '.join(sorted(self.wires)) or 'none'}")
        return self.wires[signal]

    def value(self, signal: str, value: object) -> str:
        """A value as the signal takes it."""
        wire = self.wire(signal)
        value = value.value if isinstance(value, Const) else value
        if isinstance(value, bool) != (not wire.number) or not isinstance(value, int):
            raise UnsupportedError(f"signal '{signal}' takes {'a whole number' if wire.number else 'true or false'}, not {value!r}")
        if wire.number and not 0 <= value <= wire.limit():
            raise UnsupportedError(f"signal '{signal}' shows 0..{wire.limit()}, not {value}")
        return str(value)

    def set(self, one: SetSignal) -> str:
        """The line that sets an output."""
        if one.pulse is not None:
            raise CAPABILITIES.refuse("pulse", one.signal)
        value = self.value(one.signal, one.value)
        call = f"{self.groups[one.signal]}({value})" if one.signal in self.groups else self.wire(one.signal).set(value)
        return f"{call}  # {ascii_text(one.signal)}"
