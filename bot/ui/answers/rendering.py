"""What the messages of an answer say: the question quoted, the answer split, its sources and its small print."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord import ui

from bot.core.ids import short
from bot.core.money import format_usd
from bot.providers.contract import Citation
from bot.services.ask.ports import Answer, Speech, Spot, Waiting
from bot.ui import custom_ids
from bot.ui.answers.harmless import harmless
from bot.ui.answers.splitting import split, units
from bot.ui.custom_ids import TalkVerb
from bot.ui.text import escape, plain, shorten, uninvited

CONTENT = 2_000  # Discord's bound for the words of a message (API reference, "Create Message")
# Above so many messages an answer fills a channel: it comes as a file, with so much of its beginning.
MESSAGES_MAX = 5
BEGINNING = 1_200
SOURCES_MAX = 10
# A line of the list: ten of these and the small print leave room for something of the answer.
SOURCE_LINE = 110
QUESTION_SHOWN = 150
_TITLE_SHOWN = 80
_NO_BOUND = 10_000
# What means something beside an address in angle brackets; in an address it is written so.
_NO_MARKUP = {ord(letter): f"%{ord(letter):02X}" for letter in "<>[]`\\| "}
NOTHING = "(The model's answer holds nothing that can be shown.)"
LABEL_MAX = 34  # room for a translation that is longer by two fifths, within Discord's 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One message: its words, and a file (name, bytes, what it is) where there is one. The last one has the buttons."""

    content: str
    file: tuple[str, bytes, str] | None = None
    has_buttons: bool = False

    def files(self) -> list[discord.File]:
        """The file, to be sent once."""
        if self.file is None:
            return []
        name, data, about = self.file
        return [discord.File(io.BytesIO(data), filename=name, description=about)]


def file_stem(job_id: str) -> str:
    """How the files of a job are named; also what they are recognised by."""
    return f"easel-{job_id}"


def sheets(answer: Answer) -> tuple[Sheet, ...]:
    """The messages of the answer, in their order; at least one."""
    head, end = _head(answer), tail(answer)
    text = harmless(answer.text).strip() or NOTHING
    pieces = [one.text for one in split(text, limit=CONTENT, first_limit=CONTENT - units(head)) if one.body.strip()]
    if units(pieces[-1]) + units(end) + 1 <= CONTENT - (units(head) if len(pieces) == 1 else 0):
        pieces[-1] = f"{pieces[-1]}\n{end}"
    else:
        pieces.append(end)
    if len(pieces) > MESSAGES_MAX:
        return (as_file(answer, text, head, end),)
    pieces[0] = head + pieces[0]
    last = len(pieces) - 1
    return tuple(Sheet(content=piece, has_buttons=at == last) for at, piece in enumerate(pieces))


def call(answer: Answer) -> Sheet | None:
    """A short message below an answer that filled its place too slowly for the member to wait; None for any other."""
    if not answer.is_late or not answer.is_filled:
        return None
    words = f"<@{answer.spot.member_id}> your answer is complete.\n-# job {short(answer.spot.job_id)}"
    return Sheet(content=words)


def as_file(answer: Answer, text: str, head: str, end: str) -> Sheet:
    """One message with the beginning, and a file with all of it."""
    note = "… The answer is long: all of it is in the file."
    room = CONTENT - units(head) - units(end) - units(note) - 2
    (beginning, *_) = split(text, limit=min(BEGINNING, room))
    words = shorten(plain(answer.spot.question), 300)
    cited = answer.citations
    sources = f"\n\n{_sources(cited, most=len(cited), line=_NO_BOUND)}" if cited else ""
    whole = f"# {words}\n\n{text}{sources}\n"
    file = (f"{file_stem(answer.spot.job_id)}.md", whole.encode(), "The whole answer as text")
    return Sheet(content=f"{head}{beginning.text}\n{note}\n{end}", file=file, has_buttons=True)


def so_far(spot: Spot, text: str) -> str:
    """The first message while the answer is written: its latest part where it is longer than a message."""
    head = quoted(spot)
    mark = "\n-# still writing …"
    room = CONTENT - units(head) - units(mark) - 2
    pieces = split(harmless(text), limit=room)
    latest = pieces[-1].text if pieces else ""
    return f"{head}{'…' if len(pieces) > 1 else ''}{latest}{mark}"


def waiting(spot: Spot, told: Waiting) -> str:
    """The first message before there is a word of the answer."""
    price = f"about {format_usd(told.estimate)}, at most {format_usd(told.held)}"
    return f"{quoted(spot)}-# thinking … · {price}"


def broken_off(spot: Spot, words: str) -> str:
    """The first message, whose answer will not come."""
    return f"{quoted(spot)}{words}"[:CONTENT]


