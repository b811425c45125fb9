"""The sandbox: what it takes, what it refuses, what survives into the view copy, and that the portal never dies."""

import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from portal.evidence.sandbox import Reading, plain_jpeg, read_upload
from tests.make import evidence as make

HOSTILE = Path(__file__).parents[3] / "shared" / "data" / "hostile" / "pdf"


def read(name: str, data: bytes, password: str = "") -> Reading:
    """What the sandbox says; it must answer for anything."""
    return read_upload(name, data, password)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photo.jpg", make.picture(kind="JPEG")),
        ("PHOTO.JPEG", make.picture(kind="JPEG")),
        ("grey.jpg", make.picture(kind="JPEG", mode="L")),
        ("press.jpg", make.picture(kind="JPEG", mode="CMYK")),
        ("slow.jpg", make.picture(kind="JPEG", progressive=True)),
        ("screen.png", make.picture(mode="RGBA", colour=(9, 9, 9, 128))),
        ("palette.png", make.picture(mode="P")),
        ("deep.png", make.picture(mode="I;16")),
        ("one-bit.png", make.picture(mode="1")),
        ("grey-alpha.png", make.picture(mode="LA")),
        ("IMG_0001.HEIC", make.heic()),
        ("流水.pdf", make.pdf()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_people_send_becomes_plain_pictures(name: str, data: bytes) -> None:
    """Every kind that is taken gives pages that carry pixels and nothing else."""
    reading = read(name, data)
    assert reading.problem == ""
    assert len(reading.pages) == 1
    assert plain_jpeg(reading.pages[0].data) == reading.pages[0]


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("HEIC", "a.heic")])
def test_nothing_but_pixels_survives(kind: str, name: str) -> None:
    """Place, maker, comment and turning are gone; the picture stands upright (EV-04, EV-05)."""
    data = make.with_position(kind)
    assert make.CANARY in data
    reading = read(name, data)
    (page,) = reading.pages
    for trace in (make.CANARY, b"Exif", b"GPS", b"xmp", b"ICC_PROFILE", b"<!--"):
        assert trace not in page.data
    assert not Image.open(io.BytesIO(page.data)).getexif()
    if kind != "HEIC":
        assert (page.width, page.height) == (80, 120)


def test_a_transparent_picture_stands_on_white() -> None:
    """What is see-through is white, not black."""
    (page,) = read("a.png", make.picture(mode="RGBA", colour=(0, 0, 0, 0))).pages
    assert Image.open(io.BytesIO(page.data)).getpixel((5, 5)) == (255, 255, 255)


def test_a_long_screenshot_is_cut_into_pages() -> None:
    """40,000 pixels at 57.6 megapixels is taken whole and stays readable (EV-03)."""
    reading = read("long.png", make.picture(1_440, 40_000, mode="RGBA", colour=(1, 2, 3, 255)))
    assert [(page.width, page.height) for page in reading.pages] == [(1_440, 4_000)] * 10


