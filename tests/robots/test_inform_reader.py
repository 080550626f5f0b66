"""The INFORM reader: damaged text is caught, what people write is read, long text is quick."""

from __future__ import annotations

import re
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InputError, PliantError
from core.frames import from_xyz_rpy, translation
from robots.programs.controller import Controller, controller_of
from robots.programs.events import Halted, LoadChanged, Moved, Paused, ProgramTextError, SignalSet, Skipped, Stuck, Waited
from robots.programs.execution import run
from robots.programs.inform.reader import read_inform
from robots.programs.program import Frame, Load, MoveCircular, MoveLinear, Procedure, SearchLinear, Tool, Unknown
from robots.programs.surroundings import SignalsOnly
from tests.robots.program_examples import bending, differences, welding
from tests.robots.test_inform import PULSE, SETTINGS, reached, with_positioner, written

# Damage: which program, which job, what is looked for, what stands there instead.
BEND, WELD, TURN = "bending", "welding", "positioner"
MAIN, PICK, BEND_1, SEAM = "WINKEL_3_TEILIG", "WINKEL_3_TEILIG_PICK", "WINKEL_3_TEILIG_BEND_1", "FRAME_7_SEAM_1"
DAMAGE = {
    "END missing": (BEND, PICK, r"\r\nEND\r\n", "\r\n"),
    "END in the middle": (BEND, PICK, r"DOUT OT#\(4\) ON", "END"),
    "file cut": (BEND, PICK, r"(?s)MOVL C00002 V=4.*", "MOVL C0"),
    "NOP missing": (BEND, PICK, r"NOP\r\n", ""),
    "no /JOB": (BEND, PICK, r"/JOB\r\n", ""),
    "no //POS": (BEND, PICK, r"//POS\r\n", ""),
    "no //INST": (BEND, PICK, r"//INST\r\n", ""),
    "no ///DATE": (BEND, PICK, r"///DATE [^\r]*\r\n", ""),
    "head in another order": (BEND, PICK, r"(///DATE [^\r]*\r\n)(///COMM [^\r]*\r\n)", r"\2\1"),
    "date of another form": (BEND, PICK, r"///DATE 2000/01/01", "///DATE 01.01.2000"),
    "comment too long": (BEND, PICK, r"///COMM .*", "///COMM " + "x" * 33),
    "name is not the file's": (BEND, PICK, r"//NAME .*", "//NAME PICK"),
    "name of another form": (BEND, PICK, r"//NAME .*", "//NAME PICK UP"),
    "NPOS too many": (BEND, PICK, r"///NPOS 3", "///NPOS 4"),
    "NPOS too few": (BEND, PICK, r"///NPOS 3", "///NPOS 2"),
    "NPOS counts a track": (BEND, PICK, r"///NPOS 3,0", "///NPOS 3,3"),
    "NPOS of five": (BEND, PICK, r"///NPOS 3,0,0,0,0,0", "///NPOS 3,0,0,0,0"),
    "position removed": (BEND, PICK, r"C00001=[^\r]*\r\n", ""),
    "position twice": (BEND, PICK, r"C00001=", "C00000="),
    "gap in the numbers": (BEND, PICK, r"C00002=", "C00003="),
    "five values": (BEND, PICK, r"C00002=100\.000,", "C00002="),
    "seven values": (BEND, PICK, r"C00002=100\.000,", "C00002=100.000,0.000,"),
    "two decimals": (BEND, PICK, r"C00002=100\.000,", "C00002=100.00,"),
    "decimal comma": (BEND, PICK, r"C00002=100\.000,", "C00002=100,000,"),
    "exponent": (BEND, PICK, r"C00002=100\.000,", "C00002=1.000E2,"),
    "pulses among poses": (BEND, PICK, r"C00002=.*", "C00002=1,2,3,4,5,6"),
    "angles swapped": (BEND, PICK, r"180\.0000,-30\.0000,90\.0000", "180.0000,90.0000,-30.0000"),
    "coordinates swapped": (BEND, PICK, r"100\.000,-250\.000,50\.500", "-250.000,100.000,50.500"),
    "a point shifted by 10 um": (BEND, PICK, r"100\.000,-250\.000,50\.500", "100.010,-250.000,50.500"),
    "RCONF of 23 fields": (BEND, PICK, r"///RCONF 1,0,", "///RCONF 1,"),
    "RCONF of other values": (BEND, PICK, r"///RCONF 1,0,", "///RCONF 1,2,"),
    "RCONF missing": (BEND, PICK, r"///RCONF [^\r]*\r\n", ""),
    "another posture": (BEND, MAIN, r"///RCONF 1,0,", "///RCONF 0,0,"),
    "unknown tool": (BEND, PICK, r"///TOOL 0", "///TOOL 9"),
    "tool of the part": (BEND, PICK, r"///TOOL 0", "///TOOL 1"),
    "tool missing": (BEND, PICK, r"///TOOL 0\r\n", ""),
    "unknown frame": (BEND, PICK, r"USER 1\r", "USER 7\r"),
    "frame not the job's": (BEND, PICK, r"////FRAME USER 1", "////FRAME BASE"),
    "frame of the job missing": (BEND, PICK, r"////FRAME USER 1\r\n", ""),
    "three slashes": (BEND, PICK, r"////FRAME USER 1", "///FRAME USER 1"),
    "no RJ": (BEND, PICK, r"SC,RW,RJ", "SC,RW"),
    "POSTYPE of pulses": (BEND, PICK, r"///POSTYPE USER", "///POSTYPE PULSE"),
    "POSTYPE misspelt": (BEND, PICK, r"///POSTYPE USER", "///POSTYP USER"),
    "RECTAN missing": (BEND, PICK, r"///RECTAN\r\n", ""),
    "group with a track": (BEND, PICK, r"///GROUP1 RB1", "///GROUP1 RB1,BS1"),
    "group with a station": (BEND, PICK, r"(///GROUP1 RB1\r\n)", r"\1///GROUP2 ST1\r\n"),
    "group of another robot": (BEND, PICK, r"///GROUP1 RB1", "///GROUP1 RB2"),
    "group missing": (BEND, PICK, r"///GROUP1 RB1\r\n", ""),
    "station missing": (TURN, MAIN, r"///GROUP2 ST1\r\n", ""),
    "station axis missing": (TURN, MAIN, r"EC00001=30\.0000,", "EC00001="),
    "station not moved": (TURN, MAIN, r"(MOVL C00001 V=200\.0 PL=0) \+MOVJ EC00001 VJ=100\.00", r"\1"),
    "station to another position": (TURN, MAIN, r"\+MOVJ EC00001", "+MOVJ EC00002"),
    "station at another angle": (TURN, MAIN, r"EC00002=50\.0000", "EC00002=51.0000"),
    "move removed": (BEND, PICK, r"MOVL C00002[^\r]*\r\n", ""),
    "move and position removed": (BEND, BEND_1, r"(?s)NPOS 3(.*)C00002=[^\r]*\r\n(.*)MOVL C00002[^\r]*\r\n", r"NPOS 2\1\2"),
    "position used twice": (BEND, PICK, r"MOVL C00002", "MOVL C00001"),
    "position that does not exist": (BEND, PICK, r"MOVL C00002", "MOVL C00007"),
    "position of four digits": (BEND, PICK, r"MOVL C00002", "MOVL C0002"),
    "moves exchanged": (BEND, PICK, r"(?s)C00000 VJ=50\.00 PL=4(.*)C00001 VJ", r"C00001 VJ=50.00 PL=4\1C00000 VJ"),
    "straight instead of joint": (BEND, PICK, r"MOVJ C00001 VJ=50\.00", "MOVL C00001 V=50.0"),
    "VJ of a straight move": (BEND, PICK, r"MOVL C00002 V=400\.0", "MOVL C00002 VJ=40.00"),
    "VJ 0": (BEND, PICK, r"C00000 VJ=50\.00", "C00000 VJ=0.00"),
    "VJ too high": (BEND, PICK, r"C00000 VJ=50\.00", "C00000 VJ=150.00"),
    "V 0": (BEND, PICK, r"V=400\.0", "V=0.0"),
    "V too high": (BEND, PICK, r"V=400\.0", "V=4000.0"),
    "V ten times smaller": (BEND, PICK, r"V=400\.0", "V=40.0"),
    "V without value": (BEND, PICK, r"V=400\.0", "V="),
    "speed twice": (BEND, PICK, r"V=400\.0", "V=400.0 V=300.0"),
    "PL 9": (BEND, PICK, r"V=400\.0 PL=0", "V=400.0 PL=9"),
    "PL instead of a stop": (BEND, PICK, r"V=400\.0 PL=0", "V=400.0 PL=3"),
    "small letters": (BEND, PICK, r"MOVL C00002", "movl C00002"),
    "instruction misspelt": (BEND, PICK, r"MOVL C00002", "MOVEL C00002"),
    "wait skipped": (BEND, PICK, r"WAIT IN#\(8\)=ON T=10\.00\r\n", ""),
    "wait and its branch skipped": (BEND, PICK, r"(?s)WAIT IN#\(8\).*\*W1\r\n", ""),
    "wait for off": (BEND, PICK, r"WAIT IN#\(8\)=ON", "WAIT IN#(8)=OFF"),
    "other timeout": (BEND, PICK, r"T=10\.00", "T=1.00"),
    "timeout too long": (BEND, PICK, r"T=10\.00", "T=1000.00"),
    "wait for a group to be on": (BEND, BEND_1, r"WAIT IG#\(3\)=1", "WAIT IG#(3)=ON"),
    "wait for another number": (BEND, BEND_1, r"WAIT IG#\(3\)=1", "WAIT IG#(3)=2"),
    "number too large": (BEND, BEND_1, r"DOUT OG#\(3\) 1", "DOUT OG#(3) 300"),
    "branch the other way round": (BEND, PICK, r"IF IN#\(8\)=ON", "IF IN#(8)=OFF"),
    "signal that is not wired": (BEND, PICK, r"WAIT IN#\(8\)", "WAIT IN#(9)"),
    "signal 0": (BEND, PICK, r"DOUT OT#\(4\)", "DOUT OT#(0)"),
    "an input is set": (BEND, PICK, r"DOUT OT#\(4\)", "DOUT IN#(8)"),
    "bracket missing": (BEND, PICK, r"DOUT OT#\(4\)", "DOUT OT#(4"),
    "output without value": (BEND, PICK, r"DOUT OT#\(4\) ON", "DOUT OT#(4)"),
    "output off": (BEND, PICK, r"DOUT OT#\(4\) ON", "DOUT OT#(4) OFF"),
    "output removed": (BEND, PICK, r"DOUT OT#\(4\) ON\r\n", ""),
    "label misspelt": (BEND, PICK, r"\r\n\*W1\r\n", "\r\n*W2\r\n"),
    "label twice": (BEND, PICK, r"\r\n\*W1\r\n", "\r\n*W1\r\n*W1\r\n"),
    "job misspelt": (BEND, MAIN, r"JOB:WINKEL_3_TEILIG_PICK", "JOB:WINKEL_3_TEILIG_PIK"),
    "job that is called in a branch misspelt": (BEND, PICK, r"JOB:WINKEL_3_TEILIG_RETREAT", "JOB:WINKEL_3_TEILIG_RETREET"),
    "CALL without a job": (BEND, MAIN, r"CALL JOB:WINKEL_3_TEILIG_PICK", "CALL JOB:"),
    "calls exchanged": (BEND, MAIN, r"(CALL [^\r]*)\r\n(CALL [^\r]*)", r"\2\r\n\1"),
    "call removed": (BEND, MAIN, r"CALL JOB:WINKEL_3_TEILIG_BEND_1\r\n", ""),
    "text not closed": (BEND, PICK, r'MSG "(.*)"', r'MSG "\1'),
    "timer without a time": (BEND, PICK, r"TIMER T=1\.50", "TIMER 1.50"),
    "timer of another time": (BEND, PICK, r"TIMER T=1\.50", "TIMER T=0.50"),
    "no ASCII": (BEND, PICK, r"'approach", "'Zufahrt \xe4"),
    "zero byte": (BEND, PICK, r"'approach", "'app\0roach"),
    "procedure that does not exist": (WELD, SEAM, r"ASF#\(2\)", "ASF#(3)"),
    "arc not ended": (WELD, SEAM, r"ARCOF AEF#\(2\)\r\n", ""),
    "weaving that does not exist": (WELD, SEAM, r"WEV#\(1\)", "WEV#(9)"),
    "weaving left out": (WELD, SEAM, r"WVON WEV#\(1\)\r\n", ""),
    "arc of two points": (WELD, SEAM, r"MOVC C00006", "MOVL C00006"),
    "arc not in one piece": (WELD, SEAM, r"(MOVC C00006[^\r]*\r\n)", r"DOUT OT#(4) ON\r\n\1"),
    "arc through another point": (WELD, SEAM, r"C00006=650\.000", "C00006=640.000"),
}  # fmt: skip


