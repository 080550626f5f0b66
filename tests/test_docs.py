"""The manual names what there is: every module in docs/architecture.md, every link and every page that is spoken of exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = ("core", "parts", "robots", "cells", "sim", "api", "bench")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```.*?^```", re.M | re.S)


def modules() -> list[str]:
    """`sim/bending` for every file of code, packages' own files left out."""
    paths = [path for folder in CODE for path in (ROOT / folder).rglob("*.py") if path.name != "__init__.py"]
    return sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in paths)


def named_in_table() -> list[str]:
    """Modules as the first column of the table of docs/architecture.md names them: `sim/a, b, c`."""
    text = (ROOT / "docs" / "architecture.md").read_text().split("\n## Modules\n")[1].split("\n## ")[0]
    rows = [row.split("|")[1].strip() for row in text.splitlines() if re.match(r"\| [a-z]+/", row)]
    named = []
    for row in rows:
        folder = ""
        for name in row.split(", "):
            folder = name.rpartition("/")[0] if "/" in name else folder
            named.append(f"{folder}/{name.rpartition('/')[2]}")
    return named


def anchors(page: Path) -> set[str]:
    """What `#...` may point to: headings as hosts of repositories turn them into anchors."""
    heads = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_architecture_names_every_module_once():
    named = named_in_table()
    assert sorted(named) == modules()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page):
    for target in LINK.findall(BLOCK.sub("", page.read_text())):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        assert aim.is_relative_to(ROOT) and aim.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(aim), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page):
    """Paths in code quotes below folders of the project, like `sim/scene.py` or `docs/schema/cell.json`."""
    below = "|".join((*CODE, "docs", "examples", "tests", "urdf"))
    for name in re.findall(rf"`((?:{below})/[\w./-]+\.\w+)`", page.read_text()):
        assert (ROOT / name).exists(), f"{page.name}: {name}"


def test_pages_that_the_code_speaks_of_exist():
    files = [path for folder in (*CODE, "examples", "urdf") for path in (ROOT / folder).rglob("*.py")]
    spoken = {(path.name, page) for path in files for page in re.findall(r"docs/[\w/]+\.md", path.read_text())}
    assert len(spoken) > 5
    assert [name for name in sorted(spoken) if not (ROOT / name[1]).exists()] == []


def test_every_page_is_reached_from_the_readme():
    linked = {target.partition("#")[0] for target in LINK.findall((ROOT / "README.md").read_text())}
    assert {page.relative_to(ROOT).as_posix() for page in PAGES} - {"README.md"} <= linked
