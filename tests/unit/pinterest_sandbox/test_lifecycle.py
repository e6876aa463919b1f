from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psutil
import pytest

from pinterest_sandbox.lifecycle import claim, down, log_tail, throw_away
from tests.unit.pinterest_sandbox.configs import config_at


def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("ten years of work")
    with pytest.raises(ValueError, match=r"not a sandbox's folder: it holds thesis\.tex"):
        claim(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_down_leaves_a_folder_alone_that_is_no_sandbox(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PINTEREST_SANDBOX_HOME", str(tmp_path))
    (tmp_path / "thesis.tex").write_text("ten years of work")
    assert down() is False
    assert (tmp_path / "thesis.tex").exists()


def test_state_goes_and_caches_and_figures_stay(tmp_path: Path) -> None:
    claim(tmp_path)
    for name in ("logs", "kafka", "cache"):
        (tmp_path / name).mkdir()
    for name in ("sandbox.json", "demo.json"):
        (tmp_path / name).write_text("{}")
    throw_away(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cache", "demo.json", "sandbox.lock"]


def test_a_claimed_folder_is_claimed_again(tmp_path: Path) -> None:
    claim(tmp_path)
    (tmp_path / "kafka").mkdir()
    claim(tmp_path)
    assert (tmp_path / "kafka").exists()


def test_the_end_of_a_log_is_shown(tmp_path: Path) -> None:
    config = config_at(tmp_path)
    config.logs.mkdir()
    (config.logs / "kafka.log").write_text("\n".join(f"line {number}" for number in range(40)))
    tail = log_tail(config, "kafka", lines=2)
    assert tail.endswith("  line 38\n  line 39")
    assert log_tail(config, "nothing") == ""


@pytest.mark.parametrize("titled", [False, True], ids=["environment", "folder only"])
def test_a_process_that_lost_its_supervisor_is_ended(tmp_path: Path, titled: bool) -> None:
    claim(tmp_path)
    (tmp_path / "sandbox.json").write_text("{}")
    (tmp_path / "kafka").mkdir()
    environment = {} if titled else {"PINTEREST_SANDBOX_HOME": str(tmp_path)}
    # The shell ends at once; its background process then has process 1 as its parent.
    started = subprocess.run(
        ["/bin/sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $!"],
        cwd=tmp_path / "kafka" if titled else "/",
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    orphan = psutil.Process(int(started.stdout))
    throw_away(tmp_path)
    assert orphan.wait(timeout=20) is None or not orphan.is_running()
