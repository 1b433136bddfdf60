"""Makes exact_sums.txt: sums and means of doubles by exact rational arithmetic (Python fractions).

Run: python3 exact_sums.py > exact_sums.txt

A line: the values, the sum, the mean, a count of up to 64 bits, the sum divided by it; each double as 16 hex
digits of its bit pattern, separated by spaces; the five fields separated by '|'. Rounding is to nearest, ties to even; beyond the largest double, infinity.
"""
import random
import struct
from fractions import Fraction

random.seed(20240501)


def from_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def to_hex(value):
    return "%016x" % struct.unpack("<Q", struct.pack("<d", value))[0]


def nearest(exact):
    """The double nearest to a fraction, found by comparing candidates, not by float()."""
    if exact == 0:
        return 0.0
    sign, size = (-1.0, -exact) if exact < 0 else (1.0, exact)
    low, high = 0, 0x7FF0000000000000
    while high - low > 1:  # bit patterns of positive doubles have the order of their values
        middle = (low + high) // 2
        if Fraction(from_bits(middle)) <= size:
            low = middle
        else:
            high = middle
    below = Fraction(from_bits(low))
    above = Fraction(2) ** 1024 if high == 0x7FF0000000000000 else Fraction(from_bits(high))
    if size - below < above - size or (size - below == above - size and low % 2 == 0):
        return sign * from_bits(low)
    return sign * from_bits(high)


def finite():
    while True:
        bits = random.getrandbits(64)
        if (bits >> 52) & 0x7FF != 0x7FF:
            return from_bits(bits)


def subnormal():
    return from_bits(random.getrandbits(52) | random.getrandbits(1) << 63)


def huge():
    return from_bits(random.getrandbits(1) << 63 | 0x7FE << 52 | random.getrandbits(52))


def tidy():
    return random.randint(-100000, 100000) / 100


def cancelling():
    values = [finite() for _ in range(random.randint(1, 6))]
    values += [-value for value in values] + [subnormal()]
    random.shuffle(values)
    return values


def halfway():
    """Values whose sum lies on or just beside the middle of two doubles."""
    base = from_bits(random.randint(100, 2000) << 52 | random.getrandbits(52))
    half = float(Fraction(2) ** (max(1, (struct.unpack("<Q", struct.pack("<d", base))[0] >> 52)) - 1076))
    extra = random.choice([[], [5e-324], [-5e-324]])
    values = [base, half] + extra
    return values if random.getrandbits(1) else [-value for value in values]


cases = [[], [0.0], [-0.0], [5e-324], [-5e-324, 5e-324], [1e308, 1e308], [-1e308, -1e308, -1e308, 1e308],
         [1.7976931348623157e308, 9.9792015476736e291], [1.7976931348623157e308, 9.979201547673598e291],
         [5e-324, 0.0], [5e-324, 5e-324, 5e-324, 0.0], [5e-324, 0.0, 0.0, 0.0], [0.1] * 10, [1e16, 1.0, -1e16],
         [2.2250738585072014e-308, -5e-324], [2.225073858507201e-308, 5e-324]]
for _ in range(60):
    cases.append([finite() for _ in range(random.randint(1, 12))])
    cases.append([subnormal() for _ in range(random.randint(1, 12))])
    cases.append([huge() for _ in range(random.randint(1, 12))])
    cases.append([tidy() for _ in range(random.randint(1, 30))])
    cases.append(cancelling())
    cases.append(halfway())

for values in cases:
    exact = sum((Fraction(value) for value in values), Fraction(0))
    mean = nearest(exact / len(values)) if values else float("nan")
    if mean == 0 and exact < 0:
        mean = -0.0
    count = random.getrandbits(random.randint(1, 64)) | 1
    other = nearest(exact / count)
    if other == 0 and exact < 0:
        other = -0.0
    print("%s|%s|%s|%d|%s" % (" ".join(map(to_hex, values)), to_hex(nearest(exact)),
                              "nan" if not values else to_hex(mean), count, to_hex(other)))
