#!/usr/bin/env bash
# Style, types, import directions, SQL and shell scripts. Every check runs; the exit code says whether one failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
bin=.venv/airflow/bin
failed=()

check() {
    local title=$1
    shift
    printf '%-22s' "$title"
    if output=$("$@" 2>&1); then
        echo ok
    else
        echo FAILED
        printf '%s\n' "$output"
        failed+=("$title")
    fi
}
check "ruff" "$bin/ruff" check --quiet --output-format concise .
check "ruff format" "$bin/ruff" format --quiet --check .
check "mypy plugins" "$bin/mypy" --no-error-summary plugins
check "mypy sandbox" .venv/sandbox/bin/mypy --no-error-summary --config-file sandbox/pyproject.toml sandbox/src
check "import directions" env PYTHONPATH=plugins "$bin/lint-imports"
# sqlfluff takes its templater from the configuration in the folder where it is started.
sql() { (cd "$1" && "$OLDPWD/$bin/sqlfluff" lint --disable-progress-bar "${@:2}"); }
check "sqlfluff Databricks" sql include/sql comparison health queries quality tables trace
check "sqlfluff MySQL" sql include/sql/source .
check "shellcheck" shellcheck tools/*.sh include/ssm/*.sh .ci/run
if [ "${#failed[@]}" -gt 0 ]; then
    printf 'Failed: %s\n' "${failed[*]}"
    exit 1
fi
