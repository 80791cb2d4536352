"""What an answer's messages say: harmless, within the limits, with sources and prices; and custom ids."""

import dataclasses
import re
from typing import Any

import pytest
from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.clock import Millis
from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import ChannelId, GuildId, JobId, MemberId, MessageId
from bot.core.money import Ticks, usd
from bot.core.requests import ProviderName
from bot.providers.contract import Citation
from bot.services.ask.conversations import ForgetOutcome, Forgotten
from bot.services.ask.ports import Answer, Speech, Spot, Waiting
from bot.services.ask.progress import TalkProgress
from bot.services.outcomes import FailureReason
from bot.ui.answers import buttons, private, rendering, wording
from bot.ui.answers.harmless import harmless
from bot.ui.answers.splitting import split, units
from bot.ui.custom_ids import TalkVerb, continued, talk
from tests.ui.discord_markdown import hidden_addresses, invitations

JOB = JobId("abcdefghijklmnopqrstuvwx")
SPOT = Spot(
    job_id=JOB,
    guild_id=GuildId(1),
    channel_id=ChannelId(2),
    member_id=MemberId(3),
    question="Why is **the sky** blue?\n@everyone",
    replies_to=None,
    known={},
    started_at=Millis(0),
)
ANSWER = Answer(
    spot=SPOT,
    text="Because of Rayleigh scattering.",
    citations=(),
    is_cut=False,
    model_label="Grok 4.3 via xAI",
    seconds=3.2,
    cost=usd("0.004"),
    speech_price=usd("0.001"),
)
SPEECH = Speech(spot=SPOT, media_type="audio/mpeg", data=b"ID3", model_label="Grok Voice via xAI", cost=usd("0.001"))


def _answer(**changes: Any) -> Answer:
    return dataclasses.replace(ANSWER, **changes)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("[your bank](https://evil.example/a)", "your bank (<https://evil.example/a>)"),
        ('[x](<https://evil.example/a> "a title")', "x (<https://evil.example/a>)"),
        ("[https://good.example](https://evil.example)", "https://good.example (<https://evil.example>)"),
        ("[good.example/a](https://good.example/a/)", "<https://good.example/a/>"),
        (
            "[w](https://en.wikipedia.org/wiki/Sky_(disambiguation))",
            "w (<https://en.wikipedia.org/wiki/Sky_(disambiguation)>)",
        ),
        (
            "`[x](https://a.example)` and\n```\n[x](https://a.example)\n```",
            "`[x] (https://a.example)` and\n```\n[x] (https://a.example)\n```",
        ),
        (
            "`rows[0](1)` and\n```py\nrows[0](1)\n```\nrows[0](1)",
            "`rows[0](1)` and\n```py\nrows[0](1)\n```\nrows[0] (1)",
        ),
        ("[[your bank]](https://evil.example)", "[[your bank]] (https://evil.example)"),
        ("\\`[bank](https://evil.example)\\`", "\\`[bank] (https://evil.example)\\`"),
        ("[your\nbank](https://evil.example)", "[your\nbank] (https://evil.example)"),
        (f"[{'x' * 301}](https://evil.example)", f"[{'x' * 301}] (https://evil.example)"),
        ("[a](https://evil.example/a(b(c)))", "[a] (https://evil.example/a(b(c)))"),
        ("[a](https\\://evil.example)", "[a] (https\\://evil.example)"),
        ("join discord.gg/abc", "join discord\u2060.gg/abc"),
        ("`discord.gg/abc` discord.gift/abc", "`discord\u2060.gg/abc` discord\u2060.gift/abc"),
        ("https://discordapp.com/invite/abc", "https://discordapp\u2060.com/invite/abc"),
        ("-# small print", "\\-# small print"),
        ("> -# quoted print", "> \\-# quoted print"),
        ("a - # b", "a - # b"),
        ("\u202eevil\u202c\x00\r\n\x07", "evil\n"),
        ("\ud83d alone", "\ufffd alone"),
        ("👩‍👩‍👧 stays, 🏴󠁧󠁢󠁥󠁮󠁧󠁿 too", "👩‍👩‍👧 stays, 🏴󠁧󠁢󠁥󠁮󠁧󠁿 too"),
        ("# heading\n> quote\n**bold**", "# heading\n> quote\n**bold**"),
    ],
)
def test_a_text_is_made_harmless(said: str, shown: str) -> None:
    assert harmless(said) == shown


