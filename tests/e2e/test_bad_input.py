"""What people type that they should not, and results that lead where nobody should go."""

from pathlib import Path
from typing import Any

import pytest

from bot.core.money import usd
from sandbox.discord import ClientRefused
from sandbox.gateways import Spoil, bad_picture
from tests.e2e.rig import held, spent
from tests.e2e.scene import LOCUS, PIXAZO, scene

BLANK = ["   ", "\u200b", "\u200b\u200d\ufeff", "\u2066\u2069", "\n\t\n", "\u3164\u00ad", "\u2800\ufe0f"]
HOSTILE = {
    "right to left": "\u202efdp.exe \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "zero width": "a\u200bl\u200di\u2060g\ufeffh\u00adthouse",
    "mentions": "@everyone @here <@&{role}> <@{mod}> <@!{mod}> <#{channel}> </imagine:1>",
    "masked link": "[free nitro](https://evil.example/x) https://evil.example <https://evil.example>",
    "timestamps": "<t:0:R> <t:1700000000:F> <:emoji:123456789012345678> <a:b:1>",
    "markdown": "# big\n## bigger\n> quoted\n- list\n```py\ncode``` `tick` **bold** __under__ ~~gone~~ ||hidden|| *i*",
    "control": "nul\x00 bell\x07 esc\x1b[31m red\r\n\x7f",
    "astral": "\U0001f9d1\u200d\U0001f680 \U0001d573\U0001d58e \U000e0041",
    "backticks": "`" * 40 + "\\" * 40,
    "json": '{"a": "\\u0000"}, \'); DROP TABLE job; --',
}


async def test_a_prompt_that_nobody_can_see_is_refused(tmp_path: Path) -> None:
    """Blank, zero-width, direction marks: no picture of nothing."""
    async with scene(tmp_path) as play:
        for prompt in BLANK:
            text = await play.refused(await play.ask(prompt))
            assert "prompt is empty" in text, ascii(prompt)
        assert await play.ends_well() == ()
        assert play.rig.booked() == 0


async def test_a_prompt_beyond_what_the_model_takes_is_refused_with_the_number(tmp_path: Path) -> None:
    """4,001 and 5,001 characters; 6,001 do not leave the client."""
    async with scene(tmp_path) as play:
        for length in (4_001, 5_001, 6_000):
            text = await play.refused(await play.ask("x" * length))
            assert f"{length} characters" in text
            assert "takes 4000" in text
        with pytest.raises(ClientRefused):
            await play.ask("x" * 6_001)
        with pytest.raises(ClientRefused):
            await play.ask("")
        assert await play.ends_well() == ()
        assert await held(play.house) == await spent(play.house) == play.rig.booked() == 0
        await play.draws_again()


@pytest.mark.parametrize("letter", ["x", "`", "*", "\u05e9", "\U0001f680", "\n> "])
async def test_the_longest_prompt_is_drawn_and_fits_every_card(tmp_path: Path, letter: str) -> None:
    """Escaping may double a text: every card, post and alt text stays within Discord's limits."""
    async with scene(tmp_path) as play:
        prompt = ("a" + letter * 4_000)[:4_000].rstrip()
        post = await play.posted(await play.ask(prompt, count=4))
        assert len(post.pictures()) == 4
        assert all(len(picture.description or "") <= 1_024 for picture in post.pictures())
        await play.ends_well()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_prompt_is_shown_as_harmless_text(tmp_path: Path, name: str) -> None:
    """S5, S6: no ping, no link, no timestamp, no turned text, on the card, in the post and in its alt text."""
    async with scene(tmp_path) as play:
        guild, mod = play.rig.sandbox.guild, play.rig.sandbox.person("mod")
        role = next(role.id for role in guild.roles.values() if role.name == "Moderator")
        channel = play.rig.sandbox.channel("general").id
        prompt = HOSTILE[name].format(role=role, mod=mod.id, channel=channel) if name == "mentions" else HOSTILE[name]
        use = await play.ask(prompt)
        post = await play.posted(use)
        said = [version.plain_text() for version in use.history] + [post.plain_text()]
        alts = [picture.description or "" for picture in post.pictures()]
        own = f"<@{play.ana.id}>"
        for text in said:
            bare = text.replace(own, "").replace("@\u200b", "@")
            assert "<@" not in bare
            assert "<#" not in bare
            assert "<:" not in bare
            assert "](" not in bare
            assert "https://evil" not in bare
            assert "<t:0" not in bare
            assert "<t:1700000000" not in bare
            assert "\n# " not in bare
            assert "```" not in bare
            assert "@everyone" not in text
            assert "@here" not in text
        for text in (*said, *alts):
            # What the bot itself puts in to break mentions and links may stay.
            typed = text.replace("@\u200b", "@").replace("\u2060//", "//")
            assert not set("\u202e\u2066\u200b\u2060\ufeff\x00\x07\x1b") & set(typed)
        assert not post.pings_everyone
        assert post.pinged == ()
        await play.ends_well()


