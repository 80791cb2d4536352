"""Who may speak to the page's server: its own page on this machine, and nobody else."""

import asyncio

import aiohttp
import pytest

from sandbox.discord import Upload
from sandbox.page.server import FRAME_MAX
from sandbox.page.uploads import KEPT_FILES, Uploads
from tests.page.client import Room

FOREIGN = "http://evil.example"


@pytest.mark.parametrize("path", ["/", "/static/index.html", "/ws", "/cdn/attachments/1/2/a.png"])
async def test_a_foreign_name_for_this_machine_is_refused(page: Room, path: str) -> None:
    headers = {"Host": f"evil.example:{page.page.port}"}
    async with page.session.get(page.origin + path, headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_the_names_of_loopback_are_welcome(page: Room, host: str) -> None:
    async with page.session.get(page.page.url, headers={"Host": f"{host}:{page.page.port}"}) as answer:
        assert answer.status == 200


async def test_a_host_without_our_port_is_refused(page: Room) -> None:
    async with page.session.get(page.page.url, headers={"Host": "localhost"}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://127.0.0.1:1", "http://localhost"])
async def test_a_websocket_of_another_origin_is_refused(page: Room, origin: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await page.connect(origin)
    assert refused.value.status == 403


async def test_a_websocket_without_an_origin_is_refused(page: Room) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await page.session.ws_connect(f"{page.origin}/ws")
    assert refused.value.status == 403


async def test_another_loopback_name_than_the_pages_own_is_another_origin(page: Room) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await page.connect(page.origin.replace("127.0.0.1", "localhost"))


async def test_uploads_of_strangers_are_refused(page: Room) -> None:
    for headers in ({"Origin": FOREIGN}, {"Host": "evil.example"}):
        answer = await page.upload(b"x", "a.png", **headers)
        assert answer.status == 403
    form = aiohttp.FormData()
    form.add_field("file", b"x", filename="a.png")
    async with page.session.post(f"{page.origin}/upload", data=form, headers={"Origin": page.origin}) as answer:
        assert answer.status == 403
        assert "X-Easel-Page" in await answer.text()


async def test_a_page_of_another_origin_gets_no_leave_to_ask(page: Room) -> None:
    headers = {"Origin": FOREIGN, "Access-Control-Request-Method": "POST"}
    async with page.session.options(f"{page.origin}/upload", headers=headers) as answer:
        assert answer.status == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_the_server_listens_on_one_loopback_address_alone(page: Room) -> None:
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.2", page.page.port)


async def test_the_page_allows_nothing_inline_and_nothing_from_elsewhere(page: Room) -> None:
    async with page.session.get(page.page.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [("a.html", "attachment"), ("a.svg", "attachment"), ("a.js", "attachment"), ("a.png", None)],
)
async def test_a_file_of_a_member_is_shown_and_never_run(page: Room, filename: str, disposition: str | None) -> None:
    await _post_file(page, filename)
    bo = await page.window("bo")
    await bo.do("open", channel_id=bo.id_of("general"))
    (message,) = bo.of("messages")[-1]["messages"]
    url = message["attachments"][0]["url"]
    assert url.startswith("/cdn/")
    async with page.session.get(page.origin + url) as answer:
        assert answer.status == 200
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers.get("Content-Disposition") == disposition
    async with page.session.get(page.origin + url.replace("hm=", "hm=0")) as answer:
        assert answer.status == 404


async def _post_file(page: Room, filename: str) -> None:
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "here"}', content_type="application/json")
    form.add_field("files[0]", b"<script>alert(1)</script>", filename=filename)
    sandbox = page.sandbox
    path = f"{sandbox.api_url}/channels/{sandbox.channel('general').id}/messages"
    headers = {"Authorization": f"Bot {sandbox.token}"}
    async with page.session.post(path, data=form, headers=headers) as answer:
        assert answer.status == 200


async def test_nothing_outside_of_the_static_folder_is_given(page: Room) -> None:
    for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/static/%2e%2e%2fserver.py", "/static/"):
        async with page.session.get(page.origin + path) as answer:
            assert answer.status in (403, 404)


async def test_frames_larger_than_any_word_end_the_window(page: Room) -> None:
    window = await page.window("ana")
    await window.ws.send_str("x" * (FRAME_MAX + 1))
    async with asyncio.timeout(5):
        while not window.ws.closed:
            await asyncio.sleep(0.01)
    assert window.ws.close_code == 1009


async def test_uploads_are_bounded_and_must_be_a_file(page: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.page.server.UPLOAD_MAX", 1_000)
    assert (await page.upload(b"x" * 1_000, "a.png")).status == 200
    answer = await page.upload(b"x" * 1_001, "a.png")
    assert answer.status == 413
    headers = {"Origin": page.origin, "X-Easel-Page": "1"}
    async with page.session.post(f"{page.origin}/upload", json={}, headers=headers) as answer:
        assert answer.status == 400
    form = aiohttp.FormData()
    form.add_field("other", b"x", filename="a.png")
    async with page.session.post(f"{page.origin}/upload", data=form, headers=headers) as answer:
        assert answer.status == 400


def test_the_oldest_uploads_make_room() -> None:
    names = iter(range(1_000))
    uploads = Uploads(lambda: str(next(names)))
    ids = [uploads.add(Upload(filename="a", data=b"x")) for _ in range(KEPT_FILES + 1)]
    assert uploads.find(ids[-1]).filename == "a"
    assert uploads.find(ids[1]).data == b"x"
    with pytest.raises(Exception, match="choose it again"):
        uploads.find(ids[0])
