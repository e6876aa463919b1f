"""The tool that makes what is uploaded, and the commands that upload it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from tests.integrity.mwaa.aws import Aws
from tests.unit.cloud_operators import moto_server
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

SOURCES = ("dags", "plugins", "include", "requirements.txt", ".env.example", "tools")


def package(checkout: Path, *options: str) -> subprocess.CompletedProcess[str]:
    tool = checkout / "tools" / "mwaa_package.py"
    return subprocess.run(
        [sys.executable, str(tool), *options], capture_output=True, text=True, check=False, cwd=checkout
    )


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the package is made of."""
    copy = tmp_path / "checkout"
    for name in SOURCES:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    return copy


def test_equal_checkouts_give_equal_bytes(checkout: Path, tmp_path: Path) -> None:
    assert package(checkout).returncode == 0
    first = content(checkout / "build" / "mwaa")
    # Another age, other rights, what Python and an editor leave behind.
    (checkout / "plugins" / "pinterest_plugin.py").touch()
    (checkout / "plugins" / "pinterest_plugin.py").chmod(0o600)
    for left in ("__pycache__/pinterest_plugin.cpython-312.pyc", "cloud_operators/.base.py.swp"):
        (checkout / "plugins" / left).parent.mkdir(exist_ok=True)
        (checkout / "plugins" / left).write_bytes(b"?")
    (checkout / "include" / "sql" / "notes~").write_text("?")
    assert package(checkout, "--output", str(tmp_path / "other")).returncode == 0
    assert content(tmp_path / "other") == first


def test_a_change_changes_the_hash(checkout: Path) -> None:
    package(checkout)
    before = content(checkout / "build" / "mwaa")
    with (checkout / "plugins" / "pinterest_plugin.py").open("a") as file:
        file.write("# more\n")
    package(checkout)
    after = content(checkout / "build" / "mwaa")
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"plugins.zip"}


def test_the_zip_holds_the_content_of_the_folder_with_the_ignore_file(checkout: Path) -> None:
    package(checkout)
    with zipfile.ZipFile(checkout / "build" / "mwaa" / "plugins.zip") as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert names == sorted(names)
    assert set(names) == set(content(checkout / "plugins"))
    assert ".airflowignore" in names


def test_what_was_deleted_is_not_uploaded_again(checkout: Path) -> None:
    package(checkout)
    (checkout / "dags" / "pinterest_daily_batch.py").unlink()
    package(checkout)
    assert not (checkout / "build" / "mwaa" / "dags" / "pinterest_daily_batch.py").exists()


def test_a_folder_with_other_files_is_left_alone(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").write_text("!")
    done = package(checkout, "--output", str(tmp_path / "mine"))
    assert done.returncode == 1
    assert "holds other files" in done.stderr
    assert (tmp_path / "mine" / "precious").read_text() == "!"


def test_the_example_exports_every_documented_setting(checkout: Path) -> None:
    package(checkout)
    text = (checkout / "build" / "mwaa" / "startup.sh.example").read_text()
    documented = re.findall(r"^(PINTEREST_\w+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE)
    assert re.findall(r"^export (\w+)=", text, re.MULTILINE) == documented
    assert not (checkout / "build" / "mwaa" / "startup.sh").exists()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("PINTEREST_USER_ID=12b287eedf6d", "12b287eedf6d"),
        ("PINTEREST_USER_ID = 12b287eedf6d", None),
        ('PINTEREST_DATABRICKS_COMPUTE={"existing_cluster_id": "0123"}', '{"existing_cluster_id": "0123"}'),
        ("PINTEREST_DATABRICKS_COMPUTE='{\"new_cluster\": {}}'", '{"new_cluster": {}}'),
        ("PINTEREST_WORKSPACE_ROOT=/Shared/it's $HOME", "/Shared/it's $HOME"),
        ("PINTEREST_NOTIFIERS=", ""),
        ("PYTHONPATH=/mine", None),
        ("AIRFLOW__CORE__PARALLELISM=4", None),
        ("export PINTEREST_USER_ID=sandbox", None),
    ],
)
def test_bash_reads_the_startup_script_as_it_was_meant(checkout: Path, line: str, value: str | None) -> None:
    (checkout / "production.env").write_text(f"# ours\n\n{line}\n")
    done = package(checkout, "--settings", "production.env")
    if value is None:
        assert done.returncode == 1
        assert "production.env, line 3: PINTEREST_<NAME>=<value> expected" in done.stderr
        return
    script = f'source build/mwaa/startup.sh && printf %s "${line.partition("=")[0]}"'
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=checkout)
    assert ran.stdout == value


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    with moto_server.running() as url:
        yield url