def example(which):
    return {BEND: bending, WELD: welding, TURN: lambda language: with_positioner(False)}[which]("inform")


def caught(built, files, settings=SETTINGS):
    """How damage is caught: `reader`, `run` or `differences`; raises AssertionError where an error names no place."""
    try:
        read = read_inform(files, controller_of(built, settings, "inform"))
    except ProgramTextError as fault:
        assert fault.file is not None and fault.file in files
        assert fault.place is not None and re.fullmatch(r"line [1-9]\d*, column [1-9]\d*", fault.place)
        return "reader"
    try:
        for inputs in (lambda address, value: True, lambda address, value: False):
            if differences(built, read, inputs, loads_at_moves=True):
                return "differences"
    except ProgramTextError as fault:
        assert fault.file is not None and fault.place is not None
        return "run"
    return ""


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_caught(kind):
    which, job, pattern, instead = DAMAGE[kind]
    built = example(which)
    files = dict(written(built))
    text = files[f"{job}.JBI"].decode()
    damaged = re.sub(pattern, instead, text)
    assert damaged != text
    assert caught(built, files) == ""
    assert caught(built, files | {f"{job}.JBI": damaged.encode("latin-1")})


def test_a_joint_outside_of_its_limits_is_caught():
    built = reached(bending("inform"))
    files = dict(written(built, PULSE))
    name = next(iter(files))
    # 400 deg on S, which goes to 355.2 deg (6.2 rad), at 21000 pulses a degree.
    files[name] = files[name].replace(b"C00000=0,", b"C00000=8400000,")
    with pytest.raises(ProgramTextError, match=r"line 8, column 1: axis 1 stands at 400\.000 deg; it goes from -355\.2"):
        read_inform(files, controller_of(built, PULSE, "inform"))


