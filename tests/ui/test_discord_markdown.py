"""The reference knows a lure when it sees one; without that, tests by it would prove nothing."""

import pytest

from tests.ui.discord_markdown import hidden_addresses, invitations


@pytest.mark.parametrize(
    "text",
    [
        "[bank](https://evil.example)",
        "[[bank]](https://evil.example)",
        "\\`[bank](https://evil.example)\\`",
        "\\```[bank](https://evil.example)\\```",
        "[your\nbank](https://evil.example)",
        "[a](https://evil.example/a(b))",
        "[a](http:\\//evil.example)",
        '[a]( <https://evil.example> "t" )',
        f"[{'x' * 301}](https://evil.example)",
    ],
)
def test_a_masked_link_is_seen(text: str) -> None:
    assert hidden_addresses(text)


@pytest.mark.parametrize(
    "text", ["`[a](https://a.example)`", "```\n[a](https://a.example)\n```", "[a] (https://a.example)", "[a](b)"]
)
def test_what_is_no_masked_link_is_not(text: str) -> None:
    assert hidden_addresses(text) == []


@pytest.mark.parametrize("text", ["discord.gg/x", "https://DISCORDAPP.com/invite/x", "<https://discord.gift/x>"])
def test_an_invitation_is_seen(text: str) -> None:
    assert len(invitations(text)) == 1
