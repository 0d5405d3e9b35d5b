"""Films for everywhere else: GIF by Pillow, MP4 by the ffmpeg that imageio-ffmpeg brings."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from engine.errors import PeepholeError
from engine.extras import install
from tui.record import raster, timing
from tui.record.frame import Frame

if TYPE_CHECKING:
    from PIL.Image import Image

SLOW, FAST = 4, 30  # pictures a second of an MP4
COLOURS = 256  # of a GIF
EXACT = "option framerate 1000"  # for ffmpeg, which else takes 25 pictures a second for granted
NEEDS = {"gif": ("resvg_py", "PIL"), "mp4": ("resvg_py", "PIL", "imageio_ffmpeg")}


def needs(kind: str) -> None:
    """See that what draws and writes is installed.

    Raises:
        PeepholeError: it is not.
    """
    if any(find_spec(module) is None for module in NEEDS[kind]):
        raise PeepholeError(f"{kind} needs more than the base install", do=install("video"))


def write(kind: str, frames: Sequence[Frame], title: str, path: Path) -> None:
    """Write timed frames, with how far that is on stderr."""
    (_gif if kind == "gif" else _mp4)(frames, title, path)


def _pictures(frames: Sequence[Frame], zoom: int) -> Iterator[Image]:
    many = len(raster.distinct(frames))
    with click.progressbar(length=many, label="drawing", file=sys.stderr) as bar:
        yield from raster.images(frames, zoom, bar.update)


def _gif(frames: Sequence[Frame], title: str, path: Path) -> None:
    """One palette for all frames, so that what stays the same is the same in each."""
    from PIL import Image as images

    drawn = list(_pictures(frames, 1))
    most = images.new("RGB", (drawn[0].width, sum(picture.height for picture in drawn)))
    for number, picture in enumerate(drawn):
        most.paste(picture, (0, number * picture.height))
    palette = most.quantize(COLOURS, dither=images.Dither.NONE)
    few = [picture.quantize(palette=palette, dither=images.Dither.NONE) for picture in drawn]
    few[0].save(
        path,
        format="GIF",
        save_all=True,
        append_images=few[1:],
        duration=[round(frame.hold * 100) * 10 for frame in frames],
        loop=0,
        comment=title.encode(),
    )


def _mp4(frames: Sequence[Frame], title: str, path: Path) -> None:
    """H.264 that every player knows, its beats as chapters; one thread, so that it is always the same."""
    from imageio_ffmpeg import get_ffmpeg_exe

    with TemporaryDirectory(prefix="peephole-") as name:
        folder = Path(name)
        said = ["ffconcat version 1.0"]
        for number, picture in enumerate(_pictures(frames, 2)):
            picture.save(folder / f"{number}.png", compress_level=1)
            said += [f"file {number}.png", EXACT, f"duration {frames[number].hold}"]
        said += [f"file {len(frames) - 1}.png", EXACT]  # else the last one is not held
        (folder / "frames").write_text("\n".join(said))
        (folder / "chapters").write_text(_chapters(frames, title), encoding="utf-8")
        seconds, speed = sum(frame.hold for frame in frames), rate(frames)
        command = [
            get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-progress", "pipe:1",
            "-safe", "0", "-i", "frames", "-i", "chapters", "-map_metadata", "1",
            "-vf", f"fps={speed:.6f}", "-t", f"{seconds + 1 / speed:.3f}",
            "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p",
            "-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
            "-movflags", "+faststart", "-f", "mp4", str(path.resolve()),
        ]  # fmt: skip
        _encode(command, folder, round(seconds * speed))


def rate(frames: Sequence[Frame]) -> float:
    """Pictures a second, so that a tick is a whole number of them."""
    tick = min(frame.hold for frame in frames)
    return min(FAST, math.ceil(SLOW * tick) / tick)


def _encode(command: Sequence[str], folder: Path, pictures: int) -> None:
    """Have ffmpeg do it, and say how far it is."""
    ffmpeg = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert ffmpeg.stdout is not None
        assert ffmpeg.stderr is not None
        with click.progressbar(length=pictures, label="encoding", file=sys.stderr) as bar:
            for line in ffmpeg.stdout:
                if line.startswith("frame="):
                    bar.update(int(line[6:]) - bar.pos)
        wrong = ffmpeg.stderr.read().strip().splitlines()
        if ffmpeg.wait():
            raise PeepholeError(f"ffmpeg could not write it ({wrong[-1] if wrong else '?'})")
    finally:
        ffmpeg.kill()
        ffmpeg.wait()


def _chapters(frames: Sequence[Frame], title: str) -> str:
    """The beats in ffmpeg's words for metadata; times in milliseconds."""
    lines, at = [";FFMETADATA1", f"title={_plain(title)}"], 0.0
    for beat in timing.by_beat(frames):
        end = at + sum(frame.hold for frame in beat)
        times = ["[CHAPTER]", "TIMEBASE=1/1000", f"START={at * 1000:.0f}", f"END={end * 1000:.0f}"]
        lines += [*times, f"title={_plain(beat[0].title)}"]
        at = end
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """What has a meaning in metadata, with a backslash before it."""
    return "".join(f"\\{char}" if char in "=;#\\\n" else char for char in text)