def test_kinds_in_one_job_are_refused():
    built = bending("inform")
    files = dict(written(built, SETTINGS))
    mixed = files[f"{MAIN}.JBI"].replace(b"C00001=", b"///POSTYPE PULSE\r\n///PULSE\r\nC00001=1,2,3,4,5,6\r\n'").split(b"\r\n")
    files[f"{MAIN}.JBI"] = b"\r\n".join(line for line in mixed if not line.startswith(b"'-"))
    with pytest.raises(ProgramTextError, match="a job has one kind"):
        read_inform(files, controller_of(built, PULSE, "inform"))


def test_calls_in_a_circle_are_told():
    def job(name, other):
        return f"/JOB\n//NAME {name}\n//POS\n///NPOS 0,0,0,0,0,0\n//INST\n///DATE 2026/01/01 10:00\n///ATTR SC,RW\nNOP\nCALL JOB:{other}\nEND\n".encode()

    read = read_inform({"A.JBI": job("A", "B"), "B.JBI": job("B", "A")}, Controller())
    with pytest.raises(ProgramTextError, match="call each other without end"):
        list(run(read))
    # A thousand jobs that call the next are read, whatever Python's own depth.
    chain = {f"J{i}.JBI": job(f"J{i}", f"J{i + 1}") for i in range(1000)} | {"J1000.JBI": job("J1000", "J1000")}
    assert len(read_inform(chain, Controller()).routines) == 1001