@dataclass(frozen=True)
class Deployment:
    """A checkout, and what it is deployed to."""

    checkout: Path
    programs: Path
    aws: Aws

    def run(self) -> subprocess.CompletedProcess[str]:
        """Make the package and run the commands that the tool prints."""
        printed = package(self.checkout, "--settings", "production.env").stdout
        variables = {"BUCKET": "mwaa", "ENVIRONMENT": "production", "POLL_SECONDS": "0"}
        return subprocess.run(
            ["bash", "-c", printed],
            cwd=self.checkout,
            env={"PATH": f"{self.programs}:{os.environ['PATH']}", **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def uploaded(self) -> set[str]:
        """Keys of the bucket."""
        return {entry["Key"] for entry in self.aws.s3.list_objects_v2(Bucket="mwaa").get("Contents", [])}


@pytest.fixture
def deployment(checkout: Path, tmp_path: Path, moto_url: str) -> Iterator[Deployment]:
    moto_server.reset(moto_url)
    s3 = boto3.client(
        "s3",
        endpoint_url=moto_url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    s3.create_bucket(Bucket="mwaa")
    s3.put_bucket_versioning(Bucket="mwaa", VersioningConfiguration={"Status": "Enabled"})
    (checkout / "production.env").write_text("PINTEREST_USER_ID=sandbox\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    aws = Aws(s3)
    server = aws.install(programs)
    yield Deployment(checkout, programs, aws)
    server.shutdown()
    server.server_close()


def test_a_deployment_updates_the_environment_when_it_must_and_the_dags_always(
    deployment: Deployment,
) -> None:
    checkout, aws = deployment.checkout, deployment.aws
    done = deployment.run()
    assert done.returncode == 0, done.stderr
    (update,) = aws.updates
    assert update["WorkerReplacementStrategy"] == "GRACEFUL"
    files = {"Plugins": "plugins.zip", "Requirements": "requirements.txt", "StartupScript": "startup.sh"}
    for name, file in files.items():
        assert update[f"{name}S3Path"] == file
        stored = aws.s3.get_object(Bucket="mwaa", Key=file, VersionId=update[f"{name}S3ObjectVersion"])
        assert stored["Body"].read() == (checkout / "build" / "mwaa" / file).read_bytes()
    uploaded = deployment.uploaded()
    assert {"dags/pinterest_daily_batch.py", "dags/include/connect/worker.properties"} <= uploaded

    # Other DAGs: no update, which takes half an hour.
    (checkout / "dags" / "pinterest_daily_batch.py").rename(checkout / "dags" / "other.py")
    assert deployment.run().returncode == 0
    assert len(aws.updates) == 1
    assert uploaded ^ deployment.uploaded() == {"dags/pinterest_daily_batch.py", "dags/other.py"}

    # Other settings: an update, with the plugins that were there.
    (checkout / "production.env").write_text("PINTEREST_USER_ID=other\n")
    assert deployment.run().returncode == 0
    _, second = aws.updates
    assert second["StartupScriptS3ObjectVersion"] != update["StartupScriptS3ObjectVersion"]
    assert second["PluginsS3ObjectVersion"] == update["PluginsS3ObjectVersion"]


def test_a_failed_update_leaves_the_dags_as_they_are(deployment: Deployment) -> None:
    deployment.aws.failure = "the requirements can't be installed"
    done = deployment.run()
    assert done.returncode == 1
    assert done.stderr == (
        "The update failed, the environment runs as before: the requirements can't be installed\n"
    )
    assert deployment.uploaded() == {"plugins.zip", "requirements.txt", "startup.sh"}


def test_a_lost_look_at_the_update_is_taken_again(deployment: Deployment) -> None:
    deployment.aws.blind = 9
    done = deployment.run()
    assert done.returncode == 0, done.stderr
    assert "dags/pinterest_daily_batch.py" in deployment.uploaded()


def test_an_update_that_can_not_be_looked_at_is_not_waited_for_for_ever(deployment: Deployment) -> None:
    deployment.aws.blind = 1_000_000
    done = deployment.run()
    assert done.returncode == 1
    assert "The security token has expired" in done.stderr
    assert "can't be looked at, 10 times in a row" in done.stderr
    assert 1_000_000 - deployment.aws.blind == 10
    assert deployment.uploaded() == {"plugins.zip", "requirements.txt", "startup.sh"}

    # Once it can be, the environment has what is wanted, and the DAGs follow.
    deployment.aws.blind = 0
    assert deployment.aws.run(["mwaa", "get-environment", "--name", "production"], Path())[0] == 0
    assert deployment.run().returncode == 0
    assert len(deployment.aws.updates) == 1
    assert "dags/pinterest_daily_batch.py" in deployment.uploaded()


@pytest.mark.parametrize(
    ("refused", "before"),
    [
        ("plugins.zip", set()),
        ("requirements.txt", {"plugins.zip"}),
        ("startup.sh", {"plugins.zip", "requirements.txt"}),
    ],
)
def test_a_failed_upload_ends_the_deployment(deployment: Deployment, refused: str, before: set[str]) -> None:
    """Otherwise new DAGs would run with old plugins, requirements or settings."""
    deployment.aws.refused = refused
    done = deployment.run()
    assert done.returncode != 0
    assert "AccessDenied" in done.stderr
    assert deployment.uploaded() == before
    assert deployment.aws.updates == []


@pytest.mark.parametrize("refused", ["plugins.zip", "startup.sh"])
def test_a_failed_upload_leaves_the_last_deployment_as_it_is(deployment: Deployment, refused: str) -> None:
    """The bucket has a version of every file then, which must not be taken for the new one."""
    assert deployment.run().returncode == 0
    (deployment.checkout / "dags" / "pinterest_daily_batch.py").rename(
        deployment.checkout / "dags" / "other.py"
    )
    with (deployment.checkout / "plugins" / "pinterest_plugin.py").open("a") as file:
        file.write("# more\n")
    (deployment.checkout / "production.env").write_text("PINTEREST_USER_ID=other\n")
    deployment.aws.refused = refused
    assert deployment.run().returncode != 0
    assert "dags/other.py" not in deployment.uploaded()
    assert len(deployment.aws.updates) == 1
