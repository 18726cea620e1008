# SPDX-License-Identifier: ISC
"""Messages for a queue, as `smtpsend --queue import` takes them in."""

import json
import random

CRC32C = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    CRC32C.append(n)
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def crc32c(data):
    crc = 0xffffffff
    for octet in data:
        crc = crc >> 8 ^ CRC32C[(crc ^ octet) & 0xff]
    return crc ^ 0xffffffff


def ulid(seconds):
    """An id of that time."""
    n = seconds * 1000 << 80 | random.getrandbits(80)
    return "".join(LETTERS[n >> 5 * i & 31] for i in reversed(range(26)))


def portable(rcpts=("bob@example.org",), sender="joe@example.org", uid=1000,
             created=1795677105, text=b"Subject: x\r\n\r\nhello\r\n", **facts):
    """(id, octets) of a message; a recipient is an address or a dict."""
    rcpts = [r if isinstance(r, dict) else {"to": r} for r in rcpts]
    head = {"smtpsend_queue": 1, "id": ulid(created), "text": len(text),
            "from": sender, "uid": uid, "created": created,
            "head": text.find(b"\r\n\r\n") + 4, "longest_line": 20, **facts,
            "rcpts": [{"state": "P", **r} for r in rcpts]}
    whole = json.dumps(head).encode() + b"\n" + text
    return head["id"], whole + (b'{"end":"%s","crc32c":%d}\n' % (
        head["id"].encode(), crc32c(whole)))
