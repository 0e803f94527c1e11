"""A bucket, or a part of one, as an object store."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError

from lake_access.errors import SettingsError, StorageError
from lake_access.storage.aws_errors import aws_errors
from lake_access.storage.objects import S3Access, StoredObject, refuse_raw
from lake_access.storage.s3_reading import ResumingBody

CLIENT = Config(connect_timeout=3, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
# A dead endpoint is told in seconds, when the lake is opened; once it has answered it may be slower.
OPENING = CLIENT.merge(Config(read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2}))
# A file of more than a few parts goes up in parts: a connection lost near its end then costs one of them.
PART_BYTES = 64 << 20
PARTS_IN_ONE = 4
MAX_PARTS = 10_000
READ_BUFFER = 1 << 20
# How often a put is tried while others write the same key; S3 then answers 409 and decides nothing.
PUT_ATTEMPTS = 5
UNDECIDED, TAKEN, UPLOAD_GONE, MISSING = 409, 412, 404, 404
PUT_ID = "leadlake-put"

_ADDRESS = re.compile(r"^s3://(?P<bucket>[a-z0-9][a-z0-9.-]+[a-z0-9])(/(?P<prefix>[\w.=-]+(/[\w.=-]+)*))?$", re.ASCII)


def open_s3_store(address: str) -> S3Store:
    """The store at `s3://bucket/prefix`, once the bucket has answered; credentials come from boto3's own chain.

    Raises:
        SettingsError: the address can be no bucket and prefix.
        StorageError: S3 cannot be reached, there is no such bucket, or the credentials do not open it.
    """
    found = _ADDRESS.match(address)
    if found is None:
        raise SettingsError(
            f"environment: LEADLAKE_LAKE: {address}: not s3://bucket/prefix; in a prefix only letters, digits "
            "and . _ = - may stand between its slashes."
        )
    bucket, prefix = found["bucket"], found["prefix"] or ""
    session = botocore.session.get_session()
    with aws_errors(address):
        if session.get_credentials() is None:
            raise NoCredentialsError
        client = _client(session, None, OPENING)
        # Unlike an answer to HEAD, a refused list says why.
        client.list_objects_v2(Bucket=bucket, Prefix=prefix and f"{prefix}/", MaxKeys=1)
        return S3Store(session, _client(session, _region(client, bucket), CLIENT), bucket, prefix)


class S3Store:
    """A bucket, or what lies below a prefix of it, as an object store."""

    def __init__(
        self,
        session: botocore.session.Session,
        client: Any,
        bucket: str,
        prefix: str,
        *,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._session = session
        self._client = client
        self._bucket = bucket
        self._root = f"{prefix}/" if prefix else ""
        self._part_bytes = part_bytes

    def put_if_absent(self, key: str, content: Path) -> bool:
        big = content.stat().st_size > PARTS_IN_ONE * self._part_bytes
        put = self._put_in_parts if big else self._put_whole
        put_id = uuid.uuid4().hex
        with aws_errors(self.address(key)):
            if big and self._metadata(key) is not None:
                return False
            for _ in range(PUT_ATTEMPTS - 1):
                try:
                    return self._decided(put, key, content, put_id)
                except ClientError as exc:
                    if _status(exc) != UNDECIDED:
                        raise
            return self._decided(put, key, content, put_id)

    def read_bytes(self, key: str) -> bytes | None:
        with aws_errors(self.address(key)):
            body = self._body(key)
            if body is None:
                return None
            with body:
                return body.read()

    def open(self, key: str) -> BinaryIO:
        with aws_errors(self.address(key)):
            body = self._body(key)
        if body is None:
            raise StorageError(f"{self.address(key)}: there is no such object; restore it.")
        return BufferedReader(body, READ_BUFFER)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2")
        with aws_errors(self.address(prefix)):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._root + prefix):
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self._root)
                    yield StoredObject(key, found["Size"], found["LastModified"])

    def delete(self, key: str) -> None:
        refuse_raw(key)
        with aws_errors(self.address(key)):
            self._client.delete_object(**self._name(key))

    def erase_raw(self, key: str) -> None:
        name = self._name(key)
        pages = self._client.get_paginator("list_object_versions")
        with aws_errors(self.address(key)):
            for page in pages.paginate(Bucket=name["Bucket"], Prefix=name["Key"]):
                for version in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                    if version["Key"] == name["Key"]:
                        self._client.delete_object(**name, VersionId=version["VersionId"])
            self._client.delete_object(**name)

    def erase_earlier_versions(self, prefix: str) -> None:
        pages = self._client.get_paginator("list_object_versions")
        with aws_errors(self.address(prefix)):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._root + prefix):
                earlier = [version for version in page.get("Versions", []) if not version["IsLatest"]]
                self._erase([*earlier, *page.get("DeleteMarkers", [])], prefix)

    def _erase(self, versions: Sequence[Mapping[str, Any]], prefix: str) -> None:
        """Remove these versions, a page of a list at a time."""
        if not versions:
            return
        named = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
        answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": named, "Quiet": True})
        for refused in answer.get("Errors", [])[:1]:
            raise StorageError(
                f"{self.address(prefix)}: an earlier version cannot be removed ({refused.get('Code')}); "
                "the right s3:DeleteObjectVersion is needed."
            )

    def leftovers(self) -> Iterator[StoredObject]:
        # Parts of an upload that was cut short are no objects; the bucket's own lifecycle ends them.
        return iter(())

    def address(self, key: str) -> str:
        return f"s3://{self._bucket}/{self._root}{key}"

    def check_writable(self) -> None:
        # Beginning an upload takes the right to write; ended at once, it leaves nothing that could be read.
        with aws_errors(self.address("")):
            name = {"Bucket": self._bucket, "Key": f"{self._root}raw/.try-{uuid.uuid4()}"}
            upload = self._client.create_multipart_upload(**name)
            self._client.abort_multipart_upload(**name, UploadId=upload["UploadId"])

    def access(self) -> S3Access:
        """What DuckDB and PyArrow need; asking anew renews temporary credentials that are about to expire."""
        with aws_errors(self.address("")):
            held = self._session.get_credentials()
            if held is None:
                raise NoCredentialsError
            credentials = held.get_frozen_credentials()
        endpoint = self._client.meta.endpoint_url
        return S3Access(
            bucket=self._bucket,
            region=self._client.meta.region_name,
            key_id=credentials.access_key,
            secret=credentials.secret_key,
            token=credentials.token,
            endpoint=None if re.search(r"\.amazonaws\.com(\.cn)?$", endpoint) else endpoint,
            authorities=self._session.get_config_variable("ca_bundle"),
        )

    def _decided(self, put: Callable[[str, Path, str], None], key: str, content: Path, put_id: str) -> bool:
        """Whether this put or another was first. Where the key is taken, it may be by this very put.

        An answer can get lost after the object was stored; botocore then asks again, and is told that the key is taken,
        or that the upload is no more. The object itself says who wrote it.
        """
        try:
            put(key, content, put_id)
        except ClientError as exc:
            stored = self._metadata(key) if _status(exc) in (TAKEN, UPLOAD_GONE) else None
            if stored is None:
                raise
            return stored.get(PUT_ID) == put_id
        return True

    def _put_whole(self, key: str, content: Path, put_id: str) -> None:
        with content.open("rb") as body:
            self._client.put_object(**self._name(key), Body=body, IfNoneMatch="*", Metadata={PUT_ID: put_id})

    def _put_in_parts(self, key: str, content: Path, put_id: str) -> None:
        name = self._name(key)
        name["UploadId"] = self._client.create_multipart_upload(**name, Metadata={PUT_ID: put_id})["UploadId"]
        try:
            parts = [
                {"PartNumber": number, "ETag": self._client.upload_part(**name, PartNumber=number, Body=part)["ETag"]}
                for number, part in enumerate(self._parts(content), 1)
            ]
            self._client.complete_multipart_upload(**name, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
        except ClientError:
            with suppress(ClientError):
                self._client.abort_multipart_upload(**name)
            raise

    def _parts(self, content: Path) -> Iterator[bytes]:
        part_bytes = max(self._part_bytes, math.ceil(content.stat().st_size / MAX_PARTS))
        with content.open("rb") as file:
            while part := file.read(part_bytes):
                yield part

    def _metadata(self, key: str) -> dict[str, str] | None:
        try:
            found: dict[str, str] = self._client.head_object(**self._name(key))["Metadata"]
        except ClientError as exc:
            if _status(exc) == MISSING:
                return None
            raise
        return found

    def _body(self, key: str) -> ResumingBody | None:
        try:
            return ResumingBody(self._client, self._name(key), self.address(key))
        except ClientError as exc:
            if exc.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise

    def _name(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._root + key}


def _client(session: botocore.session.Session, region: str | None, config: Config) -> Any:
    try:
        return session.create_client("s3", region_name=region, config=config)
    except ValueError as exc:
        raise SettingsError(f"environment: AWS_ENDPOINT_URL: {exc}; it starts with https:// or http://.") from exc


def _region(client: Any, bucket: str) -> str:
    """The bucket's region; boto3 finds one of another region by itself, but DuckDB and Arrow have to be told."""
    configured = client.meta.region_name
    try:
        found = client.head_bucket(Bucket=bucket).get("BucketRegion", configured)
    except ClientError:
        # Rights on the prefix alone do not cover this question.
        found = configured
    return "us-east-1" if found in (None, "aws-global") else str(found)


def _status(exc: ClientError) -> int:
    return int(exc.response["ResponseMetadata"]["HTTPStatusCode"])
