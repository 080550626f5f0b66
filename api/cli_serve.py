"""`pliant serve`: the HTTP server on the command line."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from api.console import err_console

DATA = Path("pliant-data")


def serve(
    host: Annotated[str, typer.Option(help="address to listen at; any but this machine's own needs --api-key")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    store: Annotated[str | None, typer.Option(help="SQLAlchemy URL of the job list; default: SQLite in the data folder")] = None,
    data: Annotated[Path, typer.Option(help="folder of jobs and own cells; made when missing")] = DATA,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="jobs at a time; default: one per core")] = None,
    executor: Annotated[str | None, typer.Option(help="dask://HOST:PORT runs the jobs on a Dask cluster")] = None,
    api_key: Annotated[str | None, typer.Option(envvar="PLIANT_API_KEY", help="wanted from every caller, at least 12 characters")] = None,
    memory_mb: Annotated[int, typer.Option(min=1000, help="memory of one job [MB]")] = 6000,
    time_s: Annotated[int, typer.Option(min=1, help="time of one job [s]")] = 3600,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="plan the example parts at the first start")] = True,
) -> None:
    """Serves HTTP and the page; routes are described at /docs. Ends with Ctrl-C; jobs that ran then go on at the next start."""
    from api.job_task import JobLimits
    from api.server_settings import ServerSettings, checked_for_host

    settings = ServerSettings(
        data=data, store=store, workers=workers or os.cpu_count() or 1, executor=executor, api_key=api_key or None, demo=demo,
        limits=JobLimits(memory_mb, time_s, time_s),
    )  # fmt: skip
    checked_for_host(settings, host)
    import uvicorn

    from api.http import create_app

    app = create_app(settings)
    logging.disable(logging.NOTSET)
    err_console.print(f"Pliant at http://{host}:{port}, routes at /docs; jobs lie in {data}", highlight=False)
    uvicorn.run(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=3, timeout_keep_alive=30, server_header=False)
