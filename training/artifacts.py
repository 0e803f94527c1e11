"""The model file: written once into the lake's store, and loaded only if it is the file that was registered.

The file is skops' (no pickle): loading it builds objects of the types listed here and runs nothing that the file
brings.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from lake_access.errors import ConflictError, ModelRefusedError
from lake_access.storage import ObjectStore
from training.encoding import Encoding
from training.model import Model

MODELS = "models/"
FORMAT = 1
# What a model file may hold beyond the types that skops knows to be harmless: those of the two algorithms and of their
# calibration, and no other. `partial` and `check_array` are boosting's own check of its numbers.
TRUSTED_TYPES = (
    "functools.partial",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
)


def model_bytes(model: Model) -> bytes:
    """The model as the bytes of its file."""
    import skops.io

    encoding = model.encoding
    content: bytes = skops.io.dumps(
        {
            "format": FORMAT,
            "algorithm": model.algorithm,
            "numeric": list(encoding.numeric),
            "categories": {name: list(known) for name, known in encoding.categories.items()},
            "classifier": model.classifier,
            "background": model.background,
        },
        compression=zipfile.ZIP_DEFLATED,
        compresslevel=6,
    )
    return content


def model_from(content: bytes, key: str) -> Model:
    """The model in the bytes of a file, whose SHA-256 `read_registered` has held.

    Raises:
        ModelRefusedError: they are no model of ours; nothing was run.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    if not zipfile.is_zipfile(BytesIO(content)):
        raise ModelRefusedError(f"{key}: this is no skops file, so it was not loaded; train the version anew.")
    try:
        told: dict[str, Any] = skops.io.loads(content, trusted=list(TRUSTED_TYPES))
    except (UntrustedTypesFoundException, TypeError, KeyError, ValueError, zipfile.BadZipFile) as exc:
        reason = str(exc).splitlines()[0]
        raise ModelRefusedError(
            f"{key}: the file holds what no model of ours does, and was not loaded: {reason}"
        ) from exc
    if told.get("format") != FORMAT:
        raise ModelRefusedError(
            f"{key}: the file is of another format than this Leadlake reads; train the version anew."
        )
    categories = {name: tuple(known) for name, known in told["categories"].items()}
    return Model(
        told["algorithm"], Encoding(categories, tuple(told["numeric"])), told["classifier"], told["background"]
    )


def put_once(store: ObjectStore, version: str, name: str, ending: str, content: bytes) -> tuple[str, str]:
    """Write a file of a version under its SHA-256; its key and the SHA-256.

    Raises:
        ConflictError: another content stands under this key.
        StorageError: it cannot be written.
    """
    digest = hashlib.sha256(content).hexdigest()
    key = f"{MODELS}{version}/{name}-{digest[:16]}{ending}"
    with tempfile.TemporaryDirectory(prefix="leadlake-model-") as folder:
        file = Path(folder) / "content"
        file.write_bytes(content)
        if not store.put_if_absent(key, file) and store.read_bytes(key) != content:
            raise ConflictError(f"{key}: another file stands there; remove it, and train again.")
    return key, digest


def read_registered(store: ObjectStore, key: str, expected_sha256: str) -> bytes:
    """The bytes of a file that was registered.

    Raises:
        ModelRefusedError: it is gone, or was changed.
        StorageError: the store cannot be read.
    """
    content = store.read_bytes(key)
    if content is None:
        raise ModelRefusedError(f"{key}: the file is gone; restore it from a copy of the lake, or train anew.")
    found = hashlib.sha256(content).hexdigest()
    if found != expected_sha256:
        raise ModelRefusedError(
            f"{key}: the file was changed since it was registered: its SHA-256 is {found}, and {expected_sha256} was "
            f"registered{' (a pickle stands in its place)' if content[:1] == bytes([0x80]) else ''}. Nothing of it was "
            "loaded; restore the file from a copy of the lake."
        )
    return content
