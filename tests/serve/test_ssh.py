"""OpenSSH's own client sees the lab, and can do nothing else."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.ssh import Server, needed, options, run, terminal
from tests.waiting import PATIENCE, wait

HOME = "Look inside sequence models"


@pytest.fixture(scope="module", autouse=True)
def sessionless(server: Server) -> Iterator[subprocess.Popen[str]]:
    """A client that wants no session, begun first because it is sent away only after a while."""
    client = subprocess.Popen(
        [needed("ssh"), *options(server), "-p", str(server.port), "-N", "-R", "0:127.0.0.1:1",
         "none@127.0.0.1"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield client
    client.kill()
    client.wait()


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_the_lab_is_painted_keys_work_and_it_ends_with_the_screen_restored(server: Server) -> None:
    with terminal(server) as client:
        client.sees(HOME)
        client.type("conveyor")
        wait(lambda: "conveyor belt" in client.look() and "telephone" not in client.look())
        client.type("\x11")  # ctrl+q
        assert client.ends() == 0
        assert client.raw.rindex(b"\x1b[?1049l") > client.raw.rindex(b"\x1b[?1049h")
        assert b"\x1b[?25h" in client.raw
    (end,) = wait(lambda: server.events("end", reason="quit", name="visitor"))
    assert end["sent"] > 5000


def test_a_resize_is_drawn_anew_and_sizes_are_clamped(server: Server) -> None:
    with terminal(server, columns=80, rows=24, user="sizes") as client:
        client.sees(HOME)
        client.resize(130, 40)
        wait(lambda: any(line[110:].strip() for line in client.look().splitlines()))
        client.resize(1000, 3000)
        wait(lambda: [(w["columns"], w["rows"]) for w in _on(server, "sizes")] == [(300, 100)])


def _on(server: Server, name: str) -> list[dict[str, int]]:
    return [who for who in server.status()["who"] if who["name"] == name]


def test_keys_are_exchanged_anew_again_and_again(server: Server) -> None:
    said = server.folder / "rekey.log"
    options = ("-v", "-E", str(said), "-o", "RekeyLimit=20K")
    with terminal(server, *options, user="rekey") as client:
        client.sees(HOME)
        for size in range(90, 110):
            count = len(client.raw)
            client.resize(size, 30)
            wait(lambda count=count: client.look() and len(client.raw) > count + 3000)
        client.type("conveyor")
        wait(lambda: "conveyor belt" in client.look() and "telephone" not in client.look())
    assert said.read_text().count("SSH2_MSG_KEXINIT received") > 2


def test_a_connection_that_drops_ends_its_process(server: Server) -> None:
    with terminal(server, user="dropping") as client:
        client.sees(HOME)
        (who,) = _on(server, "dropping")
        assert Path(f"/proc/{who['pid']}").exists()
        client.process.kill()
        wait(lambda: not Path(f"/proc/{who['pid']}").exists(), "the end of the process")
    wait(lambda: server.events("end", name="dropping", reason="gone") or True)
    assert not _on(server, "dropping")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"command": ("ls",)}, "no commands are run here"),
        ({"command": ("sh", "-c", "id > owned"), "user": "root"}, "no commands are run here"),
        ({"leading": ("-T",)}, "a terminal is needed"),
        ({"leading": ("-s",), "command": ("sftp",)}, "no files are served here"),
        ({"leading": ("-s",), "command": ("netconf",)}, "no files are served here"),
        ({"program": "sftp", "args": ("visitor@127.0.0.1",)}, "no files are served here"),
        ({"program": "scp", "args": ("secret", "visitor@127.0.0.1:there")}, "no files are served here"),
        ({"program": "scp", "leading": ("-O",), "args": ("visitor@127.0.0.1:/etc/passwd", "taken")},
         "no commands are run here"),
    ],
)  # fmt: skip
def test_nothing_but_the_app_is_served(server: Server, args: dict, said: str) -> None:
    (server.folder / "secret").write_text("a secret")
    done = run(server, *args.pop("args", ()), **args)
    assert done.returncode != 0
    assert f"peephole: {said}" in done.stderr
    assert f": ssh -t -p {server.port} HOST" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.replace("sftp> ", "") == ""
    assert not {"owned", "taken", "there"} & set(os.listdir(server.folder))


def test_a_command_with_a_terminal_is_refused_as_well(server: Server) -> None:
    with terminal(server, "-tt", command=("ls", "/")) as client:
        assert client.ends() == 1
        assert "no commands are run here" in client.text
        assert b"\x1b[?1049h" not in client.raw


def test_variables_are_not_smuggled_in(server: Server) -> None:
    evil = {
        "LD_PRELOAD": "/tmp/evil.so", "PYTHONPATH": "/tmp/evil", "PYTHONSTARTUP": "/tmp/evil.py",
        "PEEPHOLE_SECRET": "evil", "TEXTUAL_DRIVER": "evil:Driver", "TEXTUAL_LOG": "/tmp/evil.log",
        "TEXTUAL_DEBUG": "1", "BASH_ENV": "/tmp/evil", "HOME": "/tmp/evil", "PATH": "/tmp/evil",
    }  # fmt: skip
    said = " ".join(f"{name}={value}" for name, value in evil.items())
    with terminal(server, "-o", f"SetEnv={said}", user="smuggler") as client:
        client.sees(HOME)
        (who,) = _on(server, "smuggler")
        process = Path(f"/proc/{who['pid']}")
        assert b"evil" not in (process / "environ").read_bytes()
        assert "evil" not in (process / "maps").read_text()
        assert os.readlink(process / "cwd") != "/tmp/evil"
    (line,) = server.events("ignored", name="smuggler")
    assert set(line["variables"].split()) == set(evil)


def test_of_a_terminal_four_things_are_known(server: Server) -> None:
    true = {"COLORTERM": "truecolor"}
    with terminal(server, "-o", "SendEnv=COLORTERM", env=true) as client:
        client.sees(HOME)
        assert {len(set(colour)) for colour in _colours(client.raw)} & {2, 3}
    with terminal(
        server, "-o", "SendEnv=COLORTERM NO_COLOR", env={**true, "NO_COLOR": "1"}
    ) as client:
        client.sees(HOME)
        assert {len(set(colour)) for colour in _colours(client.raw)} == {
            1
        }  # red, green, blue: grey
    with terminal(server, "-o", "SendEnv=LANG", env={"LANG": "C"}) as client:
        client.sees(HOME)
        assert "▶" not in client.look()
    with terminal(server, term="../../evil\x1b[31m", user="odd") as client:
        client.sees(HOME)
    wait(lambda: server.events("session", name="odd"))
    assert server.events("session", name="odd")[0]["term"] == "xterm-256color"


def _colours(raw: bytearray) -> list[tuple[bytes, ...]]:
    return re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", raw)


def test_no_agent_and_no_display_is_forwarded(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "agent"
    agent = subprocess.Popen(
        [needed("ssh-agent"), "-D", "-a", str(path)], stdout=subprocess.DEVNULL
    )
    wait(path.exists)
    with terminal(
        server, "-A", "-X", "-v", "-o", "IdentityAgent=SSH_AUTH_SOCK", user="display",
        env={"SSH_AUTH_SOCK": str(path), "DISPLAY": "127.0.0.1:77"},
    ) as client:  # fmt: skip
        client.sees(HOME)
        assert "X11 forwarding request failed" in client.text
        assert "Requesting authentication agent forwarding" in client.text
        assert "authentication agent connection" not in client.text
        (who,) = _on(server, "display")
        owned = _sockets(server.process.pid) | _sockets(who["pid"])
        assert not {name for name in owned if "agent" in name or "x11" in name.lower()}
        listening = [line.split()[1] for line in _tcp() if line.split()[3] == "0A"]
        assert not [one for one in listening if int(one.split(":")[1], 16) in range(6000, 6064)]
    refused = [line["reason"] for line in server.events("refused", name="display")]
    assert sorted(refused) == ["a display", "an agent"]
    agent.terminate()
    agent.wait()


def _sockets(pid: int) -> set[str]:
    """The paths of the unix sockets that a process holds, read from the kernel."""
    held = {os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
    return {
        parts[7]
        for parts in map(str.split, Path("/proc/net/unix").read_text().splitlines()[1:])
        if len(parts) > 7 and f"socket:[{parts[6]}]" in held
    }


def _tcp() -> list[str]:
    return Path("/proc/net/tcp").read_text().splitlines()[1:]


def test_ports_are_forwarded_in_no_direction(server: Server) -> None:
    local, path, dynamic = _free(), _free(), _free()
    with terminal(
        server, "-v", "-L", f"{local}:127.0.0.1:{server.port}", "-L", f"{path}:/run/dbus.sock",
        "-D", str(dynamic), "-R", "0:127.0.0.1:1", "-R", f"{server.folder}/remote.sock:127.0.0.1:1",
        user="ports",
    ) as client:  # fmt: skip
        client.sees(HOME)
        assert _through(local, b"SSH-2.0-probe\r\n") == b""
        assert _through(path, b"hello") == b""
        socks = _through(dynamic, b"\x05\x01\x00", b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x16")
        assert b"SSH-2.0" not in socks
        no = "open failed: administratively prohibited: no forwarding here"
        wait(lambda: client.look() and client.text.count(no) == 3, lambda: client.text)
        assert client.text.count("remote port forwarding failed") == 2
    assert not (server.folder / "remote.sock").exists()
    reasons = [line["reason"] for line in server.events("refused", name="ports")]
    assert reasons.count("forwarding") == 3
    assert reasons.count("forwarding from here") == 2


def test_what_the_client_says_of_a_refused_tunnel_does_not_stay_on_the_screen(
    server: Server,
) -> None:
    local, said = _free(), "open failed: administratively prohibited"
    with terminal(server, "-L", f"{local}:127.0.0.1:1", user="tunnel") as client:
        client.sees(HOME)
        for count in (1, 2):
            assert _through(local, b"hello") == b""
            wait(lambda count=count: client.look() and client.text.count(said) == count)
            wait(lambda: "prohibited" not in client.look() and HOME in client.look())


def test_who_wants_no_session_is_sent_away(
    server: Server, sessionless: subprocess.Popen[str]
) -> None:
    said = sessionless.communicate(timeout=PATIENCE)[1]
    assert sessionless.returncode != 0
    assert "remote port forwarding failed" in said
    assert "no session was asked for, and nothing is forwarded here" in said
    assert f"ssh -t -p {server.port} HOST" in said
    wait(lambda: server.events("refused", name="none", reason="no session"))


def _through(port: int, *sent: bytes) -> bytes:
    """What comes back from a port of the client."""
    came = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        for part in sent:
            line.sendall(part)
            came += line.recv(4096) if part is not sent[-1] else b""
        try:
            while data := line.recv(4096):
                came += data
        except ConnectionError:
            pass
    return came
