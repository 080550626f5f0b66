"""The setup sheet: one HTML file for the person at the brake, pictures inside, prints on A4. No date: the same job gives the same bytes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.finding_groups import grouped
from core.findings import has_errors
from core.units import to_deg, to_mm
from sim.bending import BendingResult
from sim.flat_drawing import flat_drawing
from sim.grips import Grip
from sim.outputs import brake_program
from sim.stack_drawing import stack_pattern
from sim.time_drawing import KINDS, seconds_by_step, time_drawing
from sim.tool_drawing import beam_drawing, section_drawing


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A small table of figures that goes below the times.

    Attributes:
        title: Its heading.
        columns: Headings; the first column is text, the others are figures.
        rows: Cells as they are printed.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def setup_sheet(
    result: BendingResult, pictures: dict[str, bytes], program: dict[str, Any] | None, tables: Sequence[SheetTable] = ()
) -> str:
    """The sheet as HTML.

    Every figure that is also in `brake.json` or `summary.json` stands in an element with its key as `data-key`.

    Args:
        result: A plan with phases.
        pictures: Of `sim.world_pictures.plan_pictures`.
        program: What checking the robot program gave (`api.jobs`), or None.
        tables: Further figures.
    """
    part, plan = result.part, result.plan
    data = brake_program(result)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    times = seconds_by_step(plan)
    return environment.get_template("setup.html").render(
        part={"name": part.name, "material": part.material.name, "thickness_mm": f"{to_mm(part.thickness):g}", "mass": f"{part.mass:.2f}"},
        cell={"name": result.cell.name, "title": result.cell.title, "brake": data["brake"], "robot": result.cell.robot.model.name},
        verified=bool(plan.phases) and not has_errors(plan.findings),
        facts=_facts(result),
        program=program,
        stations=[row | {"v_mm": f"{to_mm(s.die.opening):g}", "radius_mm": f"{to_mm(s.punch.radius):g}"} for row, s in zip(data["stations"], result.setup.stations, strict=True)],
        bends=_rows(result, data["bends"]),
        pictures={name: f"data:image/png;base64,{base64.b64encode(image).decode()}" for name, image in pictures.items()},
        beam=beam_drawing(result),
        flat=flat_drawing(result),
        stack=stack_pattern(result),
        gantt=time_drawing(result),
        kinds=KINDS,
        times=times,
        sums={kind: sum(row[kind] for _, row in times) for kind in KINDS},
        duration=plan.duration,
        tables=tables,
        findings=grouped(plan.findings),
    )  # fmt: skip


def _facts(result: BendingResult) -> list[tuple[str, str, str]]:
    """Key, title and text of what stands at the top."""
    plan = result.plan
    closest = [(phase.clearance, phase.closest) for phase in plan.phases if phase.kind == "free" and phase.clearance is not None]
    clearance = "more than 50 mm"
    if closest:
        distance, pair = min(closest, key=lambda item: item[0])
        clearance = f"{to_mm(distance):.1f} mm" + (f", {pair[0]} to {pair[1]}" if pair else "")
    regrips = sum(a is not b for a, b in zip(result.grips[:-1], result.grips[1:], strict=True))
    turns = sum(a.flipped != b.flipped for a, b in zip(plan.steps[:-1], plan.steps[1:], strict=True))
    return [
        ("cycle_time_s", "cycle time", f"{plan.duration:.1f} s, {3600 / plan.duration:.0f} parts an hour" if plan.duration else "-"),
        ("quantity", "parts", f"{result.quantity}, {result.quantity * plan.duration / 60:.1f} min; {result.quantity} flat sheets"),
        ("gripper", "gripper", plan.gripper),
        ("stack_face_up", "sheets on the stack", f"{result.stack_face} face up (+z of the drawing {'up' if result.stack_face == 'top' else 'down'})"),
        ("regrips", "regrips, turns", f"{regrips}, {turns}"),
        ("clearance_mm", "closest in free moves", clearance),
    ]  # fmt: skip


def _rows(result: BendingResult, bends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for index, (row, step, grip) in enumerate(zip(bends, result.plan.steps, result.grips, strict=True)):
        before = result.plan.steps[index - 1].flipped if index else step.flipped
        station = result.setup.stations[step.station]
        rows.append(
            row
            | {
                "direction": "up" if result.part.bends[step.bends[0]].angle > 0 else "down",
                "turned": step.flipped != before,
                "regrip": index > 0 and result.grips[index - 1] is not grip,
                "grip": grip_text(result, grip),
                "tools": f"{station.punch.name} / {station.die.name}",
                "springback": f"{to_deg(step.loaded_angle - step.angle):.2f}",
                "flat": flat_drawing(result, index),
                "section": section_drawing(result, step),
            }
        )
    return rows


def grip_text(result: BendingResult, grip: Grip) -> str:
    """A grip in words."""
    how = "clamps the edge of" if grip.face == "edge" else f"{len(grip.active_cups)} cups on the {grip.face} of"
    x, y, turn = grip_place(result, grip)
    return f"{how} flange {grip.flange + 1}, {x:.0f} mm right and {y:.0f} mm up of the flat sheet's lower left corner, turned {turn:.0f}°; holds {grip.holding:.1f} times the load"


def grip_place(result: BendingResult, grip: Grip) -> tuple[float, float, float]:
    """Where the TCP is on the flat sheet, from the lower left corner of the box round it [mm], and how its x axis is turned there [deg]."""
    low_x, low_y, _, _ = result.part.flat.outline.bounds
    T = grip.T_flange_tcp
    return to_mm(float(T[0, 3] - low_x)), to_mm(float(T[1, 3] - low_y)), to_deg(float(np.arctan2(T[1, 0], T[0, 0]))) + 0.0
