"""AWS Glue as the lake's catalog."""

from __future__ import annotations

from typing import Any

import botocore.session
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.typedef import Properties

from lake_access.storage.aws_errors import aws_errors
from lake_access.storage.s3 import CLIENT


def open_glue(catalog_id: str, properties: Properties) -> Catalog:
    """Glue in the account and region of boto3's session, or the catalog with this id (an account's number).

    Raises:
        StorageError: no region or no credentials are set.
    """
    with aws_errors("AWS Glue"):
        client = botocore.session.get_session().create_client("glue", config=CLIENT)
    if catalog_id:

        def name_catalog(params: dict[str, Any], **_: Any) -> None:
            params.setdefault("CatalogId", catalog_id)

        client.meta.events.register("provide-client-params.glue", name_catalog)
    return GlueCatalog("leadlake", client=client, **properties)
