"""Limits hold for OpenSSH's own client, and the server ends with a word to everybody."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.serve.ssh import needed, run, serving, terminal
from tests.waiting import PATIENCE, wait

HOME = "Look inside sequence models"


def test_places_in_all_and_connections_of_an_address(tmp_path: Path) -> None:
    needed("ssh")
    with serving(tmp_path, "--anonymous", "--sessions", "1", "--per-address", "2") as server:
        with terminal(server, user="first") as first:
            first.sees(HOME)
            with terminal(server, user="second") as second:
                assert second.ends() == 1
                assert "all 1 places are taken" in second.text
            wait(lambda: server.events("refused", name="second"))
            with terminal(server, "-N", user="third"):
                wait(lambda: server.events("login", name="third"))
                done = run(server, user="fourth")
                assert done.returncode == 255
                assert "there are 2 connections from your address already" in done.stderr
                assert not server.events("login", name="fourth")
                assert [who["name"] for who in server.status()["who"]] == ["first"]
        wait(lambda: server.events("end", name="first"))
        with terminal(server, user="fifth") as fifth:
            fifth.sees(HOME)
            shown = server.cli("status").stdout
            assert "1 of 1 places taken" in shown
            assert "fifth" in shown
            assert "100x30" in shown


def test_logins_a_minute_and_the_end_of_the_server(tmp_path: Path) -> None:
    needed("ssh")
    with serving(tmp_path, "--anonymous", "--logins-per-minute", "2") as server:
        with terminal(server, user="first") as first, terminal(server, user="second") as second:
            first.sees(HOME)
            second.sees(HOME)
            assert "too many logins from your address" in run(server).stderr
            pids = [who["pid"] for who in server.status()["who"]]
            with ThreadPoolExecutor() as pool:
                stopping = pool.submit(server.cli, "stop")
                assert [first.ends(), second.ends()] == [0, 0]
                assert stopping.result().stdout == "stopped; 2 visits were told\n"
            assert server.process.wait(PATIENCE) == 0
            for client in (first, second):
                after = bytes(client.raw)[client.raw.rindex(b"\x1b[?1049l") :]
                assert b"The server is closing. Come back later." in after
        assert {line["reason"] for line in server.events("end")} == {"closing"}
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        assert server.cli("status").returncode == 2


def test_who_presses_no_key_is_sent_away(tmp_path: Path) -> None:
    needed("ssh")
    with serving(tmp_path, "--anonymous", "--idle", "1", "--total", "0") as server:
        with terminal(server) as client:
            assert client.ends() == 0
            assert "You have pressed no key for 1 s." in client.look()
        assert [line["reason"] for line in server.events("end")] == ["idle"]


def test_a_visit_is_over_after_some_time_and_ctrl_c_twice_waits_for_nobody(tmp_path: Path) -> None:
    needed("ssh")
    with serving(tmp_path, "--anonymous", "--idle", "0", "--total", "2") as server:
        with terminal(server) as client:
            assert client.ends() == 0
            assert "Your time here is over: 2 s." in client.look()
        assert [line["reason"] for line in server.events("end")] == ["total"]
        with terminal(server, user="stuck") as client:
            wait(lambda: server.events("session", name="stuck"))
            os.kill(client.process.pid, signal.SIGSTOP)  # it does not even close
            server.process.send_signal(signal.SIGINT)
            wait(lambda: "closing: visitors are told" in server.said())
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(PATIENCE) == 130
            os.kill(client.process.pid, signal.SIGCONT)
    assert "Traceback" not in (tmp_path / "stderr").read_text()
