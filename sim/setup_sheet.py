"""The setup sheet: one HTML file for the person at the brake, pictures inside, prints on A4."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from core.findings import has_errors
from core.frames import Array
from core.units import to_mm
from sim.bending import BendingResult
from sim.grips import Grip
from sim.outputs import brake_program
from sim.torques import TorqueCheck

COLORS = {"free": "#2f6fb0", "linear": "#5aa0dc", "follow": "#e08a2c", "wait": "#c9d3dc"}


def setup_sheet(
    result: BendingResult, pictures: dict[str, bytes], program: dict[str, Any] | None, torques: TorqueCheck | None = None
) -> str:
    """The sheet as HTML.

    Args:
        result: A plan with phases.
        pictures: Of `sim.world_pictures.plan_pictures`.
        program: What checking the robot program gave (`api.jobs`), or None.
        torques: Joint torques, or None to leave their table out.
    """
    part, plan = result.part, result.plan
    data = brake_program(result)
    clearances = [phase.clearance for phase in plan.phases if phase.kind == "free" and phase.clearance is not None]
    facts = [
        ("quantity per run", "1"),
        ("cycle time", f"{plan.duration:.1f} s"),
        ("gripper", plan.gripper),
        ("sheets on the stack", f"{result.stack_face} face up"),
        ("regrips", str(sum(a is not b for a, b in zip(result.grips[:-1], result.grips[1:], strict=True)))),
        ("smallest clearance of free moves", f"{to_mm(min(clearances)):.1f} mm" if clearances else "more than 50 mm"),
        ("checked by", "two collision engines, the replay in pybullet"),
    ]
    if program is not None:
        facts.append(("robot program", f"{program['language']}, {program['moves']} moves, read back, {program['largest_way_error_mm']:.2f} mm from the plan"))  # fmt: skip
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    names = ("cell.png", "stack.png", *(f"bend_{row['bend']}.png" for row in data["bends"]))
    return environment.get_template("setup.html").render(
        part={"name": part.name, "material": part.material.name, "thickness": f"{to_mm(part.thickness):g}", "mass": f"{part.mass:.2f}"},
        cell=result.cell.title,
        verified=bool(plan.phases) and not has_errors(plan.findings),
        facts=facts,
        stations=data["stations"],
        bends=_rows(result, data["bends"]),
        pictures={name: f"data:image/png;base64,{base64.b64encode(pictures[name]).decode()}" if name in pictures else "" for name in names},
        beam=_beam(result),
        flat=_flat(result),
        gantt=_gantt(result),
        torques=None if torques is None else torques.to_dict(),
        findings=[finding.to_dict() | {"remedy": finding.remedy, "step": finding.step} for finding in plan.findings],
    )


def _rows(result: BendingResult, bends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for index, (row, step, grip) in enumerate(zip(bends, result.plan.steps, result.grips, strict=True)):
        before = result.plan.steps[index - 1].flipped if index else result.plan.steps[0].flipped
        rows.append(
            row
            | {
                "direction": "up" if result.part.bends[step.bends[0]].angle > 0 else "down",
                "turned": step.flipped != before,
                "regrip": index > 0 and result.grips[index - 1] is not grip,
                "grip": grip_text(grip),
            }
        )
    return rows


def grip_text(grip: Grip) -> str:
    """A grip in words."""
    x, y = (to_mm(float(v)) for v in grip.T_flange_tcp[:2, 3])
    how = "clamps the edge of" if grip.face == "edge" else f"{len(grip.active_cups)} cups on the {grip.face} of"
    return f"{how} flange {grip.flange + 1} at x {x:.0f}, y {y:.0f} mm of the flat sheet; holds {grip.holding:.1f} times the load"


def _beam(result: BendingResult) -> Markup:
    """The beam from the robot's side with punches above and dies below, segment by segment."""
    length = to_mm(result.cell.brake.length)
    height = 118
    scale = 720 / length
    out = [f'<svg viewBox="-370 0 740 {height}" role="img" aria-label="tools on the beam">']
    out.append(
        '<rect x="-360" y="4" width="720" height="14" fill="#aab4bd"/><rect x="-360" y="78" width="720" height="14" fill="#27496d"/>'
    )
    for station in result.setup.stations:
        for segments, start, y, tall, color in (
            (station.punch_segments, station.x_start, 18, 24, "#59616e"),
            (station.die_segments, station.x_middle - sum(station.die_segments) / 2, 58, 20, "#3f4652"),
        ):
            x = to_mm(start) * scale
            for segment in segments:
                width = to_mm(segment) * scale
                out.append(
                    f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{tall}" fill="{color}" stroke="#fff" stroke-width="0.7"/>'
                )
                x += width
        middle = to_mm(station.x_middle) * scale
        out.append(
            f'<text x="{middle:.1f}" y="54" text-anchor="middle" font-size="11" font-weight="600" fill="#1b2530">station {station.index + 1}</text>'
        )
    step = 500 if length > 2000 else 250
    ticks = np.arange(-np.floor(length / 2 / step) * step, length / 2 + 1, step)
    for tick in ticks:
        out.append(
            f'<line x1="{tick * scale:.1f}" x2="{tick * scale:.1f}" y1="92" y2="98" stroke="#1b2530"/>'
            f'<text x="{tick * scale:.1f}" y="110" text-anchor="middle" font-size="10" fill="#5b6b7b">{tick:.0f}</text>'
        )
    out.append("</svg>")
    return Markup("".join(out))


