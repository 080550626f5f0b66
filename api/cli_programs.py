"""`pliant verify`, `pliant export`, `pliant diff`: robot programs on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.padding import Padding

from api.console import STYLES, out_console, shown_progress, write_folder
from core.errors import InputError

Json = Annotated[bool, typer.Option("--json", help="summary as JSON on stdout")]
Force = Annotated[bool, typer.Option(help="replace an existing folder")]
CellName = Annotated[str | None, typer.Option(help="shipped cell or cell file; see `pliant cells`")]


def add_program_commands(app: typer.Typer) -> None:
    """The commands of this module."""
    app.command()(verify)
    app.command()(export)
    app.command()(diff)


def verify(
    programs: Annotated[list[Path], typer.Argument(help="program files of one language, or a folder of them")],
    cell: CellName = None,
    job: Annotated[Path | None, typer.Option(help="result folder of the job that the program belongs to")] = None,
    gripper: Annotated[str | None, typer.Option(help="mounted in a bending cell; default: the job's, else the cell's first")] = None,
    language: Annotated[str | None, typer.Option(help="krl, rapid, fanuc, inform or urscript; default: told by the files' endings")] = None,
    skip_unknown: Annotated[bool, typer.Option(help="leave out lines that are not understood instead of stopping there")] = False,
    out: Annotated[Path | None, typer.Option(help="folder for the recording and the findings")] = None,
    as_json: Json = False,
    force: Force = False,
) -> None:
    """Reads robot programs, runs them on a cell and says what happens. Exit code 0: no findings of error level, 1: there are, 2: bad input."""
    from api.programs import VerifyRequest, run_verify

    _check_free(out, force)
    request = VerifyRequest(tuple(programs), cell, job, gripper, language, skip_unknown)
    with shown_progress() as progress:
        summary, files = run_verify(request, progress)
    if out is not None:
        write_folder(out, files)
    if as_json:
        print(json.dumps(summary, indent=2))
    else:
        _print_run(summary)
        _print_changes(summary["changes"], "against the job's plan")
        if out is not None:
            out_console.print(f"in {escape(str(out))}: {', '.join(sorted(files))}", highlight=False)
    raise typer.Exit(0 if summary["verified"] else 1)


def export(
    job: Annotated[Path, typer.Argument(help="result folder of `pliant bend` or `pliant weld`")],
    language: Annotated[str, typer.Option(help="krl, rapid, fanuc, inform or urscript")],
    out: Annotated[Path | None, typer.Option(help="folder for the program; default: robot-LANGUAGE in the result folder")] = None,
    cell: CellName = None,
    as_json: Json = False,
    force: Force = False,
) -> None:
    """Writes the robot program of a planned job in a language, reads it back and runs it. Exit code 0: written, 1: findings of error level, 2: bad input."""
    from api.programs import run_export

    target = out if out is not None else job / f"robot-{language}"
    with shown_progress() as progress:
        summary, files = run_export(job, language, cell, progress)
    if files:
        _check_free(target, force)
        write_folder(target, files)
    if as_json:
        print(json.dumps(summary, indent=2))
    else:
        _print_run(summary)
        if files:
            out_console.print(f"in {escape(str(target))}: {', '.join(sorted(files))}", highlight=False)
    raise typer.Exit(0 if files else 1)


def diff(
    one: Annotated[Path, typer.Argument(help="a program file, or a folder with one program")],
    other: Annotated[Path, typer.Argument(help="the other, in any language")],
    cell: CellName = None,
    job: Annotated[Path | None, typer.Option(help="result folder of the job they belong to")] = None,
    as_json: Json = False,
) -> None:
    """What changed from one program to another: in mm, degrees, lines and seconds. Exit code 0: the same, 1: changed, 2: bad input."""
    from api.programs import run_diff

    found = run_diff([one], [other], cell, job)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        _print_changes(found["changes"], f"from {one.name} to {other.name}")
        if found["same"]:
            out_console.print("both do the same")
    raise typer.Exit(0 if found["same"] else 1)


def _check_free(out: Path | None, force: bool) -> None:
    if out is not None and out.exists() and not force:
        raise InputError("the folder exists; give --force to replace it", file=out)


def _print_run(summary: dict[str, Any]) -> None:
    from api.programs import clearance_text

    run = summary["run"]
    errors = sum(finding["level"] == "error" for finding in summary["findings"])
    verdict = "[bold green]VERIFIED[/]" if summary["verified"] else f"[bold red]NOT VERIFIED[/], {errors} error{'' if errors == 1 else 's'}"
    told = (
        ""
        if run is None
        else f": {run['moves']} moves in {run['cycle_time_s']:.1f} s; closest in free moves: {escape(clearance_text(summary))}"
    )
    if run is not None and run.get("beads"):
        told += f"; {run['beads']} beads, at most {run['off_seam_mm']:.4f} mm beside their seams"
    out_console.print(f"{verdict} {summary['language']} in {summary['cell']}{told}", highlight=False)
    for finding in sorted(summary["findings"], key=lambda one: list(STYLES).index(one["level"])):
        style = STYLES[finding["level"]] or "dim"
        out_console.print(f"[{style}]{finding['level']}[/] {escape(finding['message'])}", highlight=False)
        if finding["remedy"]:
            out_console.print(Padding(f"[dim]{escape(finding['remedy'])}[/]", (0, 0, 0, 4)))


def _print_changes(changes: list[dict[str, Any]], title: str) -> None:
    from robots.programs.compare import change_table

    if changes:
        out_console.print(f"[bold]{len(changes)} change{'' if len(changes) == 1 else 's'}[/] {escape(title)}")
        # Columns of places stay in line however narrow the terminal is.
        out_console.print(change_table(changes), end="", markup=False, highlight=False, soft_wrap=True)
