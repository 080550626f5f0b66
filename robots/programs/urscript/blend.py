"""Blend radii that the controller takes: no corner is rounded where the robot stops anyway, and no two blends overlap."""

from __future__ import annotations

from core.errors import UnsupportedError
from core.frames import Array
from robots.programs.program import Call, Instruction, MoveCircular, MoveJoint, MoveLinear, Remark, RobotProgram, Routine, UseFrame
from robots.programs.urscript.text import segment
from robots.programs.urscript.walk import Standing

REST = 0.9
"""Two blend radii take no more than this share of the way between their targets."""


def following(body: tuple[Instruction, ...], i: int) -> Instruction | None:
    """What comes after an instruction and does something."""
    return next((one for one in body[i + 1 :] if not isinstance(one, Remark | UseFrame)), None)


def _goes_on(program: RobotProgram, one: Instruction | None, depth: int = 0) -> bool:
    """Whether the robot moves next, so that a corner before can be rounded."""
    if isinstance(one, Call) and depth < len(program.routines):
        return _goes_on(program, following(program.routine(one.routine).body, -1), depth + 1)
    return isinstance(one, MoveJoint | MoveLinear | MoveCircular)


def blend_radii(program: RobotProgram, routine: Routine, frame: str | None, end: dict[str, Standing]) -> dict[int, float]:
    """Blend radius of every move of a routine [m], by its place; 0: it stops.

    `frame` counts at its head, and `end` at the end of others. A corner is rounded only when the robot moves next. Along straight ways the radii at both ends together take at most `REST` of the way.
    """
    main = routine is program.routines[0]
    radii: dict[int, float] = {}
    before: tuple[int, Array | None] | None = None
    for i, one in enumerate(routine.body):
        if isinstance(one, UseFrame):
            frame = one.frame
        elif isinstance(one, MoveJoint | MoveLinear | MoveCircular):
            blend = one.blend
            if isinstance(blend, str):
                raise UnsupportedError(f"routine '{routine.name}': a move with the blend that was set before; planned programs name it")
            after = following(routine.body, i)
            rounds = _goes_on(program, after) if after is not None else not main
            radii[i] = blend if blend is not None and rounds else 0.0
            T = None if isinstance(one, MoveJoint) or frame is None else program.frames[frame].T_robot_frame @ one.T_frame_tcp
            if before is not None and before[1] is not None and T is not None:
                j, way = before[0], REST * segment(before[1], T)
                if radii[j] + radii[i] > way:
                    radii[j], radii[i] = _share(radii[j], radii[i], way)
            before = (i, T)
        elif not isinstance(one, Remark):
            before = None
            if isinstance(one, Call):
                frame = end[one.routine].frame
    # Radii below what the text can say are no rounding.
    return {i: radius if radius >= 1e-5 else 0.0 for i, radius in radii.items()}


def _share(first: float, second: float, way: float) -> tuple[float, float]:
    """Two radii made so short that together they are not longer than a way: each gets half, or what the other leaves."""
    half = way / 2
    first, second = min(first, max(half, way - second)), min(second, max(half, way - first))
    return (first, second) if first + second <= way else (min(first, half), min(second, half))
