"""The examples at the end of a command's help; apart, so that one command does not load the others."""


def examples(*lines: str) -> str:
    """The end of a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
