"""The terminal driver of a visit: what a slow client does not take is dropped, never queued.

Textual's own driver hands what it draws to a thread that writes it, and where the terminal takes no more,
the whole app waits for it. Here all that is drawn between two flushes is one frame, which is taken in whole
or dropped in whole. Once the terminal takes again, the screen is drawn anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import time
from codecs import getincrementaldecoder
from typing import Any

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ScreenStackError
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.messages import InBandWindowResize

from tui.serve.terminal import REDRAW

PASTE = 1 << 16  # letters of one paste
BEHIND = 50  # messages that a widget has not yet seen, from which on keys wait
LAST_WORDS = 1.0  # seconds in which a client has to take what restores its screen


class GuestDriver(LinuxDriver):
    """Draws on standard output, which it makes non-blocking; to be used on the loop's thread."""

    def __init__(self, app: App[Any], **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._out = 1
        self._frame: list[str] = []  # since the last flush
        self._rest = b""  # of a frame that was begun
        self._stale = False  # whether a frame has been dropped since
        self._ending = False
        os.set_blocking(self._out, False)

    @property
    def can_suspend(self) -> bool:
        """There is no shell to go back to."""
        return False

    # Its size -------------------------------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Begin; of several changes of size in a row the last is the one that counts.

        Textual asks for the size while it handles the signal. A second signal may come in the middle of
        that, and then the first, with the size of before, would be told last. Here the loop asks.
        """
        super().start_application_mode()
        self._loop.add_signal_handler(signal.SIGWINCH, self._resized)
        self._loop.add_signal_handler(REDRAW, self._redraw)

    def _resized(self) -> None:
        size = Size(*self._get_terminal_size())
        self._app.post_message(events.Resize(size, size))

    # Drawing --------------------------------------------------------------------------------------

    def write(self, data: str) -> None:
        """Draw; nothing, where the terminal has not yet taken what was drawn before."""
        if self._rest and not self._ending:
            self._stale = True
            return
        if not self._frame:
            self._loop.call_soon(self.flush)  # Textual does not flush after a bell
        self._frame.append(data)

    def flush(self) -> None:
        """End of a frame: give it to the terminal."""
        data = "".join(self._frame).encode(errors="replace")
        self._frame.clear()
        if not data:
            return
        if self._rest:  # only where the screen is restored: what was begun comes first
            self._rest += data
        else:
            self._rest = data
            self._send()
            if self._rest and not self._ending:
                self._loop.add_writer(self._out, self._writable)

    def _send(self) -> None:
        """Write what the terminal takes now."""
        try:
            while self._rest:
                self._rest = self._rest[os.write(self._out, self._rest) :]
        except BlockingIOError:
            pass
        except OSError:  # nobody is there any more
            self._rest = b""

    def _writable(self) -> None:
        self._send()
        if not self._rest:
            self._loop.remove_writer(self._out)
            if self._stale:
                self._stale = False
                self._redraw()

    def _redraw(self) -> None:
        with contextlib.suppress(ScreenStackError):  # there is none yet, or none any more
            self._app.screen.refresh()

    # The end --------------------------------------------------------------------------------------

    def stop_application_mode(self) -> None:
        """Restore the terminal's screen."""
        self._loop.remove_writer(self._out)
        self._ending = True
        super().stop_application_mode()

    def close(self) -> None:
        """Wait a little for a client that is slow to take the last of it."""
        self.flush()
        until = time.monotonic() + LAST_WORDS
        while self._rest and (left := until - time.monotonic()) > 0:
            select.select([], [self._out], [], left)
            self._send()
        super().close()

    # What comes from the terminal -----------------------------------------------------------------

    def run_input_thread(self) -> None:
        """Read keys, whatever bytes they are, and none of a paste that is longer than anybody types."""
        decode = getincrementaldecoder("utf-8")("replace").decode
        parser, held = XTermParser(self._debug), 0
        while not self.exit_event.is_set():
            data = ""
            if select.select([self.fileno], [], [], 0.1)[0]:
                with contextlib.suppress(BlockingIOError):
                    data = decode(os.read(self.fileno, 4096))
            held += len(data)
            for event in (*(parser.feed(data) if data else ()), *parser.tick()):
                held = 0
                self.process_message(event)
            if held > PASTE:
                parser, held = XTermParser(self._debug), 0

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:
            self._app.call_later(self._app._handle_exception, error)

    def send_message(self, message: Message) -> None:
        """Hand over a key; returns when the app is not far behind, so that keys wait at the client."""
        sent = asyncio.run_coroutine_threadsafe(self._deliver(message), self._loop)
        while not self.exit_event.is_set():
            with contextlib.suppress(TimeoutError):
                return sent.result(0.1)

    async def _deliver(self, message: Message) -> None:
        app = self._app
        await app._post_message(message)
        while any(node.message_queue_size > BEHIND for node in app._registry):
            await asyncio.sleep(0.02)

    def process_message(self, message: Message) -> None:
        """The server alone says how large the screen is: no size comes from what a client types."""
        if not isinstance(message, InBandWindowResize | events.Resize):
            super().process_message(message)

    def _query_in_band_window_resize(self) -> None:
        pass
