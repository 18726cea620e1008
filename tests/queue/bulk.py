# SPDX-License-Identifier: ISC
"""
kill -9 of smtpsend --mbox --resume: run again until it ends with 0, everybody
has each message, and twice only who was between the server's reply and the line
of the file.
"""

from kills import Plan, rcpts
from ledger import Sent, message


def mailbox(w, tokens, verbs):
    """An mbox, and who is to get what of it."""
    sents, texts = [], []
    for token in tokens:
        to = rcpts(token, *verbs)
        text = message(token, f"To: {', '.join(to)}\n").decode()
        texts.append(f"From x Sun Nov 22 09:00:00 2026\n{text}\n")
        sents.append(Sent(token, to, True))
    path = w.folder / f"{tokens[0]}.mbox"
    path.write_text("".join(texts))
    return path, sents


def bulk(count, *verbs, options=()):
    def scenario(w, token):
        path, sents = mailbox(w, [f"{token}{chr(ord('p') + n)}"
                                  for n in range(count)], verbs)
        state = path.with_suffix(".state")
        words = w.command("smtpsend", "--mbox", str(path), "--resume",
                          str(state), "-t", "-f", "ok.from@sender.example",
                          *options)

        def again():
            for _ in range(3):
                status, out = w.run(words)
                if status == 0:
                    break
            assert status == 0, f"run again: {status} {out}"
            status, out = w.run(words)
            assert status == 0, f"and once more: {status} {out}"
            path.unlink()
            state.unlink()
        return Plan(words, sents, after=again)
    return scenario


SCENARIOS = {
    "bulk": bulk(5, "ok", "ok"),
    "bulk-one-lane": bulk(6, "ok", options=("--server", "192.0.2.1:25")),
}
SHORT = ("bulk",)
