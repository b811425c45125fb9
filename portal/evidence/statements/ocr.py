"""A local model reads a picture: boxes of text are found, each is read sign by sign, nothing leaves the machine.

Finding is rapidocr's; reading runs the model that rapidocr's wheel carries by itself, because the second best
signs are wanted too: a digit that the running balance contradicts may only be mended by what the model offers.
Installed with the extra `ocr`; without it `available` says no.
"""

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

FINDING_SIDE = 1_280
BATCH = 6
ROW_PIXELS = 48
LEAST_WIDTH = 320
MOST_WIDTH = 3_200
LEAST_OFFER = 0.01  # how likely another sign must be to count as offered
MOST_OFFERS = 3
FIGURES = frozenset("0123456789.,-+:/")


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of a text: how sure, where along the box (0 to 1), and what else it might be ("": nothing)."""

    text: str
    confidence: float
    at: float
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A text on the picture: its corners from top left clockwise, and its signs."""

    corners: tuple[tuple[float, float], ...]
    signs: tuple[Sign, ...] = ()

    @property
    def width(self) -> float:
        """The length of its upper edge."""
        (x0, y0), (x1, y1) = self.corners[:2]
        return float(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)

    @property
    def height(self) -> float:
        """The length of its left edge."""
        (x0, y0), (x1, y1) = self.corners[0], self.corners[3]
        return float(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)

    @property
    def text(self) -> str:
        """What stands in it."""
        return "".join(sign.text for sign in self.signs)

    def widened(self, share: float) -> "Box":
        """The box with a margin, as a share of its height, on all sides."""
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = self.corners
        along = ((x1 - x0) / max(1.0, self.width), (y1 - y0) / max(1.0, self.width))
        right, down = along[0] * self.height * share, along[1] * self.height * share
        low, side = (x3 - x0) * share, (y3 - y0) * share
        return Box(
            (
                (x0 - right - low, y0 - down - side),
                (x1 + right - low, y1 + down - side),
                (x2 + right + low, y2 + down + side),
                (x3 - right + low, y3 - down + side),
            )
        )

    def doubted(self) -> "Box":
        """The same signs with no confidence in them."""
        return Box(self.corners, tuple(replace(sign, confidence=0.0) for sign in self.signs))

    @property
    def confidence(self) -> float:
        """The mean over its signs, zero where none was read."""
        return sum(sign.confidence for sign in self.signs) / len(self.signs) if self.signs else 0.0


def available() -> bool:
    """Is the extra `ocr` installed?"""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def find(picture: Any) -> list[Box]:
    """The boxes of text on a picture (an array of rows of RGB), found at a reduced size."""
    found = _finder()(picture[:, :, ::-1])
    if found.boxes is None:
        return []
    return [Box(tuple((float(x), float(y)) for x, y in corners)) for corners in found.boxes]


def read(picture: Any, boxes: Iterable[Box]) -> list[Box]:
    """The same boxes with what stands in them, in the same order."""
    import numpy
    from rapidocr.utils.process_img import get_rotate_crop_image

    boxes = list(boxes)
    crops = [get_rotate_crop_image(picture, numpy.array(box.corners, dtype=numpy.float32)) for box in boxes]
    signs = _signs_of(crops)
    return [Box(box.corners, of_box) for box, of_box in zip(boxes, signs, strict=True)]


def _signs_of(crops: Sequence[Any]) -> list[tuple[Sign, ...]]:
    import numpy

    session, alphabet = _reader()
    name = session.get_inputs()[0].name
    order = sorted(range(len(crops)), key=lambda at: crops[at].shape[1] / crops[at].shape[0])
    signs: list[tuple[Sign, ...]] = [()] * len(crops)
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        widths = [_row_width(crops[at]) for at in batch]
        widest = max(LEAST_WIDTH, *widths)
        rows = numpy.stack([_row(crops[at], width, widest) for at, width in zip(batch, widths, strict=True)])
        (chances,) = session.run(None, {name: rows})
        for at, width, steps in zip(batch, widths, chances, strict=True):
            signs[at] = _decoded(steps, alphabet, widest / width)
    return signs


def _row_width(crop: Any) -> int:
    height, width = (int(side) for side in crop.shape[:2])
    return max(8, min(MOST_WIDTH, round(ROW_PIXELS * width / height)))


def _row(crop: Any, width: int, widest: int) -> Any:
    """A crop as the model wants it: 48 pixels high, values from -1 to 1, grey beyond its end."""
    import cv2
    import numpy

    small = cv2.resize(crop[:, :, ::-1], (width, ROW_PIXELS)).astype(numpy.float32)
    row = numpy.zeros((3, ROW_PIXELS, widest), dtype=numpy.float32)
    row[:, :, :width] = small.transpose((2, 0, 1)) / 127.5 - 1
    return row


def _decoded(steps: Any, alphabet: Sequence[str], stretch: float) -> tuple[Sign, ...]:
    """The signs of one row: runs of the same best class, blanks (class 0) between them."""
    best = steps.argmax(axis=1)
    signs: list[Sign] = []
    start = 0
    for step in range(1, len(best) + 1):
        if step < len(best) and best[step] == best[start]:
            continue
        if best[start]:
            peak = start + int(steps[start:step, best[start]].argmax())
            at = ((start + step) / 2) / len(best) * stretch
            chances = steps[peak]
            sign = alphabet[best[start]]
            signs.append(Sign(sign, float(chances[best[start]]), min(at, 1.0), _others(sign, chances, alphabet)))
        start = step
    return tuple(signs)


def _others(sign: str, chances: Any, alphabet: Sequence[str]) -> tuple[str, ...]:
    """What a digit or a mark might be instead, the likeliest first."""
    if sign not in FIGURES:
        return ()
    likeliest = chances.argsort()[::-1][1 : MOST_OFFERS + 1]
    offers = [alphabet[at] if at else "" for at in likeliest if chances[at] >= LEAST_OFFER]
    return tuple(offer for offer in offers if not offer or offer in FIGURES)


@cache
def _finder() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_preprocess_img": False,
            "Global.use_vertical_padding": False,
            "Global.use_cls": False,
            "Global.use_rec": False,
            "Det.limit_type": "max",
            "Det.limit_side_len": FINDING_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


@cache
def _reader() -> tuple[Any, tuple[str, ...]]:
    import rapidocr
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.enable_cpu_mem_arena = False
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    (model,) = (Path(rapidocr.__file__).parent / "models").glob("*rec*.onnx")
    session = InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    letters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    return session, ("", *letters, " ")
