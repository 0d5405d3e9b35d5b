"""Who comes in: with a key or without one, by which name, and when the files are not as they should be."""

from __future__ import annotations

import asyncio
import errno
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from asyncssh.constants import MSG_USERAUTH_REQUEST
from asyncssh.packet import String
from click.testing import CliRunner

from engine.extras import install
from tests.serve.ssh import Server, make_key, needed, run, serving, terminal
from tests.waiting import wait
from tui.cli import main
from tui.serve.address import Address, no_listening
from tui.serve.limits import Limits
from tui.serve.server import Plan
from tui.serve.server import Server as Server_
from tui.serve.ssh import Front

HOME = "Look inside sequence models"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Key pairs of three clients, and an authorized_keys file with the first two."""
    folder = tmp_path_factory.mktemp("keys")
    made = {name: make_key(folder / name) for name in ("ada", "bea", "eve")}
    _allow(folder / "authorized", made["ada"], made["bea"])
    return {**made, "file": folder / "authorized"}


def _allow(file: Path, *keys: Path) -> None:
    file.write_text(
        "# who may come in\n\n" + "".join(Path(f"{key}.pub").read_text() for key in keys)
    )
    file.chmod(0o600)


@pytest.fixture(autouse=True)
def _as_it_was(keys: dict[str, Path]) -> None:
    _allow(keys["file"], keys["ada"], keys["bea"])


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, Path]) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("locked"), "--keys", str(keys["file"])) as server:
        yield server


def test_with_a_key_of_the_file_and_no_other(locked: Server, keys: dict[str, Path]) -> None:
    with terminal(locked, key=keys["ada"], user="anyone") as client:
        client.sees(HOME)
    for key in (keys["eve"], None):
        done = run(locked, "-tt", key=key, user="stranger")
        assert done.returncode == 255
        assert "Permission denied (publickey)" in done.stderr
    wait(lambda: len(locked.events("refused", name="stranger")) == 2)
    wrong, none = locked.events("refused", name="stranger")
    shown = subprocess.run(
        [needed("ssh-keygen"), "-lf", f"{keys['eve']}.pub"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert (wrong["reason"], wrong["tried"], wrong["key"]) == ("key refused", 1, shown.split()[1])
    assert none["reason"] == "no login"
    assert not locked.events("login", name="stranger")


def test_no_password_is_ever_asked_for(locked: Server) -> None:
    done = run(locked, "-v", "-o", "PreferredAuthentications=password,keyboard-interactive",
               leading=("-o", "BatchMode=no"), user="stranger")  # fmt: skip
    assert done.returncode == 255
    assert "Authentications that can continue: publickey\n" in done.stderr.replace("\r", "")


def test_too_many_wrong_keys_end_the_connection(
    locked: Server, keys: dict[str, Path], tmp_path: Path
) -> None:
    wrong = [make_key(tmp_path / f"wrong{n}") for n in range(8)]
    offered = [part for key in wrong for part in ("-i", str(key))]
    done = run(locked, *offered, "-i", str(keys["ada"]), key=wrong[0], user="guesser")
    assert done.returncode == 255
    assert "too many keys were tried" in done.stderr


def test_a_key_taken_out_of_the_file_is_out_at_once(locked: Server, keys: dict[str, Path]) -> None:
    assert "terminal is needed" in run(locked, "-T", key=keys["bea"]).stderr
    _allow(keys["file"], keys["ada"])
    assert "Permission denied" in run(locked, "-T", key=keys["bea"]).stderr
    keys["file"].chmod(0o666)  # whoever else writes it could let in anybody
    assert "Permission denied" in run(locked, "-T", key=keys["ada"]).stderr
    _allow(keys["file"], keys["ada"], keys["bea"])
    assert "terminal is needed" in run(locked, "-T", key=keys["bea"]).stderr


def test_options_of_a_key_only_ever_take_away(
    locked: Server, keys: dict[str, Path], tmp_path: Path
) -> None:
    public = Path(f"{keys['eve']}.pub").read_text()
    file = keys["file"]
    file.write_text(
        f'command="touch {tmp_path}/ran",environment="LD_PRELOAD=/tmp/evil.so" {public}'
    )
    with terminal(locked, key=keys["eve"], user="forced") as client:
        client.sees(HOME)
    assert not list(tmp_path.iterdir())
    file.write_text(f'from="192.0.2.1" {public}')
    assert "Permission denied" in run(locked, "-T", key=keys["eve"]).stderr
    file.write_text(f"no-pty {public}")
    assert "PTY allocation request failed" in run(locked, "-tt", key=keys["eve"]).stderr
    for option in ('expiry-time="20200101"', "verify-required"):  # asyncssh does not know them
        file.write_text(f"{option} {public}")
        assert "Permission denied" in run(locked, "-T", key=keys["eve"]).stderr
    assert "the option verify-required of a key" in locked.events("trouble")[-1]["reason"]
    file.write_text(f"restrict,pty {public}")
    assert "a terminal is needed" in run(locked, "-T", key=keys["eve"]).stderr


@pytest.fixture(scope="module")
def following(
    tmp_path_factory: pytest.TempPathFactory, locked: Server, keys: dict[str, Path]
) -> Iterator[Server]:
    """A second server of the same user, with follow mode."""
    options = ("--anonymous", "--keys", str(keys["file"]), "--follow", "ada")
    data = {"XDG_DATA_HOME": locked.env["XDG_DATA_HOME"]}
    with serving(tmp_path_factory.mktemp("following"), *options, env=data) as server:
        yield server


def test_the_presenter_needs_a_key_also_where_nobody_else_does(
    following: Server, keys: dict[str, Path]
) -> None:
    assert "ada presents, with a key of" in following.said()
    assert f"ssh -p {following.port} ada@127.0.0.1" in following.said()
    banner = "ada presents here, and needs the key. By any other name you come in without one."
    for key in (None, keys["eve"]):
        said = run(following, "-T", user="ada", key=key).stderr
        assert "Permission denied" in said
        assert f"peephole: {banner}" in said
    (refused,) = wait(lambda: following.events("refused", name="ada", reason="no login"))
    assert refused["why"] == "it offered no key"
    assert banner not in run(following, "-T", user="bob0").stderr
    assert not following.events("login", name="ada")
    run(following, "-T", user="ada", key=keys["ada"])
    run(following, "-T", user="bob")
    run(following, "-T", user="bob", key=keys["ada"])
    for name, roles in (("ada", ["presenter"]), ("bob", ["follower", "follower"])):
        assert [line["role"] for line in following.events("login", name=name)] == roles


async def test_a_login_name_does_not_change(locked: Server) -> None:
    """With each name asyncssh begins anew, and the file of keys is read: 600 times a second."""

    class Changing(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            self.conn = conn

        async def public_key_auth_requested(self) -> None:  # type: ignore[override]
            for name in ("one", "other"):
                self.conn.send_packet(
                    MSG_USERAUTH_REQUEST, String(name), String("ssh-connection"),
                    String("none"),
                )  # fmt: skip
            await asyncio.Event().wait()

    with pytest.raises((asyncssh.ProtocolError, OSError)):  # OSError: it has hung up by then
        await asyncssh.connect(
            "127.0.0.1", locked.port, username="one", known_hosts=None, config=None, agent_path=None,
            client_keys=[], client_factory=Changing, preferred_auth="publickey",
        )  # fmt: skip
    why = "the login name has changed"
    assert wait(lambda: locked.events("refused", why=why))[0]["reason"] == "no login"


def test_the_host_key_is_made_once_and_kept_to_oneself(locked: Server, following: Server) -> None:
    path = locked.folder / "data" / "peephole" / "ssh_host_ed25519_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    shown = subprocess.run(
        [needed("ssh-keygen"), "-lf", str(path)], capture_output=True, text=True, check=True
    ).stdout
    for server in (locked, following):
        assert shown.split()[1] in server.said()
    assert "(new)" in locked.said()
    assert "(new)" not in following.said()
    (following.folder / "known_hosts").write_text(f"* {_public(path)}")
    done = run(following, "-T", leading=("-o", "StrictHostKeyChecking=yes"))
    assert "a terminal is needed" in done.stderr


def _public(path: Path) -> str:
    return subprocess.run(
        [needed("ssh-keygen"), "-yf", str(path)], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "say where to serve. For example: peephole serve --ssh 2222 --anonymous"),
        (("--ssh", "0"), "say who may come in. --keys FILE names the keys that may, --anonymous lets in"),
        (("--ssh", "0", "--anonymous", "--keys", "{good}"), "anybody comes in, so no key is asked for"),
        (("--ssh", "0", "--anonymous", "--follow", "ada"), "ada needs a key"),
        (("--ssh", "99999", "--anonymous"), "99999: no address to listen on"),
        (("--ssh", "192.0.2.1:0", "--anonymous"), "192.0.2.1:0: cannot listen there"),
        (("--ssh", "0", "--keys", "{missing}"), "missing: the keys: No such file or directory"),
        (("--ssh", "0", "--keys", "{empty}"), "empty: no public key in it"),
        (("--ssh", "0", "--keys", "{remarks}"), "remarks: no public key in it"),
        (("--ssh", "0", "--anonymous", "--follow", "ada", "--keys", "{none}"), "none: no public key in it"),
        (("--ssh", "0", "--keys", "{open}"), "open: others may write it (mode 0666)"),
        (("--ssh", "0", "--anonymous", "--host-key", "{read}"), "host key may be read by others (mode 0644)"),
        (("--ssh", "0", "--anonymous", "--host-key", "{good}"), "no private key that can be read without a"),
        (("--ssh", "0", "--anonymous", "--scenarios", "{missing}"), "missing: no such folder"),
        (("--ssh", "0", "--anonymous", "--host-key", "{missing}/k"), "missing: no such folder. Make it"),
        (("--ssh", "0", "--anonymous", "--web", "0", "--token-file", "{missing}/k"), "missing: no such f"),
        (("--ssh", "0", "--keys", "{good}", "--follow", "ad a"), "--follow: 'ad a' is no login name. Let"),
        (("--ssh", "0", "--keys", "{good}", "--follow", "-oX"), "--follow: '-oX' is no login name"),
        (("--ssh", "0", "--keys", "{good}", "--follow", "a@b"), "--follow: 'a@b' is no login name"),
        (("--ssh", "0", "--anonymous", "--log", "{missing}/log"), "log: cannot be written (No such file"),
        (("--ssh", "0", "--anonymous", "--sessions", "0"), "--sessions: 0 is not in the range 1 to 10000 ("),
        (("--ssh", "0", "--anonymous", "--rows", "50", "20"), "--rows: the least (50) is more than the most"),
        (("status",), "no server of yours runs here"),
        (("stop",), "no such server of yours runs here"),
    ],
)  # fmt: skip
def test_mistakes_are_one_message(
    tmp_path: Path, keys: dict[str, Path], args: tuple[str, ...], said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, mode in (("empty", 0o600), ("open", 0o666), ("read", 0o644), ("good", 0o600)):
        file = tmp_path / name
        source = keys["ada"] if name == "read" else Path(f"{keys['ada']}.pub")
        file.write_bytes(b"nonsense\n" if name == "empty" else source.read_bytes())
        file.chmod(mode)
    for name, text in (("remarks", "# ada, bea\n\n"), ("none", "")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    names = ("empty", "remarks", "none", "open", "read", "good", "missing")
    known = {name: str(tmp_path / name) for name in names}
    result = CliRunner().invoke(main, ["serve", *(part.format(**known) for part in args)])
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "missing").exists()  # a name that was mistyped


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ssh", "session"):  # imported by other tests, and kept by their package too
        monkeypatch.delitem(sys.modules, f"tui.serve.{name}", raising=False)
        monkeypatch.delattr(f"tui.serve.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    result = CliRunner().invoke(main, ["serve", "--ssh", "0", "--anonymous"])
    assert result.exit_code == 2
    assert install("serve") in result.stderr


@pytest.mark.parametrize("option", [
    "--ssh", "--web", "--keys", "--host-key", "--token-file", "--origin", "--proxy", "--scenarios",
    "--follow", "--log",
])  # fmt: skip
def test_an_option_that_says_nothing_starts_no_server(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Plan] = []
    monkeypatch.setattr("tui.serve.server.serve", started.append)
    where = () if option in ("--ssh", "--web") else ("--ssh", "0", "--web", "0")
    result = CliRunner().invoke(main, ["serve", *where, "--anonymous", option, ""])
    assert result.exit_code == 2
    assert result.stderr == f"peephole: {option}: nothing is written after it\n"
    assert not started


async def test_it_is_said_what_an_address_that_others_reach_means(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def opened(self: Front, address: Address, key: object) -> Address:
        return address

    monkeypatch.setattr(Front, "open", opened)
    for host, anonymous, said in (
        ("127.0.0.1", True, "over SSH on 127.0.0.1:2222. Come in with: ssh -p 2222 127.0.0.1\n"),
        ("0.0.0.0", True, "whoever reaches it may come in without a key.\n"),
        ("::", False, ":: is not only this machine: whoever reaches it may come in with a key of"),
    ):
        address = Address(host, 2222)
        _allow(tmp_path / "keys", make_key(tmp_path / f"key{host}"))
        keys = None if anonymous else tmp_path / "keys"
        plan = Plan(
            ssh=address, keys=keys, anonymous=anonymous, host_key=tmp_path / "host", scenarios=None,
            follow="", limits=Limits(), log=tmp_path / "log",
        )  # fmt: skip
        server = Server_(plan)
        await server._ssh(address)
        assert not capfd.readouterr().err  # it is said when all of the server is there
        shown = "".join(f"{line}\n" for line in server._news)
        assert said in shown
        assert ("is not only this machine" in shown) == (host != "127.0.0.1")


@pytest.mark.parametrize("broken", ["port", "python"])
def test_nobody_is_asked_in_where_the_server_cannot_start(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1] if broken == "port" else 0
        if broken == "python":
            (tmp_path / "python").write_text("")  # may not be run
            monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
        result = CliRunner().invoke(
            main, ["serve", "--ssh", "0", "--anonymous", "--web", str(port),
                   "--host-key", str(tmp_path / "key"), "--log", str(tmp_path / "log")],
        )  # fmt: skip
    assert result.exit_code == 2
    said = {
        "port": f"peephole: 127.0.0.1:{port}: taken. `peephole serve status` says whether it is yours\n",
        "python": f"peephole: {tmp_path / 'python'}: visits cannot be started (Permission denied)\n",
    }
    assert result.stderr == said[broken]
    assert (tmp_path / "log").read_text() == ""


def test_a_port_that_may_not_be_had_says_which_may() -> None:
    said = str(no_listening(Address("127.0.0.1", 80), PermissionError(errno.EACCES, "no")))
    assert said == (
        "127.0.0.1:80: cannot listen there (permission denied). "
        "Ports below 1024 are the system's: take one above 1023"
    )
