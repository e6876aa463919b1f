#!/bin/bash
# Restart the REST proxy and wait until it lists the topics.

answer_seconds=$(parameter AnswerSeconds '^[1-9][0-9]{0,2}$')

[[ $(unit_value LoadState) == loaded ]] ||
    fail "unit $UNIT is not installed; run the document install-kafka-client on this instance first"
port=$(proxy_port)
[[ -n $port ]] ||
    fail "$PROXY_PROPERTIES names no port; run the document install-kafka-client on this instance again"
lock
restart_unit "$port" "$answer_seconds"
say "restarted: $UNIT"
