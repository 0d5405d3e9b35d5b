"""The bundled models, a file for each kind of task; `scenarios.zoo` puts them together.

A file has `ENTRIES`, name -> Entry, which is data alone: nothing is built or loaded before it is asked
for. Adding a file is one line here.
"""

MODULES = (
    "scenarios.entries.english",
    "scenarios.entries.copying",
    "scenarios.entries.spelling",
    "scenarios.entries.translation",
    "scenarios.entries.failures",
    "scenarios.entries.positions",
)
