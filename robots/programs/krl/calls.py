"""Calls in KRL text: routines of the program, the user's welding routines, BAS, messages."""

from __future__ import annotations

from robots.programs.expressions import Expression, Var
from robots.programs.krl.context import Context, Head
from robots.programs.krl.expressions import constant, element, expression
from robots.programs.krl.lines import Cursor, NotSaid, Token
from robots.programs.krl.system import bas
from robots.programs.program import ArcOff, ArcOn, Assign, Call, Instruction, Message

_WORDS = """
CCLOSE CIOCTL CLEARMSG COPEN CREAD CWRITE EXISTMSG IR_STOPM MSGDIALOG MSGLOOP MSGNOTIFY MSGQUIT MSGSTATE SPS SREAD SWRITE SYNCCMD VARSTATE
    WAITFOR CAST_TO CAST_FROM SET_USERLEVEL EMERGENCY_STOP TIMER_INIT ROTATE LOCK UNLOCK"""
_SYSTEM = frozenset(_WORDS.split())
"""Routines that every controller has."""


def call(c: Cursor, token: Token, context: Context, *, result: str | None = None) -> list[Instruction]:
    """`NAME (values)`, the cursor behind the name; `result`: variable for what a function returns.

    Raises:
        ProgramTextError: A routine that neither the file nor an EXT line knows; values too many or too few.
        NotSaid: A routine whose text is elsewhere.
    """
    own = context.controller.settings.krl
    if token.text == "BAS":
        return bas(c, context)
    if token.text in (own.weld_on.upper(), own.weld_off.upper()):
        return [_arc(c, token, context)]
    if token.text == own.message.upper():
        c.expect("(")
        if c.next.kind != "text":
            raise NotSaid
        text = c.take().text[1:-1]
        if c.next.text == ",":
            raise NotSaid
        c.expect(")")
        c.done()
        return [Message(text, line=c.line)]
    head = context.heads.get(token.text)
    if head is not None:
        return _own(c, token, head, context, result)
    if token.text in context.names.external or token.text in _SYSTEM:
        raise NotSaid
    known = sorted((*context.heads, *context.names.external))
    raise c.error(f"routine '{token.text}' does not exist; there are: {', '.join(known[:12])} (others need an EXT line)", token)


def _own(c: Cursor, token: Token, head: Head, context: Context, result: str | None) -> list[Instruction]:
    """A routine of this file. What it hands back goes through a variable of its name: copied in before, out after."""
    names = context.names
    if result is None and head.result is not None:
        raise c.error(f"{head.name} is a function: its {head.result} must be assigned", token)
    c.expect("(")
    given: list[Expression] = []
    before: list[Instruction] = []
    after: list[Instruction] = []
    count = 0
    while not c.accept(")"):
        if count:
            c.expect(",")
        if count >= len(head.parameters):
            c.fail(f"{head.name} takes {len(head.parameters)} values")
        name, out = head.parameters[count]
        count += 1
        if not out:
            given.append(expression(c, names)[0])
            continue
        at = c.word("a variable to hand back to")
        symbol = names.find(c, at)
        if symbol.kind not in ("int", "real", "bool"):
            raise NotSaid
        key = element(c, names, symbol, at)
        if name in head.asks:
            before.append(Assign(f"{head.name}.{name}", Var(key), line=c.line))
        after.append(Assign(key, Var(f"{head.name}.{name}"), line=c.line))
    if count != len(head.parameters):
        raise c.error(f"{head.name} takes {len(head.parameters)} values, it is given {count}", token)
    c.done()
    return [*before, Call(head.name, tuple(given), result, line=c.line), *after]


def _arc(c: Cursor, token: Token, context: Context) -> ArcOn | ArcOff:
    controller = context.controller
    c.expect("(")
    at = c.next
    number = int(constant(c, context.names, "the procedure's number"))
    if number not in controller.procedures:
        raise c.error(f"procedure {number} does not exist; there are: {', '.join(map(str, sorted(controller.procedures))) or 'none'}", at)
    if token.text == controller.settings.krl.weld_off.upper():
        c.expect(")")
        c.done()
        return ArcOff(f"{number}", line=c.line)
    c.expect(",")
    at = c.next
    weave = int(constant(c, context.names, "the weave data's number"))
    if weave and weave not in controller.weaves:
        raise c.error(f"weave data {weave} do not exist; there are: {', '.join(map(str, sorted(controller.weaves))) or 'none'}", at)
    c.expect(",")
    track = c.whole("seam tracking", 0, 1)
    c.expect(")")
    c.done()
    return ArcOn(f"{number}", f"{weave}" if weave else None, "arc" if track else None, line=c.line)
