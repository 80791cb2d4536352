"""The commands that cost money, by the names that jobs, rules and pauses call them."""

# In the order in which people read them; `speak` is "Read aloud", a button of answers.
PAID_COMMANDS = ("imagine", "edit", "upscale", "ask", "speak")
# To whoever uses them these are one: what is set for the first holds for the others as well.
_PARTS = {"ask": ("speak",)}


def covered_by(command: str) -> tuple[str, ...]:
    """The commands that a rule or a pause of this one holds for, itself first."""
    return command, *_PARTS.get(command, ())


def covering(command: str) -> tuple[str, ...]:
    """Those whose rules and pauses hold for this one, itself first."""
    return command, *(whole for whole, parts in _PARTS.items() if command in parts)