@pytest.mark.parametrize("files", [{}, {"A.TXT": b"x"}, {"A.LS": b"x"}])
def test_no_job(files):
    with pytest.raises(InputError, match="JBI"):
        read_inform(files, Controller())


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_garbled_text_never_crashes(data):
    built = data.draw(st.sampled_from([bending, welding]))("inform")
    files = dict(written(built))
    name = data.draw(st.sampled_from([one for one in files if one.endswith(".JBI")]))
    text = files[name]
    at = data.draw(st.integers(0, len(text)))
    kind = data.draw(st.sampled_from(["cut", "insert", "remove", "double"]))
    if kind == "cut":
        text = text[:at]
    elif kind == "insert":
        text = text[:at] + data.draw(st.binary(min_size=1, max_size=8)) + text[at:]
    else:
        end = at + data.draw(st.integers(1, 60))
        text = text[:at] + text[end:] if kind == "remove" else text[:end] + text[at:]
    try:
        read = read_inform(files | {name: text}, controller_of(built, SETTINGS, "inform"))
        list(run(read, skip_unknown=True))
    except PliantError:
        pass


# What people write

HAND = """\
/JOB
//NAME STACK
//POS
///NPOS 3,0,0,1,0,0
///USER 2
///TOOL 4
///POSTYPE USER
///RECTAN
///RCONF 1,0,0,0,0,0,0,0
C00000=0.000,0.000,500.000,180.00,0.00,0.00
C00001=100.000,0.000,300.000,180.00,0.00,0.00
C00002=100.000,0.000,900.000,180.00,0.00,0.00
P00010=0.000,0.000,-120.000,0.00,0.00,0.00
//INST
///DATE 2026/03/04 07:15
///COMM stack three sheets
///ATTR SC,RW,RJ
////FRAME USER 2
///GROUP1 RB1
///LVARS 1,0,0,0,0,0,0,0
NOP
'three rounds, then to the side
SET LB000 0
SET B001 10
MOVJ C00000 VJ=25.00
SPEED VJ=50.00 V=200.0

*ROUND
  MOVL C00001 PL=2
  DOUT OT#(5) ON
  IMOV P010 V=60.0 UF#(2)
  WAIT IN#(3)=ON T=2.00
  CALL JOB:CLAMP (LB000, 7) IF IN#(3)=ON
  INC LB000
  ADD B001 5
  IFTHENEXP LB000>1 AND (IN#(3)=ON OR B001=0)
    TIMER T=0.25
  ELSE
    TIMER T=0.75
  ENDIF
JUMP *ROUND IF LB000<3
GETS PX000 $PX001
FOR B002=1 TO 3 STEP 2
PULSE OT#(6) T=0.40
NEXT B002
DOUT OG#(2) B001
MOVL C00002 V=300.0 NWAIT
DOUT OT#(5) OFF
CWAIT
PAUSE IF B001<>25
END
"""
CLAMP = """/JOB
//NAME CLAMP
//POS
///NPOS 0,0,0,0,0,0
//INST
///DATE 2026/03/04 07:15
///ATTR SC,RW
///LVARS 2,0,0,0,0,0,0,0
NOP
GETARG LB000 IARG#(1)
GETARG LB001 IARG#(2)
RET IF LB000=1
DOUT OG#(1) LB001
END
"""
CELL = Controller(
    tools={4: Tool(translation(0, 0, 0.2), Load(5.0, np.zeros(3)))},
    frames={2: Frame(from_xyz_rpy((1.0, 0.0, 0.0), (0.0, 0.0, np.pi / 2)))},
    procedures={1: Procedure(1, 0.01)},
)


