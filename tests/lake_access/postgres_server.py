"""A PostgreSQL of its own on this machine, where its programs are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.lake_access.s3_server import silent_port

OWNER = "leadlake"
PASSWORD = "the password of the tests"
QUOTED_PASSWORD = "the%20password%20of%20the%20tests"


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, or None where they are not installed."""
    on_path = shutil.which("initdb")
    installed = [Path(on_path)] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].resolve().parent if installed else None


class PostgresServer:
    """A server that listens on this machine alone, in a folder that ends with it."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder = folder
        self._binaries = binaries
        self.port = silent_port()
        # As root PostgreSQL does not run.
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self._run("initdb", "--no-sync", "-A", "scram-sha-256", "-U", OWNER, "-E", "UTF8", f"--pwfile={password}")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def address(self, database: str, scheme: str = "postgresql", password: str = QUOTED_PASSWORD) -> str:
        return f"{scheme}://{OWNER}:{password}@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> str:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.address(name)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), "-D", str(self._folder / "data"), *arguments]
        subprocess.run(command, user=self._user, cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=60)


@contextmanager
def running_postgres(binaries: Path) -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="leadlake-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), binaries)
        server.start()
        try:
            yield server
        finally:
            server.stop()
