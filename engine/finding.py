"""What a diagnosis says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        symptom: its name in a few words.
        evidence: one sentence with the numbers that show it.
        advice: what to try.
        update: after which update it was seen.
        severity: "error" (the run is lost), "warning", or "note" (nothing yet, but look).
    """

    symptom: str
    evidence: str
    advice: str
    update: int
    severity: str = "warning"
