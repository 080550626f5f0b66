"""Tools as drawings to scale: along the beam, and the section of one bend."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from shapely import LineString, Polygon

from cells.tooling_hulls import die_span
from core.frames import Array
from core.units import to_mm
from parts.sheet import zone_strip
from sim.bend_view import beam_spans, bend_moment, flange_poses, gauge_contacts, line_ends
from sim.bending import BendingResult
from sim.drawing import BLUE, GREEN, INK, MUTED, RED, STEEL, Drawing
from sim.plan import BendStep, State, phase_state

DIE, SHEET, GHOST, FINGER = "#454d59", "#3f78b5", "#9aa7b4", "#f2bf1a"
WIDTH = 760.0
"""Of the drawing along the beam; its unit is about a quarter of a millimetre on A4."""
SLATS = 8


def beam_drawing(result: BendingResult) -> Markup:
    """The beam from the robot's side: the whole beam small, then the part with tools large, with every bend's line where it is made."""
    length = to_mm(result.cell.brake.length)
    spans = [(to_mm(a), to_mm(b)) for step in result.plan.steps for a, b in beam_spans(result, step)]
    ends = [
        edge for s in result.setup.stations for edge in (to_mm(s.x_start), to_mm(s.x_start + s.length), *(to_mm(v) for v in die_span(s)))
    ]
    low, high = min([*ends, *(a for a, _ in spans)]), max([*ends, *(b for _, b in spans)])
    margin = 0.06 * (high - low)
    low, high = low - margin, high + margin
    rows = len(result.plan.steps)
    out = Drawing(0, 0, WIDTH, 196 + 15 * rows, "tools on the beam")
    top = 196 + 15 * rows
    # The whole beam.
    whole = WIDTH / (length * 1.02)

    def at(x: float) -> float:
        return WIDTH / 2 + x * whole

    out.box(at(-length / 2), top - 14, length * whole, 10, fill="#aab4bd")
    out.box(at(-length / 2), top - 46, length * whole, 10, fill=BLUE)
    for station in result.setup.stations:
        a, b = (to_mm(v) for v in die_span(station))
        out.box(at(to_mm(station.x_start)), top - 26, to_mm(station.length) * whole, 12, fill=STEEL)
        out.box(at(a), top - 36, (b - a) * whole, 8, fill=DIE)
    step = next(s for s in (100, 250, 500) if length / s <= 10 or s == 500)
    for tick in np.arange(-np.floor(length / 2 / step) * step, length / 2 + 1, step):
        out.line(np.array([[at(tick), top - 46], [at(tick), top - 50]]), stroke=INK, width=0.8)
        out.text(at(tick), top - 59, f"{tick:.0f}", 9, fill=MUTED)
    scale = WIDTH / (high - low)
    for x, edge in ((at(low), 0.0), (at(high), WIDTH)):
        out.line(np.array([[x, top - 62], [edge, top - 72]]), stroke=MUTED, width=0.6, dash="3 2")

    def near(x: float) -> float:
        return (x - low) * scale

    for station in result.setup.stations:
        middle = near(to_mm(station.x_middle))
        out.text(middle, top - 84, f"station {station.index + 1}: {station.punch.name} over {station.die.name}", 11, bold=True)
        start = to_mm(station.x_start)
        out.text(near(start) - 4, top - 104, f"{start:g}", 9, anchor="end", fill=MUTED)
        out.text(near(start + to_mm(station.length)) + 4, top - 104, f"{start + to_mm(station.length):g}", 9, anchor="start", fill=MUTED)
        _segments(out, near(start), top - 113, 24, station.punch_segments, scale, STEEL)
        _segments(out, near(to_mm(die_span(station)[0])), top - 152, 24, station.die_segments, scale, DIE)
    y = top - 172.0
    for one in result.plan.steps:
        for a, b in beam_spans(result, one):
            out.line(np.array([[near(to_mm(a)), y], [near(to_mm(b)), y]]), stroke=RED, width=2.6)
        out.badge(near(to_mm(beam_spans(result, one)[0][0])) - 10, y, one.label, 6.5, color=RED)
        y -= 15
    out.text(
        0,
        3,
        "x along the beam in mm, 0 in the middle, seen from the robot's side; red: where each bend is made",
        10,
        anchor="start",
        fill=MUTED,
    )
    return out.svg()


def _segments(out: Drawing, x: float, y: float, height: float, segments: tuple[float, ...], scale: float, fill: str) -> None:
    for number, segment in enumerate(segments):
        width = to_mm(segment) * scale
        text = f"{to_mm(segment):g}"
        out.box(x, y, width, height, fill=fill, stroke="#fff", line=1.0, title=f"{text} mm")
        if width > 7 * len(text):
            out.text(x + width / 2, y + height / 2 - 4, text, 11, fill="#fff")
        else:
            # Neighbours take turns in two rows.
            out.text(x + width / 2, y - 7.5 - 7 * (number % 2), text, 8, fill=MUTED)
        x += width


def section_drawing(result: BendingResult, step: BendStep) -> Markup:
    """Punch, die, finger and sheet cut through the middle of the bend line; grey dashes: the sheet before; mm, gauge side to the right."""
    moment = bend_moment(result, step)
    if moment is None:
        return Markup("")
    phase, start, full = moment
    before, after = phase_state(phase, start), phase_state(phase, full)
    station, brake = result.setup.stations[step.station], result.cell.brake
    origin = brake.T_world_brake[:3, 3] + np.array([0.0, 0.0, station.die.height])
    x = _cut_at(result, step, before)
    half = float(np.clip(1.25 * max(to_mm(step.gauge_x), 4 * to_mm(station.die.opening)), 28, 90))
    unit = half / 50
    out = Drawing(-half, -0.62 * half, 2.1 * half, 1.5 * half, f"section of bend {step.label}", style="overflow: hidden")
    ram = float(after.brake[list(brake.mechanism.joint_names).index("ram")])
    tip = brake.daylight - ram - station.punch.height - station.die.height
    out.rings([station.die.section * 1e3], fill=DIE)
    out.rings([(station.punch.section + np.array([0.0, tip])) * 1e3], fill=STEEL)
    contact = gauge_contacts(result, step)[0, 0] - origin
    y, z = float(contact[1]) * 1e3, float(contact[2]) * 1e3
    tall = to_mm(brake.finger_height)
    out.box(y, z - tall / 2, 3 * half, tall, fill=FINGER, stroke="#8a6a05", line=0.4 * unit)
    t = to_mm(result.part.thickness)
    for segment in sheet_section(result, before, x, bent=False):
        out.line((segment - origin[1:]) * 1e3, stroke=GHOST, width=max(t * 0.5, 0.5 * unit), dash=f"{2.5 * unit:.2f} {1.5 * unit:.2f}")
    for segment in sheet_section(result, after, x, bent=True):
        out.line((segment - origin[1:]) * 1e3, stroke=SHEET, width=max(t, 0.7 * unit))
    low = -0.40 * half
    for edge in (0.0, y):
        out.line(np.array([[edge, low - 3 * unit], [edge, -t if edge else -0.1 * half]]), stroke=GREEN, width=0.4 * unit)
    out.line(np.array([[0.0, low], [y, low]]), stroke=GREEN, width=0.6 * unit)
    # A gauge beyond the frame is told at the frame's edge, above the line.
    beyond = y > 0.75 * half
    place = (1.05 * half, low + 2 * unit, "end") if beyond else (y + 2 * unit, low - 2 * unit, "start")
    figure = f"X {to_mm(step.gauge_x):.2f}"
    out.text(place[0], place[1], figure, 7 * unit, anchor=place[2], fill=GREEN, bold=True, halo=2 * unit)
    out.text(-0.97 * half, -0.57 * half, "robot", 6 * unit, anchor="start", fill=MUTED, halo=2 * unit)
    out.text(1.07 * half, -0.57 * half, "gauge", 6 * unit, anchor="end", fill=MUTED, halo=2 * unit)
    return out.svg()


def _cut_at(result: BendingResult, step: BendStep, state: State) -> float:
    """World x of the middle of the step's longest line [m]."""
    ends = line_ends(result, step, flange_poses(result, state), state.fold)[:, 0].reshape(-1, 2)
    return float(ends[int(np.argmax(np.abs(ends[:, 1] - ends[:, 0])))].mean())