@settings(deadline=None)
@given(text=st.text(max_size=400))
def test_no_direction_mark_or_control_is_left(text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", harmless(text))


_MARKS = [
    "[",
    "]",
    "](",
    "(",
    ")",
    "`",
    "``",
    "```",
    "\\",
    "<",
    ">",
    " ",
    "\n",
    '"t"',
    "*",
    "||",
    "-#",
    "\u200d",
    "\u2060",
]
_ADDRESSES = ["https://evil.example", "http:\\//evil.example", "HTTPS://e.example/(a)", "discord://x"]
_INVITATIONS = ["discord.gg/abc", "https://discordapp.com/invite/", "DISCORD.GG/", "discord.", "gg/", "discord.gift/x"]
LURES = st.lists(st.sampled_from([*_MARKS, *_ADDRESSES, *_INVITATIONS, "bank", "x" * 320]), max_size=24).map("".join)


@settings(deadline=None, max_examples=400)
@given(text=LURES)
def test_nothing_that_a_model_can_say_hides_an_address_or_invites(text: str) -> None:
    """Read by Discord's rules, and as pieces of several messages."""
    shown = harmless(text)
    for piece in [shown, *(one.text for one in split(shown, limit=100))]:
        assert hidden_addresses(piece) == []
        assert invitations(piece) == []


@settings(deadline=None)
@given(text=LURES)
def test_nothing_in_a_question_or_a_source_hides_an_address_or_invites(text: str) -> None:
    spot = dataclasses.replace(SPOT, question=text)
    cited = (
        Citation(url=f"https://a.example/?{text}", title=text),
        Citation(url="https://discord.gg/x", title=""),
    )
    for sheet in rendering.sheets(_answer(spot=spot, citations=cited)):
        assert hidden_addresses(sheet.content) == []
        assert invitations(sheet.content) == []


NASTY = st.lists(
    st.sampled_from(["```", "```py\n", "x" * 700, "word ", "\n", "[a](https://e.example)", "🇩🇪", "`c`"]), max_size=40
).map("".join)


@settings(deadline=None)
@given(
    text=NASTY,
    sources=st.integers(0, 20),
    is_cut=st.booleans(),
    is_late=st.booleans(),
    title=st.text(max_size=300),
    address=st.integers(1, 900),
)
def test_no_message_is_over_the_limit_and_the_last_one_alone_has_the_buttons(
    text: str, sources: int, is_cut: bool, is_late: bool, title: str, address: int
) -> None:
    cited = tuple(Citation(url=f"https://a.example/{n}{'p' * address}", title=title) for n in range(sources))
    sheets = rendering.sheets(_answer(text=text, citations=cited, is_cut=is_cut, is_late=is_late))
    assert 1 <= len(sheets) <= rendering.MESSAGES_MAX
    assert [sheet.has_buttons for sheet in sheets] == [False] * (len(sheets) - 1) + [True]
    for sheet in sheets:
        assert units(sheet.content) <= 2_000
        assert sheet.content.strip()
        assert sheet.content.count("```") % 2 == 0


def test_the_question_is_quoted_in_one_line_that_nothing_breaks_out_of() -> None:
    (sheet,) = rendering.sheets(ANSWER)
    first, second, *_ = sheet.content.split("\n")
    assert first.startswith("> Why is \\*\\*the sky")
    assert "@everyone" not in first
    assert second == "Because of Rayleigh scattering."


def test_an_answer_to_a_message_quotes_nothing_for_it_is_a_reply() -> None:
    spot = dataclasses.replace(SPOT, replies_to=MessageId(9))
    assert rendering.sheets(_answer(spot=spot))[0].content.startswith("Because")


def test_at_most_ten_sources_are_listed_and_none_is_unfurled() -> None:
    cited = tuple(Citation(url=f"https://a.example/{n}", title="A [title](http://x) @everyone") for n in range(14))
    (sheet,) = rendering.sheets(_answer(citations=cited))
    assert sheet.content.count("<https://a.example/") == 10
    assert "10. " in sheet.content
    assert "11. " not in sheet.content
    assert "and 4 more" in sheet.content
    assert "](http" not in sheet.content


def test_an_address_too_long_to_be_shown_is_shown_by_its_host() -> None:
    (sheet,) = rendering.sheets(_answer(citations=(Citation(url="https://a.example/" + "p" * 900),)))
    assert "<https://a.example/>" in sheet.content


def test_the_price_and_the_model_are_said() -> None:
    (sheet,) = rendering.sheets(_answer(is_cut=True))
    assert "Grok 4.3 via xAI · 3 s · $0.004 · job abcdef" in sheet.content
    assert "longest length" in sheet.content


def test_an_answer_of_nothing_visible_says_so() -> None:
    (sheet,) = rendering.sheets(_answer(text="\u200b\x00"))
    assert "nothing that can be shown" in sheet.content


def test_the_file_of_a_long_answer_holds_all_of_it() -> None:
    cited = tuple(Citation(url=f"https://a.example/{n}") for n in range(14))
    (sheet,) = rendering.sheets(_answer(text="line\n" * 4_000, citations=cited))
    assert sheet.file is not None
    name, data, about = sheet.file
    assert name == f"easel-{JOB}.md"
    assert data.decode().count("line\n") == 4_000
    assert data.decode().count("https://a.example/") == 14
    assert about


@pytest.mark.parametrize("length", [0, 10, 1_990, 2_500, 30_000])
def test_what_is_written_so_far_fits_and_shows_the_latest(length: int) -> None:
    text = rendering.so_far(SPOT, "x" * length + " end")
    assert units(text) <= 2_000
    assert " end" in text
    assert "still writing" in text
    for is_late in (False, True):
        view = private.so_far(JOB, SPOT.question, "x" * length + " end", is_late=is_late)
        assert view.content_length() <= 4_000


def test_a_place_for_an_answer_names_the_price() -> None:
    text = rendering.waiting(SPOT, Waiting(estimate=usd("0.004"), held=usd("0.03")))
    assert "about $0.004, at most $0.03" in text


@pytest.mark.parametrize("length", [10, 3_000, 6_000, 50_000])
def test_a_private_answer_fits_its_card(length: int) -> None:
    view, files = private.card(_answer(text="word " * (length // 5), is_private=True))
    assert view.content_length() <= 4_000
    assert len(files) == (length > 3_900)
    assert any(isinstance(item, ui.Button) for item in view.walk_children())


def test_a_cancelled_answer_says_that_the_cost_counts() -> None:
    (sheet,) = rendering.sheets(_answer(is_cancelled=True))
    assert "the cost counts" in sheet.content


@pytest.mark.parametrize(("kind", "ending"), [("audio/mpeg", "mp3"), ("audio/wav", "wav"), ("application/x", "mp3")])
def test_a_sound_is_a_file_that_says_what_it_is(kind: str, ending: str) -> None:
    speech = dataclasses.replace(SPEECH, media_type=kind, is_late=True, is_cancelled=True)
    sheet = rendering.speech_sheet(speech)
    assert sheet.file is not None
    assert sheet.file[0] == f"easel-{JOB}.{ending}"
    assert "read aloud" in sheet.file[2]
    assert "<@3> your recording" in sheet.content
    assert "the cost counts" in sheet.content


async def test_labels_fit_and_a_reading_that_nobody_can_make_has_no_button() -> None:
    view = rendering.buttons(_answer(speech_price=usd("12345.678")))
    labels = [str(item.label) for item in view.children if isinstance(item, ui.Button)]
    assert all(len(label) <= 34 for label in labels)
    assert len(labels) == 3
    assert len(rendering.buttons(_answer(speech_price=None)).children) == 2


@settings(deadline=None)
@given(verb=st.sampled_from(TalkVerb), job=st.from_regex(r"[a-z2-7]{24}", fullmatch=True))
def test_custom_ids_come_back_and_fit(verb: TalkVerb, job: str) -> None:
    custom_id = talk(verb, JobId(job))
    press = buttons.read_press(custom_id)
    assert press is not None
    assert (press.verb, press.job_id) == (verb, job)
    assert len(custom_id) <= 100
    assert buttons.read_continued(continued(JobId(job))) == job
    assert buttons.read_press(continued(JobId(job))) is None
    assert buttons.read_continued(custom_id) is None


@pytest.mark.parametrize("foreign", ["", "easel:speak:short", "easel:unknown:" + "a" * 24, "other"])
def test_foreign_custom_ids_are_nobodys(foreign: str) -> None:
    assert buttons.read_press(foreign) is None
    assert buttons.read_continued(foreign) is None


def test_what_stood_in_the_form_is_read_from_any_body() -> None:
    field = {"component": {"custom_id": buttons.FIELD, "value": "and then?"}}
    assert buttons.typed({"components": [{"type": 1}, field]}) == "and then?"
    assert buttons.typed({}) == ""


@pytest.mark.parametrize("outcome", ForgetOutcome)
def test_every_outcome_of_forget_has_its_words(outcome: ForgetOutcome) -> None:
    view = buttons.forgotten_notice(Forgotten(outcome=outcome, turns=2))
    assert view.content_length() > 20


def test_a_dear_reading_names_its_price_before_it_is_made() -> None:
    view = buttons.ask_before_reading(JOB, usd("0.12"))
    (button,) = [item for item in view.walk_children() if isinstance(item, ui.Button)]
    assert "$0.12" in str(button.label)


def _talk(**changes: Any) -> TalkProgress:
    base = TalkProgress(
        is_question=True,
        text="Why?",
        search=("web", "x"),
        turns=2,
        is_message=False,
        is_private=False,
        estimate=Ticks(40_000_000),
        tried=(ProviderName("xai"),),
    )
    return dataclasses.replace(base, **changes)


def test_the_small_print_of_a_question_says_what_is_searched_and_the_price() -> None:
    text = wording.details(_talk(), model_label="Grok", held=usd("0.03"))
    assert text == "searches the web, X · with 2 earlier questions · Grok · about $0.004, at most $0.03"


@pytest.mark.parametrize("reason", [*FailureReason, "something new", None])
@pytest.mark.parametrize("said", [wording.ANSWER, wording.RECORDING])
def test_every_failure_has_words_that_speak_of_no_picture(reason: str | None, said: wording.Wording) -> None:
    text = wording.failure(reason, said)
    assert "picture" not in text
    assert "{" not in text
    assert "{" not in (wording.failure_title(reason, said) or "")


@pytest.mark.parametrize("reason", [RefusalReason.PROMPT_EMPTY, RefusalReason.NO_RESULT, RefusalReason.MEMBER_BUSY])
def test_refusals_of_words_speak_of_words_and_say_that_nothing_was_charged(reason: RefusalReason) -> None:
    told = wording.refused(Refusal(reason, {"limit": 3}))
    assert "picture" not in f"{told.title} {told.body}".casefold()
    assert told.body.endswith("Nothing was charged.")
