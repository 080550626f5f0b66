"""Names of arm configurations, neutral and in the makers' words (see docs/programs.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.frames import Array


@dataclass(frozen=True, slots=True)
class Configuration:
    """Which of the eight arm postures a joint position is.

    Attributes:
        shoulder: `front` when the wrist centre lies before axis 1 (seen along the turned axis 1), else `back`.
        elbow: `up` when axis 3 lies above the line from axis 2 to the wrist centre while the arm reaches forward (the forearm is folded
            forward), else `down`.
        wrist: `no-flip` when axis 5 is positive, else `flip`.
        turns: Whole turns of every axis, counted from (-180, 180] degrees.
    """

    shoulder: str
    elbow: str
    wrist: str
    turns: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.shoulder} {self.elbow} {self.wrist}"


def turns(q: Array) -> tuple[int, ...]:
    """Whole turns of each joint [rad] relative to (-pi, pi]."""
    return tuple(int(np.ceil((value - np.pi) / (2 * np.pi) - 1e-12)) for value in q)


def abb_confdata(q_deg: Array, *, wrist_behind_axis_1: bool, wrist_behind_lower_arm: bool) -> tuple[int, int, int, int]:
    """cf1, cf4, cf6, cfx of RAPID: quadrants of axes 1, 4, 6 and the posture number 0..7.

    cfx = 4 (wrist centre behind axis 1) + 2 (wrist centre behind the lower arm) + 1 (axis 5 negative).
    """
    cf1, cf4, cf6 = (int(np.floor(q_deg[i] / 90.0 + 1e-9)) for i in (0, 3, 5))
    return cf1, cf4, cf6, 4 * wrist_behind_axis_1 + 2 * wrist_behind_lower_arm + (1 if q_deg[4] < 0 else 0)


def kuka_status_turn(q_deg: Array, *, wrist_behind_axis_1: bool, a3_offset_deg: float) -> tuple[int, int]:
    """Status and Turn of KRL: S bit 0 overhead, bit 1 axis 3 at or above the stretched position, bit 2 axis 5 negative; T bit i: axis i+1 negative."""
    status = int(wrist_behind_axis_1) + 2 * int(q_deg[2] >= a3_offset_deg) + 4 * int(-180 <= q_deg[4] < 0 or q_deg[4] >= 180)
    turn = sum(1 << i for i in range(6) if q_deg[i] < 0)
    return status, turn


def fanuc_config(q_deg: Array, *, wrist_behind_axis_1: bool, elbow_down: bool) -> tuple[str, int, int, int]:
    """Letters and turn numbers of FANUC's CONFIG: flip F (axis 5 at or above zero) or N, elbow U or D, front T or back B; whole turns of axes 1, 4, 6.

    A turn number is 0 within -179 .. 179 deg and counts whole turns beyond 180. Sources disagree whether the first belongs to axis 1 or 5
    (docs/programs_fanuc.md); in the range where all are 0 the two readings mean the same.
    """
    letters = ("N" if q_deg[4] < 0 else "F") + ("D" if elbow_down else "U") + ("B" if wrist_behind_axis_1 else "T")
    t1, t4, t6 = (int(np.floor((q_deg[i] + 180.0) / 360.0)) for i in (0, 3, 5))
    return letters, t1, t4, t6


def yaskawa_rconf(q_deg: Array, *, wrist_behind_axis_1: bool, elbow_down: bool) -> tuple[int, int, int, int, int, int]:
    """The first six fields of RCONF in INFORM: no flip (axis 5 not negative), lower arm, rear, then whether R, T and S stand at 180 degrees or more, either way."""
    r_far, t_far, s_far = (int(abs(q_deg[i]) >= 180.0) for i in (3, 5, 0))
    return int(q_deg[4] >= 0), int(elbow_down), int(wrist_behind_axis_1), r_far, t_far, s_far