PAST_THE_SUGGESTIONS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"model": "no-such-model"}, "There is: "),
    ({"model": "@everyone <@1> [x](https://evil.example)"}, "no such model"),
    ({"model": "x" * 100}, "no such model"),
    ({"aspect_ratio": "7:5"}, "1:1"),
    ({"aspect_ratio": "@everyone"}, "1:1"),
    ({"count": 9}, "1–4"),
    ({"resolution": "8k"}, "1k, 2k"),
    ({"format": "bmp"}, "jpeg, png, webp"),
)


async def test_what_is_typed_past_the_suggestions_is_refused_with_what_there_is(tmp_path: Path) -> None:
    """Refused before money is held, with what can be had instead."""
    async with scene(tmp_path) as play:
        for options, says in PAST_THE_SUGGESTIONS:
            use = await play.ana.command("imagine", **{"prompt": "x", "model": PIXAZO, **options})
            text = await play.refused(use)
            assert says in text
            assert "@everyone" not in text
            assert "<@" not in text
            assert "](" not in text
        assert await play.ends_well() == ()


async def test_suggestions_are_the_models_there_are_narrowed_by_what_is_typed(tmp_path: Path) -> None:
    """Autocomplete answers from memory, also for nonsense."""
    async with scene(tmp_path) as play:
        every = await play.ana.autocomplete("imagine", "model", "", prompt="x")
        assert {choice.value for choice in every} >= {PIXAZO, LOCUS}
        quality = await play.ana.autocomplete("imagine", "model", "quality", prompt="x")
        assert [choice.value for choice in quality] == [PIXAZO]
        assert await play.ana.autocomplete("imagine", "model", "@everyone\u202e", prompt="x") == []
        post = await play.posted(await play.ask(model=str(quality[0].value)))
        assert "Grok Imagine Quality" in post.plain_text()
        await play.ends_well()


INSIDE = ("127.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "localhost", "0x7f000001")


@pytest.mark.parametrize("model", [PIXAZO, LOCUS])
@pytest.mark.parametrize("kind", [Spoil.DIRECT, Spoil.REDIRECT])
async def test_a_result_that_leads_inside_is_never_fetched(tmp_path: Path, model: str, kind: Spoil) -> None:
    """G8: charged, not fetched, said; nothing knocked at the trap."""
    async with scene(tmp_path, EASEL_MEMBER_JOBS="20") as play:
        port = play.rig.gateways.trap_url.rpartition(":")[2]
        for number, host in enumerate(INSIDE):
            fault = bad_picture(kind, target=f"http://{host}:{port}/latest/meta-data")
            play.rig.gateways.faults.when(f"inside {number}", fault)
        uses = [await play.ask(f"inside {number}", model=model) for number in range(len(INSIDE))]
        for use, host in zip(uses, INSIDE, strict=True):
            text = await play.says(use, "It cost $0.0")
            assert "no usable picture" in text
            assert host not in text
        assert play.rig.gateways.trap_hits == []
        await play.ends_well()


async def test_the_bot_draws_on_after_all_of_it(tmp_path: Path) -> None:
    """One process meets it all, one thing after the other, and is well in the end."""
    async with scene(tmp_path, EASEL_MEMBER_DAILY_USD="5", EASEL_MEMBER_JOBS="50") as play:
        faults = play.rig.gateways.faults
        faults.when("bomb", bad_picture(Spoil.BOMB))
        faults.when("page", bad_picture(Spoil.HTML))
        faults.when("flood", bad_picture(Spoil.ENDLESS))
        faults.when("inside", bad_picture(Spoil.DIRECT, target=play.rig.gateways.trap_url))
        refused = [await play.ask(prompt) for prompt in (*BLANK, "x" * 5_001)]
        lost = [await play.ask(prompt) for prompt in ("bomb", "page", "flood", "inside")]
        shown = [await play.ask(prompt) for prompt in list(HOSTILE.values())[3:]]
        for use in refused:
            await play.refused(use)
        for use in lost:
            await play.says(use, "It cost $0.05")
        for use in shown:
            await play.posted(use)
        assert play.rig.gateways.trap_hits == []
        await play.draws_again()
        await play.ends_well()
        assert await spent(play.house) == (len(lost) + len(shown) + 1) * usd("0.05")
