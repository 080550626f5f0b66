"""Where the tools stand on the beam: stations side by side, made up of the segments in stock."""

from __future__ import annotations

from collections.abc import Sequence

from cells.model import Brake, ToolStock
from cells.tooling import Die, Punch, ToolSetup, ToolStation
from cells.tooling_hulls import compose_all
from core.findings import Finding
from core.units import to_mm
from parts.sheet import SheetPart
from sim.tool_choice import ToolPair


def _segments(stock: ToolStock, tools: Sequence[Punch | Die], lengths: list[float]) -> tuple[list[tuple[float, ...]], list[Finding]]:
    """Segments of the tool of every station, each taken from the shop once; where they do not add up, one piece and a finding."""
    out: list[tuple[float, ...]] = [(length,) for length in lengths]
    findings = []
    for name in dict.fromkeys(tool.stock_name for tool in tools):
        mine = [i for i, tool in enumerate(tools) if tool.stock_name == name]
        found = compose_all(tuple(lengths[i] for i in mine), segments_of(stock, name))
        if found is None:
            told = " and ".join(f"{to_mm(lengths[i]):.0f} mm (station {i + 1})" for i in mine)
            message = f"the segments of {name} in stock do not add up to {told}"
            findings.append(Finding("error", "no-segments", message, "add segments, or make the part in two set-ups", "tools"))
            continue
        for i, segments in zip(mine, found, strict=True):
            out[i] = segments
    return out, findings


def lay_out(
    part: SheetPart, brake: Brake, stock: ToolStock, wanted: list[tuple[ToolPair, float]]
) -> tuple[ToolSetup, dict[tuple[str, str, float], int], list[Finding]]:
    """Stations side by side on the beam, longest first.

    Args:
        part: The part.
        brake: The machine.
        stock: Tools in the shop; every segment is used once.
        wanted: Tools and their length along the beam [m], once for every stroke that needs them.

    Returns:
        The set-up; the station of each (punch, die, length); findings of error level for what does not fit.
    """
    pairs = {(pair.punch.name, pair.die.name, length): pair for pair, length in wanted}
    keys = sorted(pairs, key=lambda key: -key[2])
    findings: list[Finding] = []
    if not keys:
        return ToolSetup(()), {}, findings
    # Between two stations there is room for the part to overhang, as far as the beam allows.
    bounds = part.flat.outline.bounds
    width = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    gaps = [max(0.05, (width - min(a[2], b[2])) / 2 + 0.02) for a, b in zip(keys[:-1], keys[1:], strict=True)]
    total = sum(key[2] for key in keys) + sum(gaps)
    if total > brake.length:
        short = sum(key[2] for key in keys)
        scale = max(0.0, (brake.length - short) / max(sum(gaps), 1e-9))
        gaps = [gap * scale for gap in gaps]
        total = short + sum(gaps)
        if total > brake.length + 1e-9:
            findings.append(
                Finding(
                    "error",
                    "beam-too-short",
                    f"the stations need {to_mm(total):.0f} mm of beam, the brake has {to_mm(brake.length):.0f} mm",
                    "split the job or use a longer brake",
                    "tools",
                )
            )
    lengths = [key[2] for key in keys]
    punch_segments, short_punches = _segments(stock, [pairs[key].punch for key in keys], lengths)
    die_segments, short_dies = _segments(stock, [pairs[key].die for key in keys], lengths)
    findings += [*short_punches, *short_dies]
    stations = []
    x = -total / 2
    for index, key in enumerate(keys):
        stations.append(ToolStation(index, pairs[key].punch, pairs[key].die, x, punch_segments[index], die_segments[index]))
        x += key[2] + (gaps[index] if index < len(gaps) else 0.0)
    for what, heights in (("dies", [st.die.height for st in stations]), ("punches", [st.punch.height for st in stations])):
        if max(heights) - min(heights) > 1e-5:
            told = ", ".join(f"{to_mm(h):g}" for h in sorted(set(heights)))
            message = f"{what} of different heights ({told} mm) cannot be mounted together"
            findings.append(
                Finding("error", "tool-heights", message, f"use {what} of one height, or make the part in two set-ups", "tools")
            )
    return ToolSetup(tuple(stations)), {key: index for index, key in enumerate(keys)}, findings


def segments_of(stock: ToolStock, name: str) -> tuple[float, ...]:
    """Lengths [m] of the segments of a tool in stock, with repeats."""
    return stock.segments.get(name) or stock.segments["*"]
