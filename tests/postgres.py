"""A real PostgreSQL server, which the tests that ask for it start and stop."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_OWNER = "postgres"  # made by Debian's package; the server refuses to run as root


def _programs() -> Path | None:
    """Return the folder of the server's programs, the newest where there are several."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _run(*words: str | Path) -> None:
    as_owner = ["runuser", "-u", _OWNER, "--"] if os.getuid() == 0 else []
    done = subprocess.run([*as_owner, *map(str, words)], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def postgres():
    """Return the address of an empty database on a server of its own."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: `make postgresql` does it")
    pytest.importorskip("psycopg")
    with tempfile.TemporaryDirectory(prefix="bakeoff-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.getuid() == 0:
            shutil.chown(folder, _OWNER)
        data = folder / "data"
        _run(programs / "initdb", "-D", data, "-U", _OWNER, "-A", "trust", "--no-sync")
        # No port: nothing outside this folder can reach it, and no two servers collide.
        options = f"-c listen_addresses='' -k {folder} -F"
        server = [programs / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options]
        _run(*server, "-w", "start")
        try:
            yield f"postgresql://{_OWNER}@/postgres?host={folder}"
        finally:
            _run(*server, "-m", "immediate", "stop")
