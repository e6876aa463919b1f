"""Make what is uploaded for MWAA: ``dags/``, ``plugins.zip``, ``requirements.txt``, ``startup.sh``.

The same checkout gives the same bytes, so that "has it changed?" is a comparison of hashes. Needs the
standard library only. Prints the commands that upload the result, which ``tools/mwaa_deploy.sh`` runs; see
``docs/mwaa.md``.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import re
import shlex
import shutil
import sys
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
OUTPUTS = {"dags", "plugins.zip", "requirements.txt", "startup.sh", "startup.sh.example"}
#: The earliest time that a zip file can hold.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644
UNIX = 3
#: Never uploaded: what Python, editors and macOS leave behind.
LEFT_OUT = ("__pycache__", "*.py[cod]", "*.swp", "*~", ".DS_Store")
SETTING = re.compile(r"(PINTEREST_[A-Z_]+)=(.*)")
STARTUP_HEAD = "# Sourced by each container of the environment before Airflow starts. No secrets here.\n"


def main() -> None:
    """Make the package and print what to do with it."""
    parser = argparse.ArgumentParser(description="Make what is uploaded for MWAA")
    parser.add_argument(
        "--output", type=Path, default=CHECKOUT / "build" / "mwaa", help="folder to make anew"
    )
    parser.add_argument("--settings", type=Path, help="file of PINTEREST_* settings to make startup.sh from")
    options = parser.parse_args()
    try:
        make_package(CHECKOUT, options.output, options.settings)
    except (OSError, ValueError) as error:
        sys.exit(f"{parser.prog}: {error}")
    print(f"# {options.output}:")
    for name in sorted(OUTPUTS - {"dags"}):
        if (options.output / name).exists():
            print(f"#   {name:18} sha256 {hashlib.sha256((options.output / name).read_bytes()).hexdigest()}")
    print("# The commands that upload it are those of tools/mwaa_deploy.sh:\n")
    print((CHECKOUT / "tools" / "mwaa_deploy.sh").read_text(encoding="utf-8"), end="")


def make_package(checkout: Path, output: Path, settings: Path | None = None) -> None:
    """Make the folder ``output`` anew.

    :param checkout: folder with ``dags``, ``plugins``, ``include``, ``requirements.txt``, ``.env.example``.
    :param output: folder to make; what is in it is deleted.
    :param settings: file of settings; without it ``startup.sh.example`` is made of the documented ones.
    :raises ValueError: when ``output`` holds something else, or a setting can't be exported.
    :raises OSError: when a file can't be read or written.
    """
    startup = startup_script(settings or checkout / ".env.example")
    if output.exists() and {file.name for file in output.iterdir()} - OUTPUTS:
        raise ValueError(f"{output} holds other files; choose another folder")
    if output.exists():
        shutil.rmtree(output)
    ignore = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(checkout / "dags", output / "dags", ignore=ignore)
    # MWAA syncs only the DAGs folder.
    shutil.copytree(checkout / "include", output / "dags" / "include", ignore=ignore)
    write_zip(checkout / "plugins", output / "plugins.zip")
    shutil.copyfile(checkout / "requirements.txt", output / "requirements.txt")
    name = "startup.sh" if settings else "startup.sh.example"
    (output / name).write_text(startup, encoding="utf-8")


def write_zip(folder: Path, target: Path) -> None:
    """Zip the content of a folder, the same bytes for the same content.

    :param folder: folder whose content lies at the top of the archive.
    :param target: the archive.
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    # Stored: compressed bytes differ between versions of zlib.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            if any(fnmatch.fnmatch(part, pattern) for part in name.split("/") for pattern in LEFT_OUT):
                continue
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            # The same wherever it is made, whatever the rights of the files there.
            entry.create_system = UNIX
            entry.external_attr = FILE_MODE << 16
            archive.writestr(entry, files[name].read_bytes())


def startup_script(settings: Path) -> str:
    """The startup script that exports the settings.

    :param settings: file of ``NAME=value`` lines, comments and empty lines.
    :raises ValueError: for a line that is no ``PINTEREST_*`` setting, naming it. Airflow's own options belong
        in the environment's configuration, and many other variables are MWAA's own.
    """
    lines = []
    for number, line in enumerate(settings.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        found = SETTING.fullmatch(text)
        if not found:
            raise ValueError(f"{settings}, line {number}: PINTEREST_<NAME>=<value> expected")
        lines.append(f"export {found[1]}={shlex.quote(unquoted(found[2].strip()))}\n")
    return STARTUP_HEAD + "".join(lines)


def unquoted(value: str) -> str:
    """The value without the quotes around it, which Docker and Astro take away as well."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


if __name__ == "__main__":
    main()
