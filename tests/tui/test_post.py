"""The post: the latest state to everybody, nobody waits for anybody, and nothing that is sent breaks it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import PeepholeError
from tests.waiting import PATIENCE, until
from tui.following.link import Link
from tui.post import BAD, LONGEST, Post
from tui.sockets import playing, private

HERE = {"here": False, "by": "ada"}  # nobody yet


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "peephole" / "play-1.sock"


@pytest.fixture
async def post(path: Path) -> AsyncIterator[Post]:
    made = Post(path, by="ada")
    await made.start()
    yield made
    await made.stop()


class Client:
    """A connection of bare bytes, so that nothing of ours checks ours."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, path: Path, role: str = "") -> Client:
        client = cls()
        client.reader, client.writer = await asyncio.open_unix_connection(str(path), limit=1 << 20)
        if role:
            client.send({"as": role})
        return client

    def send(self, said: Any) -> None:
        self.writer.write(json.dumps(said).encode() + b"\n")

    async def next(self) -> Any:
        async with asyncio.timeout(PATIENCE):
            line = await self.reader.readline()
        return json.loads(line) if line else None

    async def ended(self) -> bool:
        """Whether the other side closes the connection."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionResetError):
                await self.reader.read()
        return True


async def test_all_who_listen_get_what_is_published_and_later_ones_the_latest(post: Post) -> None:
    first = await Client.to(post.path, "listener")
    assert await first.next() == HERE
    presenter = await Client.to(post.path, "publisher")
    assert await presenter.next() == {"watching": 1}
    presenter.send({"beat": 1})
    assert await first.next() == {"here": True, "state": {"beat": 1}}
    second = await Client.to(post.path, "listener")
    assert await second.next() == {"here": True, "state": {"beat": 1}}
    assert await presenter.next() == {"watching": 2}
    presenter.writer.close()
    assert await first.next() == await second.next() == HERE
    again = await Client.to(post.path, "publisher")
    again.send({"beat": 2})
    assert await first.next() == {"here": True, "state": {"beat": 2}}


async def test_the_same_presenter_twice_is_told_and_counts_again_when_the_second_leaves(
    post: Post,
) -> None:
    listener = await Client.to(post.path, "listener")
    assert await listener.next() == HERE
    first = await Client.to(post.path, "publisher")
    assert await first.next() == {"watching": 1}
    first.send({"beat": 1})
    assert await listener.next() == {"here": True, "state": {"beat": 1}}
    second = await Client.to(post.path, "publisher")
    assert await second.next() == {"watching": 1}
    assert await first.next() == {"watching": 1, "elsewhere": True}
    second.send({"beat": 5})
    assert await listener.next() == {"here": True, "state": {"beat": 5}}
    first.send({"beat": 2})  # reaches nobody, and is not forgotten
    await until(lambda: {"beat": 2} in post._publishers.values())
    second.writer.close()
    assert await listener.next() == {"here": True, "state": {"beat": 2}}
    assert await first.next() == {"watching": 1}
    first.writer.close()
    assert await listener.next() == HERE


async def test_of_two_who_publish_the_last_one_counts(post: Post) -> None:
    listener = await Client.to(post.path, "listener")
    assert await listener.next() == HERE
    one = await Client.to(post.path, "publisher")
    one.send({"by": 1})
    assert (await listener.next())["state"] == {"by": 1}
    two = await Client.to(post.path, "publisher")
    two.send({"by": 2})
    assert (await listener.next())["state"] == {"by": 2}
    one.send({"by": 1})
    one.writer.close()  # what it said is read before it is gone, and passed over
    await until(lambda: len(post._publishers) == 1)
    two.send({"by": 22})
    assert (await listener.next())["state"] == {"by": 22}


async def test_who_reads_nothing_costs_one_line_and_harms_nobody(post: Post) -> None:
    """A listener that never reads; another one that does gets the last of many large states."""
    stalled = socket.socket(socket.AF_UNIX)
    stalled.connect(str(post.path))
    stalled.sendall(b'{"as": "listener"}\n')
    await until(lambda: post.watching == 1)
    reader = await Client.to(post.path, "listener")
    assert await reader.next() == HERE
    text = "x" * 100_000

    def stuck() -> list[int]:
        """What waits to be sent, in bytes."""
        waiting = [box._writer.transport.get_write_buffer_size() for box in post._listeners]
        return [size for size in waiting if size]

    async def read_on() -> None:
        found: Any = {"here": False}
        while not found["here"] or found["state"]["number"] < 999:
            found = await reader.next()

    reading = asyncio.create_task(read_on())
    for number in range(1000):
        post.publish({"number": number, "text": text})
        await asyncio.sleep(0.002 if number < 500 and not stuck() else 0)
    await reading  # as soon as ever
    await until(lambda: len(stuck()) == 1)
    assert stuck()[0] < LONGEST + len(text)
    assert post.watching == 2
    stalled.close()
    await until(lambda: post.watching == 1)


async def test_commands_are_taken_by_a_post_that_takes_them(path: Path) -> None:
    told: list[dict] = []
    post = Post(path, told.append)
    await post.start()
    listener = await Client.to(path, "listener")
    listener.send({"do": "next"})
    listener.send({"do": "beat", "number": 3})
    await until(lambda: len(told) == 2)
    assert told == [{"do": "next"}, {"do": "beat", "number": 3}]
    for _ in range(1000):
        listener.send({"do": "next"})
    listener.writer.write_eof()
    await until(lambda: post.watching == 0)
    assert len(told) < 200  # a burst is cut
    await post.stop()


async def test_in_follow_mode_a_listener_can_say_nothing(post: Post) -> None:
    listener = await Client.to(post.path, "listener")
    listener.send({"do": "next"})
    listener.send({"state": {"beat": 9}})
    assert await listener.next() == HERE
    other = await Client.to(post.path, "listener")
    assert await other.next() == HERE


async def test_bad_lines_are_passed_over_and_many_of_them_end_it(post: Post) -> None:
    listener = await Client.to(post.path, "listener")
    assert await listener.next() == HERE
    presenter = await Client.to(post.path, "publisher")
    for line in (b"\n", b"no json\n", b"[1]\n", b"[" * 5000 + b"\n", b"\xff\xfe\n", b"null\n"):
        presenter.writer.write(line)
    presenter.send({"beat": 1})
    assert (await listener.next())["state"] == {"beat": 1}
    presenter.writer.write(b"{\n" * BAD)
    assert await presenter.ended()
    assert await listener.next() == HERE


async def test_a_line_without_end_is_cut_off(post: Post) -> None:
    presenter = await Client.to(post.path, "publisher")
    presenter.writer.write(b'{"a": "' + b"x" * (4 * LONGEST))
    assert await presenter.ended()


@given(data=st.lists(st.binary(max_size=60), max_size=8))
def test_nothing_that_is_sent_breaks_the_post(
    tmp_path_factory: pytest.TempPathFactory, data: list[bytes]
) -> None:
    async def run() -> None:
        post = Post(tmp_path_factory.mktemp("post") / "p" / "s.sock", lambda _: None)
        await post.start()
        for sent in data:
            client = await Client.to(post.path)
            client.writer.write(sent)
            client.writer.write_eof()
            await client.ended()
        listener = await Client.to(post.path, "listener")
        post.publish({"beat": 1})
        while (await listener.next()) != {"here": True, "state": {"beat": 1}}:
            pass
        await post.stop()

    asyncio.run(run())


# The socket ---------------------------------------------------------------------------------------


async def test_only_this_user_can_reach_the_socket(post: Post) -> None:
    assert stat.S_IMODE(post.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(post.path.parent.stat().st_mode) == 0o700


async def test_a_folder_that_others_may_enter_is_closed_and_a_link_is_refused(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(PeepholeError, match="not a folder of yours"):
        private(tmp_path / "link")
    (tmp_path / "file").write_text("")
    with pytest.raises(PeepholeError, match="no sockets can be kept"):
        private(tmp_path / "file")
    everybody = tmp_path / "everybody"
    everybody.mkdir()
    everybody.chmod(0o777)
    with pytest.raises(PeepholeError, match="others can replace it"):
        private(everybody / "peephole")


async def test_a_socket_that_a_dead_process_left_is_replaced(path: Path) -> None:
    private(path.parent)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert playing(path.parent) == []
    assert not path.exists()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    post = Post(path)
    await post.start()
    assert playing(path.parent) == [path]
    with pytest.raises(PeepholeError, match="another post"):
        await Post(path).start()
    await post.stop()
    assert not path.exists()


async def test_what_is_no_socket_is_left_alone(path: Path) -> None:
    private(path.parent)
    path.write_text("mine")
    with pytest.raises(PeepholeError, match="no socket can be made"):
        await Post(path).start()
    assert playing(path.parent) == []
    assert path.read_text() == "mine"


async def test_a_path_that_is_too_long_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(PeepholeError, match="no socket can be made"):
        await Post(tmp_path / ("x" * 120) / "play-1.sock").start()


async def test_stopping_leaves_nothing_open(path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    post = Post(path)
    await post.start()
    clients = [await Client.to(path, role) for role in ("listener", "publisher", "listener", "")]
    await until(lambda: post.watching == 2)
    await post.stop()
    for client in clients:
        assert await client.ended()
        client.writer.close()
    del clients, client
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)


# Links --------------------------------------------------------------------------------------------


async def test_links_connect_when_there_is_a_post_and_again_when_it_comes_back(path: Path) -> None:
    got: list[Any] = []
    listener = Link(path, "listener", got.append)
    presenter = Link(path, "publisher", lambda _: None)
    presenter.publish({"beat": 1})
    assert not listener.command(do="next")
    listener.start()
    presenter.start()
    post = Post(path)
    await post.start()
    await until(lambda: got and got[-1] == {"here": True, "state": {"beat": 1}})
    await post.stop()
    await until(lambda: got[-1] is None)
    post = Post(path)
    await post.start()
    await until(lambda: got[-1] == {"here": True, "state": {"beat": 1}})
    await listener.stop()
    await presenter.stop()
    await until(lambda: not post.watching)
    await post.stop()


async def test_commands_come_in_their_order(path: Path) -> None:
    told: list[dict] = []
    post = Post(path, told.append)
    await post.start()
    link = Link(path, "listener", lambda _: None)
    link.start()
    await until(lambda: link.command(do="first"))
    assert link.command(do="next")
    assert link.command(do="next")
    await until(lambda: len(told) == 3)
    assert [said["do"] for said in told] == ["first", "next", "next"]
    await link.stop()
    await post.stop()