def _flat(result: BendingResult) -> Markup:
    """The flat sheet with bend lines numbered in the order made, and where cups or jaws hold it."""
    part = result.part
    low_x, low_y, high_x, high_y = (to_mm(v) for v in part.flat.outline.bounds)
    span = max(high_x - low_x, high_y - low_y)
    pad, text = span * 0.05, span * 0.035
    width, height = high_x - low_x + 2 * pad, high_y - low_y + 2 * pad

    def path(ring: Any) -> str:
        return "M" + " L".join(f"{to_mm(x):.2f},{-to_mm(y):.2f}" for x, y in ring.coords) + " Z"

    shapes = " ".join(path(ring) for ring in (part.flat.outline.exterior, *part.flat.outline.interiors))
    out = [
        f'<svg viewBox="{low_x - pad:.2f} {-high_y - pad:.2f} {width:.2f} {height:.2f}" style="max-height:90mm" role="img" aria-label="flat sheet">'
    ]
    out.append(f'<path d="{shapes}" fill="#dbe7f3" stroke="#27496d" stroke-width="{span * 0.003:.3f}" fill-rule="evenodd"/>')
    for grip in {id(grip): grip for grip in result.grips}.values():
        out += [
            f'<circle cx="{to_mm(x):.2f}" cy="{-to_mm(y):.2f}" r="{max(to_mm(r), span * 0.006):.2f}" fill="#e08a2c" fill-opacity="0.55" stroke="#8a4b05" stroke-width="{span * 0.002:.3f}"/>'
            for x, y, r in _holds(result, grip)
        ]
    for step in result.plan.steps:
        for index in step.bends:
            bend = part.bends[index]
            a, b = bend.start * 1e3, bend.end * 1e3
            middle = (a + b) / 2
            out.append(
                f'<line x1="{a[0]:.2f}" y1="{-a[1]:.2f}" x2="{b[0]:.2f}" y2="{-b[1]:.2f}" stroke="#b3261e" stroke-width="{span * 0.004:.3f}" stroke-dasharray="{span * 0.02:.2f} {span * 0.01:.2f}"/>'
                f'<circle cx="{middle[0]:.2f}" cy="{-middle[1]:.2f}" r="{text * 0.8:.2f}" fill="#fff" stroke="#b3261e" stroke-width="{span * 0.003:.3f}"/>'
                f'<text x="{middle[0]:.2f}" y="{-middle[1] + text * 0.35:.2f}" font-size="{text:.2f}" text-anchor="middle" fill="#b3261e" font-weight="700">{escape(step.label)}</text>'
            )
    out.append("</svg>")
    return Markup("".join(out))


