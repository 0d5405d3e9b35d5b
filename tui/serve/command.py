"""`peephole serve`, and `status` and `stop` of servers that run. Nothing heavy is imported here."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import click

from engine.errors import PeepholeError
from tui.epilog import examples
from tui.serve.address import Address
from tui.serve.limits import Limits, options

LOGIN_NAME = re.compile(r"\w[\w.-]{0,63}")  # what can stand before the @ of ssh unquoted
_FILE = click.Path(path_type=Path)


class _Said(click.Option):
    """An option whose value says something: "" is a variable of a shell that was not set."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        said = value if isinstance(value, (tuple, list)) else [value]
        if any(isinstance(one, str) and not one.strip() for one in said):
            raise PeepholeError("nothing is written after it", where=self.opts[0])
        return super().type_cast_value(ctx, value)


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "peephole serve --ssh 2222 --anonymous                  on this machine only",
        "peephole serve --ssh 0.0.0.0:2222 --keys ~/.ssh/authorized_keys",
        "peephole serve --ssh 2222 --anonymous --scenarios ./course --idle 300",
        "peephole serve --ssh 2222 --anonymous --keys keys --follow ada",
        "peephole serve --web 8000                              in a browser; prints its address",
        "peephole serve status",
        "peephole serve stop",
    ),
)
@click.option(
    "--ssh", cls=_Said, metavar="[HOST:]PORT", help="For any SSH client; HOST is 127.0.0.1."
)
@click.option(
    "--web", cls=_Said, metavar="[HOST:]PORT", help="For any browser, at an address with a token."
)
@click.option(
    "--keys", cls=_Said, type=_FILE, metavar="FILE", help="Whose keys come in (authorized_keys)."
)
@click.option("--anonymous", is_flag=True, help="Anybody comes in, without a key.")
@click.option(
    "--host-key", cls=_Said, type=_FILE, metavar="FILE", help="Of the server; made if not there."
)
@click.option(
    "--token-file",
    cls=_Said,
    type=_FILE,
    metavar="FILE",
    help="Keeps --web's token; made if not there.",
)
@click.option(
    "--origin",
    cls=_Said,
    multiple=True,
    metavar="URL",
    help="Of --web, as browsers see it at a proxy.",
)
@click.option(
    "--proxy", cls=_Said, multiple=True, metavar="IP", help="Before --web; it says who visits."
)
@click.option(
    "--scenarios", cls=_Said, type=_FILE, metavar="DIR", help="Shown beside the bundled ones."
)
@click.option("--follow", cls=_Said, metavar="NAME", help="All watch what NAME, with a key, does.")
@click.option(
    "--log", cls=_Said, type=_FILE, metavar="FILE", help="JSON lines; printed unless given."
)
@options
@click.pass_context
def serve(
    ctx: click.Context,
    ssh: str | None,
    web: str | None,
    keys: Path | None,
    anonymous: bool,
    host_key: Path | None,
    token_file: Path | None,
    origin: tuple[str, ...],
    proxy: tuple[str, ...],
    scenarios: Path | None,
    follow: str | None,
    log: Path | None,
    **limits: Any,
) -> None:
    """Show peephole to whoever connects: each gets the lab in a process of its own, and nothing else.

    Over SSH either --keys names the file of those who may come in, or --anonymous lets in anybody. In a
    browser comes in who has the address that is printed, with its token.
    """
    if ctx.invoked_subcommand:
        return
    if ssh is None and web is None:
        raise PeepholeError(
            "say where to serve", do="For example: peephole serve --ssh 2222 --anonymous"
        )
    if ssh is not None:
        _check_keys(keys, anonymous, follow)
    elif keys or anonymous or host_key or follow:
        raise PeepholeError(
            "keys and names are of SSH; in a browser whoever has the address may come in",
            do="Add --ssh PORT, or leave out --keys, --anonymous, --host-key and --follow",
        )
    if web is None and (token_file or origin or proxy):
        raise PeepholeError("--token-file, --origin and --proxy are of --web", do="Add --web PORT")
    if scenarios is not None and not scenarios.is_dir():
        raise PeepholeError("no such folder", where=str(scenarios))
    from tui.serve.origin import origin as parse_origin
    from tui.serve.origin import proxy as parse_proxy

    where, where_web = Address.parse(ssh) if ssh else None, Address.parse(web) if web else None
    origins, proxies = tuple(map(parse_origin, origin)), tuple(map(parse_proxy, proxy))
    try:
        from tui.serve import ssh as _  # noqa: F401
        from tui.serve.server import Plan, serve
        from tui.serve.web import Plan as WebPlan
    except ImportError:
        from engine.extras import install

        raise PeepholeError(
            "serving needs more than the base install", do=install("serve")
        ) from None
    plan = Plan(
        where, keys, anonymous, host_key, scenarios, follow or "", Limits(**limits), log,
        WebPlan(where_web, token_file, origins, proxies) if where_web else None,
    )  # fmt: skip
    sys.exit(serve(plan))


