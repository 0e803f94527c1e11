"""One provider and one server with sign-in for all tests here, over an empty lake."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.app.sign_in.served import ROLES, Served, free_port, provider_process, server_process, write_config
from tests.app.sign_in.served import write_secrets as written_secrets


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    with provider_process() as address:
        yield address


@pytest.fixture(scope="session")
def served(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("signed")
    config = write_config(home / "leadlake.toml", f'sign_in = "oidc"\n{ROLES}')
    port = free_port()
    secrets = written_secrets(home / "secrets.toml", port, provider)
    with server_process(home, config, secrets_file=secrets, port=port) as address:
        yield Served(address, home, config, provider)


@pytest.fixture
def visitor(served: Served) -> Iterator[httpx.Client]:
    with served.visitor() as client:
        yield client


@pytest.fixture
def mode(provider: str) -> Iterator[str]:
    """Where to say what is wrong with the provider's tokens; right again at the end."""
    yield f"{provider}/mode"
    httpx.put(f"{provider}/mode/honest")
