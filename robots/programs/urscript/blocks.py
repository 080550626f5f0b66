"""Functions, branches and loops of URScript: what is open, and what it becomes at its `end`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from robots.programs.expressions import Const, Expression, Value
from robots.programs.program import Halt, If, Instruction, Jump, Label, Message, Return, Routine, Unknown, While
from robots.programs.urscript.expressions import Expressions
from robots.programs.urscript.flow import Flow
from robots.programs.urscript.moves import Moves
from robots.programs.urscript.names import KEYWORDS
from robots.programs.urscript.scopes import DEEPEST, Scope
from robots.programs.urscript.values import Constant
from robots.programs.urscript.waits import wait

MOST_BRANCHES = 100
"""`elif` of one `if`."""

_DEF = re.compile(r"(def|thread)[ \t]+([A-Za-z_]\w*)[ \t]*\(([^()]*)\)[ \t]*:", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ELSE = re.compile(r"else[ \t]*:")


@dataclass(slots=True)
class Block:
    """A block that is not ended yet; `left`, `repeated`: it holds `break`, `continue`; `known`: values before a function began."""

    kind: str
    line: int
    scope: Scope
    text: str = ""
    condition: Expression | None = None
    hoisted: list[Instruction] = field(default_factory=list)
    body: list[Instruction] = field(default_factory=list)
    branches: list[Block] = field(default_factory=list)
    left: bool = False
    repeated: bool = False
    known: tuple[dict[str, Constant], dict[str, Constant]] = field(default_factory=lambda: ({}, {}))


class Blocks:
    """The open blocks, the innermost last, and the functions that are complete.

    Args:
        flow: Names and values.
        expressions: For conditions.
        moves: Told where the robot's place is not known.
    """

    def __init__(self, flow: Flow, expressions: Expressions, moves: Moves) -> None:
        self.flow, self.expressions, self.moves = flow, expressions, moves
        self.stack = [Block("file", 0, flow.scopes.file)]
        self.routines: dict[str, Routine] = {}

    @property
    def body(self) -> list[Instruction]:
        """Where the next instruction belongs."""
        return self.stack[-1].body

    def _push(self, block: Block) -> None:
        if len(self.stack) > DEEPEST:
            raise self.flow.fail(0, f"more than {DEEPEST} blocks inside of each other")
        self.stack.append(block)
        self.moves.stopped()

    def open_function(self, text: str) -> None:
        match = _DEF.fullmatch(text)
        if match is None:
            raise self.flow.fail(0, f"a function begins with `{text.split()[0]} name(parameters):`")
        if self.stack[-1].kind not in ("file", "def"):
            raise self.flow.fail(0, f"a function inside of the '{self.stack[-1].kind}' of line {self.stack[-1].line}")
        scope = self.flow.scopes.functions.get(match[2])
        if scope is None:
            raise self.flow.fail(0, f"function '{match[2]}' has no proper head")
        names = [one.strip() for one in match[3].split(",")] if match[3].strip() else []
        for name in names:
            if _NAME.fullmatch(name) is None or name in KEYWORDS or names.count(name) > 1:
                raise self.flow.fail(0, f"'{name}' cannot name a parameter")
        self._push(Block(match[1], self.flow.line, scope, text, known=(self.flow.known, self.flow.shared)))
        # What is known here may be different when the function is called.
        self.flow.scope, self.flow.known, self.flow.shared = scope, {}, {}

    def open_block(self, word: str) -> None:
        if not self.flow.text.endswith(":"):
            raise self.flow.fail(len(self.flow.text) + 1, f"':' is missing at the end of '{word}'")
        start = self.flow.text.index(word) + len(word)
        if word == "elif":
            self._branch("elif")
        if word == "while":
            self.flow.forget()
        node = self.flow.parsed(start, len(self.flow.text) - 1)
        hoisted: list[Instruction] = []
        condition = self.expressions.expression(node, hoisted)
        if isinstance(condition, Const) and not isinstance(condition.value, bool):
            raise self.flow.fail(node.column, f"a condition is True or False, not {condition.value!r}")
        if word == "elif":
            block = self.stack[-1].branches[-1]
            block.condition, block.hoisted, block.text = condition, hoisted, self.flow.text.strip()
            return
        block = Block(word, self.flow.line, self.flow.scope, self.flow.text.strip(), condition, hoisted)
        if word == "if":
            block.branches.append(Block("if", self.flow.line, self.flow.scope, self.flow.text.strip(), condition, hoisted))
            block.body = block.branches[0].body
        self._push(block)

    def _branch(self, word: str) -> None:
        top = self.stack[-1]
        if top.kind != "if" or top.branches[-1].kind == "else":
            raise self.flow.fail(0, f"'{word}' without an 'if' before it")
        if len(top.branches) > MOST_BRANCHES:
            raise self.flow.fail(0, f"more than {MOST_BRANCHES} branches")
        top.branches.append(Block(word, self.flow.line, self.flow.scope))
        top.body = top.branches[-1].body
        self.flow.forget()
        self.moves.stopped()

    def plain_word(self, word: str, text: str) -> None:
        if word == "else":
            if text.replace(" ", "").replace("\t", "") != "else:":
                raise self.flow.fail(0, "'else' stands alone on its line, with ':'")
            self._branch("else")
            return
        if text != "end":
            raise self.flow.fail(0, "'end' stands alone on its line")
        if len(self.stack) == 1:
            raise self.flow.fail(0, "'end' without 'def', 'if' or 'while' before it")
        block = self.stack.pop()
        if block.kind in ("def", "thread"):
            self._close_function(block)
        elif block.kind == "if":
            self.body.extend(folded(block))
            self.flow.forget()
        else:
            self.body.extend(looped(block))
            self.flow.forget()
        self.moves.stopped()

    def _close_function(self, block: Block) -> None:
        scope = block.scope
        self.flow.scope = scope.outer or self.flow.scopes.file
        self.flow.known, self.flow.shared = block.known
        if block.kind == "thread":
            return
        inner = any(other.outer is scope for other in self.flow.scopes.functions.values())
        own = {} if inner else dict.fromkeys(name for name in (*scope.assigned, *scope.local) if name not in scope.parameters)
        variables: dict[str, Value | None] = {**own}
        self.routines[scope.name] = Routine(
            scope.name, scope.name, tuple(block.body), scope.parameters, variables, self.flow.source.file, block.line
        )

    def leave(self, word: str, text: str) -> None:
        if word == "return":
            function = next((one for one in reversed(self.stack) if one.kind in ("def", "thread")), None)
            if function is None:
                raise self.flow.fail(0, "'return' outside of a function")
            value = None
            if text != "return":
                hoisted: list[Instruction] = []
                value = self.expressions.expression(self.flow.parsed(self.flow.text.index(word) + len(word)), hoisted)
                if value is None:
                    self.moves.stopped()
                    self.body.append(Unknown(text, line=self.flow.line))
                    return
                self.body.extend(hoisted)
            self.body.append(Return(value, line=self.flow.line))
            return
        if text != word:
            raise self.flow.fail(0, f"'{word}' stands alone on its line")
        if word in ("halt", "pause"):
            self.body.append(Halt(word == "halt", line=self.flow.line))
            self.moves.stopped(known=True)
            return
        for block in reversed(self.stack):
            if block.kind in ("def", "thread", "file"):
                break
            if block.kind == "while":
                block.left |= word == "break"
                block.repeated |= word == "continue"
                self.body.append(Jump(f"{'left' if word == 'break' else 'again'} {block.line}", line=self.flow.line))
                return
        raise self.flow.fail(0, f"'{word}' outside of a loop")


def folded(block: Block) -> list[Instruction]:
    """The branches of an `if` as branches inside of each other."""
    strange = next((one for one in block.branches if one.condition is None and one.kind != "else"), None)
    if strange is not None:
        if all(isinstance(one, Message) or (isinstance(one, Halt) and not one.ends) for branch in block.branches for one in branch.body):
            # Whatever it is that the robot finds: the operator is asked, and the program does the same.
            return [Message(f"asks the operator: {strange.text}", line=block.line)]
        return [Unknown(f"{strange.text} .. end", line=block.line)]
    otherwise: list[Instruction] = []
    for one in reversed(block.branches):
        if one.kind == "else":
            otherwise = one.body
        else:
            assert one.condition is not None
            otherwise = [*one.hoisted, If(one.condition, tuple(one.body), tuple(otherwise), line=one.line)]
    return otherwise


def looped(block: Block) -> list[Instruction]:
    """A `while` as a wait where it is nothing else, or as a loop with the labels that `break` and `continue` jump to."""
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
