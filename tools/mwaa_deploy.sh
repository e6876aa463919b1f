#!/usr/bin/env bash
# Upload what `make mwaa` made. Needs BUCKET, ENVIRONMENT (the names of both) and the AWS command line.
set -euo pipefail
# Without it a failed upload inside $(...) would be passed over, and new DAGs would meet old plugins.
shopt -s inherit_errexit
package=${PACKAGE:-build/mwaa}
bucket=${BUCKET:?the bucket of the environment, with versioning on}
environment=${ENVIRONMENT:?the name of the MWAA environment}

# 1. What needs an update of the environment, unless the bucket has the same content.
put() {
    local digest kept
    digest=$(sha256sum "$package/$1" | cut -d' ' -f1)
    kept=$(aws s3api head-object --bucket "$bucket" --key "$1" --query Metadata.sha256 --output text 2>/dev/null || true)
    if [ "$kept" != "$digest" ]; then
        aws s3api put-object --bucket "$bucket" --key "$1" --body "$package/$1" --metadata "sha256=$digest" >/dev/null
    fi
    aws s3api head-object --bucket "$bucket" --key "$1" --query VersionId --output text
}
# A look that fails may be a lost connection, or credentials that have expired while the update went on.
until_updated() {
    local status failed=0
    until [ "$failed" -ge "${FAILED_LOOKS:-10}" ]; do
        if status=$(shown Status); then
            failed=0
            if [[ $status =~ ^(AVAILABLE|UPDATE_FAILED|UNAVAILABLE)$ ]]; then
                return
            fi
        else
            failed=$((failed + 1))
        fi
        sleep "${POLL_SECONDS:-30}"
    done
    echo "The environment can't be looked at, $failed times in a row: see above. The update goes on;" \
        "no DAGs were uploaded. Run this again when it is over." >&2
    return 1
}
shown() { aws mwaa get-environment --name "$environment" --query "Environment.$1" --output text; }
options=()
wanted=()
running=()
file() {
    local version
    version=$(put "$1")
    options+=("--$2-s3-path" "$1" "--$2-s3-object-version" "$version")
    wanted+=("$version")
    running+=("$(shown "$3S3ObjectVersion")")
}
file plugins.zip plugins Plugins
file requirements.txt requirements Requirements
if [ -e "$package/startup.sh" ]; then
    file startup.sh startup-script StartupScript
fi

# 2. The update takes 10 to 30 minutes. GRACEFUL lets running tasks end, for up to 12 hours.
if [ "${wanted[*]}" != "${running[*]}" ]; then
    aws mwaa update-environment --name "$environment" --worker-replacement-strategy GRACEFUL "${options[@]}" >/dev/null
    until_updated
    if [ "$(shown LastUpdate.Status)" != SUCCESS ]; then
        echo "The update failed, the environment runs as before: $(shown LastUpdate.Error.ErrorMessage)" >&2
        exit 1
    fi
fi

# 3. The DAGs come last, since they import the plugins. They take effect within a minute.
aws s3 sync "$package/dags" "s3://$bucket/dags" --delete
