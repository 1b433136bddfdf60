#!/usr/bin/env bash
# The package influx-line-protocol writes readings in InfluxDB's text format.
# It writes every float with six significant digits. A meter at 123456.78 kWh is
# sent as 123457, and its next nine readings of 50 Wh each as that same number:
# a counter that stands still, then jumps by a whole kWh. A time of day kept as
# a value, or a position in degrees, lose as much. Whole numbers are exact.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check influx-line-protocol==0.1.5
cat > "$dir/show.py" <<'PY'
import sys
from importlib.metadata import version
from influx_line_protocol import Metric

print("python", sys.version.split()[0], "| influx-line-protocol", version("influx-line-protocol"))

def sent(value):
    metric = Metric("meter")
    metric.with_timestamp(1719835200000000000)
    metric.add_value("v", value)
    return str(metric).split()[1].removeprefix("v=")

got = []
for what, value in (("energy, kWh", 123456.78), ("energy, Wh", 123456780.0), ("energy, Wh", 123456780), ("frequency, Hz", 49.98765),
                    ("latitude, degrees", 52.5200066), ("power, W", -1234567.5), ("seconds since 1970", 1719835200.25)):
    got.append(sent(value))
    print(f"  {what:19} {value!r:>15} is written as {got[-1]:>12} = {float(got[-1].rstrip('i')):.4f}")
steps = [123456.78 + 0.05 * i for i in range(10)]
counter = {sent(v) for v in steps}
print(f"  ten readings, 50 Wh more each, {steps[0]:.2f} to {steps[-1]:.2f} kWh, are written as {sorted(counter)}")
print("A good guess: a float is written so that the same float can be read back (as str() or repr() does).")
ok = got == ["123457", "1.23457e+08", "123456780i", "49.9877", "52.52", "-1.23457e+06", "1.71984e+09"] and counter == {"123457"}
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
