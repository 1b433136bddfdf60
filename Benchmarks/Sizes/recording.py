"""The samples of a recording as columns, from an export of `varve export` or from the generator of the wind farm."""

import dataclasses
import itertools

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet


@dataclasses.dataclass
class Series:
    """A series of numbers, without the readings that have no value."""

    device: str
    point: str
    times: numpy.ndarray
    values: numpy.ndarray


@dataclasses.dataclass
class Recording:
    """The input of the peers: all rows as a table, and the series of numbers."""

    name: str
    rows: int
    table: pyarrow.Table
    series: list

    @property
    def numbers(self):
        return sum(len(one.values) for one in self.series)


def nanoseconds(column):
    """RFC 3339 texts as int64 nanoseconds; the fraction has any length."""
    text = pyarrow.compute.utf8_rtrim(column, characters="Z")
    kind = pyarrow.timestamp("ns")
    return pyarrow.compute.cast(text, kind).cast(pyarrow.int64()).combine_chunks().to_numpy(zero_copy_only=False)


def runs(keys):
    """The runs of equal keys, as (start, end)."""
    changes = numpy.flatnonzero(keys[1:] != keys[:-1]) + 1
    return itertools.pairwise([0, *changes.tolist(), len(keys)])


def from_export(name, path):
    """Reads an export, which has rows by device, point and time."""
    texts = {column: pyarrow.string() for column in ("device", "point", "time", "value")}
    table = pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=texts))
    times = nanoseconds(table["time"])
    keys = pyarrow.compute.binary_join_element_wise(table["device"], table["point"], "\0").dictionary_encode()
    codes = keys.combine_chunks().indices.to_numpy()
    texts = table["value"].combine_chunks()
    numbers = numpy.full(table.num_rows, numpy.nan)
    isNumber = numpy.zeros(table.num_rows, bool)
    series = []
    for start, end in runs(codes):
        piece = texts[start:end]
        present = pyarrow.compute.not_equal(piece, "").to_numpy(zero_copy_only=False)
        try:
            values = pyarrow.compute.filter(piece, pyarrow.array(present)).cast(pyarrow.float64())
        except pyarrow.ArrowInvalid:
            continue
        values = values.to_numpy(zero_copy_only=False)
        places = start + numpy.flatnonzero(present)
        numbers[places] = values
        isNumber[start:end] = True
        device, point = table["device"][start].as_py(), table["point"][start].as_py()
        series.append(Series(device, point, times[places].copy(), values.copy()))
    columns = {
        "device": table["device"].dictionary_encode(),
        "point": table["point"].dictionary_encode(),
        "time": pyarrow.array(times),
        "number": pyarrow.array(numbers, mask=~isNumber | pyarrow.compute.equal(texts, "").to_numpy(zero_copy_only=False)),
        "text": pyarrow.array(texts.to_numpy(zero_copy_only=False), mask=isNumber),
    }
    if "quality" in table.column_names:
        columns["quality"] = table["quality"].cast(pyarrow.int32())
    return Recording(name, table.num_rows, pyarrow.table(columns), series)


def from_farm(path):
    """Reads the generator's Parquet file, which is in the order of arrival and has some rows twice."""
    table = pyarrow.parquet.read_table(path)
    devices, points = (table[name].combine_chunks() for name in ("device", "point"))
    if isinstance(devices, pyarrow.ChunkedArray):
        devices, points = (pyarrow.concat_arrays(one.chunks) for one in (devices, points))
    names = devices.dictionary.to_pylist(), points.dictionary.to_pylist()
    key = devices.indices.to_numpy().astype(numpy.int32) * 1000 + points.indices.to_numpy()
    times, values = table["ts"].to_numpy(), table["value"].to_numpy()
    order = numpy.lexsort((times, key))
    key, times, values = key[order], times[order], values[order]
    kept = numpy.r_[True, (key[1:] != key[:-1]) | (times[1:] != times[:-1])]
    key, times, values = key[kept], times[kept] * 1_000_000, values[kept]
    series = [
        Series(names[0][key[start] // 1000], names[1][key[start] % 1000], times[start:end].copy(), values[start:end].copy())
        for start, end in runs(key)
    ]
    columns = {
        "device": pyarrow.DictionaryArray.from_arrays(key // 1000, names[0]),
        "point": pyarrow.DictionaryArray.from_arrays(key % 1000, names[1]),
        "time": times,
        "number": values,
    }
    return Recording("synthetic wind farm", len(key), pyarrow.table(columns), series)
