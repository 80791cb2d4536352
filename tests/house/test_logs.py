"""No secret, token, prompt or signed address reaches a log."""

import io
import json
import logging

from bot.logs import EventFormatter, Redaction

KEY = "claw_prod_0123456789abcdef"


def _line(message: str, *, as_json: bool, **fields: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(EventFormatter(Redaction((KEY,)), as_json=as_json))
    logger = logging.getLogger("easel.test")
    logger.addHandler(handler)
    try:
        int(f"inside {KEY}")
    except ValueError:
        logger.exception(message, extra=fields)
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


def test_an_event_is_one_json_object_with_its_fields() -> None:
    event = json.loads(_line("posted", as_json=True, job="abc", wait_s=1.5))

    assert event["event"] == "posted"
    assert event["job"] == "abc"
    assert event["wait_s"] == 1.5
    assert event["level"] == "ERROR"
    assert "ValueError" in event["trace"]


def test_a_known_secret_is_cut_wherever_it_stands() -> None:
    for as_json in (True, False):
        assert KEY not in _line(f"said {KEY}", as_json=as_json, field=f"x{KEY}y")


def test_what_looks_like_a_secret_is_cut() -> None:
    line = _line(
        "PATCH /webhooks/123/aW50ZXJhY3Rpb246abcdefgh/messages "
        "Authorization: Bearer abcdefgh12345678 "
        "https://easel.example/bot/callbacks/pixazo/abcdef234567/78fe90dc12 "
        "https://cdn.example/a.png?ex=12ab&is=34cd&hm=56ef",
        as_json=False,
    )

    for secret in ("aW50ZXJhY3Rpb246abcdefgh", "abcdefgh12345678", "78fe90dc12", "12ab", "34cd", "56ef"):
        assert secret not in line
