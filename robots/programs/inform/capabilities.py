"""What INFORM can say."""

from __future__ import annotations

from robots.programs.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="inform",
    title="Yaskawa INFORM",
    controllers="NX100, DX100, DX200, YRC1000",
    files=("*.JBI", "*_REGISTERS.TXT"),
    longest_name=32,
    longest_word=8,
    says={
        "joint-move": "MOVJ to a position with RCONF, or to pulses",
        "joint-pose": "MOVJ to a position with RCONF",
        "linear": "MOVL",
        "circular": "MOVC over three points, the start repeated",
        "duration": "V= from the length of the way, to 0.1 of its unit; VR= where the tool only turns",
        "blend": "PL=, the widest level that stays within the blend; PL=0 where none does",
        "track": "base axis BS1 (BC positions)",
        "positioner": "station ST1 (EC positions), SMOVL where it carries the frame",
        "digital-out": "DOUT OT#(n)",
        "pulse": "PULSE OT#(n) T=",
        "group-out": "DOUT OG#(n)",
        "wait": "WAIT IN#(n)",
        "wait-timeout": "WAIT T=, the input asked again, then MSG, PAUSE, CALL of the retreat, ABORT",
        "trigger": "NWAIT from the start of the move, ENWAIT before its end",
        "payload": "another tool file at the positions",
        "call": "CALL JOB:",
        "arc": "ARCON ASF#(n), ARCOF AEF#(n)",
        "weave": "WVON WEV#(n), WVOF",
    },
    lacks={
        "tool-data": "tool files and user frames are entered as the list beside the jobs says",
        "seam-track": "switch the arc sensor on in the arc start file of the procedure",
        "search": "search in a job of the cell and shift the user frame",
        "shift": "shift the user frame",
    },
)
