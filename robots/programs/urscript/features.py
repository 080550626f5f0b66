"""What URScript can say."""

from __future__ import annotations

from robots.programs.capabilities import Capabilities

LONGEST_NAME = 36
"""Letters of names; the controller takes more, people do not."""

_LACKS = {
    "joint-pose": "joint values (plan the move with them), or `get_inverse_kin(pose, near)` by hand",
    "track": "the rail's own URCap functions, called between moves of the arm",
    "positioner": "the positioner's own URCap functions, called between moves of the arm",
    "pulse": "set the output, pause, take it back",
    "trigger": "stop at the point, set the output, go on",
    "weave": "a procedure of the power source or its URCap that weaves, or seams without weaving",
    "seam-track": "the tracking sensor's URCap around the seam",
    "search": "the touch or force URCap's own search before the seam",
    "shift": "frames measured in the program's head",
}
CAPABILITIES = Capabilities(
    name="urscript",
    title="Universal Robots URScript",
    controllers="e-Series and UR20, UR30 (PolyScope 5)",
    files=("*.script",),
    longest_name=LONGEST_NAME,
    longest_word=LONGEST_NAME,
    says={
        "joint-move": "`movej([q1..q6])`",
        "linear": "`movel(pose_trans(frame, p[..]))`",
        "circular": "`movec(via, to)`, mode 0",
        "duration": "`t=`; circular moves: the speed that gives the time",
        "blend": "`r=`, radii of neighbours kept apart",
        "digital-out": "`set_standard_digital_out`, configurable and tool outputs",
        "group-out": "integer register `OR[n]`, or bits `GO[a..b]`",
        "wait": "loop over the input with `sleep`",
        "wait-timeout": "loop with a counter, safe outputs, popup, retreat, `halt`",
        "payload": "`set_target_payload(m, cog)`",
        "tool-data": "`set_tcp(tool)`, frames as named poses",
        "call": "functions inside of the program's function",
        "arc": "lines `arc-on`, `arc-ok` and the number `weld-procedure`",
    },
    lacks=_LACKS,
)