def hand(text, **more):
    return read_inform({"STACK.JBI": text.replace("\n", "\r\n").encode(), **more}, CELL)


def test_a_program_that_a_person_wrote():
    read = read_inform({"CLAMP.JBI": CLAMP.encode(), "STACK.JBI": HAND.encode()}, CELL)
    assert [routine.name for routine in read.routines] == ["STACK", "CLAMP"] and read.title == "stack three sheets"
    unknown = [one for one in read.routines[0].walk() if isinstance(one, Unknown)]
    assert [(one.text, one.line) for one in unknown] == [("GETS PX000 $PX001", 42)]
    with pytest.raises(ProgramTextError, match=r"STACK\.JBI: line 42: not understood"):
        list(run(read))

    events = list(run(read, skip_unknown=True))
    moves = [event for event in events if isinstance(event, Moved)]
    # Home, three rounds of a move and an increment, away. The frame stands 1 m in x and is turned by 90 deg: its x is the robot's y.
    assert [move.kind for move in moves] == ["joint", *["linear"] * 7]
    assert [move.speed for move in moves] == pytest.approx([0.25, 0.2, 0.06, 0.2, 0.06, 0.2, 0.06, 0.3])
    np.testing.assert_allclose(moves[1].T_target[:3, 3], (1.0, 0.1, 0.3), atol=1e-12)
    np.testing.assert_allclose(moves[2].T_target[:3, 3], (1.0, 0.1, 0.18), atol=1e-12)
    # PL=2 of the default levels begins 25 mm before the corner; without PL it stops.
    assert [move.blend for move in moves] == [None, 0.025, None, 0.025, None, 0.025, None, None]
    assert [(t.address, t.value, t.at) for t in moves[-1].triggers] == [("OT#(5)", False, "start")]
    assert [event.seconds for event in events if isinstance(event, Paused)] == [0.75, 0.25, 0.25]
    sets = [(event.address, event.value, event.pulse) for event in events if isinstance(event, SignalSet)]
    # The clamp job leaves early in the second round (value 1); 10 + 3 x 5 = 25.
    each = ("OT#(5)", True, None)
    assert sets == [
        each,
        ("OG#(1)", 7, None),
        each,
        each,
        ("OG#(1)", 7, None),
        ("OT#(6)", True, 0.4),
        ("OT#(6)", True, 0.4),
        ("OG#(2)", 25, None),
    ]
    assert sum(isinstance(event, Skipped) for event in events) == 1 and not any(isinstance(event, Halted) for event in events)
    assert [event.timeout for event in events if isinstance(event, Waited)] == [2.0] * 3
    assert isinstance(events[0], LoadChanged) and events[0].load.mass == 5.0

    # The input never comes: the job goes on after 2 s, the clamp is not called.
    late = list(run(read, SignalsOnly(lambda address, value: False), skip_unknown=True))
    assert not any(isinstance(event, Stuck) or (isinstance(event, SignalSet) and event.address == "OG#(1)") for event in late)
    assert [event.seconds for event in late if isinstance(event, Paused)] == [0.75, 0.75, 0.75]


