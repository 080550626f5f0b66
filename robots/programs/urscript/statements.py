"""Statements of URScript, one line each."""

from __future__ import annotations

import re

from robots.programs.controller import Controller
from robots.programs.program import Assign, Instruction, MoveCircular, MoveJoint, MoveLinear, SetSignal, Unknown
from robots.programs.urscript.blocks import Blocks
from robots.programs.urscript.calls import Group
from robots.programs.urscript.expressions import Expressions
from robots.programs.urscript.flow import Flow
from robots.programs.urscript.lines import Source
from robots.programs.urscript.moves import Moves
from robots.programs.urscript.names import FUNCTIONS, KEYWORDS, SIGNATURES
from robots.programs.urscript.tree import Apply, At, Member, Name
from robots.programs.urscript.values import NearestJoints, Pose

_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGN = re.compile(r"(?:(global|local)[ \t]+)?([A-Za-z_]\w*)[ \t]*=(?!=)", re.ASCII)
_DECLARE = re.compile(r"(?:global|local)[ \t]+([A-Za-z_]\w*)", re.ASCII)
_PLACE = re.compile(r"([A-Za-z_]\w*)[ \t]*\[[^\]]*\][ \t]*=(?!=)", re.ASCII)
_RUN = re.compile(r"(?:run[ \t]+([A-Za-z_]\w*)[ \t]*\(.*\)|(?:kill|join)[ \t]+([A-Za-z_]\w*))", re.ASCII)


class Statements:
    """Reads a text line by line into instructions.

    Args:
        source: The text.
        controller: Limits and lines.
    """

    def __init__(self, source: Source, controller: Controller) -> None:
        self.flow = Flow(source)
        self.moves = Moves(source, controller)
        self.expressions = Expressions(self.flow, self.moves, controller)
        self.calls = self.expressions.calls
        self.blocks = Blocks(self.flow, self.expressions, self.moves)
        self.group: Group | None = None

    def read(self) -> None:
        """Reads all lines; afterwards `blocks` and `calls` hold what was found.

        Raises:
            ProgramTextError: A line that the controller would not take.
        """
        flow, stack, plain, frame = self.flow, self.blocks.stack, self.moves.plain, self.flow.frame
        for line, text in flow.source.lines():
            flow.line, flow.text = line, text
            if self.group is None:
                move = plain(line, text, frame)
                if move is not None:
                    stack[-1].body.append(move)
                    continue
            self._statement()
        self._flush()
        if len(stack) > 1:
            raise flow.source.error(stack[-1].line, 0, f"'{stack[-1].kind}' has no 'end'")

    def _statement(self) -> None:
        text = self.flow.text.strip()
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
            self.blocks.open_function(text)
        elif word in ("if", "elif", "while"):
            self.blocks.open_block(word)
        elif word in ("else", "end"):
            self.blocks.plain_word(word, text)
        elif word in ("return", "halt", "pause", "break", "continue"):
            self.blocks.leave(word, text)
        elif word in ("run", "kill", "join"):
            self._thread(text)
        elif word in ("enter_critical", "exit_critical"):
            if text != word:
                raise self.flow.fail(0, f"'{word}' stands alone on its line")
            self._unknown()
        elif (declared := _DECLARE.fullmatch(text)) is not None:
            self.flow.learn(declared[1], None)
        elif (place := _PLACE.match(text)) is not None and word not in KEYWORDS:
            self.flow.resolve(self.flow.parsed(self.flow.indent() + place.end()))
            self.flow.resolve(Name(place[1], 1))
            self.flow.learn(place[1], None)
            self._unknown()
        else:
            self._call()

    def _unknown(self) -> None:
        self.moves.stopped()
        self.blocks.body.append(Unknown(self.flow.text.strip(), line=self.flow.line))

    def _call(self) -> None:
        node = self.flow.parsed(self.flow.indent())
        if isinstance(node, Member):
            self._unknown()
            return
        if not isinstance(node, Apply):
            raise self.flow.fail(node.column, "this is a value, not a statement")
        if node.function in self.flow.scopes.functions:
            call = self.expressions.user_call(node, None)
            if call is None:
                self._unknown()
            else:
                self.blocks.body.append(call)
            return
        before = len(self.blocks.body)
        done = self.calls.instructions(node, self.flow.line, self.flow.text) if node.function in SIGNATURES else None
        if done is None:
            self._unknown()
            return
        self.blocks.body.extend(done)
        if not any(isinstance(one, MoveJoint | MoveLinear | MoveCircular) for one in self.blocks.body[before:]):
            self.moves.stopped(known=True)

    def _thread(self, text: str) -> None:
        match = _RUN.fullmatch(text)
        if match is None:
            raise self.flow.fail(0, "threads: `run name()`, `kill handle`, `join handle`")
        if match[1] and (match[1] not in self.flow.scopes.functions or not self.flow.scopes.functions[match[1]].thread):
            raise self.flow.fail(0, f"thread '{match[1]}' does not exist")
        if match[2]:
            self.flow.resolve(Name(match[2], text.index(match[2]) + 1))
        self._unknown()

    def _assign(self, name: str, start: int) -> None:
        start += self.flow.indent()
        if name in KEYWORDS or name in FUNCTIONS or name in self.flow.scopes.functions:
            raise self.flow.fail(0, f"'{name}' is a word of the controller or a function and cannot name a variable")
        if self.flow.text[start:].lstrip().startswith("run "):
            self.flow.learn(name, None)
            self._thread(self.flow.text[start:].strip())
            return
        node = self.flow.parsed(start)
        if isinstance(node, Apply) and node.function in self.flow.scopes.functions:
            call = self.expressions.user_call(node, name)
            self.flow.learn(name, None)
            if call is None:
                self._unknown()
            else:
                self.blocks.body.append(call)
            return
        if isinstance(node, Apply) and node.function == "integer_to_binary_list":
            value = self.expressions.scalar(self.flow.evaluator.arguments(node)["x"])
            self.flow.learn(name, None)
            if value is None:
                self._unknown()
            else:
                self.group = Group(name, value, self.flow.line, self.flow.text.strip())
            return
        constant = self.flow.evaluator.value(node)
        self.flow.learn(name, None)
        if constant is not None:
            self.flow.learn(name, constant)
            if isinstance(constant, tuple | Pose | NearestJoints):
                return
        hoisted: list[Instruction] = []
        value = self.expressions.expression(node, hoisted)
        if value is None:
            self._unknown()
            return
        self.blocks.body.extend(hoisted)
        self.blocks.body.append(Assign(name, value, line=self.flow.line))

    def _bit(self, text: str, word: str) -> bool:
        """Whether a line sets the next bit of the number that is on its way to a row of outputs."""
        group = self.group
        assert group is not None
        if word != "set_standard_digital_out":
            return False
        node = self.flow.parsed(self.flow.indent())
        if not isinstance(node, Apply):
            return False
        value = self.flow.evaluator.arguments(node)["b"]
        if not (isinstance(value, At) and isinstance(value.base, Name) and value.base.name == group.variable):
            return False
        where, index = self.calls.line_of(node), self.flow.evaluator.value(value.index)
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
            now, self.flow.line = self.flow.line, group.line
            one = self.calls.group(group)
            self.flow.line = now
            assert isinstance(one, SetSignal)
            self.blocks.body.append(one)
        else:
            self.blocks.body.append(Unknown(group.text, line=group.line))
        self.moves.stopped(known=True)