def _holds(result: BendingResult, grip: Grip) -> list[tuple[float, float, float]]:
    """Cups that seal, or the jaws' middle, in flat coordinates: x, y, radius [m]."""
    T = grip.T_flange_tcp
    if grip.face == "edge":
        return [(float(T[0, 3]), float(T[1, 3]), 0.0 if result.gripper.jaws is None else result.gripper.jaws.width / 2)]
    cups = [result.gripper.cups[index] for index in grip.active_cups]
    places = [T @ np.array([cup.x, cup.y, 0.0, 1.0]) for cup in cups]
    return [(float(p[0]), float(p[1]), cup.radius) for p, cup in zip(places, cups, strict=True)]


def _gantt(result: BendingResult) -> Markup:
    """Robot, ram and back gauge over time; one row each, one block of rows per 30 s."""
    plan = result.plan
    names = list(result.cell.brake.mechanism.joint_names)
    gauges = [i for i, name in enumerate(names) if name != "ram"]
    bars: list[tuple[int, float, float, str, str]] = []
    for phase in plan.phases:
        start, end = float(phase.times[0]), float(phase.times[-1])
        if end - start > 1e-3:
            bars.append((0, start, end, COLORS[phase.kind], f"{phase.step}, {phase.name}: {end - start:.2f} s"))
        for row, columns, color in ((1, [names.index("ram")], "#59616e"), (2, gauges, "#8b9aa8")):
            for a, b in _moving(phase.times, phase.brake[:, columns]):
                bars.append((row, a, b, color, f"{phase.step}: {b - a:.2f} s"))
    span = 30.0 if plan.duration > 30 else max(plan.duration, 1.0)
    blocks = int(np.ceil(plan.duration / span - 1e-9))
    out = [f'<svg viewBox="0 0 760 {blocks * 74 + 18}" role="img" aria-label="times of robot, ram and gauge">']
    for block in range(blocks):
        top, begin = block * 74, block * span
        for row, title in enumerate(("robot", "ram", "gauge")):
            out.append(f'<text x="0" y="{top + 12 + row * 18}" font-size="11" fill="#5b6b7b">{title}</text>')
        for row, a, b, color, title in bars:
            low, high = max(a, begin), min(b, begin + span)
            if high > low:
                x, width = 48 + (low - begin) / span * 700, max((high - low) / span * 700, 0.6)
                out.append(f'<rect x="{x:.2f}" y="{top + 2 + row * 18}" width="{width:.2f}" height="13" fill="{color}"><title>{escape(title)}</title></rect>')  # fmt: skip
        for second in np.arange(0, span + 0.1, 5 if span > 12 else 1):
            x = 48 + second / span * 700
            out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + 54}" stroke="#dde3ea" stroke-width="0.6"/>')
            out.append(f'<text x="{x:.1f}" y="{top + 65}" font-size="9" text-anchor="middle" fill="#5b6b7b">{begin + second:.0f} s</text>')
    y, x = blocks * 74 + 12, 48
    for key, title in (("free", "free move"), ("linear", "straight move"), ("follow", "follows the sheet"), ("wait", "waits")):
        out.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{COLORS[key]}"/><text x="{x + 14}" y="{y}" font-size="10" fill="#5b6b7b">{title}</text>')  # fmt: skip
        x += 120
    out.append("</svg>")
    return Markup("".join(out))


def _moving(times: Array, values: Array) -> list[tuple[float, float]]:
    """Stretches of time in which any column changes."""
    change = np.max(np.abs(np.diff(values, axis=0)), axis=1) > 1e-7
    spans: list[tuple[float, float]] = []
    for k in np.flatnonzero(change):
        if spans and abs(spans[-1][1] - times[k]) < 1e-9:
            spans[-1] = (spans[-1][0], float(times[k + 1]))
        else:
            spans.append((float(times[k]), float(times[k + 1])))
    return spans
