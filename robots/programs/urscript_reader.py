"""Strict reader of URScript (e-Series) text, written from the language, not from the writer.

The program is the function that the file calls at its end; functions inside are its routines. Poses are brought into the robot's base, so the
only frame of a program that was read is `base`. Lists and poses have to be known from the text; a statement with one that only the running
program knows becomes `Unknown`, as do functions of the controller that neutral programs cannot say and functions of URCaps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np

from core.frames import Array
from robots.programs.controller import Controller
from robots.programs.events import ProgramTextError
from robots.programs.expressions import Const, Expression, Operation, Value, Var
from robots.programs.program import (
    Assign,
    Call,
    Frame,
    Halt,
    If,
    Instruction,
    Jump,
    Label,
    Load,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Return,
    RobotProgram,
    Routine,
    SetSignal,
    Tool,
    Unknown,
    UseFrame,
    UseTool,
    While,
)
from robots.programs.urscript_calls import Calls, Group
from robots.programs.urscript_lines import Source, source
from robots.programs.urscript_moves import Moves
from robots.programs.urscript_names import DIGITAL, FUNCTIONS, KEYWORDS, REGISTERS, SIGNATURES
from robots.programs.urscript_scopes import Scope, scopes
from robots.programs.urscript_syntax import Apply, At, Literal, Member, Name, Node, Op, Vector, parse
from robots.programs.urscript_values import Constant, Evaluator, NearestJoints, Pose
from robots.programs.urscript_waits import wait

DEEPEST = 40
"""Blocks inside of each other."""
MOST_BRANCHES = 100
"""`elif` of one `if`."""

_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_DEF = re.compile(r"(def|thread)[ \t]+([A-Za-z_]\w*)[ \t]*\(([^()]*)\)[ \t]*:", re.ASCII)
_ASSIGN = re.compile(r"(?:(global|local)[ \t]+)?([A-Za-z_]\w*)[ \t]*=(?!=)", re.ASCII)
_DECLARE = re.compile(r"(?:global|local)[ \t]+([A-Za-z_]\w*)", re.ASCII)
_PLACE = re.compile(r"([A-Za-z_]\w*)[ \t]*\[[^\]]*\][ \t]*=(?!=)", re.ASCII)
_RUN = re.compile(r"(?:run[ \t]+([A-Za-z_]\w*)[ \t]*\(.*\)|(?:kill|join)[ \t]+([A-Za-z_]\w*))", re.ASCII)
_READS = frozenset(name for name in DIGITAL if name.startswith("get")) | {"get_digital_in", "get_digital_out", "binary_list_to_integer"}
_READS = _READS | frozenset(name for name in REGISTERS if name.startswith("read"))


def read_urscript(files: dict[str, bytes], controller: Controller) -> RobotProgram:
    """A program from its `.script` file.

    Raises:
        ProgramTextError: Text that the controller would not take; names file, line and column.
    """
    return _Reader(source(files), controller).program()


@dataclass(slots=True)
class _Block:
    """A block that is not ended yet."""

    kind: str
    line: int
    scope: Scope
    text: str = ""
    condition: Expression | None = None
    hoisted: list[Instruction] = field(default_factory=list)
    body: list[Instruction] = field(default_factory=list)
    branches: list[_Block] = field(default_factory=list)
    left: bool = False
    repeated: bool = False


class _Reader:
    def __init__(self, text: Source, controller: Controller) -> None:
        self.source, self.controller = text, controller
        self.line, self.text = 0, ""
        self.scopes = scopes(text)
        self.scope = self.scopes.file
        self.stack = [_Block("file", 0, self.scopes.file)]
        self.known: dict[str, Constant] = {}
        self.fixed: dict[tuple[str, str], Constant | None] = {}
        self.routines: dict[str, Routine] = {}
        self.called: list[str] = []
        self.parts: list[Group] = []
        self.hoist: list[Instruction] | None = None
        self.results = 0
        self.group: Group | None = None
        self.last_blend: tuple[float, int] = (0.0, 0)
        self.evaluator = Evaluator(self._lookup, self.fail)
        self.moves = Moves(text, controller)
        self.calls = Calls(controller, self.moves, self.evaluator, self._scalar, self.fail)

    def fail(self, column: int, message: str) -> ProgramTextError:
        return self.source.error(self.line, column, message)

    @property
    def body(self) -> list[Instruction]:
        return self.stack[-1].body

    # The whole

    def program(self) -> RobotProgram:
        plain, frame = self.moves.plain, self._frame
        for line, text in self.source.lines():
            self.line, self.text = line, text
            if self.group is None:
                move = plain(line, text, frame)
                if move is not None:
                    self.stack[-1].body.append(move)
                    continue
            self._statement()
        self._flush()
        if len(self.stack) > 1:
            block = self.stack[-1]
            raise self.source.error(block.line, 0, f"'{block.kind}' has no 'end'")
        return self._assembled()

    def _assembled(self) -> RobotProgram:
        main, rest = self._main()
        found = self.calls.found
        head: list[Instruction] = []
        installed = min(self.controller.tools.items(), default=None, key=lambda item: item[0])
        if installed is not None:
            found.tools["installation"] = Tool(installed[1].T_flange_tcp, Load(0.0, np.zeros(3)))
            head.append(UseTool("installation"))
        elif not found.tools:
            straight = next(
                (one for routine in (main, *rest) for one in routine.walk() if getattr(one, "T_frame_tcp", None) is not None), None
            )
            if straight is not None:
                raise self.source.error(
                    straight.line, 0, "a move to a pose, but no set_tcp, and the TCP of the installation is not known here"
                )
            found.tools["flange"] = Tool(np.eye(4), Load(0.0, np.zeros(3)))
            head.append(UseTool("flange"))
        head.append(UseFrame("base"))
        self._ends_at_rest(main)
        variables: dict[str, Value | None] = dict.fromkeys(self.scopes.file.assigned)
        for scope in self.scopes.functions.values():
            if scope.outer is self.scopes.file and scope.name == main.name:
                variables |= dict.fromkeys(scope.assigned)
        main = Routine(main.name, main.title, (*head, *main.body), main.parameters, {}, main.file, main.line)
        return RobotProgram(
            name=main.name,
            title=main.title,
            robot=self.controller.robot,
            lower=self.controller.lower,
            upper=self.controller.upper,
            tools=found.tools,
            frames={"base": Frame(np.eye(4))},
            loads=found.loads,
            signals=found.signals,
            routines=(main, *rest),
            variables=variables,
            prismatic=self.controller.prismatic,
            joint_speeds=self.controller.joint_speeds,
        )

    def _main(self) -> tuple[Routine, list[Routine]]:
        """Which routine runs, and the others."""
        body = self.stack[0].body
        outer = [scope for scope in self.scopes.functions.values() if scope.outer is self.scopes.file and not scope.thread]
        if not body:
            if self.controller.settings.urscript.call:
                names = ", ".join(f"{scope.name}()" for scope in outer) or "nothing"
                raise self.source.error(max(self.line, 1), 0, f"nothing is called at the end of the file; it defines {names}")
            if len(outer) != 1:
                raise self.source.error(
                    max(self.line, 1), 0, f"the file has {len(outer)} functions outside of others and calls none of them"
                )
            main = self.routines.pop(outer[0].name)
        elif len(body) == 1 and isinstance(body[0], Call) and not body[0].arguments:
            main = self.routines.pop(body[0].routine)
        else:
            name = self.source.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
            main = Routine(f"{name} (file)" if name in self.routines else name, name, tuple(body), (), {}, self.source.file, 1)
        if self.called.count(main.name) > len(body):
            raise self.source.error(main.line, 0, f"'{main.name}' is the program and is called from inside")
        return main, list(self.routines.values())

    def _ends_at_rest(self, main: Routine) -> None:
        last = main.body[-1] if main.body else None
        if isinstance(last, MoveJoint | MoveLinear | MoveCircular) and last.blend is not None:
            raise self.source.error(last.line, 0, f"the last move has a blend radius of {last.blend} m; nothing comes after it: r=0")

    # Lines

    def _statement(self) -> None:
        text = self.text.strip()
        match = _WORD.match(text)
        word = match[0] if match else ""
        assigned = _ASSIGN.match(text)
        if self.group is not None and not self._bit(text, word):
            self._flush()
        elif self.group is not None:
            return
        if text[0] == "$":
            # Numbered headings of programs that PolyScope wrote.
            return
        if assigned is not None and (assigned[1] or word not in KEYWORDS):
            self._assign(assigned[2], assigned.end())
        elif word in ("def", "thread"):
            self._open_function(text)
        elif word in ("if", "elif", "while"):
            self._open_block(word)
        elif word in ("else", "end"):
            self._plain_word(word, text)
        elif word in ("return", "halt", "pause", "break", "continue"):
            self._leave(word, text)
        elif word in ("run", "kill", "join"):
            self._thread(text)
        elif word in ("enter_critical", "exit_critical"):
            if text != word:
                raise self.fail(0, f"'{word}' stands alone on its line")
            self._unknown()
        elif (declared := _DECLARE.fullmatch(text)) is not None:
            self.known.pop(declared[1], None)
        elif (place := _PLACE.match(text)) is not None and word not in KEYWORDS:
            self._resolve(self._parsed(len(self.text) - len(self.text.lstrip()) + place.end()))
            self._resolve(Name(place[1], 1))
            self.known.pop(place[1], None)
            self._unknown()
        else:
            self._call()

    def _parsed(self, start: int = 0, end: int | None = None) -> Node:
        node = parse(self.text if end is None else self.text[:end], start, self.fail)
        self._resolve(node)
        return node

    def _unknown(self) -> None:
        self.moves.stopped()
        self.body.append(Unknown(self.text.strip(), line=self.line))

    def _call(self) -> None:
        node = self._parsed(len(self.text) - len(self.text.lstrip()))
        if isinstance(node, Member):
            self._unknown()
            return
        if not isinstance(node, Apply):
            raise self.fail(node.column, "this is a value, not a statement")
        if node.function in self.scopes.functions:
            call = self._user_call(node, None)
            if call is None:
                self._unknown()
            else:
                self.body.append(call)
            return
        before = len(self.body)
        done = self.calls.instructions(node, self.line, self.text) if node.function in SIGNATURES else None
        if done is None:
            self._unknown()
            return
        self.body.extend(done)
        if not any(isinstance(one, MoveJoint | MoveLinear | MoveCircular) for one in self.body[before:]):
            self.moves.stopped(known=True)

    def _user_call(self, node: Apply, result: str | None) -> Call | None:
        """A call of a function of the text; None when a value is a list or pose."""
        scope = self.scopes.functions[node.function]
        if scope.thread:
            raise self.fail(node.column, f"'{node.function}' is a thread: run {node.function}()")
        self._open_call(node, scope)
        self.moves.stopped()
        self.called.append(node.function)
        arguments = [self._scalar(one) for one in self._ordered(node, scope)]
        self._forget(lambda name, owner: owner is self.scope)
        if any(one is None for one in arguments):
            return None
        return Call(node.function, tuple(one for one in arguments if one is not None), result, line=self.line)

    def _open_call(self, node: Apply, scope: Scope) -> None:
        if len(node.arguments) + len(node.named) != len(scope.parameters):
            raise self.fail(
                node.column,
                f"'{node.function}' takes {len(scope.parameters)} values, it is given {len(node.arguments) + len(node.named)}",
            )

    def _ordered(self, node: Apply, scope: Scope) -> list[Node]:
        given = dict(zip(scope.parameters, node.arguments))
        for name, one in node.named.items():
            if name not in scope.parameters or name in given:
                raise self.fail(node.column, f"'{node.function}' has no further value '{name}'; it has: {', '.join(scope.parameters)}")
            given[name] = one
        return [given[name] for name in scope.parameters]

    # Functions, branches, loops

    def _push(self, block: _Block) -> None:
        if len(self.stack) > DEEPEST:
            raise self.fail(0, f"more than {DEEPEST} blocks inside of each other")
        self.stack.append(block)
        self.moves.stopped()

    def _open_function(self, text: str) -> None:
        match = _DEF.fullmatch(text)
        if match is None:
            raise self.fail(0, f"a function begins with `{text.split()[0]} name(parameters):`")
        if self.stack[-1].kind not in ("file", "def"):
            raise self.fail(0, f"a function inside of the '{self.stack[-1].kind}' of line {self.stack[-1].line}")
        scope = self.scopes.functions.get(match[2])
        if scope is None:
            raise self.fail(0, f"function '{match[2]}' has no proper head")
        names = [one.strip() for one in match[3].split(",")] if match[3].strip() else []
        for name in names:
            if _WORD.fullmatch(name) is None or name in KEYWORDS or names.count(name) > 1:
                raise self.fail(0, f"'{name}' cannot name a parameter")
        self._push(_Block(match[1], self.line, scope, text))
        self.scope = scope

    def _open_block(self, word: str) -> None:
        if not self.text.endswith(":"):
            raise self.fail(len(self.text) + 1, f"':' is missing at the end of '{word}'")
        start = self.text.index(word) + len(word)
        if word == "elif":
            self._branch("elif")
        self._forget(lambda name, owner: word != "while")
        node = self._parsed(start, len(self.text) - 1)
        hoisted: list[Instruction] = []
        condition = self._expression(node, hoisted)
        if isinstance(condition, Const) and not isinstance(condition.value, bool):
            raise self.fail(node.column, f"a condition is True or False, not {condition.value!r}")
        if word == "elif":
            block = self.stack[-1].branches[-1]
            block.condition, block.hoisted, block.text = condition, hoisted, self.text.strip()
            return
        block = _Block(word, self.line, self.scope, self.text.strip(), condition, hoisted)
        if word == "if":
            block.branches.append(_Block("if", self.line, self.scope, self.text.strip(), condition, hoisted))
            block.body = block.branches[0].body
        self._push(block)

    def _branch(self, word: str) -> None:
        top = self.stack[-1]
        if top.kind != "if" or top.branches[-1].kind == "else":
            raise self.fail(0, f"'{word}' without an 'if' before it")
        if len(top.branches) > MOST_BRANCHES:
            raise self.fail(0, f"more than {MOST_BRANCHES} branches")
        top.branches.append(_Block(word, self.line, self.scope))
        top.body = top.branches[-1].body
        self._forget(lambda name, owner: False)
        self.moves.stopped()

    def _plain_word(self, word: str, text: str) -> None:
        if word == "else":
            if text.replace(" ", "").replace("\t", "") != "else:":
                raise self.fail(0, "'else' stands alone on its line, with ':'")
            self._branch("else")
            return
        if text != "end":
            raise self.fail(0, "'end' stands alone on its line")
        if len(self.stack) == 1:
            raise self.fail(0, "'end' without 'def', 'if' or 'while' before it")
        block = self.stack.pop()
        if block.kind in ("def", "thread"):
            self._close_function(block)
        elif block.kind == "if":
            self.body.extend(self._folded(block))
            self._forget(lambda name, owner: False)
        else:
            self.body.extend(self._looped(block))
            self._forget(lambda name, owner: False)
        self.moves.stopped()

    def _close_function(self, block: _Block) -> None:
        scope = block.scope
        self.scope = scope.outer or self.scopes.file
        self.known.clear()
        if block.kind == "thread":
            return
        inner = any(other.outer is scope for other in self.scopes.functions.values())
        own = {} if inner else dict.fromkeys(name for name in (*scope.assigned, *scope.local) if name not in scope.parameters)
        variables: dict[str, Value | None] = {**own}
        self.routines[scope.name] = Routine(
            scope.name, scope.name, tuple(block.body), scope.parameters, variables, self.source.file, block.line
        )

    def _folded(self, block: _Block) -> list[Instruction]:
        """The branches of an `if` as branches inside of each other."""
        strange = next((one for one in block.branches if one.condition is None and one.kind != "else"), None)
        if strange is not None:
            return [Unknown(f"{strange.text} .. end", line=block.line)]
        otherwise: list[Instruction] = []
        for one in reversed(block.branches):
            if one.kind == "else":
                otherwise = one.body
            else:
                assert one.condition is not None
                otherwise = [*one.hoisted, If(one.condition, tuple(one.body), tuple(otherwise), line=one.line)]
        return otherwise

    def _looped(self, block: _Block) -> list[Instruction]:
        if block.condition is None:
            return [Unknown(f"{block.text} .. end", line=block.line)]
        if not block.hoisted:
            waiting = wait(block.condition, block.body, block.line)
            if waiting is not None:
                return waiting
        body = list(block.body)
        if block.repeated:
            body.append(Label(f"again {block.line}", line=block.line))
        condition: Expression | None = block.condition
        if block.hoisted:
            # The function in the condition is called before every turn.
            block.left = True
            body = [*block.hoisted, If(block.condition, (), (Jump(f"left {block.line}", line=block.line),), line=block.line), *body]
            condition = None
        out: list[Instruction] = [While(condition, tuple(body), line=block.line)]
        if block.left:
            out.append(Label(f"left {block.line}", line=block.line))
        return out

    def _leave(self, word: str, text: str) -> None:
        if word == "return":
            function = next((one for one in reversed(self.stack) if one.kind in ("def", "thread")), None)
            if function is None:
                raise self.fail(0, "'return' outside of a function")
            value = None
            if text != "return":
                value = self._expression(self._parsed(self.text.index(word) + len(word)), None)
                if value is None:
                    self._unknown()
                    return
            self.body.append(Return(value, line=self.line))
            return
        if text != word:
            raise self.fail(0, f"'{word}' stands alone on its line")
        if word in ("halt", "pause"):
            self.body.append(Halt(word == "halt", line=self.line))
            self.moves.stopped(known=True)
            return
        for block in reversed(self.stack):
            if block.kind in ("def", "thread", "file"):
                break
            if block.kind == "while":
                block.left |= word == "break"
                block.repeated |= word == "continue"
                self.body.append(Jump(f"{'left' if word == 'break' else 'again'} {block.line}", line=self.line))
                return
        raise self.fail(0, f"'{word}' outside of a loop")

    def _thread(self, text: str) -> None:
        match = _RUN.fullmatch(text)
        if match is None:
            raise self.fail(0, "threads: `run name()`, `kill handle`, `join handle`")
        if match[1] and (match[1] not in self.scopes.functions or not self.scopes.functions[match[1]].thread):
            raise self.fail(0, f"thread '{match[1]}' does not exist")
        if match[2]:
            self._resolve(Name(match[2], text.index(match[2]) + 1))
        self._unknown()

    # Variables

    def _assign(self, name: str, start: int) -> None:
        start += len(self.text) - len(self.text.lstrip())
        if name in KEYWORDS or name in FUNCTIONS or name in self.scopes.functions:
            raise self.fail(0, f"'{name}' is a word of the controller or a function and cannot name a variable")
        if self.text[start:].lstrip().startswith("run "):
            self.known.pop(name, None)
            self._thread(self.text[start:].strip())
            return
        node = self._parsed(start)
        if isinstance(node, Apply) and node.function in self.scopes.functions:
            call = self._user_call(node, name)
            self.known.pop(name, None)
            if call is None:
                self._unknown()
            else:
                self.body.append(call)
            return
        if isinstance(node, Apply) and node.function == "integer_to_binary_list":
            value = self._scalar(self.evaluator.arguments(node)["x"])
            self.known.pop(name, None)
            if value is None:
                self._unknown()
            else:
                self.group = Group(name, value, self.line, self.text.strip())
            return
        constant = self.evaluator.value(node)
        self.known.pop(name, None)
        if constant is not None:
            self.known[name] = constant
            if isinstance(constant, tuple | Pose | NearestJoints):
                return
        hoisted: list[Instruction] = []
        value = self._expression(node, hoisted)
        if value is None:
            self._unknown()
            return
        self.body.extend(hoisted)
        self.body.append(Assign(name, value, line=self.line))

    def _bit(self, text: str, word: str) -> bool:
        """Whether a line sets the next bit of the number that is on its way to a row of outputs."""
        group = self.group
        assert group is not None
        if word != "set_standard_digital_out":
            return False
        node = self._parsed(len(self.text) - len(self.text.lstrip()))
        if not isinstance(node, Apply):
            return False
        value = self.evaluator.arguments(node)["b"]
        if not (isinstance(value, At) and isinstance(value.base, Name) and value.base.name == group.variable):
            return False
        where, index = self.calls.line_of(node), self.evaluator.value(value.index)
        if where is None or index != len(group.bits) or (group.bits and where[1] != group.bits[-1][0] + 1):
            return False
        group.bits.append((where[1], text))
        return True

    def _flush(self) -> None:
        """Ends a group: as one instruction when bits were set, else its line is kept."""
        group, self.group = self.group, None
        if group is None:
            return
        if group.bits:
            now, self.line = self.line, group.line
            one = self.calls.group(group)
            self.line = now
            assert isinstance(one, SetSignal)
            self.body.append(one)
        else:
            self.body.append(Unknown(group.text, line=group.line))
        self.moves.stopped(known=True)

    def _forget(self, keep: object) -> None:
        """Drops values that a branch, a loop or a function may change: those of variables that get a value more than once."""
        assert callable(keep)
        for name in list(self.known):
            owner = self.scope.owner(name)
            if owner is not None and owner.assigned.get(name, 0) > 1 and not keep(name, owner):
                del self.known[name]

    def _lookup(self, node: Name) -> Constant | None:
        if node.name in self.known:
            return self.known[node.name]
        owner = self.scope.owner(node.name)
        if owner is None:
            raise self._no_such(node)
        if owner.assigned.get(node.name) != 1 or node.name not in owner.once or node.name in owner.parameters:
            return None
        key = (owner.name, node.name)
        if key not in self.fixed:
            self.fixed[key] = None
            self.fixed[key] = self._fixed(owner, *owner.once[node.name])
        return self.fixed[key]

    def _fixed(self, owner: Scope, line: int, start: int, text: str) -> Constant | None:
        """The value of a variable that gets one at a single place."""
        kept = self.scope, self.known, self.line, self.text
        self.scope, self.known, self.line = owner, {}, line
        text = text.rstrip()
        self.text = self.source.without_comment(line, text) if "#" in text else text
        if self.text[start:].lstrip().startswith("run "):
            value = None
        else:
            value = self.evaluator.value(parse(self.text, start, self.fail))
        self.scope, self.known, self.line, self.text = kept
        return value

    def _frame(self, name: str, column: int) -> Array | None:
        value = self._lookup(Name(name, column))
        return value.T if isinstance(value, Pose) else None

    def _no_such(self, node: Name) -> ProgramTextError:
        return self.fail(node.column, f"variable '{node.name}' does not exist; there are: {', '.join(self.scope.visible()) or 'none'}")

    # Expressions

    def _scalar(self, node: Node) -> Expression | None:
        return self._expression(node, None)

    def _expression(self, node: Node, hoisted: list[Instruction] | None) -> Expression | None:
        """An expression for the interpreter; functions of the text that it calls are put into `hoisted`. None: it cannot be said."""
        if isinstance(node, Literal):
            return Const(node.value)
        if isinstance(node, Name):
            constant = self._lookup(node)
            return None if isinstance(constant, tuple | Pose | NearestJoints) else Var(node.name)
        if isinstance(node, Op):
            return self._operation(node, hoisted)
        if isinstance(node, Apply):
            if node.function in _READS:
                return self.calls.read(node)
            if node.function in self.scopes.functions:
                if hoisted is None:
                    return None
                self.results += 1
                call = self._user_call(node, f"${self.results}")
                if call is None:
                    return None
                hoisted.append(call)
                return Var(f"${self.results}")
        constant = self.evaluator.value(node)
        return Const(constant) if isinstance(constant, bool | int | float | str) else None

    def _operation(self, node: Op, hoisted: list[Instruction] | None) -> Expression | None:
        first, *rest = node.arguments
        # What stands right of `and` and `or` may never be called.
        lazy = node.name in ("and", "or")
        arguments = [self._expression(first, hoisted), *(self._expression(one, None if lazy else hoisted) for one in rest)]
        if any(one is None for one in arguments):
            return None
        found = tuple(one for one in arguments if one is not None)
        if all(isinstance(one, Const) for one in found):
            constant = self.evaluator.value(node)
            return Const(constant) if isinstance(constant, bool | int | float | str) else None
        if node.name == "%":
            return None
        return Operation("<>" if node.name == "xor" else node.name, found)

    def _resolve(self, node: Node) -> None:
        """Checks every name, also of what is kept as text."""
        if isinstance(node, Literal):
            return
        if isinstance(node, Name):
            if self.scope.owner(node.name) is None:
                raise self._no_such(node)
        elif isinstance(node, Apply):
            if node.function:
                self._function(node)
            for one in (*node.arguments, *node.named.values()):
                self._resolve(one)
        elif isinstance(node, Vector):
            for one in node.items:
                self._resolve(one)
        elif isinstance(node, Op):
            for one in node.arguments:
                self._resolve(one)
        elif isinstance(node, At):
            self._resolve(node.base)
            self._resolve(node.index)
        elif isinstance(node, Member):
            self._resolve(node.base)

    def _function(self, node: Apply) -> None:
        name = node.function
        if name in SIGNATURES:
            self.evaluator.arguments(node)
        elif name in self.scopes.functions:
            self._open_call(node, self.scopes.functions[name])
        elif name not in FUNCTIONS:
            # A URCap may bring any function; one that is nearly another is a slip.
            near = get_close_matches(name, [*FUNCTIONS, *self.scopes.functions], 1, 0.85)
            if near:
                raise self.fail(node.column, f"function '{name}' does not exist; is '{near[0]}' meant?")
