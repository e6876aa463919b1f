#!/bin/bash
# Install Java, the Kafka client, the MSK IAM library and the REST proxy, configure them for IAM and start
# the proxy. Each part is unpacked into a folder that its version and checksum name, and a link points to
# the one in use: a run that is cut off anywhere leaves the old version or the new one, and the next run
# goes on.

readonly CLIENT_PROPERTIES=/etc/kafka-client/client.properties

java_version=$(parameter JavaVersion '^(17|21)$')
kafka_version=$(parameter KafkaVersion '^[0-9]{1,3}(\.[0-9]{1,3}){2}$')
kafka_url=$(parameter KafkaUrl '^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._{}-]+)+$')
kafka_sha256=$(parameter KafkaSha256 '^[0-9a-f]{64}$')
iam_version=$(parameter IamAuthVersion '^[0-9]{1,3}(\.[0-9]{1,3}){2}$')
iam_url=$(parameter IamAuthUrl '^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._{}-]+)+$')
iam_sha256=$(parameter IamAuthSha256 '^[0-9a-f]{64}$')
proxy_version=$(parameter RestProxyVersion '^[0-9]{1,3}(\.[0-9]{1,3}){2}$')
proxy_url=$(parameter RestProxyUrl '^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._{}-]+)+$')
proxy_sha256=$(parameter RestProxySha256 '^[0-9a-f]{64}$')
brokers=$(parameter BootstrapServers '^[A-Za-z0-9.-]+:[0-9]{2,5}(,[A-Za-z0-9.-]+:[0-9]{2,5})*$')
role_arn=$(parameter RoleArn '^(instance|arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512})$')
port=$(parameter Port '^[1-9][0-9]{3,4}$')
answer_seconds=$(parameter AnswerSeconds '^[1-9][0-9]{0,2}$')
((port >= 1024 && port <= 65535)) || fail "parameter Port is refused: $port is not between 1024 and 65535"

lock
# Of a run that was killed.
rm -rf "$ROOT$CLIENT_HOME"/.work.*
work=

work_folder() {
    [[ -n $work ]] || work=$(mktemp -d "$ROOT$CLIENT_HOME/.work.XXXXXX")
}
trap '[[ -z $work ]] || rm -rf "$work"' EXIT

# folder NAME VERSION SHA256: where this part lies, without ROOT.
folder() { printf '%s/%s-%s-%s' "$CLIENT_HOME" "$1" "$2" "${3:0:12}"; }

# is_complete NAME VERSION SHA256: whether it was unpacked to its end.
is_complete() {
    local mark
    mark=$ROOT$(folder "$@")/.sha256
    [[ -f $mark && $(<"$mark") == "$3" ]]
}

