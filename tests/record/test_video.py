"""Films as GIF and MP4, read again by other readers than those that wrote them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe, read_frames
from PIL import Image

from tests.record import films
from tui.record import raster, video
from tui.record.frame import Frame
from tui.record.glyphs import HIGH, WIDE
from tui.record.svg import MARGIN, cells

NEAR = 24  # steps of 255 that the coding may cost


def agrees(image: Image.Image, frame: Frame, zoom: int) -> None:
    """Whether the ground of (nearly) every blank cell is the frame's: a palette is of few colours."""
    blank = [(at, ink) for at, (char, ink) in cells(frame.rows).items() if char == " "]
    near = 0
    for (y, x), ink in blank:
        place = ((MARGIN + x * WIDE + 4) * zoom, (MARGIN + y * HIGH + 8) * zoom)
        shown = image.getpixel(place)
        assert isinstance(shown, tuple)
        near += all(abs(a - b) <= NEAR for a, b in zip(shown, bytes.fromhex(ink.bg), strict=True))
    assert near > 0.98 * len(blank)


def brief() -> list[Frame]:
    """A film in which nothing is shown for longer than a second."""
    return [replace(frame, hold=min(frame.hold, 1.0)) for frame in films.scenario()]


def test_a_gif_holds_each_frame_as_long_as_it_should(tmp_path: Path) -> None:
    frames = films.scenario()
    video.write("gif", frames, "t", tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as gif:
        assert gif.n_frames == len(frames)
        for number, frame in enumerate(frames):
            gif.seek(number)
            assert gif.info["duration"] == pytest.approx(frame.hold * 1000, abs=5)
            agrees(gif.convert("RGB"), frame, 1)
        assert gif.info["loop"] == 0


def test_an_mp4_shows_each_frame_in_its_time_and_has_chapters(tmp_path: Path) -> None:
    frames = brief()
    path = tmp_path / "film.mp4"
    video.write("mp4", frames, "A; title", path)
    told = subprocess.run([get_ffmpeg_exe(), "-i", str(path)], capture_output=True, text=True)
    assert "title           : A; title" in told.stderr
    chapters = [float(at) for at in re.findall(r"Chapter #0:\d+: start ([\d.]+)", told.stderr)]
    begins, at = [], 0.0
    for number, frame in enumerate(frames):
        if not number or frames[number - 1].beat != frame.beat:
            begins.append(at)
        at += frame.hold
    assert chapters == pytest.approx(begins, abs=0.01)
    found = re.search(r"Duration: (\d+):(\d+):([\d.]+)", told.stderr)
    assert found
    assert int(found[2]) * 60 + float(found[3]) == pytest.approx(at, abs=0.3)
    pictures = read_frames(str(path))
    columns, lines = next(pictures)["size"]
    images = [Image.frombytes("RGB", (columns, lines), data) for data in pictures]
    at, rate = 0.0, video.rate(frames)
    for frame in frames:
        first, last = round(at * rate), round((at + frame.hold) * rate) - 1
        agrees(images[first], frame, 2)
        agrees(images[last], frame, 2)
        at += frame.hold


def test_two_films_are_the_same_bytes(tmp_path: Path) -> None:
    frames = brief()[:4]
    for kind in ("gif", "mp4"):
        for name in "ab":
            video.write(kind, frames, "t", tmp_path / name)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_without_a_font_there_is_no_film_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    import resvg_py

    real = resvg_py.svg_to_bytes
    monkeypatch.setattr(
        resvg_py, "svg_to_bytes", lambda **options: real(**options, skip_system_fonts=True)
    )
    with pytest.raises(raster.PeepholeError, match="no font"):
        list(raster.images(films.scenario(), 1, lambda _: None))
