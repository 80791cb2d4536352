"""Files that a page has sent and that no command, form or select has used yet. In memory, bounded."""

from collections import OrderedDict
from collections.abc import Callable

from sandbox.discord import ClientRefused, Upload

# A few files of the highest upload limit at once; the oldest go first.
KEPT_BYTES = 256 * 1024 * 1024
KEPT_FILES = 50


class Uploads:
    """Files by id; `new_id` makes the ids."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._kept: OrderedDict[str, Upload] = OrderedDict()

    def add(self, upload: Upload) -> str:
        """Keeps the file and returns its id; the oldest make room."""
        upload_id = self._new_id()
        self._kept[upload_id] = upload
        while len(self._kept) > KEPT_FILES or sum(len(one.data) for one in self._kept.values()) > KEPT_BYTES:
            self._kept.popitem(last=False)
        return upload_id

    def find(self, upload_id: str) -> Upload:
        """The file. Raises ClientRefused where it is not kept (any more)."""
        if upload_id not in self._kept:
            raise ClientRefused("that file is no longer here; choose it again")
        return self._kept[upload_id]
