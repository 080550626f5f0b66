"""Strict reader of URScript (e-Series) text, written from the language, not from the writer.

The program is the function that the file calls at its end; functions inside are its routines. Poses are brought into the robot's base, so the
only frame of a program that was read is `base`. Lists and poses have to be known from the text; a statement with one that only the running
program knows becomes `Unknown`, as do functions of the controller that neutral programs cannot say and functions of URCaps.
"""

from __future__ import annotations

import numpy as np

from robots.programs.controller import Controller
from robots.programs.events import ProgramTextError
from robots.programs.expressions import Value
from robots.programs.program import (
    Call,
    Frame,
    Instruction,
    Load,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    RobotProgram,
    Routine,
    Tool,
    UseFrame,
    UseTool,
)
from robots.programs.urscript.lines import Source, source
from robots.programs.urscript.statements import Statements


def read_urscript(files: dict[str, bytes], controller: Controller) -> RobotProgram:
    """A program from its `.script` file.

    Raises:
        ProgramTextError: Text that the controller would not take, names file, line and column; or a controller with external axes.
    """
    text = source(files)
    if controller.track or controller.positioner:
        raise ProgramTextError("URScript moves six joints; the cell's robot has external axes", file=text.file, place="line 1")
    statements = Statements(text, controller)
    statements.read()
    return _program(text, controller, statements)


def _program(text: Source, controller: Controller, statements: Statements) -> RobotProgram:
    main, rest = _main(text, controller, statements)
    found, scopes = statements.calls.found, statements.flow.scopes
    _ends_at_rest(text, main)
    head = _installed_tool(text, controller, (main, *rest), found.tools)
    variables: dict[str, Value | None] = dict.fromkeys(scopes.file.assigned)
    for scope in scopes.functions.values():
        # Functions inside of others see the variables of those.
        if scope.outer is not None and any(other.outer is scope for other in scopes.functions.values()):
            variables |= dict.fromkeys(scope.assigned)
    main = Routine(main.name, main.title, (*head, *main.body), main.parameters, main.variables, main.file, main.line)
    return RobotProgram(
        name=main.name,
        title=main.title,
        robot=controller.robot,
        lower=controller.lower,
        upper=controller.upper,
        tools=found.tools,
        frames={"base": Frame(np.eye(4))},
        loads=found.loads,
        signals=found.signals,
        routines=(main, *rest),
        variables=variables,
        prismatic=controller.prismatic,
        joint_speeds=controller.joint_speeds,
    )


def _main(text: Source, controller: Controller, statements: Statements) -> tuple[Routine, list[Routine]]:
    """Which routine runs, and the others."""
    body, routines = statements.blocks.stack[0].body, statements.blocks.routines
    outer = [
        scope for scope in statements.flow.scopes.functions.values() if scope.outer is statements.flow.scopes.file and not scope.thread
    ]
    last = max(statements.flow.line, 1)
    if not body:
        if controller.settings.urscript.call:
            names = ", ".join(f"{scope.name}()" for scope in outer) or "nothing"
            raise text.error(last, 0, f"nothing is called at the end of the file; it defines {names}")
        if len(outer) != 1:
            raise text.error(last, 0, f"the file has {len(outer)} functions outside of others and calls none of them")
        main = routines.pop(outer[0].name)
    elif len(body) == 1 and isinstance(body[0], Call) and not body[0].arguments:
        main = routines.pop(body[0].routine)
    else:
        name = text.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        main = Routine(f"{name} (file)" if name in routines else name, name, tuple(body), (), {}, text.file, 1)
    if statements.expressions.called.count(main.name) > len(body):
        raise text.error(main.line, 0, f"'{main.name}' is the program and is called from inside")
    return main, list(routines.values())


def _ends_at_rest(text: Source, main: Routine) -> None:
    last = main.body[-1] if main.body else None
    if isinstance(last, MoveJoint | MoveLinear | MoveCircular) and last.blend is not None:
        raise text.error(last.line, 0, f"the last move has a blend radius of {last.blend} m; nothing comes after it: r=0")


def _installed_tool(text: Source, controller: Controller, routines: tuple[Routine, ...], tools: dict[str, Tool]) -> list[Instruction]:
    """The head of the main routine: the TCP of the installation counts until the text sets one. Puts it among the tools."""
    installed = min(controller.tools.items(), default=None, key=lambda item: item[0])
    if installed is not None:
        # Loads stand in the text, tool and part together.
        tools["installation"] = Tool(installed[1].T_flange_tcp, Load(0.0, np.zeros(3)))
        return [UseTool("installation"), UseFrame("base")]
    if tools:
        return [UseFrame("base")]
    for routine in routines:
        for one in routine.walk():
            if isinstance(one, MoveJoint | MoveLinear | MoveCircular) and one.T_frame_tcp is not None:
                raise text.error(one.line, 0, "a move to a pose, but no set_tcp, and the TCP of the installation is not known here")
    tools["flange"] = Tool(np.eye(4), Load(0.0, np.zeros(3)))
    return [UseTool("flange"), UseFrame("base")]
