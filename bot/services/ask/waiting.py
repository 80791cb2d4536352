"""A question as it is kept while it waits for a moderator's leave."""

import json

from bot.core.errors import Refusal, RefusalReason
from bot.core.ids import MessageId
from bot.core.requests import SearchKind
from bot.services.ask.model import Question
from bot.services.leave.model import Leave


def request_of(question: Question) -> str:
    """As JSON; its pictures and what it goes on from are kept beside it."""
    fields = {
        "text": question.text,
        "model": question.model,
        "search": list(question.search),
        "is_private": question.is_private,
        "message_id": question.message_id,
    }
    return json.dumps(fields, ensure_ascii=False)


def read_request(leave: Leave) -> Question:
    """The question. Raises Refusal NO_RESULT for what another version wrote."""
    try:
        fields = json.loads(leave.request)
        message_id = fields["message_id"]
        return Question(
            text=fields["text"],
            model=fields["model"],
            search=tuple(SearchKind(kind) for kind in fields["search"]),
            is_private=fields["is_private"],
            parent=leave.parent_id,
            pictures=leave.sources,
            message_id=None if message_id is None else MessageId(message_id),
        )
    except (ValueError, KeyError, TypeError):
        raise Refusal(RefusalReason.NO_RESULT) from None