def quoted(spot: Spot) -> str:
    """The question in one line; none where the message stands below it as a reply."""
    if spot.replies_to is not None or not spot.question:
        return ""
    return f"> {escape(spot.question, QUESTION_SHOWN)}\n"


def _head(answer: Answer) -> str:
    lines = ""
    if answer.is_late and not answer.is_filled and not answer.is_private:
        lines += f"<@{answer.spot.member_id}> your answer is here.\n"
    return lines + quoted(answer.spot)


def tail(answer: Answer) -> str:
    """Sources, and the small print: whose, by which model, how long, for how much."""
    cited = answer.citations
    lines = [_sources(cited, most=SOURCES_MAX, line=SOURCE_LINE)] if cited else []
    if answer.is_cut:
        lines.append("-# It ends here because it reached its longest length. Press Continue… to go on.")
    if answer.is_cancelled:
        lines.append("-# You had cancelled, but the service finished anyway. Only you see this; the cost counts.")
    elif answer.is_private:
        lines.append("-# Only you see this.")
    member, job = answer.spot.member_id, short(answer.spot.job_id)
    parts = [f"<@{member}>", escape(answer.model_label, 60), f"{answer.seconds:.0f} s", format_usd(answer.cost)]
    return "\n".join([*lines, f"-# {' · '.join(parts)} · job {job}"])


def _sources(citations: Sequence[Citation], *, most: int, line: int) -> str:
    """A numbered list, each line of at most `line` units; the addresses are not unfurled."""
    lines = ["**Sources**", *(_source(number, one, line) for number, one in enumerate(citations[:most], start=1))]
    left = len(citations) - most
    return "\n".join([*lines, f"-# and {left} more"] if left > 0 else lines)


def _source(number: int, one: Citation, line: int) -> str:
    """Title and address; where that is too long the address without its path, then that alone."""
    title = f"{escape(one.title, _TITLE_SHOWN)} " if one.title else ""
    url = uninvited(one.url.translate(_NO_MARKUP))
    host = _host(url)
    forms = (f"{title}<{url}>", f"<{url}>", f"{title}<{host}>", f"<{host}>")
    return next((f"{number}. {form}" for form in forms if units(form) <= line - 4), f"{number}. (an address too long)")


def _host(url: str) -> str:
    """An address without its path."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/', maxsplit=1)[0]}/"


def speech_line(speech: Speech) -> str:
    """What stands with the sound."""
    late = f"<@{speech.spot.member_id}> your recording is here.\n" if speech.is_late and not speech.is_private else ""
    note = "-# You had cancelled, but the service finished anyway; the cost counts.\n" if speech.is_cancelled else ""
    return (
        f"{late}{note}-# read aloud for <@{speech.spot.member_id}> · {escape(speech.model_label, 60)} ·"
        f" {format_usd(speech.cost)} · job {short(speech.spot.job_id)}"
    )


_ENDINGS = {"audio/mpeg": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "audio/ogg": "ogg", "audio/flac": "flac"}


def speech_sheet(speech: Speech) -> Sheet:
    """The message with the sound."""
    name = f"{file_stem(speech.spot.job_id)}.{_ENDINGS.get(speech.media_type, 'mp3')}"
    about = shorten(f"The answer, read aloud: {plain(speech.spot.question)}", 1_000)
    return Sheet(content=speech_line(speech), file=(name, speech.data, about))


def read_aloud_label(answer: Answer) -> str | None:
    """With its price; None where nobody can read it."""
    if answer.speech_price is None:
        return None
    return f"Read aloud · {format_usd(answer.speech_price)}"[:LABEL_MAX]


def buttons(answer: Answer) -> ui.View:
    """Continue, Read aloud, Forget; each is found by its custom id after any restart."""
    view = ui.View(timeout=None)
    job_id = answer.spot.job_id
    view.add_item(
        ui.Button(
            label="Continue…", style=discord.ButtonStyle.primary, custom_id=custom_ids.talk(TalkVerb.CONTINUE, job_id)
        )
    )
    label = read_aloud_label(answer)
    if label is not None:
        view.add_item(ui.Button(label=label, custom_id=custom_ids.talk(TalkVerb.SPEAK, job_id)))
    view.add_item(
        ui.Button(label="Forget", style=discord.ButtonStyle.danger, custom_id=custom_ids.talk(TalkVerb.FORGET, job_id))
    )
    view.stop()
    return view


def cancel_alone(spot: Spot) -> ui.View:
    """The button of an answer that is not there yet."""
    view = ui.View(timeout=None)
    cancel_id = custom_ids.cancel(spot.job_id)
    view.add_item(ui.Button(label="Cancel", style=discord.ButtonStyle.danger, custom_id=cancel_id))
    view.stop()
    return view
