#!/usr/bin/env bash
# Two Python libraries of one standard, Sparkplug B, both sending what they
# send by themselves. A host that uses mqtt-spb-wrapper sees nothing at all of a
# device that uses pysparkplug: the birth is dropped because its metric is not
# called "DATA/...", the readings because they carry no type (the standard lets
# only the birth carry it). The other way round the birth names "DATA/temp" and
# the readings "temp": two tags, one of them never updated. No error anywhere.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for lib in wrapper pyspark; do "${PYTHON:-python3.11}" -m venv "$dir/$lib"; done
"$dir/wrapper/bin/python" -m pip install -q --disable-pip-version-check \
  mqtt-spb-wrapper==2.1.2 paho-mqtt==1.6.1 protobuf==3.20.3
"$dir/pyspark/bin/python" -m pip install -q --disable-pip-version-check \
  pysparkplug==0.6.1 paho-mqtt==1.6.1 protobuf==7.36.2
cd "$dir"
cat > pyspark.py <<'PY'
import json, sys
from importlib.metadata import version
import pysparkplug as s
T = 1719835200000
if sys.argv[1] == "send":
    reading = lambda t, v: [s.Metric(timestamp=t, name="temp", datatype=s.DataType.DOUBLE, value=v)]
    open("birth", "wb").write(s.DBirth(timestamp=T, seq=1, metrics=reading(T, 20.5)).encode())
    open("data", "wb").write(s.DData(timestamp=T + 1000, seq=2, metrics=reading(T + 1000, 21.5)).encode())
else:
    birth = s.DBirth.decode(open("birth", "rb").read())
    data = s.DData.decode(open("data", "rb").read(), birth=birth)
    print(json.dumps({step: {m.name: m.value for m in payload.metrics}
                      for step, payload in (("birth", birth), ("data", data))}))
PY
cat > wrapper.py <<'PY'
import json, sys
from mqtt_spb_wrapper.spb_base import SpbEntity
T = 1719835200000
e = SpbEntity("plant", "gateway", "boiler")
if sys.argv[1] == "send":
    e.data.set_value("temp", 20.5, T)
    open("birth", "wb").write(e.serialize_payload_birth())
    e.data.set_value("temp", 21.5, T + 1000)
    open("data", "wb").write(e.serialize_payload_data())
else:
    seen = {}
    for step, read in {"birth": e.deserialize_payload_birth, "data": e.deserialize_payload_data}.items():
        read(open(step, "rb").read())
        seen[step] = {m.name: m.value for m in e.data.values()}
    print(json.dumps(seen))
PY
echo "python $("$dir/wrapper/bin/python" -V | cut -d' ' -f2) | mqtt-spb-wrapper 2.1.2 | pysparkplug 0.6.1"
run() { "$dir/$1/bin/python" "$1.py" "$2"; }
for from in wrapper pyspark; do
  run $from send
  for to in wrapper pyspark; do
    run $to read > "seen.$from.$to"
    printf '  device %-8s host %-8s host has after %s\n' $from $to "$(cat "seen.$from.$to")"
  done
done
echo 'A good guess: four times {"birth": {"temp": 20.5}, "data": {"temp": 21.5}}.'
good='{"birth": {"temp": 20.5}, "data": {"temp": 21.5}}'
if [ "$(cat seen.wrapper.wrapper)" = "$good" ] && [ "$(cat seen.pyspark.pyspark)" = "$good" ] &&
   [ "$(cat seen.pyspark.wrapper)" = '{"birth": {}, "data": {}}' ] &&
   [ "$(cat seen.wrapper.pyspark)" = '{"birth": {"DATA/temp": 20.5}, "data": {"temp": 21.5}}' ]; then
  echo "STILL SO"
else
  echo "CHANGED"
  exit 1
fi