def _check_keys(keys: Path | None, anonymous: bool, follow: str | None) -> None:
    """Who may come in over SSH must have been said, and once."""
    if keys is None and not anonymous:
        raise PeepholeError(
            "say who may come in",
            do="--keys FILE names the keys that may, --anonymous lets in anybody",
        )
    if follow and not LOGIN_NAME.fullmatch(follow):
        raise PeepholeError(
            f"{follow!r} is no login name", where="--follow",
            do="Letters, digits, and . _ - after the first, without spaces",
        )  # fmt: skip
    if follow and keys is None:
        raise PeepholeError(
            f"{follow} needs a key, for anybody may say a name", where="--follow",
            do="--keys FILE names it, also beside --anonymous",
        )  # fmt: skip
    if keys is not None and anonymous and not follow:
        raise PeepholeError(
            "anybody comes in, so no key is asked for", where="--keys",
            do="Leave out --keys or --anonymous",
        )  # fmt: skip


@serve.command(epilog=examples("peephole serve status", "peephole serve status --json"))
@click.option("--json", "as_json", is_flag=True, help="One object a server.")
def status(as_json: bool) -> None:
    """Who is on, at each server that you run on this machine."""
    from tui.serve.control import ask, servers

    pids = servers()
    if not pids:
        raise PeepholeError("no server of yours runs here", do="`peephole serve` starts one")
    for pid in pids:
        answer = ask(pid, "status")
        click.echo(json.dumps(answer) if as_json else "\n".join(_lines(answer)))


@serve.command(epilog=examples("peephole serve stop", "peephole serve stop 4711"))
@click.argument("pid", type=int, required=False)
def stop(pid: int | None) -> None:
    """Stop your server, or the one with this PID: its visitors are told first."""
    from tui.serve.control import ask, servers

    pids = servers()
    if not pids or (pid is not None and pid not in pids):
        raise PeepholeError("no such server of yours runs here")
    if pid is None and len(pids) > 1:
        raise PeepholeError(
            f"{len(pids)} servers of yours run here", do=f"Name one: {', '.join(map(str, pids))}"
        )
    who = ask(pid or pids[0], "stop", until_end=True)["who"]
    click.echo(f"stopped; {len(who)} visits were told")


def _lines(answer: dict[str, Any]) -> list[str]:
    """A server's status for people: who has been on for how long, and how much was sent to them."""
    where = ", ".join(f"{answer[kind]} ({kind})" for kind in ("ssh", "web") if kind in answer)
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(answer["since"]))
    who = answer["who"]
    lines = [f"peephole on {where} · process {answer['pid']} · since {since}"]
    lines.append(
        f"{len(who)} of {answer['sessions']} places taken{' · closing' * answer['closing']}"
    )
    if who:
        lines.append(
            f"{'name':16} {'role':9} {'via':3} {'from':24} {'size':>7} {'for':>8} {'sent':>9}   pid"
        )
    for one in who:
        size = f"{one['columns']}x{one['rows']}"
        lines.append(
            f"{one['name'] or '-':16.16} {one['role']:9} {one['via']:3} {one['address']:24.24} {size:>7} "
            f"{one['seconds'] / 60:5.1f} min {one['sent'] / 1000:6.0f} kB {one['pid']:>5}"
        )
    return lines
