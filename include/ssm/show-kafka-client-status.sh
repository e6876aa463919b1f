#!/bin/bash
# Print what is installed and how the REST proxy is, as one line of JSON: short enough for what Run Command
# keeps of the output. Nothing is changed; also a proxy that is down is an answer with exit code 0.

# json_string TEXT: null without a text. It has no control characters.
json_string() {
    local text=$1
    if [[ -z $text ]]; then
        printf null
        return
    fi
    text=${text//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# version NAME: of a part, from the folder that its link points to.
version() {
    local target
    target=$(readlink "$ROOT$CLIENT_HOME/$1") || return 0
    target=${target#"$1-"}
    printf '%s' "${target%-*}"
}

java_version() {
    local home
    [[ -f $ROOT$UNIT_FILE ]] || return 0
    home=$(sed -n 's/^Environment=JAVA_HOME=//p' "$ROOT$UNIT_FILE")
    "$ROOT$home/bin/java" -version 2>&1 | sed -n '1s/.*version "\([^"]*\)".*/\1/p' || true
}

# proxy_property NAME: its value in the properties of the proxy, nothing without it.
proxy_property() {
    [[ -f $ROOT$PROXY_PROPERTIES ]] || return 0
    sed -n "s|^${1//./\\.}=||p" "$ROOT$PROXY_PROPERTIES"
}

# The parameter RoleArn as it is in force; nothing where the brokers are not asked with IAM.
role() {
    local login
    login=$(proxy_property client.sasl.jaas.config)
    case $login in
        '') ;;
        *' awsRoleArn="'*)
            login=${login#*awsRoleArn=\"}
            printf '%s' "${login%%\"*}"
            ;;
        *) printf instance ;;
    esac
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The last lines that tell of an error, as a JSON list.
error_lines() {
    local line comma=
    printf '['
    while IFS= read -r line; do
        printf '%s%s' "$comma" "$(json_string "${line:0:200}")"
        comma=,
    done < <(unit_log 500 | tr -c '\n -~' '?' | grep -E '\b(ERROR|FATAL)\b|(Exception|Error)\b' | tail -n 5)
    printf ']'
}

state=$(unit_value ActiveState)
port=$(proxy_port)
listening=false status=000 healthy=false enabled=false
if [[ -n $port ]]; then
    if listens "$port"; then listening=true; fi
    status=$(http_status "$port")
fi
if [[ $state == active && $status == 200 ]]; then healthy=true; fi
if systemctl is-enabled --quiet "$UNIT" 2>/dev/null; then enabled=true; fi

printf '{"healthy":%s,"unit":"%s","state":%s,"sub_state":%s,"enabled":%s,"restarts":%d,' "$healthy" "$UNIT" \
    "$(json_string "$state")" "$(json_string "$(unit_value SubState)")" "$enabled" "$(unit_value NRestarts)"
printf '"port":%s,"listening":%s,"http_status":%d,' "${port:-null}" "$listening" "$((10#$status))"
printf '"installed":{"java":%s,"kafka":%s,"kafka-rest":%s,"aws-msk-iam-auth":%s},' \
    "$(json_string "$(java_version)")" "$(json_string "$(version kafka)")" \
    "$(json_string "$(version kafka-rest)")" "$(json_string "$(version aws-msk-iam-auth)")"
printf '"bootstrap_servers":%s,"role_arn":%s,' "$(json_string "$(proxy_property bootstrap.servers)")" \
    "$(json_string "$(role)")"
printf '"errors":%s}\n' "$(error_lines)"
