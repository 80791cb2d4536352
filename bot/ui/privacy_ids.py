"""What a button of `/privacy` carries: a verb and nothing of whom it was shown to. Pure."""

from enum import StrEnum


class PrivacyVerb(StrEnum):
    """What a press asks for, always for whoever presses. The last two confirm what `delete` asked."""

    DATA = "data"
    DELETE = "delete"
    ERASE = "erase"
    ERASE_POSTS = "erase-posts"


PRIVACY_PATTERN = rf"easel:privacy:(?P<verb>{'|'.join(sorted(PrivacyVerb, reverse=True))})"


def privacy_id(verb: PrivacyVerb) -> str:
    """The custom id of a button."""
    return f"easel:privacy:{verb}"
