#!/bin/bash
# What the scripts of the SSM documents share. The module ssm_documents of plugins/pinterest_pipeline puts
# it before each of them, so nothing is sourced on the instance. SSM Agent hands over the parameters as
# environment variables SSM_<name>; no value becomes text of a script.
set -euo pipefail
umask 022
export LC_ALL=C

readonly UNIT=kafka-rest-proxy.service
readonly UNIT_FILE=/etc/systemd/system/$UNIT
readonly PROXY_PROPERTIES=/etc/kafka-client/kafka-rest.properties
readonly CLIENT_HOME=/opt/kafka-client
# Says with which files the unit was started. It is there only while that start is known to have succeeded
# and none of these files was written since.
readonly STARTED=$CLIENT_HOME/.started
# Empty on an instance. Tests set it to run on a folder of their own.
readonly ROOT=${KAFKA_CLIENT_ROOT:-}
changed=no

say() { printf '%s\n' "$*"; }

change() {
    say "$*"
    changed=yes
}

say_result() {
    if [[ $changed == yes ]]; then say "result: changed"; else say "result: unchanged"; fi
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# parameter NAME PATTERN: print the parameter. The service has checked allowedPattern already, but a script
# that root runs does not rely on it.
parameter() {
    local variable=SSM_$1
    [[ -n ${!variable+set} ]] || fail "parameter $1 was not handed over as $variable: that takes SSM Agent" \
        "3.3.2746.0 or later; run the document AWS-UpdateSSMAgent on this instance first"
    [[ ${!variable} =~ $2 ]] ||
        fail "parameter $1 is refused: $(printf '%.100q' "${!variable}") does not match $2"
    printf '%s' "${!variable}"
}

# Two runs at once would take away each other's files. The lock goes with the process.
lock() {
    mkdir -p "$ROOT$CLIENT_HOME"
    exec 9>>"$ROOT$CLIENT_HOME/.lock"
    flock --nonblock 9 || fail "another run of these documents is at work on this instance; try again later"
}

unit_value() { systemctl show --property="$1" --value "$UNIT"; }

# The port in the properties file, nothing without one.
proxy_port() {
    [[ -f $ROOT$PROXY_PROPERTIES ]] || return 0
    sed -n 's|^listeners=http://0\.0\.0\.0:\([0-9]*\)$|\1|p' "$ROOT$PROXY_PROPERTIES"
}

# HTTP status with which the proxy lists the topics, 000 without an answer. It can list them only if the
# brokers take its IAM role.
http_status() {
    curl --silent --noproxy '*' --max-time 10 --output /dev/null --write-out '%{http_code}' \
        "http://127.0.0.1:$1/topics" || true
}

unit_log() { journalctl --unit "$UNIT" --no-pager --output cat --lines "$1"; }

fail_with_log() {
    printf 'error: %s. Its last log lines:\n' "$*" >&2
    unit_log 20 | sed 's/^/    /' >&2 || true
    exit 1
}

# wait_for_answer PORT SECONDS
wait_for_answer() {
    local status state restarts before deadline=$((SECONDS + $2))
    before=$(unit_value NRestarts)
    while true; do
        status=$(http_status "$1")
        state=$(unit_value ActiveState)
        restarts=$(($(unit_value NRestarts) - before))
        if [[ $status == 200 && $state == active ]]; then
            say "answers: $UNIT on port $1"
            return
        fi
        [[ $state != failed && $state != inactive ]] ||
            fail_with_log "unit $UNIT did not come up, it is $state"
        ((restarts < 3)) ||
            fail_with_log "unit $UNIT did not come up, systemd has started it $restarts times again"
        ((SECONDS < deadline)) ||
            fail_with_log "unit $UNIT is $state and did not list the topics on port $1 within $2 seconds" \
                "(last HTTP status $status)"
        sleep 1
    done
}

# What the unit runs with.
unit_digest() {
    {
        cat "$ROOT$UNIT_FILE" "$ROOT$PROXY_PROPERTIES"
        # A proxy that somebody has put there for brokers without IAM lacks the library.
        readlink "$ROOT$CLIENT_HOME/kafka-rest" "$ROOT$CLIENT_HOME/aws-msk-iam-auth" || true
    } | sha256sum | cut -c 1-64
}

# restart_unit PORT SECONDS: a start that is cut off or fails is not noted, so the next installation starts
# the unit again.
restart_unit() {
    local digest
    digest=$(unit_digest)
    systemctl daemon-reload
    systemctl restart "$UNIT" || fail_with_log "unit $UNIT could not be started"
    wait_for_answer "$1" "$2"
    printf '%s\n' "$digest" >"$ROOT$STARTED.new"
    mv -f "$ROOT$STARTED.new" "$ROOT$STARTED"
}
