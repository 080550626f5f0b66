"""The command line: `pliant bend`, `pliant unfold`, `pliant check`, `pliant schema`, `pliant cells | robots | tools`; commands for programs stand in `api.cli_programs`, for weldments in `api.cli_weld`, the server's in `api.cli_serve`."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.cli_programs import add_program_commands
from api.cli_serve import serve
from api.cli_tables import print_summary
from api.cli_weld import add_weld_commands
from api.console import STYLES, err_console, out_console, shown_progress, write_folder
from core.errors import InputError, PliantError, UnknownNameError
from core.findings import has_errors
from parts.step_process import is_step, start_ahead

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Offline programming for press-brake bending cells and arc-welding cells."
)
add_program_commands(app)
app.command()(serve)
add_weld_commands(app)


@app.callback()
def _root() -> None:
    """Offline programming for press-brake bending cells."""


@app.command()
def bend(
    source: Annotated[Path, typer.Argument(help="a flat DXF, a folded STEP part, or a job file (.yaml)")],
    out: Annotated[Path, typer.Option(help="result folder")],
    cell: Annotated[str | None, typer.Option(help="shipped cell or cell file; see `pliant cells`")] = None,
    material: Annotated[str | None, typer.Option(help="see `pliant tools`")] = None,
    thickness_mm: Annotated[float | None, typer.Option(help="sheet thickness; a STEP part says it itself")] = None,
    angle_deg: Annotated[float | None, typer.Option(help="bend angle where the drawing says none")] = None,
    direction: Annotated[str | None, typer.Option(help="up or down, where the drawing says none; up when an angle is given")] = None,
    radius_mm: Annotated[float | None, typer.Option(help="inner radius where the drawing says none")] = None,
    units: Annotated[str | None, typer.Option(help="mm, cm, m, inch, ft: overrides the drawing")] = None,
    gripper: Annotated[str | None, typer.Option(help="one of the cell's grippers")] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            help="what lies on a layer of the drawing: NAME=ROLE, ROLE one of bend, bend-up, bend-down, outline, ignore; may be repeated"
        ),
    ] = None,
    solid: Annotated[str | None, typer.Option(help="number or name of the solid, where a STEP file holds several")] = None,
    bend_table: Annotated[Path | None, typer.Option(help="the shop's own flat widths, a CSV file (docs/bending.md)")] = None,
    seed: Annotated[int | None, typer.Option(help="of the random generator; default: the job file's, else 0")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="summary as JSON on stdout")] = False,
    force: Annotated[bool, typer.Option(help="replace an existing result folder")] = False,
) -> None:
    """Plans a bending job and writes the result folder. Exit code 0: planned, 1: findings of error level, 2: bad input."""
    if is_step(source):
        start_ahead()
    from api.jobs import BendRequest, run_bend

    layers = _layers(layer or [])
    request = BendRequest(
        source, cell, material, thickness_mm, angle_deg, direction, radius_mm, units, gripper, seed, layers, solid, bend_table
    )
    if out.exists() and not force:
        raise InputError(f"result folder '{out}' exists; give --force to replace it", file=out)
    with shown_progress() as progress:
        summary, files = run_bend(request, progress)
    write_folder(out, files)
    if as_json:
        print(json.dumps(summary, indent=2))
    else:
        print_summary(out_console, summary, out)
    raise typer.Exit(1 if summary["verified"] is False else 0)


def _layers(options: list[str]) -> dict[str, str]:
    from parts.dxf_conventions import checked_role

    layers: dict[str, str] = {}
    for option in options:
        name, equals, role = option.rpartition("=")
        if not equals or not name:
            raise InputError(f"option --layer '{option}' is not NAME=ROLE")
        layers[name] = checked_role(role)
    return layers


@app.command()
def unfold(
    source: Annotated[Path, typer.Argument(help="a folded STEP part")],
    out: Annotated[Path, typer.Option(help="the flat, as DXF")],
    material: Annotated[str, typer.Option(help="see `pliant tools`; gives the K-factor")] = "mild-steel",
    solid: Annotated[str | None, typer.Option(help="number or name of the solid, where the file holds several")] = None,
    k_factor: Annotated[
        float | None, typer.Option(help="neutral fibre from the inner face over thickness; default: the material's")
    ] = None,
    allowance: Annotated[str, typer.Option(help="k-factor or din-6935")] = "k-factor",
    bend_table: Annotated[Path | None, typer.Option(help="the shop's own measurements, a CSV file (docs/bending.md)")] = None,
    radius_mm: Annotated[float | None, typer.Option(help="inner radius of bends modelled without one")] = None,
    by: Annotated[str, typer.Option("--convention", help="of the DXF's layers: generic, inventor, solidworks")] = "generic",
    png: Annotated[bool, typer.Option("--png", help="also a picture beside the DXF: folded, flat, refolded")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="summary as JSON on stdout")] = False,
    force: Annotated[bool, typer.Option(help="replace existing files")] = False,
) -> None:
    """Unfolds a STEP part and checks the flat. Exit code 0: unfolded, 1: findings of error level, 2: bad input, or no bent sheet."""
    start_ahead()
    from api.cli_unfold import print_unfolded, write_beside
    from api.unfold import UnfoldRequest, run_unfold, summary_json

    request = UnfoldRequest(source, material, solid, k_factor, allowance, radius_mm, by, png, bend_table)
    with shown_progress() as progress:
        summary, files = run_unfold(request, progress)
    summary["files"] = write_beside(out, files, force=force)
    if as_json:
        print(summary_json(summary))
    else:
        print_unfolded(out_console, summary)
    raise typer.Exit(1 if any(finding["level"] == "error" for finding in summary["findings"]) else 0)


@app.command()
def check(
    cell: Annotated[str, typer.Argument(help="shipped cell or cell file")],
    out: Annotated[Path | None, typer.Option(help="folder for the plan from above and pictures")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="findings as JSON on stdout")] = False,
    force: Annotated[bool, typer.Option(help="replace an existing folder")] = False,
) -> None:
    """Looks at a bending or welding cell and draws it: reach, collisions at rest, home, signals. Exit code 1: findings of error level, 2: bad input."""
    from api.jobs import look_at_cell

    if out is not None and out.exists() and not force:
        raise InputError(f"folder '{out}' exists; give --force to replace it", file=out)
    looked, files = look_at_cell(cell, pictures=out is not None)
    if out is not None:
        write_folder(out, files)
    if as_json:
        print(json.dumps([finding.to_dict() for finding in looked.findings], indent=2))
    else:
        table = Table(title=looked.cell.title, show_lines=False)
        for column in ("level", "where", "finding", "remedy"):
            table.add_column(column)
        for finding in looked.findings:
            table.add_row(finding.level, finding.step, finding.message, finding.remedy, style=STYLES[finding.level])
        out_console.print(table)
        if out is not None:
            out_console.print(f"drawn in {out}: {', '.join(sorted(files))}")
    raise typer.Exit(1 if has_errors(looked.findings) else 0)


@app.command()
def schema(kind: Annotated[str, typer.Argument(help="cell, job, weld-cell or weld")]) -> None:
    """JSON Schema of cell files and of bending and welding jobs, for editors."""
    from cells.schema import json_schema as cell_schema
    from cells.weld_schema import json_schema as weld_cell_schema
    from parts.job import json_schema as job_schema
    from parts.weld_job import json_schema as weld_schema

    schemas = {"cell": cell_schema, "job": job_schema, "weld-cell": weld_cell_schema, "weld": weld_schema}
    if kind not in schemas:
        raise UnknownNameError("schema", kind, list(schemas))
    print(json.dumps(schemas[kind](), indent=2))


@app.command()
def cells() -> None:
    """Shipped cells."""
    from cells.load import cell_names, load_cell
    from cells.weld_load import load_weld_cell, weld_cell_names

    table = Table("cell", "title", "robot", "brake", "grippers")
    for name in cell_names():
        it = load_cell(name)
        table.add_row(name, it.title, it.robot.model.name, it.brake.name, ", ".join(g.name for g in it.grippers))
    out_console.print(table)
    welding = Table("welding cell", "title", "robot", "torch", "workpiece on")
    for name in weld_cell_names():
        cell = load_weld_cell(name)
        holder = "table" if cell.positioner is None else cell.positioner.name
        welding.add_row(name, cell.title, cell.robot.model.name, cell.torch.name, holder)
    out_console.print(welding)


@app.command()
def robots() -> None:
    """Shipped robots."""
    from robots.catalogue import robot_entry, robot_names

    table = Table("robot", "title", "payload kg", "reach m", "language")
    for name in robot_names():
        entry = robot_entry(name)
        table.add_row(name, entry["title"], f"{entry['payload_kg']:g}", f"{entry['reach_m']:g}", entry["language"])
    out_console.print(table)


@app.command()
def tools() -> None:
    """Shipped punches, dies, grippers, torches, positioners, welding procedures and materials."""
    from cells.machines import gripper_names, machine_title
    from cells.tool_catalogue import die_names, load_die, load_punch, punch_names
    from cells.weld_machines import load_procedure, positioner_names, procedure_names, torch_names, weld_machine_title
    from parts.materials import materials

    table = Table("kind", "name", "figures")
    for name in punch_names():
        punch = load_punch(name)
        table.add_row(
            "punch", name, f"{punch.style}, height {punch.height * 1e3:g} mm, tip R {punch.radius * 1e3:g} mm, {punch.rating / 1e3:g} kN/m"
        )
    for name in die_names():
        die = load_die(name)
        table.add_row("die", name, f"V {die.opening * 1e3:g} mm, height {die.height * 1e3:g} mm, {die.rating / 1e3:g} kN/m")
    for name in gripper_names():
        table.add_row("gripper", name, machine_title("grippers", name))
    for kind, key, names in (("torch", "torches", torch_names()), ("positioner", "positioners", positioner_names())):
        for name in names:
            table.add_row(kind, name, weld_machine_title(key, name))
    for name in procedure_names():
        way = load_procedure(name)
        sheets = f"{way.thickness_min * 1e3:g} to {way.thickness_max * 1e3:g} mm"
        table.add_row("procedure", name, f"{', '.join(way.kinds)}, {sheets}, {way.speed * 1e3:g} mm/s, wire {way.wire_feed * 60:g} m/min")
    for name, it in materials().items():
        table.add_row("material", name, f"Rm {it.tensile_strength / 1e6:g} MPa, K {it.k_factor:g}, {it.density:g} kg/m3")
    out_console.print(table)


def main() -> None:
    """Entry point: errors in one line, exit code 2 for bad input."""
    logging.disable(logging.WARNING)
    try:
        app()
    except PliantError as error:
        err_console.print(f"[bold red]error[/] ({error.code}): ", end="")
        err_console.print(str(error), markup=False, highlight=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
