"""Peers that are libraries: pcodec and Parquet."""

import os

import numpy
import pyarrow
import pyarrow.parquet


def pcodec(recording, scratch):
    """Writes the times and the values of each series of numbers as one chunk each, level 12, without keys or index."""
    from pcodec import ChunkConfig, standalone

    config = ChunkConfig(compression_level=12)
    size = 0
    for one in recording.series:
        for column in (one.times, one.values):
            packed = standalone.simple_compress(numpy.ascontiguousarray(column), config)
            assert standalone.simple_decompress(packed).tobytes() == column.tobytes()
            size += len(packed)
    return size, recording.numbers


def parquet(recording, scratch):
    """Writes all rows by device, point and time, zstd level 19. Of two ways to encode the numbers the smaller counts."""
    path = f"{scratch}/rows.parquet"
    names = recording.table.column_names
    ways = [
        {"use_dictionary": [name for name in names if name != "time"], "column_encoding": {"time": "DELTA_BINARY_PACKED"}},
        {
            "use_dictionary": [name for name in names if name not in ("time", "number")],
            "column_encoding": {"time": "DELTA_BINARY_PACKED", "number": "BYTE_STREAM_SPLIT"},
        },
    ]
    sizes = []
    for way in ways:
        pyarrow.parquet.write_table(
            recording.table, path, compression="zstd", compression_level=19, row_group_size=1 << 20, **way
        )
        sizes.append(os.path.getsize(path))
    return min(sizes), recording.rows
