#!/usr/bin/env bash
# Inverters and battery systems keep 16 flags in a Modbus register (bit 0 running,
# bit 1 fault, ...). pymodbus turns a register into a list of 16 flags. Bit 0 stands
# neither first nor last in it but ninth: the two bytes are swapped, each in order
# of its own. Flags to a register go the same crooked way, so both together look
# right, while a device that is told "bit 0" gets bit 8. A whole number made from
# the same register is right.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check pymodbus==3.16.1
cat > "$dir/show.py" <<'PY'
import sys
from importlib.metadata import version
from pymodbus.client import ModbusTcpClient as Client

print("python", sys.version.split()[0], "| pymodbus", version("pymodbus"))
T = Client.DATATYPE
where = {}
for bit in range(16):
    flags = Client.convert_from_registers([1 << bit], T.BITS)
    assert Client.convert_from_registers([1 << bit], T.UINT16) == 1 << bit
    assert len(flags) == 16 and sum(flags) == 1
    where[bit] = flags.index(True)
print("  place in the list of bit 0, 1, ... 15 of a register:", list(where.values()))
out = {}
for place in range(16):
    (register,) = Client.convert_to_registers([i == place for i in range(16)], T.BITS)
    out[place] = register.bit_length() - 1
print("  bit of the register for place 0, 1, ... 15 in a list:", list(out.values()))
status = 0b0000_0000_0000_0011                               # bit 0 running, bit 1 fault
print(f"  a status of {status:#06x} (bits 0 and 1) is read as flags {[i for i, f in enumerate(Client.convert_from_registers([status], T.BITS)) if f]}")
wide = {}
for order, registers in (("big", [0, 1]), ("little", [1, 0])):
    assert Client.convert_from_registers(registers, T.UINT32, word_order=order) == 1
    wide[order] = Client.convert_from_registers(registers, T.BITS, word_order=order).index(True)
    print(f"  bit 0 of 32, word order {order}: registers {registers}, as a number 1, as flags place {wide[order]} of 32")
print("A good guess: place n is bit n (or, read as one writes numbers, bit 15 - n; and 31 - n of 32).")
swapped = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
ok = list(where.values()) == swapped and list(out.values()) == swapped and wide == {"big": 24, "little": 24}
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
