#!/usr/bin/env bash
# Run a command beside real servers of its own, which end with it: PostgreSQL from Debian's packages, an S3
# server built from its published source, and an OpenSearch cluster of three nodes from its Maven artifacts.
# The command finds in SCALE_DATABASE, SCALE_FILES and SCALE_SEARCH either "at ADDRESS", or "none REASON"
# where the server cannot be had. SCALE_JAVA: options of each node's Java in place of those of a small node.
# OPENSEARCH: its version, of those that scripts/install.sh brought.
#   scripts/scale.sh COMMAND…
set -euo pipefail

folder=$(mktemp -d /tmp/prakat-scale.XXXXXX)
chmod 755 "$folder"
export PYTEST_DEBUG_TEMPROOT=$folder
export SCALE_FOLDER=$folder # with the servers' data, s3.pid, and opensearch/N.pid of the node at the Nth port
stop=()
finish() {
    for command in "${stop[@]}"; do eval "$command" || true; done
    rm -rf "$folder"
}
trap finish EXIT

without() { echo "ไม่มี $2 ให้ทดสอบ (not tested on it): $3" >&2; export "$1=none $2: $3"; }

# PostgreSQL refuses to run as root.
unprivileged() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"
    else
        "$@"
    fi
}

start_postgresql() {
    local programs
    programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    [ -n "$programs" ] || { without SCALE_DATABASE PostgreSQL "ไม่มีแพ็กเกจ postgresql (the package is not installed)"; return; }
    user=$(id -un)
    [ "$(id -u)" != 0 ] || user=nobody
    mkdir "$folder/postgresql"
    chown "$user" "$folder/postgresql"
    cd "$folder/postgresql"
    unprivileged "$programs/initdb" --pgdata=data --auth=trust --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        >initdb.log 2>&1 &&
        unprivileged "$programs/pg_ctl" start --pgdata=data --wait --silent --log=server.log \
            --options="-c listen_addresses='' -c unix_socket_directories='$folder/postgresql' -c max_connections=200" &&
        # An ordinary role, since a superuser bypasses row-level security.
        unprivileged "$programs/createuser" --host="$folder/postgresql" --username=postgres prakat &&
        unprivileged "$programs/createdb" --host="$folder/postgresql" --username=postgres --owner=prakat prakat ||
        { without SCALE_DATABASE PostgreSQL "$(tail -n 1 "$folder/postgresql/"*.log | tr '\n' ' ')"; cd "$OLDPWD"; return; }
    stop+=("cd '$folder/postgresql' && unprivileged '$programs/pg_ctl' stop --pgdata=data --mode=fast --silent")
    cd "$OLDPWD"
    export SCALE_DATABASE="at postgresql://prakat@/prakat?host=$folder/postgresql"
}

start_s3() {
    local gateway=$PWD/.venv/bin/versitygw port
    [ -x "$gateway" ] || { without SCALE_FILES S3 "ไม่มี versitygw (its source could not be had or built)"; return; }
    port=$(.venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir -p "$folder/s3/prakat"
    "$gateway" --quiet --port "127.0.0.1:$port" --access prakat --secret prakat-scale \
        posix "$folder/s3" >"$folder/s3.log" 2>&1 &
    echo $! >"$folder/s3.pid"
    stop+=("kill $!")
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        kill -0 $! 2>/dev/null || break
        sleep 0.1
    done
    kill -0 $! 2>/dev/null || { without SCALE_FILES S3 "$(tail -n 1 "$folder/s3.log")"; return; }
    export SCALE_FILES="at s3://prakat?endpoint=http://127.0.0.1:$port"
    export AWS_ACCESS_KEY_ID=prakat AWS_SECRET_ACCESS_KEY=prakat-scale
}

start_opensearch() {
    local version=${OPENSEARCH:-2.19.1} java="" candidate ports http transport node suitable
    local jars=.venv/opensearch-$version
    # Version 2 asks for a security manager, which is gone from Java 24 on; version 3 for Java 21.
    [[ $version = 2.* ]] && suitable='17 to 23' || suitable='21 to 25'
    for candidate in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} /usr/lib/jvm/*/bin/java "$(command -v java || true)"; do
        [[ "$("$candidate" -version 2>&1 | head -n 1)" =~ \"([0-9]+) ]] || continue
        [ "${BASH_REMATCH[1]}" -ge "${suitable% to *}" ] && [ "${BASH_REMATCH[1]}" -le "${suitable#* to }" ] &&
            java=$candidate && break
    done
    [ -n "$java" ] || { without SCALE_SEARCH OpenSearch "ไม่มี Java (no Java) $suitable"; return; }
    [ -d "$jars" ] || { without SCALE_SEARCH OpenSearch "ไม่มีไฟล์ของ Maven (its artifacts could not be had)"; return; }
    mapfile -t ports < <(.venv/bin/python -c '
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
print(*(one.getsockname()[1] for one in held), sep="\n")')
    http=$(IFS=,; echo "${ports[*]:0:3}") transport=$(IFS=,; echo "${ports[*]:3:3}")
    mkdir "$folder/opensearch"
    for node in 0 1 2; do
        # shellcheck disable=SC2086 (several options)
        "$java" ${SCALE_JAVA:--Xms512m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1} -cp "$jars/*" \
            tests/cluster/Node.java "$folder/opensearch/$node" "$node" "$http" "$transport" \
            >"$folder/opensearch/$node.log" 2>&1 &
        echo $! >"$folder/opensearch/$node.pid"
        stop+=("kill $! 2>/dev/null; wait $! 2>/dev/null")
    done
    for _ in $(seq 90); do
        .venv/bin/python - "${ports[0]}" 2>/dev/null <<'END' && break
import json, sys, urllib.request
answer = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/_cluster/health?wait_for_nodes=3&timeout=1s", timeout=5)
sys.exit(json.load(answer)["number_of_nodes"] < 3)
END
        kill -0 $! 2>/dev/null || break
        sleep 1
    done
    kill -0 $! 2>/dev/null || { without SCALE_SEARCH OpenSearch "$(tail -n 1 "$folder/opensearch/2.log")"; return; }
    export SCALE_SEARCH="at opensearch+http://127.0.0.1:${http//,/,127.0.0.1:}/"
}

start_postgresql
start_s3
start_opensearch
"$@"
