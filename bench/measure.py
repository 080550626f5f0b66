"""One job in a process of its own: `python -m bench.measure` reads a request as JSON from stdin and prints its figures as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Runs a job from file to result folder, without writing it.

    Returns:
        Seconds by stage, of imports and of the whole job; peak memory of this process [MiB]; what was planned.
    """
    start = time.perf_counter()
    from api.jobs import BendRequest, run_bend
    from core.errors import PliantError
    from core.progress import silent
    from parts.dxf import read_dxf

    imported = time.perf_counter()
    try:
        summary, _ = run_bend(BendRequest(**(request | {"source": Path(request["source"])})), silent)
    except PliantError as error:
        summary = {"verified": False, "bends": [], "findings": [{"level": "error", "message": str(error)}]}
    done = time.perf_counter()
    # Counted in the drawing, since a plan that failed has fewer; after the clock has stopped.
    bends = len(read_dxf(request["source"]).bend_lines)
    errors = [finding["message"] for finding in summary["findings"] if finding["level"] == "error"]
    return {
        "verified": summary["verified"],
        "error": errors[0] if errors else None,
        "bends": bends,
        "import_s": imported - start,
        "total_s": done - imported,
        "stages_s": summary.get("stage_times_s", {}),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "orders": summary.get("search", {}).get("orders"),
        "checks": summary.get("search", {}).get("checks"),
        "regrips": summary.get("regrips"),
        "cycle_time_s": summary.get("cycle_time_s"),
    }


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
