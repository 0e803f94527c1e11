"""The registry: whole versions or none, and nothing that was changed from outside is believed or run."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from lake_access.database import open_database, writing
from lake_access.errors import ModelRefusedError, NotAllowedError, TrainingRefusedError
from lake_access.iceberg.tables import EVENTS
from lake_access.lake import PinnedLake, open_lake
from lake_access.ledger import entries, verify
from lake_access.settings import Settings
from tests.lake_access.lakes import NOW, settings_in
from tests.training.people import ANALYST, VIEWER
from training.card_html import card_html
from training.examination import examine_models
from training.mlflow_mirror import NAME, open_mlflow
from training.registry import (
    REGISTRATION_STEPS,
    card,
    champion_alias,
    load_model,
    mirror_differences,
    register,
    set_champion_alias,
    version,
    versions,
)
from training.reproduce import reproduce
from training.retraining import TRAINING_STEPS, Trained, retrain
from training.scoring import score
from training.version_records import VERSIONS
from training.versions import ModelVersion


@pytest.fixture
def own(registered: Settings, tmp_path: Path) -> Settings:
    """A copy of the registered lake, to be changed."""
    home = tmp_path / "home"
    shutil.copytree(registered.home, home)
    return settings_in(home)


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "empty")


def a_version(settings: Settings) -> ModelVersion:
    return replace(version(settings, "1"), version="", artifact="", artifact_sha256="", card="", card_sha256="")


def test_a_version_tells_all_that_made_it(registered: Settings, pinned: PinnedLake, linear: Trained) -> None:
    told = version(registered, "1")

    assert [one.version for one in versions(registered)] == ["2", "1"]
    assert told.digest == linear.digest
    assert told.dataset_digest == linear.dataset.digest
    assert dict(told.snapshot_ids)[EVENTS] == pinned.snapshot(EVENTS)
    assert told.features == (*linear.model.numeric, *linear.model.categorical)
    assert told.created_by == "ann"
    assert told.counts["used"] == len(linear.dataset)
    assert {"online", "roadshow", "webinar"} == told.metrics_by_source.keys()
    assert told.metrics["roc_auc"].low < told.metrics["roc_auc"].value < told.metrics["roc_auc"].high


def test_a_loaded_model_predicts_as_it_did(registered: Settings, linear: Trained) -> None:
    told = load_model(registered, "1").probabilities(linear.dataset.features.iloc[linear.split.test])

    assert told.tobytes() == linear.probabilities.tobytes()


def test_mlflow_tells_the_same_versions(registered: Settings) -> None:
    client = open_mlflow(registered)
    for told in versions(registered):
        mirrored = client.get_model_version(NAME, told.version)
        run = client.get_run(mirrored.run_id or "")
        assert mirrored.tags["leadlake.artifact_sha256"] == told.artifact_sha256
        assert run.info.status == "FINISHED"
        assert run.data.metrics["roc_auc"] == told.metrics["roc_auc"].value
        assert run.data.params["algorithm"] == told.algorithm
    assert mirror_differences(registered) == []


def test_registering_is_in_the_ledger(registered: Settings) -> None:
    engine = open_database(registered)

    rows = entries(engine, event="model.registered")

    assert [row.subject for row in rows] == ["model 1", "model 2"]
    assert rows[0].details["artifact_sha256"] == version(registered, "1").artifact_sha256
    assert verify(engine).valid


def test_who_may_not_retrain_registers_nothing(empty: Settings) -> None:
    with pytest.raises(NotAllowedError, match="vic may not retrain a model"):
        retrain(empty, VIEWER, {}, NOW)

    assert versions(empty) == []


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"algorithm": "oracle"}, "^ALGORITHM: 'oracle' is not known"),
        ({"seed": -1}, "^PARAMETERS: seed is from 0"),
        ({"as_of": "yesterday"}, "^PARAMETERS: Invalid isoformat string"),
        ({}, "^TOO_FEW_LEADS: no lead was built yet"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_a_code(empty: Settings, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(TrainingRefusedError, match=said):
        retrain(empty, ANALYST, parameters, NOW)


def test_an_unknown_version_is_refused(registered: Settings) -> None:
    for unknown in ("3", "one", "", "1; DROP TABLE ledger", "\uff19"):
        with pytest.raises(ModelRefusedError, match="there is no model version"):
            load_model(registered, unknown)


def test_a_changed_model_file_is_noticed_and_not_loaded(own: Settings) -> None:
    file = Path(own.lake) / version(own, "2").artifact
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    with pytest.raises(ModelRefusedError, match=r"models/2/model-\w+\.skops: the file was changed since"):
        load_model(own, "2")


def test_a_model_file_that_is_gone_is_named(own: Settings) -> None:
    (Path(own.lake) / version(own, "2").artifact).unlink()

    with pytest.raises(ModelRefusedError, match=r"models/2/model-\w+\.skops: the file is gone"):
        load_model(own, "2")


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_a_pickle_in_the_files_place_is_named_and_not_executed(own: Settings, tmp_path: Path) -> None:
    (Path(own.lake) / version(own, "2").artifact).write_bytes(pickle.dumps(Bomb(tmp_path / "executed")))

    with pytest.raises(ModelRefusedError, match="a pickle stands in its place"):
        load_model(own, "2")

    assert not (tmp_path / "executed").exists()


def test_even_a_registered_file_is_not_executed(own: Settings, tmp_path: Path) -> None:
    """Somebody who may train hands over another file than a model's."""
    bombs = {
        "pickle": (pickle.dumps(Bomb(tmp_path / "executed")), "this is no skops file"),
        "skops": (_skops_of(Bomb(tmp_path / "executed")), "the file holds what no model of ours does"),
    }
    for content, said in bombs.values():
        told = register(own, ANALYST, a_version(own), content, lambda _: {}, NOW)
        with pytest.raises(ModelRefusedError, match=said):
            load_model(own, told.version)

    assert not (tmp_path / "executed").exists()


