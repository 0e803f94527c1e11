"""An S3 object read as one stream, taken up again where a connection breaks."""

from __future__ import annotations

from io import RawIOBase
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lake_access.storage.aws_errors import aws_errors

# Attempts that bring not one byte; a gigabyte over a poor line may break more often than that.
ATTEMPTS = 3


class ResumingBody(RawIOBase):
    """One object from its start to its end.

    A lost connection is told as a StorageError, never as an OSError: what decompresses the stream takes that for
    corrupt content.

    Raises:
        ClientError: at once, where the object cannot be opened.
    """

    def __init__(self, client: Any, name: dict[str, str], address: str) -> None:
        super().__init__()
        self._client = client
        self._name = name
        self._address = address
        self._position = 0
        opened = client.get_object(**name)
        self._body = opened["Body"]
        self._etag = opened["ETag"]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        with aws_errors(self._address):
            data = self._read(len(view))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()

    def _read(self, size: int) -> bytes:
        for _ in range(ATTEMPTS - 1):
            try:
                return bytes(self._body.read(size))
            except (BotoCoreError, ClientError):
                self._reopen()
        return bytes(self._body.read(size))

    def _reopen(self) -> None:
        self._body.close()
        rest = self._client.get_object(**self._name, Range=f"bytes={self._position}-", IfMatch=self._etag)
        self._body = rest["Body"]