ONE = """/JOB
//NAME STACK
//POS
///NPOS {count},0,0,0,0,0
///USER 2
///TOOL 4
///POSTYPE USER
///RECTAN
///RCONF 1,0,0,0,0,0,0,0
{points}
//INST
///DATE 2026/03/04 07:15
///ATTR SC,RW,RJ
////FRAME USER 2
///GROUP1 RB1
NOP
{lines}
END
"""


def small(lines, count=None):
    count = len(set(re.findall(r"C\d{5}", lines))) if count is None else count
    points = "\n".join(f"C{i:05d}={100 * i}.000,{50 * (i % 2)}.000,0.000,0.00,0.00,0.00" for i in range(count))
    return hand(ONE.format(count=count, points=points, lines=lines)).routines[0]


def kinds(routine):
    return [type(one).__name__ for one in routine.body if type(one).__name__ not in ("UseTool", "UseFrame", "HoldLoad", "Remark")]


def test_until_is_a_search():
    one = small("MOVJ C00000 VJ=10.00\nMOVL C00001 V=20.0 UNTIL IN#(14)=ON").body[-1]
    assert isinstance(one, SearchLinear) and (one.signal, one.value, one.speed) == ("IN#(14)", True, 0.02)


def test_movc_whose_start_is_elsewhere_drives_there_first():
    routine = small(
        "MOVJ C00000 VJ=10.00\nMOVC C00001 V=20.0\n'via\nMOVC C00002 V=20.0\nMOVC C00003 V=20.0 FPT\nMOVC C00004 V=20.0\nMOVC C00005 V=20.0"
    )
    assert kinds(routine) == ["MoveJoint", "MoveLinear", "MoveCircular", "MoveCircular"]
    arc = routine.body[-1]
    assert isinstance(arc, MoveCircular)
    np.testing.assert_allclose((arc.T_frame_via[0, 3], arc.T_frame_tcp[0, 3]), (0.4, 0.5))


def test_what_is_not_read_beside_a_running_move_leaves_the_move_unknown():
    routine = small("MOVJ C00000 VJ=10.00\nMOVL C00001 V=20.0 NWAIT\nWAIT IN#(1)=ON\nMOVL C00002 V=20.0")
    assert kinds(routine) == ["MoveJoint", "Unknown", "WaitUntil", "MoveLinear"]


