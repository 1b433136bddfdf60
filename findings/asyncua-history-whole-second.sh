#!/usr/bin/env bash
# asyncua's OPC UA server can keep a variable's history in SQLite. A reading
# whose source time falls on a whole second (any gateway that stamps 12:00:00)
# is stored without complaint, but from then on no client can read any span of
# the history that holds it: BadInternalError for all of it, the neighbours too.
# Half a second later, or kept in memory instead, the same readings come back.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check asyncua==2.1.0 aiosqlite==0.22.1
cat > "$dir/show.py" <<'PY'
import asyncio, logging, socket, sqlite3, sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from asyncua import Client, Server, ua
from asyncua.server.history import HistoryDict
from asyncua.server.history_sql import HistorySQLite

logging.disable(logging.CRITICAL)
print("python", sys.version.split()[0], "| asyncua", version("asyncua"), "| aiosqlite", version("aiosqlite"))
noon = datetime(2024, 7, 1, 12, tzinfo=timezone.utc)
minute = timedelta(minutes=1)

async def histories(store, series):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        url = f"opc.tcp://127.0.0.1:{s.getsockname()[1]}/"
    server = Server()
    await server.init()
    server.set_endpoint(url)
    await store.init()
    server.iserver.history_manager.set_storage(store)
    space = await server.register_namespace("urn:plant")
    nodes = [await server.nodes.objects.add_variable(space, f"temperature{i}", 0.0) for i in range(len(series))]
    result = []
    async with server:
        for node, times in zip(nodes, series):
            await server.historize_node_data_change(node, period=None, count=0)
            for i, t in enumerate(times):
                await node.write_value(ua.DataValue(ua.Variant(20.0 + i, ua.VariantType.Double), SourceTimestamp=t))
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        async with Client(url) as client:
            for node in nodes:
                try:
                    rows = await client.get_node(node.nodeid).read_raw_history(noon - minute, noon + 10 * minute)
                    result.append([f"{r.SourceTimestamp:%H:%M:%S.%f}"[:10] + f" {r.Value.Value}" for r in rows])
                except ua.UaStatusCodeError as e:
                    result.append(type(e).__name__)
    return result

async def main():
    half = timedelta(milliseconds=500)
    mixed = [noon + half, noon + minute, noon + 2 * minute + half]
    series = [[noon + half, noon + minute + half, noon + 2 * minute + half], mixed]
    got = []
    for store in HistoryDict(), HistorySQLite(":memory:"):
        for times, rows in zip(series, await histories(store, series)):
            got.append(rows)
            print(f"  {type(store).__name__:13} written {[f'{t:%H:%M:%S.%f}'[:10] for t in times]}")
            print(f"  {'':13} read    {rows}")
    return got

got = asyncio.run(main())
print("A good guess: all readings come back in all four cases; no time of day is special.")
plain = ["12:00:00.5 20.0", "12:01:00.5 21.0", "12:02:00.5 22.0"]
ok = got == [plain, [plain[0], "12:01:00.0 21.0", plain[2]], plain, "BadInternalError"]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
