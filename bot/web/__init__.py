"""The small web server: whether the process lives and is ready. Callbacks of gateways will join it here."""

from bot.web.server import Readiness, WebLimits, WebServer

__all__ = ["Readiness", "WebLimits", "WebServer"]