# fetch NAME VERSION SHA256 URL: download a part that is not there yet. A download that breaks off leaves
# nothing.
fetch() {
    is_complete "$1" "$2" "$3" && return
    local url=${4//'{version}'/"$2"} found
    url=${url//'{minor}'/"${2%.*}"}
    work_folder
    curl --fail --silent --show-error --location --proto '=https' --proto-redir '=https' \
        --connect-timeout 20 --retry 3 --max-time 1200 --output "$work/$1.file" "$url" ||
        fail "$1 $2 could not be downloaded from $url; nothing was replaced"
    found=$(sha256sum "$work/$1.file" | cut -c 1-64)
    [[ $found == "$3" ]] || fail "$1 $2 from $url has SHA-256 $found, expected $3; nothing was replaced"
}

install_packages() {
    local package missing=()
    for package in "java-$java_version-amazon-corretto-headless" tar gzip; do
        if rpm --query --quiet "$package"; then
            say "unchanged: package $package"
        else
            missing+=("$package")
        fi
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    dnf --assumeyes --quiet install "${missing[@]}" || fail "dnf could not install ${missing[*]}"
    for package in "${missing[@]}"; do change "installed: package $package"; done
}

find_java() {
    local candidate
    for candidate in "$ROOT/usr/lib/jvm/java-$java_version-amazon-corretto"*; do
        if [[ -x $candidate/bin/java ]]; then
            printf '%s' "${candidate#"$ROOT"}"
            return
        fi
    done
    fail "package java-$java_version-amazon-corretto-headless has no bin/java below /usr/lib/jvm"
}

# unpack NAME VERSION SHA256 FILE: into the working folder; FILE is what must be in it.
unpack() {
    is_complete "$1" "$2" "$3" && return
    local target=$work/$1
    mkdir "$target"
    if [[ $4 == *.jar ]]; then
        mv "$work/$1.file" "$target/$4"
    else
        tar --extract --gzip --strip-components=1 --no-same-owner -C "$target" --file "$work/$1.file" ||
            fail "the archive of $1 $2 could not be unpacked; nothing was replaced"
    fi
    [[ -s $target/$4 ]] || fail "the archive of $1 $2 holds no $4; nothing was replaced"
    # The command line tools take all that lies in libs.
    [[ $1 != kafka ]] || ln -s ../../aws-msk-iam-auth/aws-msk-iam-auth.jar "$target/libs/aws-msk-iam-auth.jar"
    printf '%s\n' "$3" >"$target/.sha256"
}

# use NAME VERSION SHA256: let the link point to this version, in one step.
use() {
    local target link=$ROOT$CLIENT_HOME/$1
    target=$(folder "$@")
    if ! is_complete "$@"; then
        rm -rf "$ROOT${target:?}"
        mv -T "$work/$1" "$ROOT$target"
    fi
    if [[ -L $link && $(readlink "$link") == "${target##*/}" ]]; then
        say "unchanged: $1 $2"
        return
    fi
    [[ $1 == kafka ]] || rm -f "$ROOT$STARTED"
    work_folder
    ln -s "${target##*/}" "$work/$1.link"
    mv -T "$work/$1.link" "$link"
    change "installed: $1 $2"
}

# put_file PATH: write what comes in, unless it is there already.
put_file() {
    local content target=$ROOT$1
    content=$(</dev/stdin)
    if [[ -f $target && $(stat --format %a "$target") == 644 ]] && cmp --quiet - "$target" <<<"$content"; then
        say "unchanged: $1"
        return
    fi
    [[ $1 == "$CLIENT_PROPERTIES" ]] || rm -f "$ROOT$STARTED"
    mkdir -p "${target%/*}"
    printf '%s\n' "$content" >"$target.new"
    chmod 644 "$target.new"
    mv -f "$target.new" "$target"
    change "written: $1"
}

# iam_properties PREFIX: as in
# https://docs.aws.amazon.com/msk/latest/developerguide/configure-clients-for-iam-access-control.html
# With awsRoleArn the client takes that role; without it that of the instance.
iam_properties() {
    local role=
    [[ $role_arn == instance ]] || role=" awsRoleArn=\"$role_arn\""
    cat <<END
bootstrap.servers=$brokers
$1security.protocol=SASL_SSL
$1sasl.mechanism=AWS_MSK_IAM
$1sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required$role;
$1sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler
END
}

unit_text() {
    cat <<END
[Unit]
Description=Kafka REST proxy
Documentation=https://docs.confluent.io/platform/current/kafka-rest/
Wants=network-online.target
After=network-online.target
# It comes back by itself however long the brokers are away.
StartLimitIntervalSec=0

[Service]
Environment=JAVA_HOME=$1
Environment=CLASSPATH=$CLIENT_HOME/aws-msk-iam-auth/aws-msk-iam-auth.jar
Environment=LOG_DIR=/var/log/kafka-rest-proxy
ExecStart=$CLIENT_HOME/kafka-rest/bin/kafka-rest-start $PROXY_PROPERTIES
# A user of its own that can write to its logs only.
DynamicUser=yes
LogsDirectory=kafka-rest-proxy
LimitNOFILE=65536
Restart=always
RestartSec=5
# How a JVM ends that systemd stops.
SuccessExitStatus=143

[Install]
WantedBy=multi-user.target
END
}

start_unit() {
    if systemctl is-enabled --quiet "$UNIT"; then
        say "unchanged: $UNIT starts with the instance"
    else
        systemctl enable --quiet "$UNIT"
        change "enabled: $UNIT starts with the instance"
    fi
    if [[ -f $ROOT$STARTED && $(<"$ROOT$STARTED") == "$(unit_digest)" ]] &&
        [[ $(unit_value ActiveState) == active ]]; then
        say "unchanged: $UNIT runs with these files"
        wait_for_answer "$port" "$answer_seconds"
    else
        restart_unit "$port" "$answer_seconds"
        change "started: $UNIT"
    fi
}

# Versions that are not in use any more, once the new ones answer.
remove_others() {
    local found
    for found in "$ROOT$CLIENT_HOME"/{kafka,kafka-rest,aws-msk-iam-auth}-[0-9]*; do
        [[ -d $found ]] || continue
        case ${found#"$ROOT"} in
            "$(folder kafka "$kafka_version" "$kafka_sha256")") ;;
            "$(folder kafka-rest "$proxy_version" "$proxy_sha256")") ;;
            "$(folder aws-msk-iam-auth "$iam_version" "$iam_sha256")") ;;
            *)
                rm -rf "$found"
                change "removed: ${found#"$ROOT"}"
                ;;
        esac
    done
}

# All downloads are checked and unpacked before the first of them is used.
fetch aws-msk-iam-auth "$iam_version" "$iam_sha256" "$iam_url"
fetch kafka "$kafka_version" "$kafka_sha256" "$kafka_url"
fetch kafka-rest "$proxy_version" "$proxy_sha256" "$proxy_url"
install_packages
java_home=$(find_java)
unpack aws-msk-iam-auth "$iam_version" "$iam_sha256" aws-msk-iam-auth.jar
unpack kafka "$kafka_version" "$kafka_sha256" bin/kafka-topics.sh
unpack kafka-rest "$proxy_version" "$proxy_sha256" bin/kafka-rest-start
use aws-msk-iam-auth "$iam_version" "$iam_sha256"
use kafka "$kafka_version" "$kafka_sha256"
use kafka-rest "$proxy_version" "$proxy_sha256"
put_file "$CLIENT_PROPERTIES" < <(iam_properties "")
put_file "$PROXY_PROPERTIES" < <(
    printf 'listeners=http://0.0.0.0:%s\n' "$port"
    iam_properties client.
)
put_file "$UNIT_FILE" < <(unit_text "$java_home")
start_unit
remove_others
say_result
