#!/usr/bin/env bash
# The ThingsBoard gateway keeps readings in files while the platform is away
# ("storage type: file"). As soon as the backlog fills more than one file, the
# reader hands out one batch of a file, then moves on to the next file and
# deletes the one it has left: of every full file only the first batch is ever
# forwarded. 25000 readings stored with the shipped settings: 5020 come out,
# each put() said True, nothing is logged. A backlog of one file comes out whole.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps \
  thingsboard-gateway==3.8.5 simplejson==4.3.0 pybase64==1.5.1
cat > "$dir/show.py" <<'PY'
import json, logging, pathlib, sys, threading, time
from importlib.metadata import version
import thingsboard_gateway
from thingsboard_gateway.storage.file.file_event_storage import FileEventStorage

print("python", sys.version.split()[0], "| thingsboard-gateway", version("thingsboard-gateway"))
shipped = json.load(open(pathlib.Path(thingsboard_gateway.__path__[0]) / "config/tb_gateway.json"))["storage"]
names = ["max_file_count", "max_records_per_file", "max_read_records_count"]
print("shipped settings:", {n: shipped[n] for n in names})
logged = []
log = logging.getLogger("storage-test")
log.propagate = False
handler = logging.Handler(logging.WARNING)
handler.emit = lambda record: logged.append(record.getMessage())
log.addHandler(handler)

def outage(readings, **changed):
    folder = pathlib.Path(sys.argv[1]) / f"data{time.time_ns()}"
    store = FileEventStorage({**{n: shipped[n] for n in names}, **changed, "max_records_between_fsync": 100,
                              "data_folder_path": f"{folder}/"}, log, threading.Event())
    said_yes = 0
    for i in range(readings):
        said_yes += store.put(f"reading {i}")
        if i % 100 == 99:
            time.sleep(0.005)                       # files are named by the millisecond: no two alike
    files = len(list(folder.glob("data_*")))
    out = []
    while batch := store.get_event_pack():          # what the gateway does: take a batch, send it, confirm it
        out += [int(b.split()[1]) for b in batch]
        store.event_pack_processing_done()
    runs = []
    for i in out:
        if runs and runs[-1][1] == i - 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    print(f"  {changed or 'as shipped'}: put() said True {said_yes} times, {files} file(s) written;\n"
          f"    came out: {len(out)}, namely {', '.join(f'{a}-{b}' for a, b in runs)};"
          f" warnings: {len(logged)}; files left: {len(list(folder.glob('data_*')))}")
    return said_yes, len(out), runs

one = outage(9000)
three = outage(25000)
small = outage(300, max_records_per_file=100, max_read_records_count=30)
print("A good guess: every stored reading comes out once, in order, however many files it took.")
ok = (one == (9000, 9000, [[0, 8999]])
      and three == (25000, 5020, [[0, 9], [10000, 10009], [20000, 24999]])
      and small == (300, 160, [[0, 29], [100, 129], [200, 299]]) and logged == [])
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir"
