#!/usr/bin/env bash
# Make the lock files anew. Airflow's environments are resolved under MWAA's constraints, whose folder is the argument.
set -euo pipefail
cd "$(dirname "$0")/.."
constraints=${1:?"the folder with airflow-3.3.1-constraints.txt and essential-constraints.txt"}
uv=.venv/uv/bin/uv
command -v uv >/dev/null && uv=uv

lock() {
    local name=$1
    shift
    "$uv" pip compile --quiet --upgrade --python-version 3.12 --generate-hashes --no-emit-index-url \
        --no-annotate --no-header "$@" "requirements/$name.in" -o "requirements/$name.txt"
}
mwaa=(--constraint "$constraints/airflow-3.3.1-constraints.txt" --constraint "$constraints/essential-constraints.txt")
lock airflow "${mwaa[@]}"
lock dev "${mwaa[@]}"
lock mwaa "${mwaa[@]}"
lock sandbox
