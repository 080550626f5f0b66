"""Names in a program that lead nowhere, routines that call each other in a circle, routines that nobody calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from core.findings import Finding
from robots.programs.expressions import Expression, Operation, SignalState, Var
from robots.programs.followed import Spot, finding_at, head, spots
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Assign,
    Call,
    HoldLoad,
    If,
    Instruction,
    Jump,
    Label,
    Pause,
    Return,
    RobotProgram,
    Routine,
    SearchLinear,
    SetSignal,
    SetTimer,
    Shift,
    Trigger,
    UseFrame,
    UseTool,
    WaitSignal,
    WaitUntil,
    While,
)


def name_findings(program: RobotProgram) -> list[Finding]:
    """Everything that is named and does not exist, stands twice, calls itself or is never called."""
    if not program.routines:
        return [
            Finding("error", "no-routine", f"program '{program.name}' has no routine, nothing can run", "build at least a main routine")
        ]
    findings = []
    known, parameters = _known(program), {routine.name: len(routine.parameters) for routine in program.routines}
    count = Counter(routine.name for routine in program.routines)
    for routine in program.routines:
        if count[routine.name] > 1:
            count[routine.name] = 0
            findings.append(
                finding_at(
                    "error", "routine-twice", head(routine), f"routine '{routine.name}' stands twice in the program", "rename one of them"
                )
            )
        findings += _unknown(routine, known, parameters)
        findings += _labels(routine)
    return findings + _recursion(program) + _never_called(program)


def expressions_of(one: Instruction) -> Iterator[Expression]:
    """The expressions of one instruction itself, not of those inside of it."""
    if isinstance(one, If) or (isinstance(one, While | WaitUntil) and one.condition is not None):
        yield one.condition  # type: ignore[misc]
    if isinstance(one, WaitUntil) and one.timeout is not None:
        yield one.timeout
    if isinstance(one, SetSignal | Assign | Return) and one.value is not None and not isinstance(one.value, bool | int):
        yield one.value
    if isinstance(one, Pause | SetTimer) and one.seconds is not None and not isinstance(one.seconds, int | float):
        yield one.seconds
    if isinstance(one, Call):
        yield from one.arguments


def _named(one: Instruction) -> Iterator[tuple[str, str]]:
    """(kind, name) of everything an instruction names."""
    if isinstance(one, UseTool):
        yield "tool", one.tool
    elif isinstance(one, UseFrame):
        yield "frame", one.frame
    elif isinstance(one, SetSignal | Trigger | WaitSignal | SearchLinear):
        yield "signal", one.signal
    elif isinstance(one, HoldLoad) and one.load is not None:
        yield "load", one.load
    elif isinstance(one, Call):
        yield "routine", one.routine
    elif isinstance(one, Shift):
        yield from (("search", result) for result in one.results)
    elif isinstance(one, ArcOn | ArcOff):
        yield "procedure", one.procedure
    if isinstance(one, ArcOn) and one.weave is not None:
        yield "weave", one.weave
    if isinstance(one, WaitSignal) and one.retreat is not None:
        yield "routine", one.retreat
    for expression in expressions_of(one):
        yield from _asked(expression)


def _asked(expression: Expression) -> Iterator[tuple[str, str]]:
    if isinstance(expression, SignalState):
        yield "signal", expression.signal
    elif isinstance(expression, Var):
        yield "variable", expression.name
    elif isinstance(expression, Operation):
        for argument in expression.arguments:
            yield from _asked(argument)


def _assigned(body: Iterable[Instruction]) -> Iterator[str]:
    for one in body:
        if isinstance(one, Assign):
            yield one.variable
        elif isinstance(one, WaitUntil) and one.late is not None:
            yield one.late
        elif isinstance(one, Call) and one.result is not None:
            yield one.result


def _known(program: RobotProgram) -> dict[str, set[str]]:
    """Kind -> names that exist, of variables those of the whole program."""
    everything = [one for other in program.routines for one in other.walk()]
    return {
        "tool": set(program.tools), "frame": set(program.frames), "signal": set(program.signals), "load": set(program.loads),
        "routine": {other.name for other in program.routines}, "procedure": set(program.procedures), "weave": set(program.weaves),
        "search": {one.result for one in everything if isinstance(one, SearchLinear)},
        "variable": {*program.variables, *_assigned(everything)},
    }  # fmt: skip


def _unknown(routine: Routine, names: dict[str, set[str]], parameters: dict[str, int]) -> list[Finding]:
    own = {*routine.variables, *routine.parameters}
    known = {**names, "variable": names["variable"] | own} if own else names
    findings = []
    for spot in spots(routine):
        one = spot.instruction
        assert one is not None
        for kind, name in _named(one):
            if name not in known[kind]:
                words = "search result" if kind == "search" else kind
                valid = ", ".join(sorted(known[kind])) or "none"
                findings.append(
                    finding_at("error", f"unknown-{kind}", spot, f"{words} '{name}' does not exist; there are: {valid}", f"name one of them, or add the {words}", {"name": name})
                )  # fmt: skip
        if isinstance(one, Call) and len(one.arguments) != parameters.get(one.routine, len(one.arguments)):
            message = f"'{one.routine}' takes {parameters[one.routine]} values, it is given {len(one.arguments)}"
            findings.append(finding_at("error", "wrong-arguments", spot, message, "give it as many as it takes"))
        elif isinstance(one, WaitSignal) and parameters.get(one.retreat or "", 0):
            message = f"retreat '{one.retreat}' takes {parameters[one.retreat or '']} values, a retreat is given none"
            findings.append(finding_at("error", "wrong-arguments", spot, message, "retreat with a routine without parameters"))
    return findings


def _labels(routine: Routine) -> list[Finding]:
    labels: set[str] = set()
    findings = []
    for spot in spots(routine):
        if isinstance(spot.instruction, Label):
            if spot.instruction.name in labels:
                findings.append(finding_at("error", "label-twice", spot, f"label {spot.instruction.name} stands twice in '{routine.name}'", "rename one of them"))  # fmt: skip
            labels.add(spot.instruction.name)
    for spot in spots(routine):
        if isinstance(spot.instruction, Jump) and spot.instruction.label not in labels:
            valid = ", ".join(sorted(labels)) or "none"
            findings.append(
                finding_at("error", "unknown-label", spot, f"label {spot.instruction.label} does not exist in '{routine.name}'; there are: {valid}", "jump to one of them, or set the label")
            )  # fmt: skip
    return findings


def _calls(program: RobotProgram, *, retreats: bool) -> dict[str, list[tuple[str, Spot]]]:
    """Routine -> what it calls and where."""
    out: dict[str, list[tuple[str, Spot]]] = {}
    for routine in program.routines:
        called = out.setdefault(routine.name, [])
        for spot in spots(routine):
            if isinstance(spot.instruction, Call):
                called.append((spot.instruction.routine, spot))
            elif retreats and isinstance(spot.instruction, WaitSignal) and spot.instruction.retreat is not None:
                called.append((spot.instruction.retreat, spot))
    return out


def _recursion(program: RobotProgram) -> list[Finding]:
    """One finding per circle of calls, at the call that closes it."""
    calls = _calls(program, retreats=False)
    findings = []
    state: dict[str, int] = {}
    for root in calls:
        if root in state:
            continue
        state[root] = 1
        path, open_calls = [root], [iter(calls[root])]
        while path:
            name, spot = next(open_calls[-1], (None, None))
            if name is None or spot is None:
                state[path.pop()] = 2
                open_calls.pop()
            elif state.get(name) == 1:
                circle = " -> ".join([*path[path.index(name) :], name])
                findings.append(finding_at("error", "recursion", spot, f"the routines call each other in a circle: {circle}", "no routine may lead back to itself; use a loop"))  # fmt: skip
            elif name in calls and name not in state:
                state[name] = 1
                path.append(name)
                open_calls.append(iter(calls[name]))
    return findings


def _never_called(program: RobotProgram) -> list[Finding]:
    calls = _calls(program, retreats=True)
    seen = {program.routines[0].name}
    ahead = list(seen)
    while ahead:
        for name, _ in calls.get(ahead.pop(), ()):
            if name not in seen:
                seen.add(name)
                ahead.append(name)
    return [
        finding_at("info", "never-called", head(routine), f"routine '{routine.name}' is never called", "call it, or leave it out")
        for routine in program.routines
        if routine.name not in seen
    ]
