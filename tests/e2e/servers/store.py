# SPDX-License-Identifier: ISC
"""Where the receivers written in Python keep mail: N.eml and N.json beside it."""

import json
import os

from .process import eventually
from .receiver import Stored


def keep(folder, sender, recipients, options, data):
    """One message.  The .json comes last and whole: it says the pair is done."""
    number = sum(1 for n in os.listdir(folder) if n.endswith(".json"))
    stem = os.path.join(folder, f"{number:06d}")
    with open(stem + ".eml", "wb") as f:
        f.write(data)
    with open(stem + ".part", "w", encoding="utf-8") as f:
        json.dump({"from": sender, "to": recipients, "options": options}, f)
    os.rename(stem + ".part", stem + ".json")


class Store:
    """The test's side of it."""

    def __init__(self, folder):
        self.folder = folder
        self.taken = 0
        self.envelopes = []
        folder.mkdir(parents=True, exist_ok=True)

    def names(self):
        return sorted(self.folder.glob("*.json"))[self.taken:]

    def take(self, recipients, seconds):
        """Messages since the last time, once they have so many recipients."""
        def count():
            return sum(len(json.loads(n.read_text())["to"])
                       for n in self.names())

        eventually(lambda: count() >= recipients, seconds)
        names = self.names()
        self.taken += len(names)
        self.envelopes = [json.loads(n.read_text()) for n in names]
        return [Stored((to,), n.with_suffix(".eml").read_bytes())
                for n, e in zip(names, self.envelopes) for to in e["to"]]