def _skops_of(content: object) -> bytes:
    import skops.io

    dumped: bytes = skops.io.dumps({"format": 1, "classifier": content})
    return dumped


def test_a_changed_record_is_noticed(own: Settings) -> None:
    engine = open_database(own)
    with writing(engine) as connection:
        document = connection.execute(VERSIONS.select().where(VERSIONS.c.version == 2)).mappings().one()["document"]
        changed = json.dumps(json.loads(document) | {"created_by": "somebody"})
        connection.execute(update(VERSIONS).where(VERSIONS.c.version == 2).values(document=changed))

    with pytest.raises(ModelRefusedError, match="model 2: its record in the database is not the one that the ledger"):
        load_model(own, "2")
    assert version(own, "1").version == "1"


def test_a_record_that_was_taken_out_or_put_in_is_noticed(own: Settings) -> None:
    engine = open_database(own)
    with writing(engine) as connection:
        kept = dict(connection.execute(VERSIONS.select().where(VERSIONS.c.version == 2)).mappings().one())
        connection.execute(VERSIONS.delete().where(VERSIONS.c.version == 2))

    with pytest.raises(ModelRefusedError, match=r"model 2: the ledger registered it, and its record .* is gone"):
        versions(own)
    assert [found.detail for found in examine_models(own) if found.verdict == "failure"] == [
        "model 2: the ledger registered it, and its record in the database is gone; restore the database from a copy."
    ]

    with writing(engine) as connection:
        connection.execute(VERSIONS.insert().values(kept))
        connection.execute(VERSIONS.insert().values(kept | {"version": 7}))
    with pytest.raises(ModelRefusedError, match="model 7: its record in the database is not the one that the ledger"):
        versions(own)


def test_a_record_under_anothers_number_is_noticed(own: Settings) -> None:
    with writing(open_database(own)) as connection:
        connection.execute(VERSIONS.delete().where(VERSIONS.c.version == 1))
        connection.execute(update(VERSIONS).where(VERSIONS.c.version == 2).values(version=1))

    with pytest.raises(ModelRefusedError, match="model 1: its record in the database is not the one that the ledger"):
        load_model(own, "1")


def test_a_changed_card_is_noticed(own: Settings) -> None:
    file = Path(own.lake) / version(own, "1").card
    file.write_text(file.read_text(encoding="utf-8").replace('"ann"', '"eve"'), encoding="utf-8")

    with pytest.raises(ModelRefusedError, match=r"models/1/card-\w+\.json: the file was changed"):
        card(own, "1")


def test_what_mlflow_tells_otherwise_is_named(own: Settings) -> None:
    client = open_mlflow(own)
    client.set_model_version_tag(NAME, "1", "leadlake.artifact_sha256", "0" * 64)
    client.set_model_version_tag(NAME, "2", "leadlake.digest", "0" * 64)
    client.set_model_version_tag(NAME, "2", "leadlake.snapshot_ids", "{}")
    client.create_model_version(NAME, "file:///elsewhere", None)

    assert mirror_differences(own) == [
        "model 2: MLflow tells otherwise than the record: leadlake.digest, leadlake.snapshot_ids.",
        "model 1: MLflow tells otherwise than the record: leadlake.artifact_sha256.",
        "MLflow has a version 3 that Leadlake never registered.",
    ]


def test_the_alias_follows_what_it_is_told(own: Settings) -> None:
    assert champion_alias(own) is None
    set_champion_alias(own, "1")
    assert champion_alias(own) == "1"
    set_champion_alias(own, None)
    assert champion_alias(own) is None


