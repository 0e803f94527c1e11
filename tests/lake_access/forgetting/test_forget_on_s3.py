"""Forgetting in a bucket that keeps earlier versions of its objects: these go as well."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake_access.building.build import build
from lake_access.database import open_database
from lake_access.iceberg.tables import LEADS
from lake_access.lake import Lake
from lake_access.ledger import verify
from tests.lake_access.forgetting.test_forget import ADDRESS, erase, lead_of, now, with_person
from tests.lake_access.lakes import NOW, lake_in, land_lines, read_table
from tests.lake_access.s3_server import S3Server


@pytest.fixture
def lake(s3_server: S3Server, bucket: str, tmp_path: Path) -> Lake:
    s3_server.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    lake = lake_in(tmp_path / "home", lake=f"s3://{bucket}/company/lake")
    for stream, lines in with_person():
        land_lines(lake, stream, *lines, at=NOW)
    build(lake, NOW)
    return lake


def versions(client: Any, bucket: str) -> Iterator[tuple[str, bytes]]:
    """Every version of every object, decompressed."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []):
            named = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
            content = client.get_object(**named)["Body"].read()
            if version["Key"].endswith(".zst"):
                with pa.input_stream(io.BytesIO(content), compression="zstd") as stream:
                    content = stream.read()
            elif version["Key"].endswith(".parquet"):
                content = "\n".join(map(str, pq.read_table(io.BytesIO(content)).to_pylist())).encode()
            yield version["Key"], content.lower()


def naming(client: Any, bucket: str, *tokens: str) -> list[str]:
    found = list(versions(client, bucket))
    assert len(found) > 20
    return [key for key, content in found if any(token.lower().encode() in content for token in tokens)]


def test_no_version_of_any_object_tells_of_the_person(
    lake: Lake, s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    client, lead, database = s3_server.client(), lead_of(lake, ADDRESS), open_database(lake.settings)
    leads = len(read_table(lake, LEADS))
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"lead": lead}), encoding="utf-8")
    # Deleted before anybody asked to be forgotten, and kept by the bucket all the same.
    lake.store.put_if_absent("reports/old/index.json", report)
    lake.store.delete("reports/old/index.json")
    lake.store.put_if_absent("reports/new/index.json", report)
    client.put_object(Bucket=bucket, Key="others/file", Body=b"1")
    client.put_object(Bucket=bucket, Key="others/file", Body=b"2")
    assert len(naming(client, bucket, ADDRESS, lead)) > 5

    done = erase(lake, database)

    assert naming(client, bucket, ADDRESS, lead, "CRM-4242-ann-77") == []
    assert done.reports == ("reports/new",)
    assert len(read_table(lake, LEADS)) == leads - 1
    assert verify(database).valid
    assert sum(key == "others/file" for key, _ in versions(client, bucket)) == 2
    assert build(lake, now()).read == 0
    database.dispose()