@pytest.mark.parametrize(
    "lines",
    ["MOVS C00000 V=20.0", "MOVL C00000 V=I005", "MOVL C00000 V=20.0 CR=5.0", "MOVJ C00000 VJ=10.00\nSET P010 P011", "MOVJ C00000 VJ=10.00\nJUMP *A IF $B014=0\n*A"],
)  # fmt: skip
def test_what_it_does_not_know_is_kept(lines):
    assert kinds(small(lines, 1)).count("Unknown") == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("MOVJ C00000 VJ=10.00\nIFTHENEXP B000=1\nTIMER T=0.10", r"line 18, column 1: IFTHEN is not closed"),
        ("MOVJ C00000 VJ=10.00\nELSE", r"line 18, column 1: ELSE without IFTHEN"),
        ("MOVJ C00000 VJ=10.00\nWHILEEXP B000=1\nENDIF", r"line 19, column 1: ENDIF without IFTHEN: WHILE of line 18 is open"),
        ("MOVJ C00000 VJ=10.00\nIFTHENEXP (B000=1 AND IN#(1)=ON\nENDIF", "a bracket is not closed"),
        ("MOVJ C00000 VJ=10.00\nSET B000 256", r"line 18, column 10: B000 takes 0 to 255"),
        ("MOVJ C00000 VJ=10.00\nSET LB000 1", "LVARS declares 0"),
        ("MOVJ C00000 VJ=10.00\nFOR B000=1 TO 3\nNEXT B001", "B000 is counted"),
        ("MOVC C00000 V=20.0\nMOVC C00001 V=20.0\nMOVL C00002 V=20.0", "MOVC over 2 positions"),
        ("SMOVL C00000 V=20.0", "not carried"),
    ],
)  # fmt: skip
def test_broken_blocks_and_values(lines, message):
    with pytest.raises(ProgramTextError, match=message):
        small(lines)


def test_straight_pulse_moves_need_kinematics():
    built = reached(bending("inform"))
    cell = controller_of(built, PULSE, "inform")
    with pytest.raises(ProgramTextError, match="kinematics"):
        read_inform(written(built, PULSE), replace(cell, flange=None))


# Size


def long_job(name, count):
    head = f"/JOB\r\n//NAME {name}\r\n//POS\r\n///NPOS {count},0,0,0,0,0\r\n///USER 2\r\n///TOOL 4\r\n///POSTYPE USER\r\n///RECTAN\r\n///RCONF 1,0,0,0,0,0,0,0\r\n"
    points = "".join(
        f"C{i:05d}={i / 100:.3f},{-i / 70:.3f},{100 + i / 1000:.3f},179.1234,{i / 2000:.4f},-90.0000\r\n" for i in range(count)
    )
    lines = "".join(f"MOVL C{i:05d} V={100 + i % 50}.0 PL=1\r\n" for i in range(count))
    return (
        head
        + points
        + "//INST\r\n///DATE 2026/03/04 07:15\r\n///ATTR SC,RW,RJ\r\n////FRAME USER 2\r\n///GROUP1 RB1\r\nNOP\r\n"
        + lines
        + "END\r\n"
    ).encode()


@pytest.mark.slow
def test_10_mb_are_read_in_10_s():
    files = {f"LONG{i}.JBI": long_job(f"LONG{i}", 60_000) for i in range(2)}
    assert sum(map(len, files.values())) > 10_000_000
    start = time.process_time()
    read = read_inform(files, CELL)
    assert time.process_time() - start < 10.0
    assert sum(isinstance(one, MoveLinear) for routine in read.routines for one in routine.body) == 120_000


@pytest.mark.slow
def test_memory_stays_below_ten_times_the_text():
    files = {"LONG.JBI": long_job("LONG", 20_000)}
    tracemalloc.start()
    read = read_inform(files, CELL)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(read.routines[0].body) == 20_003 and peak < 10 * len(files["LONG.JBI"])


@pytest.mark.parametrize("filler", ["C", "1", "(", "///RCONF 1" + ",0" * 10, "MOVL C00000 "])
def test_a_line_of_10_mb_is_told_at_once(filler):
    text = long_job("LONG", 3).replace(b"C00001=", (filler * (10_000_000 // len(filler))).encode() + b"C00001=")
    start = time.process_time()
    with pytest.raises(ProgramTextError, match="line 11, column 513"):
        read_inform({"LONG.JBI": text}, CELL)
    assert time.process_time() - start < 2.0
