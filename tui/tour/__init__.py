"""The tour: contents, pages and chapters, and how far somebody is."""

from __future__ import annotations


def launch(name: str = "") -> int:
    """Show the tour until it is left; begin with a chapter by its name or number. Returns the exit code.

    Raises:
        PeepholeError: there is no such chapter.
    """
    from scenarios.tour import course
    from tui.app import PeepholeApp
    from tui.start import only_ascii
    from tui.tour.contents import TourScreen
    from tui.tour.listing import chapter

    whole = course()
    screen = TourScreen(whole, chapter(whole, name) if name else None)
    app = PeepholeApp(first=screen, plain=only_ascii())
    app.run()
    return app.return_code or 0
