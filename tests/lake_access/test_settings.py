"""The environment says where the lake is; what it says wrongly is one sentence with the variable and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake_access.errors import SettingsError
from lake_access.settings import SHIPPED_CONFIG, load_settings
from tests.lake_access.lakes import shipped_config


def refusal(**variables: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings({f"LEADLAKE_{name.upper()}": value for name, value in variables.items()})
    return str(refused.value)


def test_without_variables_everything_lies_in_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    settings = load_settings({"HOME": "/elsewhere", "PATH": "/bin"})

    assert settings.lake == str(tmp_path / "var" / "lake")
    assert settings.database == f"sqlite:///{tmp_path / 'var' / 'leadlake.sqlite'}"
    assert settings.config_file == SHIPPED_CONFIG


def test_the_home_holds_what_is_not_set_apart(tmp_path: Path) -> None:
    settings = load_settings({"LEADLAKE_HOME": str(tmp_path), "LEADLAKE_LAKE": str(tmp_path / "elsewhere")})

    assert settings.lake == str(tmp_path / "elsewhere")
    assert settings.database == f"sqlite:///{tmp_path / 'leadlake.sqlite'}"


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    settings = load_settings({"LEADLAKE_HOME": str(tmp_path), "LEADLAKE_LAKE": "", "LEADLAKE_THREADS": ""})

    assert settings.lake == str(tmp_path / "lake")
    assert settings.environment.threads is None


def test_an_address_of_s3_stays_one_without_slashes_at_its_end() -> None:
    assert load_settings({"LEADLAKE_LAKE": "s3://lead-datalake/prefix//"}).lake == "s3://lead-datalake/prefix"


def test_the_leadlake_toml_of_the_folder_goes_before_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leadlake.toml").write_text(shipped_config(('version = "2025-01"', 'version = "mine"')), "utf-8")
    (tmp_path / "other.toml").write_text(shipped_config(('version = "2025-01"', 'version = "other"')), "utf-8")
    monkeypatch.chdir(tmp_path)

    assert load_settings({}).declarations.scoring.version == "mine"
    assert load_settings({"LEADLAKE_CONFIG": "other.toml"}).declarations.scoring.version == "other"


def test_an_unknown_variable_is_refused_with_the_nearest_known_one() -> None:
    assert refusal(databse="x") == (
        'environment: unknown variable LEADLAKE_DATABSE (did you mean "LEADLAKE_DATABASE"?).'
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [("threads", "many"), ("threads", "0"), ("memory", "lots"), ("memory", "2 TB"), ("memory", "-1GB")],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_variable(variable: str, value: str) -> None:
    said = refusal(**{variable: value})

    assert said.startswith(f"environment: LEADLAKE_{variable.upper()}: ")
    assert value in said


def test_a_secret_that_is_too_short_is_refused_and_not_shown() -> None:
    said = refusal(identity_key="hunter2")

    assert said == "environment: LEADLAKE_IDENTITY_KEY: is too short or not text"
    assert "hunter2" not in said


def test_a_secret_shows_in_no_representation(tmp_path: Path) -> None:
    settings = load_settings({"LEADLAKE_HOME": str(tmp_path), "LEADLAKE_IDENTITY_KEY": "a secret of sixteen"})

    assert "a secret" not in repr(settings)


def test_a_missing_config_is_refused_with_its_name(tmp_path: Path) -> None:
    said = refusal(config=str(tmp_path / "none.toml"))

    assert said == f"{tmp_path / 'none.toml'}: no such file; set LEADLAKE_CONFIG to your leadlake.toml."
