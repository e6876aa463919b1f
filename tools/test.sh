#!/usr/bin/env bash
# The tests, ring by ring: fast (checks, unit, integrity), all (the sandbox's parts and the demo's path as well),
# operations (health, replay, trace and a burst whose tasks are all killed, on a demo of their own).
set -uo pipefail
cd "$(dirname "$0")/.." || exit
rings=${1:-all}
failed=()

ring() {
    local title=$1
    shift
    printf '\033[1m==> %s\033[0m\n' "$title"
    local began=$SECONDS
    "$@" || failed+=("$title")
    printf '    %s: %s s\n' "$title" "$((SECONDS - began))"
}
export AIRFLOW_HOME=$PWD/.sandbox/test/airflow-home
export AIRFLOW__CORE__LOAD_EXAMPLES=False
mkdir -p "$AIRFLOW_HOME"
airflow=(.venv/airflow/bin/python -m pytest -q)
sandbox=(.venv/sandbox/bin/python -m pytest -q)

# What most of them look at must be as a demo leaves it, so that they can't share one with the other tests.
operations=(tests/e2e/test_{health,replay,trace,killed_tasks}.py)
if [ "$rings" = operations ]; then
    ring "End to end: health, replay, trace, killed tasks" "${airflow[@]}" --timeout 2700 "${operations[@]}"
    [ "${#failed[@]}" -eq 0 ]
    exit
fi

# Spark plans on one core; its tests run on two, beside the others.
beside=$(mktemp)
trap 'rm -f "$beside"' EXIT
"${sandbox[@]}" --numprocesses 2 --dist worksteal tests/unit/spark >"$beside" 2>&1 &
beside_pid=$!
show_beside() {
    local code=0
    wait "$beside_pid" || code=$?
    cat "$beside"
    return "$code"
}
ring "Checks" tools/lint.sh
ring "Unit tests: operators, pipeline" "${airflow[@]}" --numprocesses 2 --dist worksteal tests/unit/cloud_operators tests/unit/pinterest_pipeline
ring "Integrity of the DAGs" "${airflow[@]}" tests/integrity
ring "Unit tests: sandbox" "${sandbox[@]}" tests/unit/pinterest_sandbox
ring "Unit tests: Spark, SQL" show_beside
if [ "$rings" = all ]; then
    ring "Unit tests: S3 sink" mvn -B -q -ntp -f sandbox/java/s3-sink/pom.xml test
    # Made before the tests, so that no test waits for downloads.
    ring "Jars and class archives" .venv/sandbox/bin/sandbox build
    ring "The sandbox's parts" env CONFORMANCE_TARGET=sandbox "${airflow[@]}" tests/sandbox tests/conformance
    ring "End to end" "${airflow[@]}" --timeout 2700 "${operations[@]/#/--ignore=}" tests/e2e
fi
if [ "${#failed[@]}" -gt 0 ]; then
    printf '\033[1mFailed:\033[0m %s\n' "$(IFS=,; echo "${failed[*]}")"
    exit 1
fi
printf '\033[1mAll rings passed.\033[0m\n'
