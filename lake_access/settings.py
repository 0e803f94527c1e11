"""Where the lake is: the environment (`LEADLAKE_…`), with the declarations of leadlake.toml beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from lake_access.declarations import Declarations, describe_invalid, load_declarations, nearest
from lake_access.errors import SettingsError

PREFIX = "LEADLAKE_"
SHIPPED_CONFIG = Path(__file__).resolve().parent.parent / "leadlake.toml"


class Environment(BaseModel):
    """The environment variables that Leadlake reads, without their prefix; docs/settings.md lists the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Path = Field(
        Path("var"), description="The folder that holds the lake and the databases unless they are set apart."
    )
    config: Path | None = Field(
        None, description="The file that says what the lake is; default `leadlake.toml` here, else the shipped one."
    )
    lake: str | None = Field(
        None, description="The lake's root: a folder, or `s3://bucket/prefix`; default `lake` in the home."
    )
    database: str | None = Field(
        None,
        description="Where all state is kept; default SQLite files in the home, `postgresql://…` for a team. `glue` "
        "keeps the tables' catalog in AWS Glue.",
    )
    identity_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="The secret that turns an e-mail into a lead_id; default `identity.key` in the home, made once.",
    )
    user: str | None = Field(
        None, min_length=1, description="Who acts on the command line; default the system's user name."
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="What a scraper of `/metrics` shows; without it, this machine alone.",
    )
    alert_channels: SecretStr | None = Field(
        None,
        description="Where alerts and digests go: `name=address` with blanks between, addresses as Apprise has them.",
    )
    base_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s\"'<>]+$",
        max_length=300,
        description="Where readers reach the dashboard, for the links in messages.",
    )
    threads: int | None = Field(
        None, ge=1, le=1024, description="Threads for queries and builds; default one per core."
    )
    memory: str | None = Field(
        None,
        pattern=r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$",
        description="Memory that a build or query may take, as `2GB`; default half the machine's.",
    )


@dataclass(frozen=True)
class Settings:
    """Everything that is configured: where the lake is and what it is."""

    environment: Environment
    config_file: Path
    declarations: Declarations

    @property
    def home(self) -> Path:
        return self.environment.home

    @property
    def lake(self) -> str:
        """The lake's root: an absolute folder, or an `s3://` address without a slash at the end."""
        configured = self.environment.lake
        if configured is not None and "://" in configured:
            scheme, _, path = configured.partition("://")
            return f"{scheme}://{path.rstrip('/')}"
        return str(Path(configured or self.home / "lake").absolute())

    @property
    def database(self) -> str:
        return self.environment.database or f"sqlite:///{(self.home / 'leadlake.sqlite').absolute()}"


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read the `LEADLAKE_…` variables of this environment and the leadlake.toml that they name.

    Raises:
        SettingsError: an unknown variable, a value of the wrong type, or a leadlake.toml that cannot be.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }
    unknown = sorted(given.keys() - Environment.model_fields.keys())
    if unknown:
        variable = PREFIX + unknown[0].upper()
        known = [PREFIX + name.upper() for name in Environment.model_fields]
        raise SettingsError(f"environment: unknown variable {variable}{nearest(variable, known)}.")
    try:
        where = Environment.model_validate(given)
    except ValidationError as exc:
        variable = PREFIX + str(exc.errors()[0]["loc"][0]).upper()
        secret = variable.endswith(("_KEY", "_TOKEN"))
        reason = "is too short or not text" if secret else describe_invalid(exc, Environment).split(": ", 1)[1]
        raise SettingsError(f"environment: {variable}: {reason}") from exc
    config_file = where.config or (Path("leadlake.toml") if Path("leadlake.toml").is_file() else SHIPPED_CONFIG)
    return Settings(where, config_file, load_declarations(config_file))
