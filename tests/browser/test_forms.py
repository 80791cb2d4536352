"""Forms: every kind of field, checked and sent, or given up."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.chromium import Windows
from tests.browser.fake import Fake, Frame
from tests.browser.frames import GENERAL
from tests.browser.test_components import shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM: Frame = {
    "type": "interaction", "interaction_id": "9", "kind": 2, "state": "modal", "command": "report",
    "channel_id": GENERAL, "message_id": None,
    "modal": {"title": "Why <b>?", "custom_id": "why", "components": [
        {"type": 10, "content": "Say **why**."},
        {"type": 18, "label": "Reason", "description": "in short", "component": {
            "type": 4, "custom_id": "reason", "style": 1, "min_length": 3, "max_length": 20}},
        {"type": 18, "label": "More", "component": {"type": 4, "custom_id": "more", "style": 2, "required": False}},
        {"type": 18, "label": "Kind", "component": {"type": 3, "custom_id": "kind", "options": [
            {"label": "Good", "value": "good"}, {"label": "Bad", "value": "bad"}]}},
        {"type": 18, "label": "How", "component": {"type": 21, "custom_id": "how", "options": [
            {"label": "Soft", "value": "soft"}, {"label": "Hard", "value": "hard", "description": "more"}]}},
        {"type": 18, "label": "Which", "component": {"type": 22, "custom_id": "which", "max_values": 2, "options": [
            {"label": "A", "value": "a", "default": True}, {"label": "B", "value": "b"},
            {"label": "C", "value": "c"}]}},
        {"type": 18, "label": "Sure", "component": {"type": 23, "custom_id": "sure"}},
        {"type": 18, "label": "Who", "component": {"type": 5, "custom_id": "who", "required": False}},
        {"type": 18, "label": "Proof", "component": {"type": 19, "custom_id": "proof", "min_values": 1}},
    ]},
}  # fmt: skip


async def test_a_form_with_every_kind_of_field_is_checked_and_sent(
    fake: Fake, windows: Windows, tmp_path: Path
) -> None:
    page = await shown(windows, fake)
    await fake.push(FORM)
    form = page.get_by_role("dialog", name="Why <b>?")
    await expect(form.get_by_label("Reason")).to_be_focused()
    await form.get_by_role("button", name="Submit").click()
    await expect(form.locator(".form-complaint:visible")).to_have_text(
        ["This field is required.", "Choose one.", "Choose one.", "Give a file."]
    )
    await form.get_by_label("Reason").fill("no")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.locator(".form-complaint:visible").first).to_have_text("At least 3 characters; these are 2.")
    await form.get_by_label("Reason").fill("because")
    await form.get_by_role("combobox", name="Choose an option").click()
    await form.get_by_role("option", name="Bad").click()
    await form.get_by_role("radio", name="Hard").check()
    for name in ("B", "C"):
        await form.get_by_role("checkbox", name=name, exact=True).check()
    await form.get_by_label("Sure").check()
    proof = tmp_path / "proof.txt"
    proof.write_text("x", encoding="utf-8")
    await form.get_by_label("Proof").set_input_files(proof)
    await expect(form.locator(".form-files")).to_contain_text("proof.txt (1 B)")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.locator(".form-complaint:visible")).to_have_text(["Choose at most 2."])
    await form.get_by_role("checkbox", name="A", exact=True).uncheck()
    await form.get_by_role("button", name="Submit").click()
    values = {"reason": "because", "more": "", "kind": ["bad"], "how": "hard", "which": ["b", "c"], "sure": True,
              "who": [], "proof": [{"upload_id": "u1"}]}  # fmt: skip
    assert await fake.asked("submit_modal") == [{"interaction_id": "9", "values": values}]
    await expect(form).to_have_count(0)
    assert fake.all_asked("close_modal") == []


async def test_a_form_that_is_given_up_is_closed_at_the_server_too(fake: Fake, windows: Windows) -> None:
    page = await shown(windows, fake)
    await fake.push(FORM)
    await expect(page.locator("dialog.form")).to_be_visible()
    await page.keyboard.press("Escape")
    assert await fake.asked("close_modal") == [{"interaction_id": "9"}]
