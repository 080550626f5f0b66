"""`pliant diff` from files: languages are looked up, both texts are read, names of the lines come from the cell's settings."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from api.diff import diff_programs
from core.errors import UnknownNameError
from core.frames import translation
from robots.programs.capabilities import FEATURES, Capabilities
from robots.programs.controller import Controller
from robots.programs.languages import LANGUAGES, Language
from robots.programs.program import MoveJoint, MoveLinear, Routine, SetSignal, SignalLine, UseFrame, UseTool
from robots.programs.settings import ProgramSettings
from tests.robots.program_examples import FRAME, HOME, POSE, TOOL, program


def read(files, controller):
    """A language of one list: `[z in mm, output]` per line of JSON."""
    (name,) = files
    body = [UseTool("1"), UseFrame("1"), MoveJoint(HOME, 0.2)]
    addresses = {}
    for number, text in enumerate(files[name].decode().splitlines(), 1):
        z, address = json.loads(text)
        body += [MoveLinear(translation(0, 0, z / 1e3) @ POSE, None, 0.3, line=number), SetSignal(address, True, line=number)]
        addresses[address] = SignalLine(address, output=True)
    return program(
        "krl",
        (Routine("main", "", tuple(body), file=name),),
        tools=controller.tools,
        frames=controller.frames,
        signals=addresses,
        on_fault=(),
    )


def refuse(program, settings):
    raise AssertionError("nothing is written")


@pytest.fixture
def languages(monkeypatch):
    for name in ("krl", "rapid"):
        capabilities = Capabilities(name, name, "", (), 24, 24, dict.fromkeys(FEATURES, ""), {})
        monkeypatch.setitem(LANGUAGES, name, Language(capabilities, refuse, read))


CONTROLLER = Controller(tools={"1": TOOL}, frames={"1": FRAME})
A = {"a.txt": b'[10, "DO1"]\n[20, "DO2"]\n'}


def test_an_edit_is_named_with_both_lines(languages):
    (found,) = diff_programs(A, {"b.txt": b'[10, "DO1"]\n[22, "DO2"]\n'}, "krl", "krl", CONTROLLER)
    assert found.message == "target moved by (0.000, 0.000, 2.000) mm in its frame"
    assert (found.a.file, found.a.line, found.b.file, found.b.line) == ("a.txt", 2, "b.txt", 2)


def test_names_of_lines_come_from_the_settings_of_both_languages(languages):
    same, swapped = {"b.txt": b'[10, "one"]\n[20, "two"]\n'}, {"b.txt": b'[10, "two"]\n[20, "one"]\n'}
    settings = ProgramSettings.model_validate(
        {"krl": {"signals": {"a": "DO1", "b": "DO2"}}, "rapid": {"signals": {"a": "one", "b": "two"}}}
    )
    wired = replace(CONTROLLER, settings=settings)
    assert diff_programs(A, same, "krl", "rapid", wired) == []
    assert [one.kind for one in diff_programs(A, swapped, "krl", "rapid", wired)] == ["signal", "signal"]
    assert diff_programs(A, swapped, "krl", "rapid", CONTROLLER) == []


def test_an_unknown_language_is_refused(languages):
    with pytest.raises(UnknownNameError, match="unknown robot language 'basic'"):
        diff_programs(A, A, "basic", "krl", CONTROLLER)
