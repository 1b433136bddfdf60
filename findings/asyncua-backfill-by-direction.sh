#!/usr/bin/env bash
# A device was cut off for ten minutes, then delivers the ten missing readings
# after the newer ones, with their true source times. asyncua's OPC UA history,
# in memory or in SQLite, keeps all twenty, but pages through them in order of
# arrival while its page mark is a time: a client that reads the same span
# forwards gets only the live half, backwards only the late half, both "Good".
# "The first 3 after 12:00" are 12:10 to 12:12. In time order all is well.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check asyncua==2.1.0 aiosqlite==0.22.1
cat > "$dir/show.py" <<'PY'
import asyncio, logging, socket, sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from asyncua import Client, Server, ua
from asyncua.server.history import HistoryDict
from asyncua.server.history_sql import HistorySQLite

logging.disable(logging.CRITICAL)
print("python", sys.version.split()[0], "| asyncua", version("asyncua"), "| aiosqlite", version("aiosqlite"))
noon = datetime(2024, 7, 1, 12, 0, 0, 500000, tzinfo=timezone.utc)
minute = timedelta(minutes=1)
PAGE = 5          # values per answer; the default is 10000, the effect the same with more rows

async def histories(store, orders):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        url = f"opc.tcp://127.0.0.1:{s.getsockname()[1]}/"
    server = Server()
    await server.init()
    server.set_endpoint(url)
    await store.init()
    server.iserver.history_manager.set_storage(store)
    space = await server.register_namespace("urn:plant")
    nodes = [await server.nodes.objects.add_variable(space, name, -1.0) for name in orders]
    begin, end = noon - minute, noon + 30 * minute
    async with server:
        for node, minutes in zip(nodes, orders.values()):
            await server.historize_node_data_change(node, period=None, count=0)
            for m in minutes:
                value = ua.DataValue(ua.Variant(float(m), ua.VariantType.Double), SourceTimestamp=noon + m * minute)
                await node.write_value(value)
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        result = []
        async with Client(url) as client:
            for node in nodes:
                read = client.get_node(node.nodeid).read_raw_history
                answers = [await read(begin, end), await read(end, begin), await read(begin, end, 3)]
                result.append([[round(v.Value.Value) for v in a] for a in answers])
        return result

def short(minutes):
    runs = []
    for m in minutes:
        if runs and abs(runs[-1][-1] - m) == 1:
            runs[-1].append(m)
        else:
            runs.append([m])
    return ", ".join(f"12:{r[0]:02}..12:{r[-1]:02} ({len(r)})" for r in runs)

async def main():
    live, late = list(range(10, 20)), list(range(10))
    orders = {"in order": late + live, "late half last": live + late}
    got = []
    for store in HistoryDict(PAGE), HistorySQLite(":memory:", PAGE):
        for order, a in zip(orders, await histories(store, orders)):
            got.append(a)
            print(f"  {type(store).__name__:13} {order:14}"
                  f" forwards {short(a[0])}; backwards {short(a[1])}; first 3: {short(a[2])}")
    return got

got = asyncio.run(main())
print("A good guess: 20 readings in every row, 12:00 to 12:19 and back, the first 3 being 12:00 to 12:02.")
whole = [list(range(20)), list(range(19, -1, -1)), [0, 1, 2]]
halves = [list(range(10, 20)), list(range(9, -1, -1)), [10, 11, 12]]
ok = got == [whole, halves, whole, halves]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
