"""`pliant seams`, `pliant weld`: weldments on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from api.console import STYLES, out_console, shown_progress, write_folder
from core.errors import InputError
from core.finding_groups import grouped
from core.findings import Finding
from parts.step_process import is_step, start_ahead

MOST_PIECES = 12


def add_weld_commands(app: typer.Typer) -> None:
    """The commands of this module."""
    app.command()(seams)
    app.command()(weld)


def seams(
    source: Annotated[Path, typer.Argument(help="a STEP assembly, or a job file (.yaml) that names a weldment")],
    min_length_mm: Annotated[float | None, typer.Option(help="shorter seams are left out; default 20")] = None,
    max_length_mm: Annotated[float | None, typer.Option(help="longer seams are left out")] = None,
    min_angle_deg: Annotated[float | None, typer.Option(help="least opening between the two faces; default 30")] = None,
    max_angle_deg: Annotated[float | None, typer.Option(help="largest opening; 180 is flush; default 200")] = None,
    max_gap_mm: Annotated[float | None, typer.Option(help="pieces further apart are not joined; default 2")] = None,
    torch_width_mm: Annotated[float | None, typer.Option(help="diameter of the gas nozzle; default 22")] = None,
    png: Annotated[bool, typer.Option("--png", help="a picture with numbered seams, beside the source or beside --out")] = False,
    out: Annotated[Path | None, typer.Option(help="a job file (.yaml) with all seams, to edit")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the list as JSON on stdout")] = False,
    force: Annotated[bool, typer.Option(help="replace existing files")] = False,
) -> None:
    """Lists and draws the seams of a weldment. Exit code 0: listed, 1: findings of error level, 2: bad input."""
    if is_step(source):
        start_ahead()
    from api.weld_seams import SeamsRequest, run_seams

    given = {
        "min_length_mm": min_length_mm, "max_length_mm": max_length_mm, "min_angle_deg": min_angle_deg, "max_angle_deg": max_angle_deg,
        "max_gap_mm": max_gap_mm, "torch_width_mm": torch_width_mm,
    }  # fmt: skip
    if out is not None and out.suffix.lower() not in (".yaml", ".yml"):
        raise InputError(f"--out '{out}' is a job file; valid endings: .yaml, .yml", file=out)
    base = out if out is not None else Path(source.name)
    targets = ({".yaml": out} if out is not None else {}) | ({".png": base.with_suffix(".png")} if png else {})
    for target in targets.values():
        if target.exists() and not force:
            raise InputError("the file exists; give --force to replace it", file=target)
    find = {key: value for key, value in given.items() if value is not None}
    with shown_progress() as progress:
        summary, files = run_seams(SeamsRequest(source, find, png, out), progress)
    for ending, target in targets.items():
        _write(target, files[ending])
    summary["files"] = [str(target) for target in targets.values()]
    if as_json:
        print(json.dumps(summary, indent=2))
    else:
        print_seams(out_console, summary)
    raise typer.Exit(1 if any(finding["level"] == "error" for finding in summary["findings"]) else 0)


def _write(target: Path, data: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".{target.name}.part")
        half.write_bytes(data)
        half.replace(target)
    except OSError as error:
        raise InputError(f"the file cannot be written: {error.strerror}", file=target) from None


def print_seams(console: Console, summary: dict[str, Any]) -> None:
    """The list for people."""
    x, y, z = summary["size_mm"]
    pieces = summary["pieces"]
    named = ", ".join(piece["name"] for piece in pieces[:MOST_PIECES]) + (
        f" and {len(pieces) - MOST_PIECES} more" if len(pieces) > MOST_PIECES else ""
    )
    mass = sum(piece["mass_kg"] for piece in pieces)
    console.print(
        f"[bold]{escape(summary['weldment'])}[/]: {x:.1f} x {y:.1f} x {z:.1f} mm, {mass:.2f} kg, {len(pieces)} pieces: {escape(named)}",
        highlight=False,
    )
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("seam", "kind", "curve", "length", "angle", "plates", "gap", "middle", "pieces"):
        table.add_column(heading, justify="left" if heading in ("kind", "curve", "pieces") else "right", no_wrap=heading != "pieces")
    for row in summary["seams"]:
        a, b = row["thickness_mm"]
        curve = row["curve"] if not row["closed"] else "circle" if row["curve"] == "arc" else "closed"
        middle = ", ".join(f"{v:.0f}" for v in row["middle_mm"])
        table.add_row(
            escape(row["name"]), row["kind"], curve, f"{row['length_mm']:.2f}", f"{row['opening_deg']:.0f}°", f"{a:g}/{b:g}", f"{row['gap_mm']:g}", middle,
            escape(" on ".join(row["pieces"])),
        )  # fmt: skip
    if summary["seams"]:
        console.print(table)
    console.print(
        f"{len(summary['seams'])} seams, {summary['total_length_mm']:.1f} mm; lengths, plates, gaps and middles in mm", highlight=False
    )
    found = grouped(Finding(**entry) for entry in summary["findings"])
    for finding in sorted(found, key=lambda one: list(STYLES).index(one.level)):
        step = f"{escape(finding.step)}: " if finding.step else ""
        console.print(f"[{STYLES[finding.level] or 'dim'}]{finding.level}[/] {step}{escape(finding.message)}", highlight=False)
        if finding.remedy:
            console.print(Padding(f"[dim]{escape(finding.remedy)}[/]", (0, 0, 0, 4)))
    times = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in summary["stage_times_s"].items())
    console.print(f"[dim]{times}[/]", highlight=False)
    if summary["files"]:
        console.print(f"written: {escape(', '.join(summary['files']))}", highlight=False)


def weld(
    source: Annotated[Path, typer.Argument(help="a STEP assembly or mesh, or a job file (.yaml)")],
    out: Annotated[Path, typer.Option(help="result folder")],
    cell: Annotated[str | None, typer.Option(help="shipped welding cell or cell file; see `pliant cells`")] = None,
    language: Annotated[str | None, typer.Option(help="krl, rapid, fanuc, inform or urscript; default: the robot's own")] = None,
    seed: Annotated[int | None, typer.Option(help="of the random generator; default: the job's, else 0")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="summary as JSON on stdout")] = False,
    force: Annotated[bool, typer.Option(help="replace an existing result folder")] = False,
) -> None:
    """Plans a welding job and writes the result folder. Exit code 0: every seam welded and verified, 1: findings of error level, 2: bad input."""
    if is_step(source):
        start_ahead()
    from api.weld import WeldRequest, run_weld

    if out.exists() and not force:
        raise InputError(f"result folder '{out}' exists; give --force to replace it", file=out)
    with shown_progress() as progress:
        summary, files = run_weld(WeldRequest(source, cell, language, seed), progress)
    write_folder(out, files)
    if as_json:
        print(json.dumps(summary, indent=2))
    else:
        print_weld(out_console, summary, out)
    raise typer.Exit(0 if summary["verified"] else 1)


def print_weld(console: Console, summary: dict[str, Any], out: Path) -> None:
    """The job for people."""
    missing = summary["not_welded"]
    verdict = "[bold green]VERIFIED[/]" if summary["verified"] else "[bold red]NOT VERIFIED[/]"
    told = f", without seam {escape(', '.join(missing))}" if missing else ""
    console.print(
        f"{verdict} {escape(summary['weldment'])} in {escape(summary['cell'])}: {summary['welded_length_mm']:.0f} of {summary['seam_length_mm']:.0f} mm welded in {summary['cycle_time_s']:.1f} s{told}",
        highlight=False,
    )
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("no.", "seam", "pass", "length", "procedure", "position", "work", "travel", "arc on"):
        table.add_column(heading, justify="left" if heading in ("seam", "procedure", "position") else "right")
    for row in summary["beads"]:
        table.add_row(
            str(row["order"]), escape(row["seam"]), str(row["bead"]), f"{row['length_mm']:.1f}", row["procedure"], row["position"],
            _angles(row["work_deg"]), _angles(row["travel_deg"]), f"{row['arc_on_s']:.1f} s",
        )  # fmt: skip
    if summary["beads"]:
        console.print(table)
    times = summary["times"]
    console.print(
        f"arc on {times['arc_on_s']:.1f} s, air {times['air_s']:.1f} s, search {times['search_s']:.1f} s, cleaning {times['cleaning_s']:.1f} s; wire {times['wire_m']:.1f} m ({times['wire_kg'] * 1e3:.0f} g), gas {times['gas_l']:.1f} l",
        highlight=False,
    )
    program = summary["program"]
    if program is not None:
        console.print(
            f"program text: {program['moves']} moves in {program['cycle_time_s']:.1f} s, at most {program['off_seam_mm']:.4f} mm beside the seams",
            highlight=False,
        )
    found = grouped(Finding(**entry) for entry in summary["findings"])
    for finding in sorted(found, key=lambda one: list(STYLES).index(one.level)):
        step = f"{escape(finding.step)}: " if finding.step else ""
        console.print(f"[{STYLES[finding.level] or 'dim'}]{finding.level}[/] {step}{escape(finding.message)}", highlight=False)
        if finding.remedy:
            console.print(Padding(f"[dim]{escape(finding.remedy)}[/]", (0, 0, 0, 4)))
    console.print(f"in {escape(str(out))}: {', '.join(summary['files'])}", highlight=False)


def _angles(span: list[float]) -> str:
    low, high = span
    return f"{low:.0f}°" if abs(high - low) < 1 else f"{low:.0f}..{high:.0f}°"