def sheet_section(result: BendingResult, state: State, x: float, *, bent: bool) -> list[Array]:
    """The part's mid-plane cut by the plane at world x: pieces (2, 2) in (y, z) [m]; `bent` cuts the bend zones in strips."""
    part, Ts = result.part, flange_poses(result, state)
    plates: list[tuple[Array, Polygon]] = [(Ts[flange.index], flange.polygon) for flange in part.flanges]
    for bend in part.bends:
        count = SLATS if bent or abs(state.fold[bend.index]) > 1e-6 else 1
        for k in range(count):
            T = part.T_bend_child(bend.index, float(state.fold[bend.index]), (k + 0.5) / count)
            T_world = Ts[bend.parent] @ bend.T_sheet_bend @ T @ bend.T_bend_sheet
            plates += [(T_world, piece) for piece in zone_strip(part.zones[bend.index], bend, k, count)]
    return plates_section(plates, x)


def plates_section(plates: list[tuple[Array, Polygon]], x: float) -> list[Array]:
    """Flat regions, each with its pose in the world, cut by the plane at world x: pieces (2, 2) in (y, z) [m]."""
    pieces: list[Array] = []
    for T, polygon in plates:
        # Flat points p with R[0, :2] p + T[0, 3] = x are on a straight line.
        normal, offset = T[0, :2], x - T[0, 3]
        size = float(np.linalg.norm(normal))
        if size < 1e-6:
            continue
        along = np.array([-normal[1], normal[0]]) / size
        low_x, low_y, high_x, high_y = polygon.bounds
        middle = np.array([low_x + high_x, low_y + high_y]) / 2
        # The line's point nearest the region, which may be far from the drawing's origin.
        foot = middle + normal * (offset - normal @ middle) / size**2
        reach = high_x - low_x + high_y - low_y
        cut = polygon.intersection(LineString([foot - along * reach, foot + along * reach]))
        for piece in getattr(cut, "geoms", (cut,)):
            if isinstance(piece, LineString) and not piece.is_empty:
                flat = np.asarray(piece.coords)[:, :2]
                pieces.append((np.c_[flat, np.zeros(len(flat))] @ T[:3, :3].T + T[:3, 3])[:, 1:])
    return pieces
