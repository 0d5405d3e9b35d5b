"""The lab for visitors: over SSH and in a browser, each in a process of its own. Needs peephole[serve]."""
