"""Errors say what the reader may do."""

import inspect

import pytest

from bot.core import errors
from bot.core.errors import (
    Charged,
    DatabaseCorrupt,
    DatabaseUnavailable,
    DownloadFailed,
    EaselError,
    GenerationFailed,
    MediaError,
    Moderated,
    OutcomeUnknown,
    ProviderError,
    Refusal,
    RefusalReason,
    RetryLater,
    SchemaTooNew,
    SettingsError,
    UnknownWork,
)
from bot.core.money import Ticks

CLASSES = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)
]  # every error of the tree


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_hangs_in_the_tree_that_the_docstring_draws(kind: type[Exception]) -> None:
    assert issubclass(kind, EaselError)
    assert kind.__name__ in (errors.__doc__ or "")


def test_a_refusal_keeps_its_reason_and_its_own_copy_of_the_facts() -> None:
    facts: dict[str, str | int] = {"limit": 3}
    refusal = Refusal(RefusalReason.MEMBER_BUSY, facts)
    facts["limit"] = 4
    assert (refusal.reason, dict(refusal.facts), str(refusal)) == (
        RefusalReason.MEMBER_BUSY,
        {"limit": 3},
        "member_busy",
    )
    assert dict(Refusal(RefusalReason.STALE).facts) == {}


def test_an_error_of_a_gateway_says_whether_and_what_it_charged() -> None:
    told = Moderated("no", charged=Charged.YES, payment_ref="r-1", cost=Ticks(7))
    assert (told.charged, told.payment_ref, told.cost, str(told)) == (Charged.YES, "r-1", 7, "no")
    silent = GenerationFailed("no", charged=Charged.NO)
    assert (silent.payment_ref, silent.cost) == (None, None)


def test_only_what_was_surely_not_accepted_may_be_sent_again() -> None:
    again = RetryLater("busy", retry_after_s=3.0, payment_ref="r-2")
    assert (again.charged, again.retry_after_s, again.payment_ref) == (Charged.NO, 3.0, "r-2")
    assert RetryLater("busy").retry_after_s is None
    assert (again.is_busy, RetryLater("429", is_busy=True).is_busy) == (False, True)


def test_what_nobody_knows_is_never_called_free() -> None:
    assert UnknownWork("who").charged is Charged.UNKNOWN
    lost = OutcomeUnknown("silence", payment_ref="r-3")
    assert (lost.charged, lost.payment_ref) == (Charged.UNKNOWN, "r-3")
    assert isinstance(lost, ProviderError)


def test_a_download_says_whether_its_address_is_gone() -> None:
    assert DownloadFailed("404", is_gone=True).is_gone
    assert not DownloadFailed("cut").is_gone
    assert (DownloadFailed("full", is_ours=True).is_ours, DownloadFailed("cut").is_ours) == (True, False)
    assert issubclass(DownloadFailed, MediaError)


def test_whoever_waits_for_a_database_also_hears_of_a_broken_or_newer_one() -> None:
    assert issubclass(DatabaseCorrupt, DatabaseUnavailable)
    assert issubclass(SchemaTooNew, DatabaseUnavailable)


def test_a_settings_error_names_its_setting() -> None:
    error = SettingsError("EASEL_WEB_PORT", "is no port")
    assert (error.setting, str(error)) == ("EASEL_WEB_PORT", "EASEL_WEB_PORT: is no port")
