"""Program text: golden files, an independent syntax checker, round trips, and faults that the readers must find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidchecker.check import check_format as rapid_syntax
from robodk import robomath

from core.frames import angle_between, from_quat_wxyz
from robots.programs.program import HoldLoad, MoveJoint, MoveLinear, Pause, SetSignal, WaitSignal
from robots.programs.rapid import write_rapid
from robots.programs.rapid_reader import run_rapid
from robots.programs.text import identifiers, number
from robots.programs.trace import ProgramTextError, TracedHalt, TracedLoad, TracedMove, TracedPause, TracedSet, TracedWait
from tests.robots.program_examples import RAPID_SIGNALS, confdata, example

GOLDEN = Path(__file__).parent / "golden"
WRITERS = {"rapid": lambda: write_rapid(example(RAPID_SIGNALS), confdata)}
READERS = {"rapid": run_rapid}
SIGNALS = {"rapid": RAPID_SIGNALS}


@pytest.mark.parametrize("language", WRITERS)
def test_text_is_the_golden_one(language):
    for name, data in WRITERS[language]().items():
        assert data == (GOLDEN / name).read_bytes(), f"{name} differs; look at it, then replace the golden file"


def test_rapid_syntax_by_an_independent_checker():
    for data in WRITERS["rapid"]().values():
        assert list(rapid_syntax(data.decode().replace("\r\n", "\n"))) == []


@pytest.mark.parametrize("language", WRITERS)
def test_running_the_text_does_what_the_program_says(language):
    program = example(SIGNALS[language])
    trace = READERS[language](WRITERS[language]())
    # KRL sets the empty load in its head already.
    if isinstance(trace[0], TracedLoad):
        trace = trace[1:]
    wanted = [one for one in program.executed() if isinstance(one, MoveJoint | MoveLinear | SetSignal | WaitSignal | HoldLoad | Pause)]
    assert len(trace) == len(wanted)
    for have, want in zip(trace, wanted, strict=True):
        if isinstance(want, MoveJoint):
            assert isinstance(have, TracedMove)
            assert have.joints == pytest.approx(want.q, abs=1e-6)
            assert have.speed == pytest.approx(want.speed, abs=0.006)
            assert have.stops == (want.blend is None)
        elif isinstance(want, MoveLinear):
            assert isinstance(have, TracedMove)
            assert have.T_base_tcp[:3, 3] == pytest.approx(want.T_base_tcp[:3, 3], abs=1e-7)
            assert angle_between(have.T_base_tcp, want.T_base_tcp) < 1e-6
            assert have.T_flange_tcp == pytest.approx(program.T_flange_tcp, abs=1e-6)
            assert have.T_robot_base == pytest.approx(program.T_robot_base, abs=1e-6)
            assert have.stops == (want.blend is None)
            if want.duration is None:
                assert have.speed == pytest.approx(want.speed, abs=1e-4)
        elif isinstance(want, SetSignal):
            assert have == TracedSet(have.line, program.signals[want.signal].address, want.value)
        elif isinstance(want, WaitSignal):
            assert have == TracedWait(have.line, program.signals[want.signal].address, want.value, want.timeout, True)
        elif isinstance(want, Pause):
            assert have == TracedPause(have.line, want.seconds)
        else:
            load = program.tool_load if want.load is None else program.tool_load.plus(program.loads[want.load])
            assert isinstance(have, TracedLoad)
            assert have.load.mass == pytest.approx(load.mass, abs=1e-3)
            assert have.load.com == pytest.approx(load.com, abs=2e-4)


@pytest.mark.parametrize("language", WRITERS)
def test_a_signal_that_does_not_come_runs_the_retreat_and_ends(language):
    program = example(SIGNALS[language])
    address = program.signals["part-held"].address
    trace = READERS[language](WRITERS[language](), lambda name, value: name != address)
    at = next(i for i, item in enumerate(trace) if isinstance(item, TracedWait) and not item.came)
    after = trace[at + 1 :]
    assert TracedSet(after[0].line, program.signals["bend-start"].address, False) == after[0]
    assert isinstance(after[1], TracedHalt) and isinstance(after[-1], TracedHalt)
    moves = [item for item in after if isinstance(item, TracedMove)]
    assert len(moves) == 1 and moves[0].T_base_tcp[2, 3] == pytest.approx(0.1505)


def test_rapid_quaternion_agrees_with_robodk():
    data = next(iter(WRITERS["rapid"]().values())).decode()
    text = data.split("MoveL [[", 1)[1].split("],[", 2)[1]
    q = [float(v) for v in text.split(",")]
    theirs = np.array(robomath.quaternion_2_pose(q).Rows())[:3, :3]
    assert from_quat_wxyz(q)[:3, :3] == pytest.approx(theirs, abs=1e-7)


@given(st.floats(-1e8, 1e8), st.integers(0, 6))
def test_numbers_are_plain(value, digits):
    text = number(value, digits)
    assert "e" not in text and "nan" not in text and not text.startswith("-0.0000000")
    assert float(text) == pytest.approx(value, abs=0.5001 * 10.0**-digits)
    assert number(-1e-12, 3) == "0.000"


@given(st.lists(st.text(min_size=1), unique=True, max_size=20), st.integers(6, 24))
def test_names_are_different_and_short(texts, longest):
    names = identifiers(texts, longest)
    assert len({name.upper() for name in names.values()}) == len(texts)
    assert all(len(name) <= longest and name[0].isalpha() and name.isascii() for name in names.values())


def mutants(language):
    """Each damage must be refused by the reader."""
    return [
        ("mod", "PROC PICK()", "PROC PIK()"), ("mod", "ENDIF\r\n", "", 1), ("mod", "fine,tGripper", "fin,tGripper", 1), ("mod", "9E9,9E9]]", "9E9]]", 1), ("mod", "9E9]]", "0]]", 1),
        ("mod", "tGripper\\WObj:=wCell;", "tGripper\\WObj:=wCel;", 1), ("mod", "SetDO doVacuum,1;", "SetDO doVacuum,1"), ("mod", "SetDO doVacuum,1;", "SetDO doVacuum,2;"),
        ("mod", "ENDPROC\r\n", "", 1), ("mod", "ENDMODULE", ""), ("mod", "TimeFlag:=bTimeout", "TimeFlag:=bLate", 1), ("mod", "[TRUE,[[", "[FALSE,[[", 1), ("mod", "z1,", "z2,", 1),
        ("mod", "    ConfL\\Off;\r\n", ""), ("mod", "GripLoad ld_part;", "GripLoad ld_prt;"), ("mod", "[1.600,", "[0,", 1), ("mod", "],[0.70710678,0.00000000", "],[0.80710678,0.00000000", 1),
        ("mod", "PERS tooldata", "VAR tooldata"), ("mod", "RETREAT_FROM_PICK;\r\n", "RETREAT;\r\n"), ("mod", "MoveAbsJ [[0.0000,", "MoveAbsJ [[", 1), ("mod", ",[400.0,", ",[-400.0,", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "mutant"), [(language, mutant) for language in WRITERS for mutant in mutants(language)])
def test_damaged_text_is_refused_with_its_line(language, mutant):
    suffix, old, new, *count = mutant
    files = WRITERS[language]()
    name = next(name for name in files if name.endswith(suffix))
    text = files[name].decode()
    assert old in text
    files[name] = text.replace(old, new, *count).encode()
    with pytest.raises(ProgramTextError) as caught:
        READERS[language](files)
    assert caught.value.file is not None and "line" in str(caught.value)


@pytest.mark.parametrize("language", WRITERS)
@settings(deadline=None, max_examples=150)
@given(st.data())
def test_readers_never_crash_on_cut_or_garbled_text(language, data):
    """Any byte changed or any tail cut off: the reader runs it or says what is wrong, nothing else."""
    files = WRITERS[language]()
    name = data.draw(st.sampled_from(sorted(files)))
    raw = bytearray(files[name])
    place = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[place] = data.draw(st.integers(0, 255))
    else:
        del raw[place:]
    files[name] = bytes(raw)
    try:
        READERS[language](files)
    except ProgramTextError:
        return
