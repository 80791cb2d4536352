"""Pictures from outside: safe download, proof by decoding, content-addressed files, fitting to upload limits.

`Media` is the front; `store` holds the SQL of asset rows.
"""

from bot.media.addresses import AllowedHost, parse_allowed
from bot.media.assets import ENDINGS, Asset
from bot.media.download import Downloader, DownloadLimits
from bot.media.media import Brought, Media
from bot.media.pictures import Fitted, PictureFacts

__all__ = [
    "ENDINGS",
    "AllowedHost",
    "Asset",
    "Brought",
    "DownloadLimits",
    "Downloader",
    "Fitted",
    "Media",
    "PictureFacts",
    "parse_allowed",
]
