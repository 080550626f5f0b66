"""What the page costs in software rendering: `python -m bench.page RESULT_FOLDER`; figures in docs/performance.md.

Loads a result in headless Chromium without a GPU, at 1280 x 720, and measures: seconds until the cell can be used, milliseconds from frame to frame
while it plays, and the size of the offline file. The rendering threads are given two processors, as on a small laptop.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api.page import BUNDLE
from core.errors import InputError

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FRAMES = """async (seconds) => {
  const viewer = pliant.viewer(), gl = viewer.renderer.getContext(), times = [], pixel = new Uint8Array(4);
  const draw = viewer.draw.bind(viewer);
  // Reading a pixel waits for the picture to be finished, which drawing alone does not.
  viewer.draw = (fineness) => { const begin = performance.now(); draw(fineness); gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel); times.push(performance.now() - begin); };
  pliant.clock().play();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  pliant.clock().pause();
  return times;
}"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one result.

    Attributes:
        usable: From the request to the first picture [s].
        frame: Median of a frame, finished [ms].
        slow_frame: 95th percentile [ms].
        frames: How many there were.
        offline: Size of the offline file [bytes].
    """

    usable: float
    frame: float
    slow_frame: float
    frames: int
    offline: int


def browser_path() -> str | None:
    """Chromium on this machine, or None."""
    return next((path for path in BROWSERS if Path(path).exists()), None)


def measure(url: str, job: str, seconds: float = 5.0) -> Figures:
    """Opens a job of a running server and plays it.

    Raises:
        InputError: No Chromium on this machine.
    """
    from playwright.sync_api import sync_playwright

    path = browser_path()
    if path is None:
        raise InputError("no Chromium on this machine; looked for " + ", ".join(BROWSERS))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(ARGS))
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        begin = time.perf_counter()
        page.goto(f"{url}#job={job}")
        page.wait_for_selector("#page[data-ready] canvas")
        # The answer comes after the first picture is finished.
        page.evaluate("pliant.viewer().picture().length")
        usable = time.perf_counter() - begin
        page.wait_for_timeout(1500)
        times = np.array(page.evaluate(FRAMES, seconds))
        size = page.evaluate("pliant.offline().then((text) => new Blob([text]).size)")
        browser.close()
    return Figures(usable, float(np.median(times)), float(np.percentile(times, 95)), len(times), int(size))


def picture(url: str, job: str, out: Path) -> None:
    """The page with a job as a PNG of few colours: three quarters through the plan, seen from the front corner."""
    import io

    from PIL import Image
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path(), args=list(ARGS))
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{url}#job={job}&lang=en")
        page.wait_for_selector("#page[data-ready] canvas")
        page.evaluate("pliant.clock().seek(pliant.clock().duration * 0.75)")
        page.evaluate("pliant.viewer().picture().length")
        page.wait_for_timeout(1000)
        image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        browser.close()
    image.quantize(128).save(out, optimize=True)


def main() -> None:
    """The command."""
    from bench.page_server import folder_app, serving

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--picture", type=Path, help="PNG of the page instead of figures, in the middle of the plan")
    given = parser.parse_args()
    folder = given.folder
    if not (BUNDLE / "index.html").is_file():
        sys.exit("the page is not built: make web")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    if given.picture is not None:
        with serving(folder_app(folder)) as url:
            picture(url, "job", given.picture)
        return
    with serving(folder_app(folder)) as url:
        found = measure(url, "job")
    print(
        f"usable after {found.usable:.2f} s; {found.frames} frames, median {found.frame:.0f} ms, 95 % under {found.slow_frame:.0f} ms; offline file {found.offline / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
