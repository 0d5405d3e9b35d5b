"""`peephole serve` while it runs: what it opens, in which order it closes, and who may tell it to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.following.host import Host
from tui.serve.address import Address
from tui.serve.control import Control
from tui.serve.keys import authorized, default_host_key, host_key
from tui.serve.limits import Limits
from tui.serve.log import STDERR, Log, printed
from tui.serve.roll import Roll
from tui.serve.visit import House, Visits

if TYPE_CHECKING:
    from tui.serve.web import Plan as WebPlan

CLOSING = 5.0  # seconds that visits have to end when the server closes
STOPPED = 130


@dataclass(frozen=True)
class Plan:
    """What `peephole serve` was asked for."""

    ssh: Address | None
    keys: Path | None
    anonymous: bool
    host_key: Path | None
    scenarios: Path | None
    follow: str
    limits: Limits
    log: Path | None
    web: WebPlan | None = None


def serve(plan: Plan) -> int:
    """Serve until it is told to stop. Returns the exit code: 0, or 130 where somebody could not wait.

    Raises:
        PeepholeError: something that was asked for cannot be had.
    """
    return asyncio.run(Server(plan).run())


class Server:
    """All that one `peephole serve` has open."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.limits = plan, plan.limits
        self.log = Log(plan.log)
        self.roll = Roll(plan.limits)
        self.host = Host(plan.follow) if plan.follow else None
        post = self.host.path if self.host is not None else None
        self.visits = Visits(House(plan.scenarios, post=post), plan.limits)
        self.addresses: dict[str, str] = {}
        self._news: list[str] = []
        self._began = time.time()
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> int:
        """Open, wait, close."""
        loop = asyncio.get_running_loop()
        async with contextlib.AsyncExitStack() as stack:
            control = Control(self.status, self.stop)
            await control.open()
            stack.push_async_callback(
                control.close
            )  # last of all: who asked for the end learns of it
            if self.host is not None:
                await self.host.start()
                stack.push_async_callback(self.host.stop)
            stack.push_async_callback(self.visits.close)
            fronts = [await self._ssh(self.plan.ssh)] if self.plan.ssh else []
            fronts += [await self._web(self.plan.web)] if self.plan.web else []
            await self.visits.start()
            self._check()
            for line in self._news:  # nobody is asked in before all of it is there
                _say(line)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self.stop)
            self.log("start", pid=os.getpid(), **self.addresses)
            await self._stop.wait()
            _say("closing: visitors are told. Once more Ctrl-C ends at once.")
            hurry = loop.create_task(self._hurry.wait())
            closing = loop.create_task(_all(close(CLOSING) for close in fronts))
            await asyncio.wait([closing, hurry], return_when=asyncio.FIRST_COMPLETED)
            hurry.cancel()
            closing.cancel()
        self.log("stop", seconds=round(time.time() - self._began, 1))
        return STOPPED if self._hurry.is_set() else 0

    def stop(self) -> None:
        """The first time the end begins, with a word to everybody; the second time it comes at once."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def _check(self) -> None:
        """Tell of scenarios that no visitor can play, now that they have been read."""
        for problem in self.visits.broken:
            self.log("trouble", reason=problem)
            self._news.append(f"warning: --scenarios: {problem}")
        if self.visits.broken:
            self._news.append(
                f"`peephole check {self.plan.scenarios}/*.toml` says all that is wrong"
            )

    def status(self) -> dict[str, Any]:
        """For `peephole serve status`."""
        return {
            "pid": os.getpid(), **self.addresses, "since": self._began, "closing": self._stop.is_set(),
            "sessions": self.limits.sessions, "who": self.roll.who(),
        }  # fmt: skip

    async def _ssh(self, address: Address) -> Callable[[float], Awaitable[None]]:
        from tui.serve.ssh import Doorman, Front

        plan = self.plan
        if plan.keys:
            authorized(plan.keys)  # a mistake in it is said now, not to a visitor
        path = plan.host_key or default_host_key()
        key, made = host_key(path)
        front = Front(
            self.visits, self.roll, self.limits, self.log, Doorman(plan.keys, plan.anonymous, plan.follow)
        )  # fmt: skip
        there = await front.open(address, key)
        self.addresses["ssh"] = str(there)
        self._news.append(f"over SSH on {there}. Come in with: ssh -p {there.port} {_reach(there)}")
        self._news.append(f"host key {key.get_fingerprint()}{' (new)' if made else ''} in {path}")
        if plan.follow:
            self._news.append(
                f"{plan.follow} presents, with a key of {plan.keys}: ssh -p {there.port} "
                f"{plan.follow}@{_reach(there)}. All others watch."
            )
        if not there.is_loopback:
            who = "without a key" if plan.anonymous else f"with a key of {plan.keys}"
            self._news.append(
                f"{there.host} is not only this machine: whoever reaches it may come in {who}."
            )
        if os.getuid() == 0:
            self._news.append("it runs as root, and so do its visits: give it a user of its own.")
        return front.close

    async def _web(self, plan: WebPlan) -> Callable[[float], Awaitable[None]]:
        from tui.serve.origin import Known
        from tui.serve.token import token
        from tui.serve.web import Front

        secret = token(plan.token_file)
        known = Known(plan.address.host, frozenset(plan.origins), frozenset(plan.proxies))
        role = "follower" if self.plan.follow else "guest"
        front = Front(self.visits, self.roll, self.limits, self.log, secret, known, role)
        there = await front.open(plan.address)
        self.addresses["web"] = str(there)
        own = f"http://{Address(_reach(there), there.port)}"
        for origin in plan.origins or (own,):
            self._news.append(f"in a browser on {origin}/{secret}/")
        if not there.is_loopback:
            self._news.append(
                f"{there.host} is not only this machine, and HTTP is read by whoever passes it on: "
                "let a proxy with TLS stand before it (docs/serving.md)."
            )
        return front.close


async def _all(closing: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*closing)


def _reach(address: Address) -> str:
    return {"0.0.0.0": "HOST", "::": "HOST"}.get(address.host, address.host)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        printed(STDERR, f"peephole: {line}\n")
