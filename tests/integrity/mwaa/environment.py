"""The Python environment of MWAA: its image's packages and ``requirements.txt``, and nothing of our tools."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

LOCK = CHECKOUT / "requirements" / "mwaa.txt"
CACHE = CHECKOUT / ".sandbox" / "cache" / "mwaa"


def uv() -> str:
    """The ``uv`` that the set-up found or made."""
    return shutil.which("uv") or str(CHECKOUT / ".venv" / "uv" / "bin" / "uv")


def environment() -> Path:
    """The environment's folder, made once for each state of the lock and of ``requirements.txt``."""
    pinned = LOCK.read_bytes() + (CHECKOUT / "requirements.txt").read_bytes()
    folder = CACHE / hashlib.sha256(pinned).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            for old in CACHE.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            _run("venv", "--quiet", "--python", "3.12", str(folder))
            # Compiled when it is imported: a tenth of it is.
            python = str(folder / "bin" / "python")
            _run("pip", "sync", "--quiet", "--python", python, "--require-hashes", str(LOCK))
            (folder / "made").touch()
    return folder


def _run(*arguments: str) -> None:
    done = subprocess.run([uv(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
