"""Moves of RAPID text: joint, straight, circular, with triggers, welded, and searches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from core.units import DEG, MM
from robots.programs.program import ArcOff, ArcOn, MoveCircular, MoveJoint, MoveLinear, SearchLinear, Trigger, UseFrame, UseTool
from robots.programs.rapid.expressions import NORM
from robots.programs.rapid.process import ProcessReader
from robots.programs.rapid.scope import Datum
from robots.programs.rapid.statements import Arguments, Body, Triggering
from robots.programs.rapid.targets import Joints, Place, Speed, TargetError, blend
from robots.programs.rapid.terms import NotInterpreted, Term
from robots.programs.rapid.tokens import Token

_N = r"[-+]?\d{1,12}(?:\.\d*)?(?:[Ee][-+]?\d{1,2})?"
_NAME = r"[A-Za-z]\w*"


def _numbers(count: int) -> str:
    return rf"({_N}(?:,{_N}){{{count - 1}}})"


_PLAIN_MOVE = re.compile(
    rf"\s*(MoveL|MoveJ|MoveAbsJ)\s+(?:\[\[{_numbers(3)}\],\[{_numbers(4)}\],\[{_numbers(4)}\],\[{_numbers(6)}\]\]|\[\[{_numbers(6)}\],\[{_numbers(6)}\]\]|({_NAME}))"
    rf",({_NAME})(?:\\T:=({_N}))?,({_NAME}),({_NAME})(?:\\WObj:=({_NAME}))?;\s*(?:!.*)?",
    re.ASCII | re.IGNORECASE,
)
"""The moves of which long programs consist; whatever looks otherwise is read word by word."""
_MOVE_OPTIONS = ("t", "v", "wobj", "noeoffs", "id", "tload", "z")
_TRIGGERS = tuple(f"t{i}" for i in range(2, 9))


def floats(text: str) -> tuple[float, ...]:
    """Numbers between commas."""
    return tuple(map(float, text.split(",")))


class MoveReader(ProcessReader):
    """Reads moves; see `ExpressionReader` for the arguments."""

    def handled(self) -> dict[str, Callable[[Token], Body]]:
        """Instruction -> what reads it."""
        more: dict[str, Callable[[Token], Body]] = {
            "moveabsj": self._absolute, "movej": lambda at: self._moved(at, self._joint, "robtarget"), "movel": lambda at: self._moved(at, self._straight, "robtarget"),
            "movec": lambda at: self._moved(at, self._straight, "robtarget", "robtarget"), "triggio": self._trigger, "triggequip": self._trigger,
            "triggj": lambda at: self._triggered(at, self._joint, "robtarget"), "triggl": lambda at: self._triggered(at, self._straight, "robtarget"),
            "triggc": lambda at: self._triggered(at, self._straight, "robtarget", "robtarget"), "searchl": self._search,
            **{f"arc{shape}{where}": self._welded for shape in "lc" for where in ("start", "", "end")},
        }  # fmt: skip
        return super().handled() | more

    # The usual form, fast

    def plain_move(self, text: str, line: int) -> bool:
        """Reads a line that holds one move of the usual form into the block; False when it does not, or when something is wrong with it."""
        match = _PLAIN_MOVE.fullmatch(text.replace(", ", ","))
        if match is None:
            return False
        verb, trans, rot, conf, extax, robax, jointax, name, speed_name, duration, zone_name, tool, wobj = match.groups()
        absolute = len(verb) == 8
        try:
            speed = self._named(speed_name, "speeddata", self.targets.speed)
            zone = self._named(zone_name, "zonedata", blend)
            if speed is None or (zone is None and not self._stops(zone_name)):
                return False
            if name is not None:
                target = (
                    self._named(name, "jointtarget", self.targets.joints)
                    if absolute
                    else self._named(name, "robtarget", self.targets.place)
                )
            elif (robax is not None) != absolute:
                return False
            elif absolute:
                target = self.targets.joints((floats(robax), floats(jointax)))
            else:
                quaternion = floats(rot)
                a, b, c, d = quaternion
                if abs(a * a + b * b + c * c + d * d - 1) > NORM:
                    return False
                target = self.targets.place((floats(trans), quaternion, floats(conf), floats(extax)))
        except TargetError:
            return False
        if target is None or not self._known(tool, wobj):
            return False
        seconds = None if duration is None else float(duration)
        if seconds is not None and seconds <= 0:
            return False
        body = self.block_body
        if tool.lower() != self.modal.tool or (wobj or "wobj0").lower() != self.modal.frame:
            body += self._chosen(
                Token("name", tool, tool.lower(), line, 1), None if wobj is None else Token("name", wobj, wobj.lower(), line, 1)
            )
        make = self._joint if verb[4] in "aAjJ" else self._straight
        body += make((target,), speed, seconds, zone, line)
        return True

    def _named(self, name: str, kind: str, make: Callable[[Any], Any]) -> Any:
        datum = self.datum(name.lower())
        if datum is None or datum.kind != kind or datum.value is None or datum.changes:
            return None
        if datum.cache is None:
            datum.cache = make(datum.value)
        return datum.cache

    def _stops(self, name: str) -> bool:
        datum = self.datum(name.lower())
        return datum is not None and datum.kind == "zonedata" and datum.value is not None and not datum.changes

    def _known(self, tool: str, wobj: str | None) -> bool:
        tool, frame = tool.lower(), (wobj or "wobj0").lower()
        hidden = tool in self.local or frame in self.local or tool in self.module_data or frame in self.module_data
        return not hidden and tool in self.names.tools and frame in self.names.frames

    # Word by word

    def _record(self, token: Token, term: Term, make: Callable[[Any], Any]) -> Any:
        """What a record means; that of a name is remembered with it."""
        value = self.constant(term)
        datum = term.datum
        if datum is None or datum.value is not value:
            return self.checked(token, make, value)
        if datum.cache is None:
            datum.cache = self.checked(token, make, value)
        return datum.cache

    def _chosen(self, tool: Token, wobj: Token | None) -> Body:
        """Makes tool and work object count; returns what has to be said for that."""
        out: Body = []
        T = self._resolved(tool, tool.low, "tooldata", self.names.tools, self.names.tool)
        frame = self._resolved(wobj or tool, "wobj0" if wobj is None else wobj.low, "wobjdata", self.names.frames, self.names.frame)
        if self.modal.tool != T:
            out.append(UseTool(T, line=tool.line))
            self.modal.tool = T
            self.resolve_loads(T)
        if frame != self.modal.frame:
            out.append(UseFrame(frame, line=tool.line))
            self.modal.frame = frame
        return out

    def _resolved(self, token: Token, low: str, kind: str, known: dict[str, Any], find: Callable[[str, Datum | None], Any]) -> str:
        """The key of a tool or work object, put among the known ones."""
        datum = self.datum(low)
        if datum is not None and datum.kind != kind:
            raise self.stream.error(token, f"'{token.text}' is {datum.kind}; {kind} is wanted")
        if datum is not None and (datum.value is None or datum.changes):
            raise NotInterpreted
        key = low if datum is None else datum.key
        if key not in known:
            found = find(low if token.low != low else token.text, datum)
            if isinstance(found, str):
                raise self.stream.error(token, found)
            known[key] = found
        return key

    def _speed(self, values: Arguments, i: int) -> tuple[Speed, float | None]:
        """Speed and prescribed time."""
        speed: Speed = self._record(values.tokens[i], values.terms[i], self.targets.speed)
        if "v" in values.options:
            tcp = self.constant(values.options["v"])
            speed = self.checked(values.tokens[i], self.targets.speed, (tcp, speed.turn / DEG, 5000.0, 1000.0))
        if "t" not in values.options:
            return speed, None
        duration = self.constant(values.options["t"])
        if duration <= 0:
            raise self.stream.error(values.tokens[i], f"\\T is {duration:g} s")
        return speed, float(duration)

    def _moved(self, at: Token, make: Callable[..., Body], *targets: str) -> Body:
        values = self.arguments(at, *targets, "speeddata", "zonedata", "name")
        values.only(*_MOVE_OPTIONS)
        n = len(targets)
        places = tuple(self._record(values.tokens[i], values.terms[i], self.targets.place) for i in range(n))
        speed, duration = self._speed(values, n)
        zone = self._record(values.tokens[n + 1], values.terms[n + 1], blend)
        return [*self._tools(values), *make(places, speed, duration, zone, at.line, at)]

    def _tools(self, values: Arguments) -> Body:
        wobj = values.options.get("wobj")
        return self._chosen(values.tokens[-1], None if wobj is None else wobj.value)

    def _absolute(self, at: Token) -> Body:
        values = self.arguments(at, "jointtarget", "speeddata", "zonedata", "name")
        values.only(*_MOVE_OPTIONS)
        target = self._record(values.tokens[0], values.terms[0], self.targets.joints)
        speed, duration = self._speed(values, 1)
        zone = self._record(values.tokens[2], values.terms[2], blend)
        return [*self._tools(values), *self._joint((target,), speed, duration, zone, at.line)]

    def _joint(
        self, targets: tuple[Any, ...], speed: Speed, duration: float | None, zone: float | None, line: int, at: Token | None = None
    ) -> Body:
        del at
        (target,) = targets
        self.modal.moved = True
        if isinstance(target, Joints):
            return [MoveJoint(target.q, speed.share, zone, duration, external=target.external, line=line)]
        place: Place = target
        posture = place.posture if self.modal.conf_j else None
        return [MoveJoint(None, speed.share, zone, duration, place.T, posture, place.track, place.external, line=line)]

    def _straight(
        self, targets: tuple[Any, ...], speed: Speed, duration: float | None, zone: float | None, line: int, at: Token | None = None
    ) -> Body:
        end: Place = targets[-1]
        posture = end.posture if self.modal.conf_l else None
        if len(targets) == 1:
            self.modal.moved = True
            return [MoveLinear(end.T, None, speed.linear, duration, zone, speed.turn, posture, end.track, end.external, line=line)]
        if not self.modal.moved and at is not None and self.routine == "main":
            raise self.stream.error(at, "a circular move cannot be the first one: it needs a start")
        return [
            MoveCircular(targets[0].T, end.T, None, speed.linear, duration, zone, speed.turn, posture, end.track, end.external, line=line)
        ]

    routine = ""

    # Triggers

    def _trigger(self, at: Token) -> Body:
        kinds = ("name", "num", "num") if at.low == "triggio" else ("name", "num", "num", "num")
        values = self.arguments(at, *kinds)
        name = values.tokens[0]
        datum = self.datum(name.low)
        if datum is None or datum.kind != "triggdata":
            raise self.stream.error(name, self.names.unknown("triggdata", name.text))
        values.only("start", "time", "dop", "gop", "dodelay")
        if ("dop" in values.options) == ("gop" in values.options):
            raise self.stream.error(at, f"{at.text} sets one output: \\DOp or \\GOp")
        group = "gop" in values.options
        amount = float(self.constant(values.terms[1]))
        if amount < 0:
            raise self.stream.error(values.tokens[1], f"{at.text}: {amount:g} before a point; 0 or more is wanted")
        value = self.output_value(values.tokens[-1], Term("num", self.constant(values.terms[-1])), group)
        assert isinstance(value, bool | int)
        seconds = -float(self.constant(values.terms[2])) if at.low == "triggequip" else 0.0
        distance = amount * MM
        if "time" in values.options:
            seconds, distance = -amount, 0.0
        if "dodelay" in values.options:
            seconds += float(self.constant(values.options["dodelay"]))
        signal = values.options["gop" if group else "dop"].value
        self.modal.triggers[name.low] = Triggering(signal, value, "start" if "start" in values.options else "end", distance, seconds)
        return []

    def _triggered(self, at: Token, make: Callable[..., Body], *targets: str) -> Body:
        n = len(targets)
        values = self.arguments(at, *targets, "speeddata", "triggdata", "zonedata", "name")
        values.only(*_MOVE_OPTIONS, *_TRIGGERS)
        tokens = [values.tokens[n + 1].low]
        for option in _TRIGGERS:
            term = values.options.get(option)
            if term is not None:
                tokens.append("" if term.datum is None else term.datum.key.split(".")[-1])
        out: Body = []
        for name in tokens:
            point = self.modal.triggers.get(name)
            if point is None:
                raise self.stream.error(
                    values.tokens[n + 1], f"'{name}' is not set up with TriggIO or TriggEquip in this routine before the move"
                )
            out.append(Trigger(point.signal, point.value, point.at, point.distance, point.seconds, line=at.line))
        places = tuple(self._record(values.tokens[i], values.terms[i], self.targets.place) for i in range(n))
        speed, duration = self._speed(values, n)
        zone = self._record(values.tokens[n + 2], values.terms[n + 2], blend)
        return [*self._tools(values), *out, *make(places, speed, duration, zone, at.line, at)]

    # Welding and searching

    def _welded(self, at: Token) -> Body:
        circular, where = at.low[3] == "c", at.low[4:]
        n = 2 if circular else 1
        values = self.arguments(at, *["robtarget"] * n, "speeddata", "name", "name", "zonedata", "name")
        values.only("wobj", "weave", "track", "seamname", "id")
        if where == "start" and self.modal.arc is not None:
            raise self.stream.error(at, "the arc burns already")
        if where != "start" and self.modal.arc is None:
            raise self.stream.error(at, f"{at.text} without ArcLStart or ArcCStart before it in this routine")
        places = tuple(self._record(values.tokens[i], values.terms[i], self.targets.place) for i in range(n))
        speed, _ = self._speed(values, n)
        zone = self._record(values.tokens[n + 3], values.terms[n + 3], blend)
        if where and zone is not None:
            raise self.stream.error(values.tokens[n + 3], f"{at.text} ends in a zone; the arc is ignited and ended standing: fine")
        procedure, weave = self._procedure(values, n, speed.linear)
        welding = self.names.procedures[procedure].speed if where != "start" else speed.linear
        move = self._straight(places, Speed(speed.share, welding, speed.turn), None, zone, at.line, at)
        on = ArcOn(procedure, weave, "arc" if "track" in values.options else None, line=at.line)
        out = self._tools(values)
        if where == "start":
            self.modal.arc = procedure
            return [*out, *move, on]
        if procedure != self.modal.arc:
            out.append(on)
        self.modal.arc = None if where == "end" else procedure
        return [*out, *move, *([ArcOff(procedure, line=at.line)] if where == "end" else [])]

    def _procedure(self, values: Arguments, n: int, speed: float) -> tuple[str, str | None]:
        seam, weld = values.tokens[n + 1], values.tokens[n + 2]
        declared = self._declared(weld, "welddata")
        self._declared(seam, "seamdata")
        procedure = self.names.procedure(seam.text, weld.text, declared, speed)
        if procedure is None:
            valid = ", ".join(f"{one.seam} with {one.weld}" for one in self.names.controller.procedures.values())
            raise self.stream.error(seam, f"seamdata '{seam.text}' with welddata '{weld.text}' is not known; there are: {valid}")
        term = values.options.get("weave")
        if term is None:
            return procedure, None
        token: Token = term.value
        key = self.names.weave(token.text, self._declared(token, "weavedata"), self.names.procedures[procedure].speed)
        if key is None:
            valid = ", ".join(f"wv{number}" for number in self.names.controller.weaves) or "none"
            raise self.stream.error(token, f"weavedata '{token.text}' is not known, or has no shape; there are: {valid}")
        return procedure, key

    def _declared(self, token: Token, kind: str) -> Datum | None:
        datum = self.datum(token.low)
        if datum is not None and datum.kind != kind:
            raise self.stream.error(token, f"'{token.text}' is {datum.kind}; {kind} is wanted")
        return None if datum is None or datum.value is None else datum

    def _search(self, at: Token) -> Body:
        values = self.arguments(at, "name", "name", "robtarget", "speeddata", "name")
        values.only("stop", "sstop", "pstop", "wobj", "posflank", "negflank", "highlevel", "lowlevel")
        signal = self.signal(values.tokens[0], False, False)
        found = self.datum(values.tokens[1].low)
        if found is None or found.kind != "robtarget" or found.storage == "const":
            raise self.stream.error(values.tokens[1], f"'{values.tokens[1].text}' is no robtarget variable that can take the place found")
        place = self._record(values.tokens[2], values.terms[2], self.targets.place)
        speed, _ = self._speed(values, 3)
        value = not {"negflank", "lowlevel"} & set(values.options)
        out = self._tools(values)
        self.modal.found[values.tokens[1].low] = (len(self.block_body) + len(out), self.block_body)
        return [
            *out,
            SearchLinear(place.T, None, None, speed.linear, signal, value, values.tokens[1].low, place.track, place.external, line=at.line),
        ]
