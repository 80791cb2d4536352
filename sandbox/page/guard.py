"""Who may speak to the page's server: this machine's own browser, on the page that this server gave it.

A page of another origin is known by `Origin`; a foreign name that was made to point at this machine (DNS rebinding)
is known by `Host`.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

NAMES = ("127.0.0.1", "localhost", "[::1]")
# A page of another origin cannot send it: a browser asks first, and nobody here says yes.
MARK = "X-Easel-Page"


class Guard:
    """Judges requests to the server at `port`."""

    def __init__(self, port: int) -> None:
        self._hosts = frozenset(f"{name}:{port}" for name in NAMES)

    def refusal(self, request: web.Request) -> str | None:
        """Why the request is refused; None for one that is welcome."""
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if host not in self._hosts:
            return "this server answers to loopback names alone"
        acts = request.path == "/ws" or request.method not in ("GET", "HEAD")
        if (origin is not None or acts) and origin != f"http://{host}":
            return "only the sandbox's own page may do that"
        if request.method not in ("GET", "HEAD") and MARK not in request.headers:
            return f"the header {MARK} is missing"
        return None


# The page's: nothing from elsewhere, nothing inline. 'self' includes the websocket.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
# What people and bots upload is shown, never run: no script, no frame, not as another kind than it says.
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
SHOWN = ("image/png", "image/jpeg", "image/webp", "image/gif", "audio/", "video/")


def middleware(guard: Guard) -> Middleware:
    """Refuses strangers with 403 and puts the headers on every answer."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        problem = guard.refusal(request)
        if problem is not None:
            return web.Response(status=403, text=problem)
        response = await handler(request)
        if response.prepared:
            return response
        is_file = request.path.startswith("/cdn/")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Content-Security-Policy"] = FILE_POLICY if is_file else PAGE_POLICY
        if is_file and not response.content_type.startswith(SHOWN):
            response.headers["Content-Disposition"] = "attachment"
        return response

    return check
