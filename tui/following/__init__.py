"""Following a presenter: what another app shows, shown here as well (`tui.place`, over `tui.post`)."""