def test_a_photo_of_108_megapixels_is_read_at_a_reduced_scale() -> None:
    """It would not fit into the memory whole (EV-03)."""
    (page,) = read("big.jpg", make.picture(12_000, 9_000, kind="JPEG", colour=(90, 120, 60))).pages
    assert (page.width, page.height) == (3_200, 2_400)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bomb.png", make.picture(9_000, 9_000, mode="1")),
        ("wide.png", make.picture(40_001, 10, mode="1")),
        ("bomb.jpg", make.picture(11_000, 11_000, kind="JPEG", mode="L")),
        ("bomb.heic", make.huge_heic()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pictures_beyond_the_limits_are_refused_before_they_are_unpacked(name: str, data: bytes) -> None:
    """A few kilobytes that claim a hundred megapixels (EV-03)."""
    assert read(name, data).problem in {"too_large", "broken"}


def test_moving_pictures_are_refused() -> None:
    """One frame only."""
    assert read("a.png", make.moving_png()).problem == "moving"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIC", "PDF"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_half_a_file_is_refused(kind: str, share: float) -> None:
    """Truncated: refused, or for a PDF perhaps repaired, never a crash (EV-03)."""
    whole = {"HEIC": make.heic, "PDF": make.pdf}.get(kind, lambda: make.picture(600, 400, kind=kind))()
    reading = read(f"a.{kind.lower()}", whole[: int(len(whole) * share)])
    assert reading.problem or kind == "PDF"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", make.picture(kind="JPEG")),
        ("a.jpg", make.pdf()),
        ("a.pdf", b"<html><script>alert(1)</script></html>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.html.jpg", make.picture(kind="JPEG")),
        ("a.pdf.exe", make.pdf()),
        ("a", make.picture(kind="JPEG")),
        ("a.gif", make.picture(kind="GIF")),
        ("a.jpg", make.picture(kind="GIF")),
        ("a.jpg", make.picture(kind="TIFF")),
        ("a.zip", make.archive()),
        ("a.jpg", make.picture(kind="JPEG") + make.archive()),
        ("a.png", make.picture() + make.archive()),
        ("a.pdf", make.pdf() + make.archive()),
        ("a.jpg", make.picture(kind="JPEG", comment=b"<script>alert(1)</script>")),
        ("a.jpg", make.picture(kind="JPEG", comment=b"<html><body>")),
        ("a.jpg", make.picture(kind="JPEG", comment=b"%PDF-1.7")),
        ("a.jpg", make.picture(kind="JPEG") + b"<?php system($_GET['c']); ?>"),
        ("a.pdf", make.pdf() + b"<script>alert(1)</script>"),
        ("a.pdf", b"GIF89a" + make.pdf()),
        ("a.heic", b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1" + bytes(200)),
        ("a.heic", b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42" + bytes(200)),
    ],
)
def test_a_file_is_one_thing_and_says_so(name: str, data: bytes) -> None:
    """Ending, first bytes and content agree; nothing hides behind or inside (EV-02)."""
    assert read(name, data).problem in {"wrong_type", "two_files"}


def nested_action() -> pikepdf.Object:
    """A script four direct objects deep."""
    inner = pikepdf.Dictionary(Deep=pikepdf.Array([pikepdf.Dictionary(Deeper=make.script())]))
    return pikepdf.Dictionary(Level=pikepdf.Array([inner]))


@pytest.mark.parametrize(
    "root",
    [
        {"OpenAction": make.script()},
        {"AA": pikepdf.Dictionary(WC=make.script())},
        {"Names": pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=pikepdf.Array([])))},
        {"Names": pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=pikepdf.Array([])))},
        {"AcroForm": pikepdf.Dictionary(XFA=pikepdf.String("<xdp/>"), Fields=pikepdf.Array([]))},
        {"OpenAction": pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("cmd.exe"))},
        {"OpenAction": pikepdf.Dictionary(S=pikepdf.Name.GoToR, F=pikepdf.String("//evil/x.pdf"))},
        {"OpenAction": pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F=pikepdf.String("http://evil.test"))},
        {"Extra": pikepdf.Dictionary(Subtype=pikepdf.Name.RichMedia)},
        {"Hidden": nested_action()},
    ],
)
def test_a_pdf_that_acts_is_refused(root: dict[str, pikepdf.Object]) -> None:
    """Scripts, programs, files and remote places, also deep inside direct objects (EV-06)."""
    assert read("a.pdf", make.pdf(**root)).problem == "active"


def test_what_banks_really_put_into_a_pdf_is_taken() -> None:
    """A first view and a web address act on nobody and are gone from the view copy."""
    first_view = pikepdf.Array([0, pikepdf.Name.Fit])
    address = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("https://bank.example"))
    reading = read("a.pdf", make.pdf(OpenAction=first_view, Extra=address))
    assert reading.problem == ""
    assert b"bank.example" not in reading.pages[0].data


def test_a_locked_pdf_asks_for_its_password() -> None:
    """Politely, and opens with it."""
    locked = make.locked_pdf()
    assert read("a.pdf", locked).problem == "password"
    assert read("a.pdf", locked, "wrong").problem == "password"
    assert read("a.pdf", locked, make.PASSWORD).problem == ""


def test_long_and_deep_pdfs_are_refused() -> None:
    """More than a hundred pages; nesting without an end."""
    assert len(read("a.pdf", make.pdf(100)).pages) == 100
    assert read("a.pdf", make.pdf(101)).problem == "too_long"
    deep: pikepdf.Object = pikepdf.Array([])
    for _ in range(90):
        deep = pikepdf.Array([deep])
    assert read("a.pdf", make.pdf(Deep=deep)).problem == "too_long"


def test_a_bomb_ends_in_an_answer() -> None:
    """A page that unpacks to a gigabyte costs the child at most, never the portal."""
    reading = read("a.pdf", make.flate_bomb())
    assert reading.problem or len(reading.pages) == 1


def test_hostile_pdfs_never_break_the_portal() -> None:
    """A sample of the broken PDFs that others collected; each gets an answer."""
    if not HOSTILE.is_dir():
        pytest.skip("the folder of hostile files is not on this machine")
    for path in sorted(HOSTILE.glob("*.pdf"))[::12]:
        reading = read(path.name, path.read_bytes())
        assert bool(reading.problem) != bool(reading.pages), path.name


@pytest.mark.drill
def test_every_hostile_pdf() -> None:
    """All of them (EV-06)."""
    if not HOSTILE.is_dir():
        pytest.skip("the folder of hostile files is not on this machine")
    for path in sorted(HOSTILE.glob("*.pdf")):
        reading = read(path.name, path.read_bytes())
        assert bool(reading.problem) != bool(reading.pages), path.name


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff\xd8\xff\xd9",
        make.picture(kind="JPEG", comment=b"x"),
        make.picture(kind="JPEG") + b"tail",
        make.picture(kind="JPEG") + make.picture(kind="JPEG"),
        make.with_position(),
    ],
)
def test_the_portal_does_not_trust_its_sandbox(answer: bytes) -> None:
    """A page with a comment, a tail or a place is refused even if the child sent it."""
    with pytest.raises(ValueError, match=r".+"):
        plain_jpeg(answer)
