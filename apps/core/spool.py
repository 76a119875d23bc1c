"""The embedded broker: kombu's filesystem transport with messages that appear whole.

The stock transport opens a message under its final name and then writes it, so that a worker that looks in between
reads an empty file and dies of it (seen in the demonstration with two workers). Here a message gets its name when it
is complete. Use as broker address `spool://`.
"""

import os
import uuid
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "spool"


class Channel(filesystem.Channel):
    """Writes aside, then renames."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        self._write_whole(os.path.join(self.data_folder_out, name), payload)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        file = self._exchange_file(exchange)
        if not file.exists():
            self.control_folder.mkdir(exist_ok=True)
            binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
            self._write_whole(str(file), [binding], keep_existing=True)
        super()._queue_bind(exchange, routing_key, pattern, queue)

    def _write_whole(self, path: str, payload: Any, *, keep_existing: bool = False) -> None:
        draft = f"{path}.{uuid.uuid4()}.draft"
        try:
            with open(draft, "wb") as file:
                file.write(dumps(payload).encode())
            if keep_existing:
                # Linking refuses an existing name: whoever comes second adds to the first one's table.
                try:
                    os.link(draft, path)
                except FileExistsError:
                    pass
                finally:
                    os.unlink(draft)
            else:
                os.replace(draft, path)
        except OSError as error:
            raise ChannelError(f"cannot write {path!r}: {error}") from error


class Transport(filesystem.Transport):
    """`spool://`; the folders come from the transport options, as for the stock transport."""

    Channel = Channel
    driver_type = SCHEME
    driver_name = SCHEME

    @property
    def default_connection_params(self) -> dict[str, Any]:
        """No host: without this kombu warns that it falls back to one."""
        return {}


def install() -> None:
    """Make the scheme known to kombu."""
    TRANSPORT_ALIASES[SCHEME] = "apps.core.spool:Transport"