class Killed(BaseException):
    """The process ends here."""


def killed_at(step: str) -> Any:
    def told(reached: str) -> None:
        if reached == step:
            raise Killed

    return told


@pytest.mark.parametrize("step", REGISTRATION_STEPS)
def test_a_registration_that_is_killed_leaves_no_half_version(own: Settings, step: str) -> None:
    content = (Path(own.lake) / version(own, "1").artifact).read_bytes()
    with pytest.raises(Killed):
        register(own, ANALYST, a_version(own), content, lambda _: {"whole": True}, NOW, killed_at(step))

    recorded = step == REGISTRATION_STEPS[-1]
    assert [one.version for one in versions(own)] == (["3", "2", "1"] if recorded else ["2", "1"])
    assert mirror_differences(own) == []
    for told in versions(own):
        load_model(own, told.version)

    again = register(own, ANALYST, a_version(own), content, lambda _: {"whole": True}, NOW)

    assert versions(own)[0] == again
    load_model(own, again.version)
    assert card(own, again.version) == {"whole": True}
    assert mirror_differences(own) == []
    assert verify(open_database(own)).valid
    client = open_mlflow(own)
    assert {client.get_model_version(NAME, one.version).tags["leadlake.state"] for one in versions(own)} == {
        "registered"
    }


def test_a_training_tells_its_steps_in_order_and_stops_where_it_is_told_to(own: Settings) -> None:
    steps: list[str] = []

    def progress(step: str, share: float | None) -> None:
        assert share is not None
        steps.append(step)
        if step == "Recording the version":
            raise Killed

    with pytest.raises(Killed):
        retrain(own, ANALYST, {"algorithm": "logistic_regression"}, NOW, progress)

    expected = [step for step in TRAINING_STEPS if step not in ("Searching parameters", "Finishing the run")]
    assert steps == expected
    assert [one.version for one in versions(own)] == ["2", "1"]


def test_a_mirror_that_was_lost_is_made_anew_beside_the_next_version(own: Settings) -> None:
    (own.home / "mlflow.sqlite").unlink()
    content = (Path(own.lake) / version(own, "1").artifact).read_bytes()

    told = register(own, ANALYST, a_version(own), content, lambda _: {}, NOW)

    assert told.version == "3"
    assert champion_alias(own) is None


@pytest.mark.parametrize("v", ["1", "2"])
def test_a_version_is_reproduced_to_the_last_bit(own: Settings, v: str) -> None:
    found = reproduce(own, ANALYST, v, NOW)

    assert found.same
    assert found.dataset_same
    assert found.data == "the recorded snapshots"
    assert entries(open_database(own), event="model.reproduced")[-1].details["same"] is True


def test_offline_scores_are_the_versions_and_come_once(own: Settings, linear: Trained) -> None:
    lake = open_lake(own)
    online = lake.pin().rows("SELECT count(*) FROM curated.scores")[0][0]

    first = score(own, ANALYST, "1", NOW, batch=1_500)
    again = score(own, ANALYST, "1", NOW)

    frame = lake.pin().frame(
        "SELECT lead_id::VARCHAR AS lead_id, score FROM curated.scores WHERE mode = 'offline' AND model_version = '1'"
    )
    assert (first.scored, first.batches, again.scored) == (4_000, 3, 0)
    assert frame.lead_id.is_unique
    expected = dict(zip(linear.dataset.lead_ids[linear.split.test], (100 * linear.probabilities).round(), strict=True))
    found = frame.set_index("lead_id").score
    assert {lead: found[lead] for lead in expected} == expected
    assert lake.pin().rows("SELECT count(*) FROM curated.scores WHERE mode = 'online'")[0][0] == online


def test_scoring_that_was_interrupted_is_taken_up_again(own: Settings) -> None:
    def progress(_step: str, _share: float | None) -> None:
        raise Killed

    with pytest.raises(Killed):
        score(own, ANALYST, "2", NOW, progress, batch=1_500)

    assert score(own, ANALYST, "2", NOW, batch=1_500).scored == 4_000 - 1_500


def test_the_card_shows_text_as_text(registered: Settings) -> None:
    told = dict(card(registered, "2"))
    told["notes"] = ['<script>alert("x")</script>']
    told["by_source"] = {"<img src=x onerror=y>": told["by_source"]["online"]}

    page = card_html(told)

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert told["version"]["digest"] in page


def test_what_pages_import_of_the_registry_is_light() -> None:
    heavy = "{'mlflow', 'skops', 'sklearn', 'shap'}"
    program = f"import sys, training.registry, training.card_html; print({heavy} & set(sys.modules))"

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert told.stdout == "set()\n"
