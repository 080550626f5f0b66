"""`python -m bench.bending`: seconds from drawing to verified robot program, stage by stage, for real parts and for the family.

Every job runs in a fresh process, one after the other, as the command line would run it. The collision kernels are compiled by a first run into an
empty cache, so that their compile time is a figure of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.cases import CELL, Case, cases
from bench.family import family, write_dxf

STAGES = ("read", "sequence", "grips", "scene", "motion", "replay", "export", "show")
LIMIT = 900.0
"""A job that takes longer is stopped and says so [s]."""


def run(case: Case, cache: Path) -> dict[str, Any]:
    """Figures of one job, measured in a child process that takes compiled kernels from `cache`."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-m", "bench.measure"]
    try:
        done = subprocess.run(
            command, input=json.dumps(case.request()), capture_output=True, text=True, env=environment, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return {"verified": False, "error": f"stopped after {LIMIT:g} s", "bends": 0, "stages_s": {}}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return {"verified": False, "error": f"crashed: {last}", "bends": 0, "stages_s": {}}
    # Libraries print lines of their own; ours is the last.
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The first run with every duration and the peak memory replaced by the median over all runs."""
    merged = dict(runs[0])
    for key in ("import_s", "total_s", "peak_mib"):
        if all(key in one for one in runs):
            merged[key] = statistics.median(one[key] for one in runs)
    merged["stages_s"] = {stage: statistics.median(one["stages_s"].get(stage, 0.0) for one in runs) for stage in runs[0]["stages_s"]}
    return merged


def to_program(figures: dict[str, Any]) -> float:
    """Seconds from the file to the verified program: all but pictures, recording and setup sheet."""
    return float(figures["total_s"] - figures["stages_s"].get("show", 0.0))


def table(rows: list[tuple[str, dict[str, Any]]]) -> Table:
    """All figures, one job per row."""
    out = Table(title="Seconds from drawing to verified program", title_justify="left")
    for column in ("part", "bends", "program s", *STAGES, "MiB", "orders", "checks", "cycle s", "result"):
        out.add_column(column, justify="left" if column in ("part", "result") else "right")
    for name, figures in rows:
        known = "total_s" in figures
        stages = [f"{figures['stages_s'][stage]:.2f}" if stage in figures["stages_s"] else "-" for stage in STAGES]
        out.add_row(
            name, str(figures["bends"]), f"{to_program(figures):.2f}" if known else "-", *stages, f"{figures['peak_mib']:.0f}" if known else "-",
            _count(figures.get("orders")), _count(figures.get("checks")), f"{figures['cycle_time_s']:.1f}" if figures.get("cycle_time_s") else "-",
            "verified" if figures["verified"] else str(figures["error"]),
        )  # fmt: skip
    return out


def _count(value: int | None) -> str:
    return "-" if value is None else str(value)


def main(arguments: list[str] | None = None) -> None:
    """Measures, prints, and writes `--json`."""
    parser = argparse.ArgumentParser(prog="python -m bench.bending", description="Seconds from drawing to verified robot program.")
    parser.add_argument("--only", default="", metavar="PATTERN", help="jobs whose name contains this")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="runs per job; medians are shown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="figures of every run as JSON")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error(f"--repeat is {options.repeat}; it must be at least 1")
    # Wide enough for the whole table where stdout is a file.
    console = Console(width=None if sys.stdout.isatty() else 240)
    notes = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="pliant-bench-") as folder:
        root = Path(folder)
        chosen, left_out = cases(options.only, root)
        for reason in left_out:
            console.print(f"left out: {reason}")
        if not chosen:
            parser.error(f"no job's name contains '{options.only}'")
        member = family()[0]
        first = Case("warm-up", str(write_dxf(member, root)), CELL, member.material, member.thickness)
        cold, warm = run(first, root / "kernels"), run(first, root / "kernels")
        if "total_s" not in cold or "total_s" not in warm:
            sys.exit(f"the warm-up failed: {cold['error'] or warm['error']}")
        compiling = cold["import_s"] + cold["total_s"] - warm["import_s"] - warm["total_s"]
        console.print(
            f"kernel compile time {compiling:.1f} s, once per machine (the first run of {member.name} less its second); imports {warm['import_s']:.1f} s"
        )
        runs = {}
        for case in chosen:
            notes.print(f"{case.name} ...", end="\r")
            runs[case.name] = [run(case, root / "kernels") for _ in range(options.repeat)]
    rows = [(name, median(several)) for name, several in runs.items()]
    console.print(table(rows))
    console.print(
        f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}; runs per job: {options.repeat}, each in a fresh process"
    )
    if options.json is not None:
        options.json.write_text(
            json.dumps({"compile_s": compiling, "import_s": warm["import_s"], "jobs": runs}, indent=2), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
