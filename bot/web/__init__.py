"""The small web server: whether the process lives and is ready, and where gateways call back."""

from bot.web.callbacks import CallbackDoor, CallbackLimits
from bot.web.server import Readiness, WebLimits, WebServer

__all__ = ["CallbackDoor", "CallbackLimits", "Readiness", "WebLimits", "WebServer"]
