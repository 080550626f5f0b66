"""Instructions of one routine as RAPID statements."""

from __future__ import annotations

from core.errors import UnsupportedError
from core.frames import Array
from core.units import to_deg, to_mm
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Call,
    Halt,
    HoldLoad,
    Instruction,
    Load,
    Message,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    Posture,
    Remark,
    Return,
    RobotProgram,
    Routine,
    SearchLinear,
    SetSignal,
    Shift,
    Trigger,
    UseFrame,
    UseTool,
    WaitSignal,
)
from robots.programs.rapid.active import Active
from robots.programs.rapid.names import ModuleData
from robots.programs.rapid.text import UNUSED_AXIS, load_text, plain, pose_text, speed_above, string_text
from robots.programs.rapid.weld import WeldData
from robots.programs.settings import RapidSettings
from robots.programs.text import ascii_text, identifier

MOST_TRIGGERS = 8
"""`TriggL` takes so many."""
Straight = MoveLinear | MoveCircular


class RoutineWriter:
    """Writes bodies and collects what they need declared.

    Args:
        program: The program.
        settings: Of the cell.
        data: Collects targets, speeds and zones.
        tools, frames, routines: Names in the text.
    """

    def __init__(
        self,
        program: RobotProgram,
        settings: RapidSettings,
        data: ModuleData,
        tools: dict[str, str],
        frames: dict[str, str],
        routines: dict[str, str],
    ) -> None:
        self.program, self.settings, self.data = program, settings, data
        self.tools, self.frames, self.routines = tools, frames, routines
        self.track = program.on_track("RAPID")
        self.weld = WeldData(program, settings)
        self.loads: dict[tuple[str, str], tuple[str, str]] = {}
        searches = [one.result for routine in program.routines for one in routine.walk() if isinstance(one, SearchLinear)]
        self.shifts = {name: data.fresh(f"pe {name}") for name in dict.fromkeys(searches)}
        self.triggers: list[str] = []
        self.found: str | None = None
        self.faults = False
        self.home: str | None = None
        self._begin("", [])

    def _begin(self, title: str, active: list[Active]) -> None:
        self.title, self.actives = title, active
        self.active, self.arc, self.external = Active(), None, None  # type: tuple[Active, ArcOn | None, tuple[float, ...] | None]
        self.waiting: list[Trigger] = []
        self.count = 0

    def body(self, routine: Routine, active: list[Active]) -> list[str]:
        """The statements of a routine, without indentation."""
        self._begin(routine.name, active)
        out: list[str] = []
        for i, one in enumerate(routine.body):
            self.active = active[i]
            following = next((other for other in routine.body[i + 1 :] if not isinstance(other, Remark)), None)
            out += self._instruction(one, following)
        if self.arc is not None:
            raise self.refuse("the arc is not ended in the routine that ignites it")
        if self.waiting:
            raise self.refuse("a trigger has no move after it")
        return out

    def refuse(self, what: str) -> UnsupportedError:
        """The error for something that stands where RAPID cannot have it."""
        return UnsupportedError(f"ABB RAPID, routine '{self.title}': {what}")

    def _instruction(self, one: Instruction, following: Instruction | None) -> list[str]:
        if isinstance(one, MoveJoint | MoveLinear | MoveCircular):
            return self._move(one, following)
        if isinstance(one, SetSignal):
            return self.set_signal(one)
        if isinstance(one, WaitSignal):
            return self._wait(one)
        if isinstance(one, Remark):
            return [f"! {ascii_text(one.text)}"]
        if isinstance(one, Call):
            if one.arguments or one.result is not None:
                raise self.refuse(f"the call of '{one.routine}' hands over values; only calls without values are written")
            return [f"{self.routines[one.routine]};"]
        if isinstance(one, UseTool | UseFrame):
            return []
        if isinstance(one, Pause) and isinstance(one.seconds, int | float):
            return [f"WaitTime {plain(one.seconds, 3)};"]
        if isinstance(one, HoldLoad):
            return [f"GripLoad {self._load(one.load)};"]
        if isinstance(one, Message):
            return [f"TPWrite {string_text(one.text)};"]
        if isinstance(one, Halt):
            return ["EXIT;" if one.ends else "Stop;"]
        if isinstance(one, Return) and one.value is None:
            return ["RETURN;"]
        return self._process(one)

    def _process(self, one: Instruction) -> list[str]:
        if isinstance(one, Trigger):
            self.waiting.append(one)
            return []
        if isinstance(one, ArcOn):
            if self.arc is not one:
                raise self.refuse("ArcOn must follow the straight or circular move to the start of the seam: that move ignites")
            return []
        if isinstance(one, ArcOff):
            if self.arc is not None:
                raise self.refuse("ArcOff must follow the last welded move: that move ends the arc")
            return []
        if isinstance(one, SearchLinear):
            return self._search(one)
        if isinstance(one, Shift):
            return self._shift(one)
        raise self.refuse(f"{type(one).__name__} is not written; programs that compute or branch are read, not written")

    # Moves

    def _move(self, one: MoveJoint | Straight, following: Instruction | None) -> list[str]:
        if one.speed is None or one.blend == "set":
            raise self.refuse("every move names its own speed and zone; one of the program leaves them to settings before it")
        out, triggers = self._trigger_lines()
        zone = self.data.zone(one.blend)  # type: ignore[arg-type]
        if isinstance(one, MoveJoint):
            if triggers and one.q is not None:
                raise self.refuse("an output cannot be set on a move to joint values; put the trigger on a straight move")
            if self.arc is not None:
                raise self.refuse("a joint move while the arc burns")
            return [*out, *self._joint(one, zone, triggers)]
        starts = isinstance(following, ArcOn)
        if starts or self.arc is not None:
            if triggers:
                raise self.refuse("an output cannot be set at a point of a welded move; put the trigger before the arc")
            return self._arc(one, zone, following)
        speed = self._speed_and_time(one)
        letter = "C" if isinstance(one, MoveCircular) else "L"
        verb = f"{'Trigg' if triggers else 'Move'}{letter}"
        return [*out, f"{verb} {self._targets(one)},{speed},{triggers}{zone},{self._tail()};"]

    def _speed_and_time(self, one: MoveJoint | Straight) -> str:
        assert one.speed is not None
        time = "" if one.duration is None else f"\\T:={plain(one.duration, 4)}"
        if isinstance(one, MoveJoint):
            return self.data.joint_speed(one.speed, self.settings.joint_speed_mm_s) + time
        if time:
            return speed_above(to_mm(one.speed)) + time
        return self.data.linear_speed(one.speed, one.turn_speed)

    def _joint(self, one: MoveJoint, zone: str, triggers: str) -> list[str]:
        speed = self._speed_and_time(one)
        if one.q is not None:
            axes = ",".join(plain(to_deg(float(value)), 5) for value in one.q[int(self.track) :])
            target = f"[[{axes}],{self._external(one.q, None, one.external)}]"
            if one.blend is None:
                target = self._named("jointtarget", target, "j")
            return [f"MoveAbsJ {target},{speed},{zone},{self._tail()};"]
        assert one.T_frame_tcp is not None
        if one.posture is not None and one.posture.maker != "abb":
            raise self.refuse(
                f"a posture in the words of '{one.posture.maker}' means nothing to this controller; give confdata or joint values"
            )
        target = self._robtarget(one.T_frame_tcp, one.posture, self._external(None, one.track, one.external))
        if one.blend is None:
            target = self._named("robtarget", target, "p")
        verb = "TriggJ" if triggers else "MoveJ"
        lines = [f"{verb} {target},{speed},{triggers}{zone},{self._tail()};"]
        return lines if one.posture is not None else ["ConfJ\\Off;", *lines, "ConfJ\\On;"]

    def _targets(self, one: Straight) -> str:
        external = self._external(one.q, one.track, one.external)
        posture = one.posture
        if one.q is not None and self.program.postures is not None:
            posture = self.program.postures("abb", one.q)
        end = self._robtarget(one.T_frame_tcp, posture, external)
        if one.blend is None and one.duration is None:
            end = self._named("robtarget", end, "p")
        if not isinstance(one, MoveCircular):
            return end
        via_external = external if one.q_via is None else self._external(one.q_via, None, one.external)
        return f"{self._robtarget(one.T_frame_via, posture, via_external)},{end}"

    def _named(self, kind: str, value: str, prefix: str) -> str:
        self.count += 10
        main = self.title == self.program.routines[0].name
        base = f"{identifier(self.title, 24)}_{self.count}"
        if main and kind == "jointtarget" and self.home in (None, value):
            self.home, base = value, "home"
        place = self.title if kind == "jointtarget" else f"{self.title} {self.active}"
        return self.data.target(place, kind, value, f"{prefix}_{base}")

    def _robtarget(self, T: Array, posture: Posture | None, external: str) -> str:
        cf = "0,0,0,0" if posture is None or posture.maker != "abb" else ",".join(str(value) for value in posture.values)
        return f"{pose_text(T)[:-1]},[{cf}],{external}]"

    def _external(self, q: Array | None, track: float | None, external: tuple[float, ...] | None) -> str:
        axes: list[str] = []
        if self.track:
            along = track if q is None else float(q[0])
            if along is None:
                raise self.refuse("a target does not say where the track stands")
            axes.append(plain(to_mm(along), 4))
        if self.program.positioner:
            if external is None or len(external) != len(self.program.positioner):
                raise self.refuse(f"every target of a robot with a positioner names its {len(self.program.positioner)} axes")
            self.external = external
            axes += [
                plain(to_mm(value) if slides else to_deg(value), 4 if slides else 5)
                for value, slides in zip(external, self.program.positioner, strict=True)
            ]
        return f"[{','.join([*axes, *[UNUSED_AXIS] * (6 - len(axes))])}]"

    def _tail(self) -> str:
        if self.active.tool is None or self.active.frame is None:
            raise self.refuse("a move before tool and frame are chosen; RAPID names both in every move")
        return f"{self.tools[self.active.tool]}\\WObj:={self.frames[self.active.frame]}"

    # Welding

    def _arc(self, one: Straight, zone: str, following: Instruction | None) -> list[str]:
        if one.duration is not None:
            raise self.refuse("a welded move takes its speed from the procedure; it cannot have a prescribed time")
        where = ""
        speed = one.speed
        if isinstance(following, ArcOn):
            if self.arc is not None:
                raise self.refuse("the arc is ignited while it burns")
            self.arc, where = following, "Start"
        else:
            assert self.arc is not None
            speed = self.program.procedures[self.arc.procedure].speed
        arc = self.arc
        if isinstance(following, ArcOff):
            self.arc, where = None, "End"
        if where and one.blend is not None:
            raise self.refuse("the arc is ignited and ended standing; the move before has a rounded corner")
        assert speed is not None
        data, track = self.weld.arguments(arc)
        letter = "C" if isinstance(one, MoveCircular) else "L"
        line = (
            f"Arc{letter}{where} {self._targets(one)},{self.data.linear_speed(speed, one.turn_speed)},{data},{zone},{self._tail()}{track};"
        )
        if where != "Start":
            return [line]
        note = self.program.procedures[arc.procedure].note
        return [f"! arc on: {ascii_text(', '.join(text for text in (arc.seam, note or arc.procedure) if text))}", line]

    def _search(self, one: SearchLinear) -> list[str]:
        if one.speed is None:
            raise self.refuse("every move names its own speed; a search leaves it to a setting before it")
        if self.found is None:
            self.found = self.data.fresh("p found")
        shift = self.shifts[one.result]
        posture = None if one.q is None or self.program.postures is None else self.program.postures("abb", one.q)
        external = self._external(one.q, None, self.external)
        end = self._named("robtarget", self._robtarget(one.T_frame_tcp, posture, external), "p")
        expected = end
        if one.T_frame_expected is not None:
            expected = self._named("robtarget", self._robtarget(one.T_frame_expected, posture, external), "p")
        signal = self.program.signals[one.signal].address + ("" if one.value else "\\NegFlank")
        return [
            f"SearchL\\Stop,{signal},{self.found},{end},{self.data.linear_speed(one.speed, None)},{self._tail()};",
            f"{shift}.trans:={self.found}.trans-{expected}.trans;",
        ]

    def _shift(self, one: Shift) -> list[str]:
        missing = [name for name in one.results if name not in self.shifts]
        if missing:
            raise self.refuse(f"search result '{missing[0]}' is used, and no search finds it")
        if not one.results:
            return ["PDispOff;"]
        names = [self.shifts[name] for name in one.results]
        if len(names) == 1:
            return [f"PDispSet {names[0]};"]
        total = self.shifts.setdefault("", "") or self.data.fresh("pe sum")
        self.shifts[""] = total
        return [f"{total}.trans:={'+'.join(f'{name}.trans' for name in names)};", f"PDispSet {total};"]

    # Signals and load

    def _trigger_lines(self) -> tuple[list[str], str]:
        """(statements before the move, its trigger arguments)"""
        waiting, self.waiting = self.waiting, []
        if len(waiting) > MOST_TRIGGERS:
            raise self.refuse(f"{len(waiting)} outputs at points of one move; at most {MOST_TRIGGERS}")
        out, arguments = [], ""
        for i, one in enumerate(waiting):
            if len(self.triggers) <= i:
                self.triggers.append(self.data.fresh(f"tr point {i + 1}"))
            line = self.program.signals[one.signal]
            place = plain(to_mm(one.distance), 3) + ("\\Start" if one.at == "start" else "")
            # TriggEquip counts its lag backwards in time.
            verb, lag = ("TriggIO", "") if one.seconds == 0 else ("TriggEquip", f",{plain(-one.seconds, 3)}")
            out.append(f"{verb} {self.triggers[i]},{place}{lag}\\{'GOp' if line.number else 'DOp'}:={line.address},{int(one.value)};")
            arguments += self.triggers[i] if i == 0 else f"\\T{i + 1}:={self.triggers[i]}"
        return out, f"{arguments}," if waiting else ""

    def set_signal(self, one: SetSignal) -> list[str]:
        """An output."""
        line = self.program.signals[one.signal]
        if not isinstance(one.value, bool | int):
            raise self.refuse(f"'{one.signal}' is set to a computed value; only constants are written")
        if one.pulse is not None:
            if one.value is not True:
                raise self.refuse(f"PulseDO gives a pulse of 1 only; '{one.signal}' is pulsed to {one.value}")
            return [f"PulseDO\\High\\PLength:={plain(one.pulse, 3)},{line.address};"]
        return [f"SetDO {line.address},{int(one.value)};" if isinstance(one.value, bool) else f"SetGO {line.address},{one.value};"]

    def _wait(self, one: WaitSignal) -> list[str]:
        line = self.program.signals[one.signal]
        verb = f"Wait{'D' if isinstance(one.value, bool) else 'G'}{'O' if line.output else 'I'}"
        value = int(one.value)
        if one.timeout is None:
            return [f"{verb} {line.address},{value};"]
        self.faults = True
        return [
            f"{verb} {line.address},{value}\\MaxTime:={plain(one.timeout, 3)}\\TimeFlag:=late;",
            "IF late THEN",
            f"  Fault {string_text(f'{one.signal}={value} ({line.address}) after {one.timeout:g} s', 60)};",
            *([f"  {self.routines[one.retreat]};"] if one.retreat is not None else []),
            "  EXIT;",
            "ENDIF",
        ]

    def _load(self, name: str | None) -> str:
        if name is None:
            return "load0"
        if self.active.tool is None:
            raise self.refuse("a load before a tool is chosen; GripLoad counts from the tool")
        key = (name, self.active.tool)
        if key not in self.loads:
            other = any(load == name for load, _ in self.loads)
            T, load = self.program.tools[self.active.tool].T_flange_tcp, self.program.loads[name]
            in_tool = Load(load.mass, T[:3, :3].T @ (load.com - T[:3, 3]))
            self.loads[key] = (self.data.fresh(f"ld {name} {self.active.tool}" if other else f"ld {name}"), load_text(in_tool))
        return self.loads[key][0]
