#!/usr/bin/env bash
# A Modbus device keeps a set point with two decimals in a whole-number register
# (4.35 bar as 435). minimalmodbus, told the number of decimals, multiplies and
# cuts off what is behind the point: 4.35 goes out as 434 and 0.29 as 28, because
# 4.35 times 100 is 434.99999999999994 to a computer. A program that writes back
# what it has just read walks a set point of 1.16 down to 1.12 in four rounds.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check minimalmodbus==2.1.1 pyserial==3.5
cat > "$dir/show.py" <<'PY'
import os, pty, struct, sys, threading, tty
from importlib.metadata import version
import minimalmodbus

print("python", sys.version.split()[0], "| minimalmodbus", version("minimalmodbus"), "| pyserial", version("pyserial"))

def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)

registers = {}
def device(fd):                                              # a Modbus RTU device with writable registers, on a pseudo-terminal
    buffer = b""
    while True:
        try:
            buffer += os.read(fd, 256)
        except OSError:
            return
        while len(buffer) >= 8:
            size = 9 + buffer[6] if buffer[1] == 16 else 8
            if len(buffer) < size:
                break
            frame, buffer = buffer[:size], buffer[size:]
            assert crc(frame[:-2]) == frame[-2:]
            address = struct.unpack(">H", frame[2:4])[0]
            if frame[1] == 16:
                registers[address] = struct.unpack(">H", frame[7:9])[0]
                answer = frame[:6]
            else:
                answer = frame[:2] + b"\2" + struct.pack(">H", registers[address])
            os.write(fd, answer + crc(answer))

master, slave = pty.openpty()
tty.setraw(slave)
threading.Thread(target=device, args=(master,), daemon=True).start()
meter = minimalmodbus.Instrument(os.ttyname(slave), 1)
meter.serial.timeout = 2

shown = []
for value, decimals in ((4.35, 2), (0.29, 2), (1.15, 2), (19.99, 2), (8.2, 1), (16.1, 1), (1.001, 3), (4.5, 1)):
    meter.write_register(0, value, decimals)
    shown.append((value, registers[0], meter.read_register(0, decimals)))
    print(f"  write {value!r:6} with {decimals} decimals: register {registers[0]:5}, read back {shown[-1][2]!r}")
lower = 0
for n in range(1000):
    meter.write_register(0, n / 100, 2)
    assert registers[0] in (n, n - 1)
    lower += registers[0] != n
print(f"  of the 1000 values 0.00 to 9.99, {lower} are written a step lower")
path = [1.16]
while True:
    meter.write_register(0, path[-1], 2)
    path.append(meter.read_register(0, 2))
    if path[-1] == path[-2]:
        break
print(f"  written, read, and what was read written again, until it stays: {path}")
print("A good guess: the nearest whole number, as for every other value: 435, 29, 115, 1999, 82, 161, 1001, 45.")
ok = [r for _, r, _ in shown] == [434, 28, 114, 1998, 82, 161, 1000, 45] and path == [1.16, 1.15, 1.14, 1.13, 1.12, 1.12] and lower == 69
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
