#!/bin/sh
# Keeps one etcd and one kube-apiserver alive for exactly as long as the process that holds the
# other end of this script's standard input. However that process ends (it is done, it panics,
# Ctrl-C, SIGKILL), its end of the pipe closes, and then the API server is ended, after it etcd, and
# the data folder is removed. The order matters: an API server whose etcd is gone hangs for minutes.
#
#   supervise.sh DATA ETCD KUBE_APISERVER ETCD_PORT ETCD_PEER_PORT API_PORT
#
# DATA is a fresh folder that holds tokens.csv; what the two write, their logs too, lies in it. Where it
# holds audit-policy.yaml too, the API server writes audit.log by it, a line a request.
# Standard output tells the story, a line an event. When one of the two ends by itself the other is
# ended as well, and the data folder stays until the owner has gone, so that the owner can read the
# logs.
#
# The owner may also write a line: `down` ends the API server alone, `up` starts it again on the same
# port and the same data; any other line is the end. To try it by hand: make DATA and tokens.csv, run
# it in a terminal, and press Enter to end it.
# POSIX sh, but for `sleep` taking a fraction, which GNU, BSD and BusyBox all do.
set -u

data=$1 etcd=$2 apiserver=$3 etcd_port=$4 peer_port=$5 api_port=$6
keys=$(cd "$(dirname "$0")" && pwd)

# Ctrl-C goes to a whole process group: what must clean up may not be ended by it.
trap '' INT QUIT HUP PIPE
# File descriptor 4 becomes the pipe to the owner, and only the subshell that watches it may hold
# it. (A command that is started with & gets /dev/null as its standard input, so the pipe needs a
# number of its own.)
exec 4<&0 </dev/null
# File descriptor 3 is where all that happens arrives, a line each. Opened for both directions, it
# is never at an end.
mkfifo -m 600 "$data/events" || exit 1
exec 3<>"$data/events"

# keep NAME COMMAND...: starts the command, and tells when it started and when it ended. (Standard
# error would only get the shell's remark that a command was ended by a signal.)
keep() {
    name=$1
    shift
    (
        "$@" >>"$data/$name.log" 2>&1 3>&- 4<&- &
        pid=$!
        trap '' TERM
        echo "started $name $pid" >&3
        wait $pid
        echo "ended $name $pid $?" >&3
    ) 4<&- 2>/dev/null &
}

# Takes the next event, and waits for it if need be. A read that a signal has cut short is no event.
take_event() {
    read -r what name value status <&3 || return 0
    case $what in
    started)
        started=$((started + 1))
        echo "$value" >"$data/$name.pid"
        echo "$name started: $value"
        ;;
    ended)
        # What stop has ended has no file any more, or one of its successor.
        if [ "$(cat "$data/$name.pid" 2>/dev/null)" = "$value" ]; then
            rm -f "$data/$name.pid"
            echo "$name ended early: exit status $status"
            lost=$name
        fi
        ;;
    down) stop apiserver ;;
    up)
        expected=$((expected + 1))
        start_apiserver
        ;;
    over) over=$name ;;
    esac
}

# stop NAME: ends it if it still runs, gently for 5 seconds, then not, and waits for its end.
stop() {
    [ -f "$data/$1.pid" ] || return 0
    pid=$(cat "$data/$1.pid")
    rm -f "$data/$1.pid"
    kill -TERM "$pid" 2>/dev/null
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 200 ]; do
        if [ "$tries" -eq 100 ]; then
            echo "$1 did not end by itself"
            kill -KILL "$pid" 2>/dev/null
        fi
        tries=$((tries + 1))
        sleep 0.05
    done
    echo "$1 ended"
}

clean_up() {
    stop apiserver
    stop etcd
    kill -KILL "$watcher" 2>/dev/null
    wait "$watcher" 2>/dev/null
    rm -rf "$data"
    echo "data removed"
}

started=0 expected=2 lost='' over='' watcher=''
trap clean_up EXIT
trap 'echo "over asked" >&3' TERM

(
    trap '' TERM
    while read -r line <&4; do
        case $line in
        down | up) echo "$line owner" >&3 ;;
        *) break ;;
        esac
    done
    echo "over owner" >&3
) &
watcher=$!
exec 4<&-

# The two start side by side: the API server needs a while before its first look at etcd, and it
# asks again.
etcd_url=http://127.0.0.1:$etcd_port
peer_url=http://127.0.0.1:$peer_port
keep etcd "$etcd" \
    --name=default \
    --data-dir="$data/etcd" \
    --listen-client-urls="$etcd_url" \
    --advertise-client-urls="$etcd_url" \
    --listen-peer-urls="$peer_url" \
    --initial-advertise-peer-urls="$peer_url" \
    --initial-cluster="default=$peer_url" \
    --unsafe-no-fsync \
    --log-level=warn
# --advertise-address: without it the API server looks for an interface other than the loopback one,
# and does not start where there is none. ServiceAccount admission would wait for the default
# ServiceAccount, which a controller makes that does not run here.
start_apiserver() {
    audit=''
    [ -f "$data/audit-policy.yaml" ] && audit=yes
    keep apiserver "$apiserver" \
        ${audit:+--audit-policy-file="$data/audit-policy.yaml"} \
        ${audit:+--audit-log-path="$data/audit.log"} \
        --etcd-servers="$etcd_url" \
        --bind-address=127.0.0.1 \
        --advertise-address=127.0.0.1 \
        --secure-port="$api_port" \
        --cert-dir="$data/certs" \
        --token-auth-file="$data/tokens.csv" \
        --authorization-mode=RBAC \
        --service-account-issuer=https://kubernetes.default.svc \
        --service-account-key-file="$keys/service-account.pub" \
        --service-account-signing-key-file="$keys/service-account.key" \
        --service-cluster-ip-range=10.0.0.0/16 \
        --endpoint-reconciler-type=none \
        --disable-admission-plugins=ServiceAccount \
        --max-requests-inflight=4000 \
        --max-mutating-requests-inflight=2000 \
        --profiling=false
}
start_apiserver

# Whatever happens meanwhile, the end can only be orderly once all process ids are known.
while [ "$started" -lt "$expected" ] || [ -z "$over" ]; do
    take_event
    if [ -n "$lost" ] && [ "$started" -ge "$expected" ]; then
        stop apiserver
        stop etcd
    fi
done
echo "over: $over"
