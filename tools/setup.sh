#!/usr/bin/env bash
# Make this checkout ready: programs of the system, the two Python environments, the sandbox's command.
# Does nothing when all is there already. Used by the Makefile; safe to run at any time.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; SECONDS=0; }
done_in() { printf '    %s s\n' "$SECONDS" >&2; }

# Debian and Ubuntu releases differ in which they have; before the first update apt knows none.
newest_jdk() {
    local package
    for package in openjdk-21-jdk-headless openjdk-17-jdk-headless; do
        apt-cache show "$package" >/dev/null 2>&1 && break
    done
    echo "$package"
}

# 1. Programs that come from the system: program=package
# mariadb-install-db calls my_print_defaults, which its own package neither has nor asks for.
programs=(
    mariadbd=mariadb-server-core mariadb-install-db=mariadb-server-core my_print_defaults=mariadb-client-core
    mvn=maven shellcheck=shellcheck
)
export PATH="$PATH:/usr/sbin:/sbin"
packages=()
# Kafka 4 and Spark 4 need Java 17 or later, and the S3 sink a compiler.
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
version=$("$java" -version 2>&1 | sed -nE 's/.*version "([0-9]+).*/\1/p' | head -1)
if [ "${version:-0}" -lt 17 ] || ! command -v "${java}c" >/dev/null; then
    if [ "${version:-17}" -lt 17 ]; then
        say "The java on the PATH is version $version; 17 or later is needed. Put one first on the PATH or in JAVA_HOME."
        exit 1
    fi
    packages+=("$(newest_jdk)")
fi
for pair in "${programs[@]}"; do
    command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}")
done
if [ "${#packages[@]}" -gt 0 ]; then
    mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
    remedy="apt-get update && apt-get install --yes --no-install-recommends ${packages[*]}"
    if ! command -v apt-get >/dev/null; then
        say "Missing programs. Install with your system's package manager what Debian calls: ${packages[*]}"
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        as_root=()
    elif sudo -n true 2>/dev/null; then
        as_root=(sudo)
    else
        say "Missing programs. Run this once, then try again:"
        printf '    sudo sh -c "%s"\n' "$remedy" >&2
        exit 1
    fi
    say "Installing ${packages[*]}"
    "${as_root[@]}" apt-get update -qq
    packages=("${packages[@]/openjdk-*/$(newest_jdk)}")
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq --yes --no-install-recommends "${packages[@]}" </dev/null >/dev/null
    done_in
fi

# 2. uv, which makes the environments in seconds and finds (or fetches) Python 3.12.
if command -v uv >/dev/null; then
    uv=uv
else
    uv=.venv/uv/bin/uv
    if [ ! -x "$uv" ]; then
        say "Installing uv"
        python=python3
        command -v python3.12 >/dev/null && python3.12 --version >/dev/null 2>&1 && python=python3.12
        if ! "$python" -m venv .venv/uv 2>/dev/null; then
            say "Python cannot make virtual environments. Run: apt-get install python3-venv"
            exit 1
        fi
        .venv/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
        done_in
    fi
fi

# 3. One environment a lock file; made again only when the lock has changed.
environment() {
    local folder=$1 lock=$2 stamp=$1/.lock-sha256 digest
    digest=$(sha256sum "$lock" | cut -d' ' -f1)
    [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ] && return 0
    say "Python environment $folder from $lock ($(grep -c '==' "$lock") packages)"
    [ -x "$folder/bin/python" ] || "$uv" venv --quiet --python 3.12 "$folder"
    "$uv" pip sync --quiet --compile-bytecode --python "$folder/bin/python" --require-hashes "$lock"
    printf '%s' "$digest" >"$stamp"
    done_in
}
environment .venv/airflow requirements/dev.txt
environment .venv/sandbox requirements/sandbox.txt

# 4. The sandbox's own package, seen through a path file: nothing to build.
site=$(.venv/sandbox/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$PWD/sandbox/src" >"$site/pinterest_sandbox.pth"
if [ ! -x .venv/sandbox/bin/sandbox ]; then
    cat >.venv/sandbox/bin/sandbox <<EOF
#!$PWD/.venv/sandbox/bin/python
from pinterest_sandbox.cli import main

main()
EOF
    chmod +x .venv/sandbox/bin/sandbox
fi
