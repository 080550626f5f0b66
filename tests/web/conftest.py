"""The page in a real browser: headless Chromium, a server over a planned result, and a watch over everything the page asks for or complains about."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.jobs import BendRequest, run_bend
from api.page import BUNDLE
from api.results import load_result
from bench.page import ARGS, browser_path
from bench.page_server import serving
from tests.web.stub import Stub

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "parts" / "bracket.yaml"


@pytest.fixture(scope="session")
def browser():
    """Chromium without a graphics card."""
    if not (BUNDLE / "index.html").is_file():
        pytest.skip("the page is not built: make web")
    path = browser_path()
    if path is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install pliant[dev]")
    with sync_api.sync_playwright() as driver:
        it = driver.chromium.launch(executable_path=path, args=list(ARGS))
        yield it
        it.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory, browser):
    """The bracket of the examples, planned."""
    out = tmp_path_factory.mktemp("bracket")
    _, files = run_bend(BendRequest(EXAMPLE), lambda stage, done, message="": None)
    for name, data in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    return out


@pytest.fixture(scope="session")
def result(folder):
    return load_result(folder)


@pytest.fixture(scope="session")
def stub(folder):
    return Stub({"bracket": folder, "again": folder})


@pytest.fixture(scope="session")
def url(stub):
    with serving(stub.app()) as it:
        yield it


class Watch:
    """What the page asked for and complained about."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def on(self, page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)


@pytest.fixture
def open_page(browser, url):
    """Opens a new page at an address's end; afterwards nothing may have gone wrong, and nothing may have been asked of another host."""
    contexts, watches = [], []

    def start(end: str = "", width: int = 1280, height: int = 720, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", **options)
        page = context.new_page()
        watch = Watch()
        watch.on(page)
        contexts.append(context)
        watches.append(watch)
        page.goto(url + end)
        page.wait_for_selector("#page[data-ready]")
        return page

    yield start
    for context, watch in zip(contexts, watches, strict=True):
        context.close()
        assert watch.complaints == []
        assert [one for one in watch.requests if not one.startswith((url, "data:", "blob:"))] == []


@pytest.fixture
def job_page(open_page):
    return open_page("#job=bracket&lang=en")
