"""Makes spreads.txt: standard deviation, median and average over time by exact rational arithmetic.

Run: python3 spreads.py > spreads.txt

A line: the values, their times in nanoseconds (one bucket, 0 to 10^10), the value before the bucket or nothing, the
standard deviation (or nothing for one value), the median, the average over time. Doubles are 16 hex digits of their
bit pattern; lists are separated by spaces, the six fields by '|'. Rounding is to nearest, ties to even.
"""
import random
import struct
from fractions import Fraction

random.seed(20240502)
BUCKET = 10**10


def from_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def to_hex(value):
    return "%016x" % struct.unpack("<Q", struct.pack("<d", value))[0]


def nearest(is_at_most):
    """The positive double nearest to a number of which is_at_most(x) says whether the fraction x is not above it."""
    low, high = 0, 0x7FF0000000000000
    while high - low > 1:  # bit patterns of positive doubles have the order of their values
        middle = (low + high) // 2
        if is_at_most(Fraction(from_bits(middle))):
            low = middle
        else:
            high = middle
    below = Fraction(from_bits(low))
    above = Fraction(2) ** 1024 if high == 0x7FF0000000000000 else Fraction(from_bits(high))
    half = (below + above) / 2
    if not is_at_most(half):
        return from_bits(low)
    # Exactly half way: is_at_most holds for the half and for nothing above it.
    is_tie = not is_at_most(half + Fraction(1, 2**2500))
    return from_bits(low if is_tie and low % 2 == 0 else high)


def nearest_of(exact):
    if exact < 0:
        return -nearest(lambda x: x <= -exact)
    return nearest(lambda x: x <= exact) if exact else 0.0


def root_of(exact):
    return nearest(lambda x: x * x <= exact) if exact else 0.0


def key(value):
    bits = struct.unpack("<Q", struct.pack("<d", value))[0]
    return (1 << 63) - 1 - (bits & ((1 << 63) - 1)) if bits >> 63 else (1 << 63) + bits


def finite():
    while True:
        bits = random.getrandbits(64)
        if (bits >> 52) & 0x7FF != 0x7FF:
            return from_bits(bits)


kinds = [
    finite,
    lambda: from_bits(random.getrandbits(52) | random.getrandbits(1) << 63),
    lambda: from_bits(random.getrandbits(1) << 63 | 0x7FE << 52 | random.getrandbits(52)),
    lambda: random.randint(-100000, 100000) / 100,
    lambda: 1e9 + random.randint(0, 3),
    lambda: 20 + random.random() / 1e6,
    lambda: float(random.randint(-3, 3)),
    lambda: random.choice([0.0, -0.0, 5e-324, -5e-324]),
    lambda: 0.1,
]
for number in range(400):
    kind = kinds[number % len(kinds)]
    count = random.choice([1, 2, 3, 4, 5, 10, 50])
    values = [kind() for _ in range(count)]
    times = sorted(random.sample(range(BUCKET), count))
    if random.random() < 0.2:
        times[0] = 0
    before = random.choice([None, kind()])
    exact = [Fraction(v) for v in values]
    deviation = ""
    if count > 1:
        mean = sum(exact) / count
        deviation = to_hex(root_of(sum((x - mean) ** 2 for x in exact) / (count - 1)))
    ordered = sorted(values, key=key)
    low, high = ordered[(count - 1) // 2], ordered[count // 2]
    median = low if key(low) == key(high) else nearest_of((Fraction(low) + Fraction(high)) / 2)
    held = list(zip(times, exact))
    if before is not None:
        held.insert(0, (0, Fraction(before)))
    ends = [time for time, _ in held[1:]] + [BUCKET]
    weighted = sum(value * (end - time) for (time, value), end in zip(held, ends))
    over_time = nearest_of(weighted / (BUCKET - held[0][0]))
    print("|".join([
        " ".join(map(to_hex, values)), " ".join(map(str, times)), "" if before is None else to_hex(before),
        deviation, to_hex(median), to_hex(over_time)]))
