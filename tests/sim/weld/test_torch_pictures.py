"""Pictures of the torch along its seams."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from cells.weld_model import WeldCell
from parts.weldment import Weldment
from sim.weld.pictures import torch_pictures
from sim.weld.plan import WeldPlan


def test_torch_is_pictured_at_three_places_of_a_seam(kr5: WeldCell, tee: tuple[Weldment, WeldPlan]) -> None:
    """The orange nozzle is in the middle of every third of the picture: the camera follows the wire's end."""
    weldment, plan = tee
    pictures = torch_pictures(kr5, weldment, plan, 1)
    (data,) = pictures.values()
    image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    assert image.shape == (364, 1080, 3) and next(iter(pictures)).startswith("seam_")
    nozzle = (image[:, :, 0] > image[:, :, 2] + 60) & (image[:, :, 0] > 120)
    for third in range(3):
        rows, columns = np.nonzero(nozzle[34:, 360 * third : 360 * (third + 1)])
        assert len(rows) > 150 and 60 < np.median(columns) < 300 and 60 < np.median(rows) < 300
    again = torch_pictures(kr5, weldment, plan, 1)
    assert again == pictures
