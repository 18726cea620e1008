# SPDX-License-Identifier: ISC
"""What a file of the queue says of its recipients."""

import struct


def slots(path):
    """The letters of its recipients, of the newer slot of each two."""
    data = path.read_bytes()
    rcpts, = struct.unpack_from("<Q", data, 88)
    bank = -(-(rcpts + 1) * 64 // 4096) * 4096
    out = ""
    for i in range(1, rcpts + 1):
        both = [data[4096 + b * bank + i * 64:][:64] for b in (0, 1)]
        newer = max(both, key=lambda s: struct.unpack_from("<I", s, 0)[0])
        out += chr(newer[4])
    return out
