"""A cell's logo: pictures of three kinds, and everything that is none."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from cells.load import SHIPPED, load_cell
from cells.logo import LARGEST, load_logo
from core.errors import InputError


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 4), (10, 90, 160)).save(out, kind)
    return out.getvalue()


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"/>'


@pytest.mark.parametrize(("data", "kind"), [(picture("PNG"), "image/png"), (picture("JPEG"), "image/jpeg"), (SVG, "image/svg+xml")])
def test_a_picture_becomes_a_data_url(tmp_path, data, kind):
    (tmp_path / "logo").write_bytes(data)
    head, _, body = load_logo("logo", tmp_path).partition(",")
    assert head == f"data:{kind};base64" and base64.b64decode(body) == data


@pytest.mark.parametrize(("data", "words"), [(b"<?xml version='1.0'?><html/>", "no PNG, JPEG or SVG"), (b"GIF89a", "no PNG, JPEG or SVG"), (b"", "empty"), (picture("PNG") + bytes(LARGEST), "limit")])  # fmt: skip
def test_what_is_no_logo_is_refused(tmp_path, data, words):
    (tmp_path / "logo").write_bytes(data)
    with pytest.raises(InputError, match=words):
        load_logo("logo", tmp_path)


def test_the_cell_file_names_it(tmp_path):
    text = (SHIPPED / "bending-irb4600.yaml").read_text()
    cell = tmp_path / "ours.yaml"
    cell.write_text(text.replace("\nrobot:", "\nlogo: ours.png\nrobot:", 1))
    with pytest.raises(InputError, match=r"ours\.png: no such file"):
        load_cell(cell)
    (tmp_path / "ours.png").write_bytes(picture("PNG"))
    assert load_cell(cell).logo.startswith("data:image/png;base64,")
    cell.write_text(text.replace("\nrobot:", "\nlogo: ../ours.png\nrobot:", 1))
    with pytest.raises(InputError, match="line 3"):
        load_cell(cell)
