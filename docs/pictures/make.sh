#!/usr/bin/env bash
# Makes the pictures of the screens from the demo, and of a console whose
# Redis went away. Needs tuishot (a terminal program in, a PNG out; set
# TUISHOT to where it is), redis-server and bin/ifpacket.
set -euo pipefail
cd "$(dirname "$0")"
shot=${TUISHOT:-tuishot}
bin=$(cd ../.. && pwd)/bin/ifpacket
export XDG_STATE_HOME XDG_CONFIG_HOME XDG_DATA_HOME
XDG_STATE_HOME=$(mktemp -d) XDG_CONFIG_HOME=$(mktemp -d) XDG_DATA_HOME=$(mktemp -d)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$work" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_DATA_HOME"' EXIT

"$shot" -s 140x42 -b 1 -o pulse.png "$bin --demo --theme dark" w:100 shot:pulse.png \
  2 w:1 Enter Down w:1 shot:queues.png Escape 3 w:1 Down Down shot:agents.png 4 w:2 shot:carcel.png a w:1 shot:carcel-sign.png Escape w:1 / t:decision=blocked Enter w:1 '*' r w:3 shot:carcel-replay.png Escape w:1 Escape Escape \
  5 w:1 Down Down w:2 shot:lineage.png 6 w:1 C-t w:1 t:process Enter Tab t:queue:nuclear-power w:1 shot:compose.png Escape \
  7 w:2 Down Down Down Down Down Down w:3 shot:council.png 8 w:1 shot:voices.png 9 w:1 shot:activity.png L z w:1 shot:performance.png z 9 '?' w:1 shot:help.png Escape \
  1 w:1 : w:1 t:que w:1 shot:palette.png Escape w:1
"$shot" -s 140x42 -b 1 -o pulse-light.png "$bin --demo --theme light" w:100
"$shot" -s 80x24 -b 1 -o pulse-80x24.png "$bin --demo --theme dark" w:75 6 w:1 shot:compose-80x24.png Escape 2 w:1 shot:queues-80x24.png 4 w:2 shot:carcel-80x24.png 5 w:2 Down Enter w:2 shot:lineage-80x24.png Escape 7 w:2 shot:council-80x24.png 1

port=7391
redis-server --port $port --bind 127.0.0.1 --dir "$work" --save '' --daemonize no >/dev/null &
server=$!
until "$bin" doctor --redis redis://127.0.0.1:$port >/dev/null 2>&1; do sleep 0.1; done
for queue in council matrix ems-dispatch energy-grid; do
  for n in $(seq 40); do printf '{"key":"queue:%s","contents":{"primitive":"matrix.route","source":"a","destination":"b","n":%d}}\n' $queue $n; done
done | "$bin" dispatch --redis redis://127.0.0.1:$port --batch - >/dev/null
send() { "$bin" dispatch --redis redis://127.0.0.1:$port --key "queue:$1" --contents "{\"primitive\": \"resource.allocate\", \"vertical\": \"$1\", \"resource_id\": \"r7\", \"amount\": 12}" >/dev/null; }
# What an attacker does who can write to Redis: an amount is raised, a lineage is cut.
alter() {
  redis-cli -p $port lindex "queue:$1" -1 | python3 -c "$2" | redis-cli -p $port -x lset "queue:$1" -1 >/dev/null
}
send lab; send robotics; send drones
(
  sleep 6
  alter robotics 'import sys; sys.stdout.write(sys.stdin.read().rstrip("\n").replace("\"amount\": 12", "\"amount\": 1200"))'
  sleep 8
  alter robotics 'import sys; sys.stdout.write(sys.stdin.read().rstrip("\n").replace("\"amount\": 1200", "\"amount\": 12"))'
  alter lab 'import json, sys; p = json.loads(sys.stdin.read()); l = p["chain_of_custody"]["transparent_lineage"]; l[1], l[2] = l[2], l[1]; sys.stdout.write(json.dumps(p))'
) &
"$shot" -s 140x42 -b 1 -o lineage-broken.png "$bin --redis redis://127.0.0.1:$port --theme dark" w:3 5 w:7 Down Up w:2 shot:lineage-edited.png w:7 / t:tampered Enter w:1 Up Up w:2
"$shot" -s 140x42 -b 1 -o lineage-forked.png "$bin --redis redis://127.0.0.1:$port --theme dark" w:2 5 w:2
redis-cli -p $port del ttt:ledger:main ttt:ledger:main:checkpoint ttt:ledger:main:tiles >/dev/null
send lab || :
"$shot" -s 140x42 -b 1 -o lineage-forked.png "$bin --redis redis://127.0.0.1:$port --theme dark" w:3 5 w:3
"$bin" ledger accept --redis redis://127.0.0.1:$port --why 'for the picture' >/dev/null
(sleep 12; kill $server) &
"$shot" -s 140x42 -b 1 -o pulse-away.png "$bin --redis redis://127.0.0.1:$port --theme dark" w:25
server=

# The compliance report as a page, where chromium is there to draw it.
if command -v chromium >/dev/null; then
  port=7392 # this machine remembers the ledger of the other
  redis-server --port $port --bind 127.0.0.1 --dir "$work" --save '' --daemonize no >/dev/null &
  server=$!
  url=redis://127.0.0.1:$port
  until "$bin" doctor --redis $url >/dev/null 2>&1; do sleep 0.1; done
  many() {
    for n in $(seq "$3"); do printf '{"key":"queue:%s","schema_version":"%s","contents":{"primitive":"matrix.route","source":"a","destination":"b","n":%d}}\n' "$1" "$2" "$n"; done |
      "$bin" dispatch --redis $url --batch - >/dev/null
  }
  many ems-dispatch 1.1 1204; many matrix 1.0 60; many energy-grid 1.1 3310
  kill_packet() { "$bin" dispatch --redis $url --key queue:lab --contents "$1" >/dev/null || :; }
  for n in 1 2 3; do kill_packet '{"primitive": "process.kill", "pid": 7, "reason": "stuck"}'; done
  kill_packet '{"primitive": "process.kill", "pid": 7}'
  "$bin" collect --redis $url --key queue:energy-grid --op lpop --count 2200 >/dev/null
  "$bin" ledger checkpoint --redis $url >/dev/null
  "$bin" audit --redis $url >/dev/null || :
  for n in $(seq 3 2 57); do # somebody alters packets
    redis-cli -p $port lindex queue:ems-dispatch "$n" | sed 's/"source": "a"/"source": "x"/' | tr -d '\n' | redis-cli -p $port -x lset queue:ems-dispatch "$n" >/dev/null
  done
  "$bin" audit --redis $url --html "$work/report.html" >/dev/null || :
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1100,1700 --screenshot="$PWD/report.png" "file://$work/report.html" 2>/dev/null
  kill $server
  server=
fi
