# SPDX-License-Identifier: ISC
"""Reports to senders as Python's email package reads them (RFC 3464, RFC 6533)."""

import email
import email.policy
import os
import subprocess

import pytest

import conftest


@pytest.fixture(scope="module", name="report")
def fixture_report():
    """The unit test's scenes: report("refused")."""
    build = os.path.relpath(conftest.BUILD, conftest.TOP)
    program = f"{build}/unit/dsn"
    subprocess.run(["make", "-s", "-C", conftest.TOP, program, f"B={build}"],
                   check=True, capture_output=True)

    def write(name):
        return subprocess.run([conftest.TOP / program, "print", name],
                              check=True, capture_output=True).stdout
    return write


def parse(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message.defects == []
    parts = list(message.iter_parts())
    assert len(parts) == 3
    assert [d for p in message.walk() for d in p.defects] == []
    return message, parts


def fields(part):
    """The blocks of the second part: per message, then one a recipient."""
    text = part.get_payload()
    blocks = [dict(b.items()) for b in text] if isinstance(text, list) else None
    return blocks


def test_refused(report):
    message, (words, status, original) = parse(report("refused"))
    assert message["from"] == "Mail Delivery System <MAILER-DAEMON@mx.a.example>"
    assert message["to"] == "ann@a.example"
    assert message["in-reply-to"] == message["references"] == "<1@a.example>"
    assert message["auto-submitted"] == "auto-replied"
    assert message["subject"].startswith("Your message was not delivered")
    assert message["date"].datetime and message["message-id"]
    said = words.get_content()
    assert "Subject: Grüße to Bob" in said
    assert "550 5.1.1 No such user" in said
    assert status.get_content_type() == "message/delivery-status"
    of_message, of_bob = fields(status)
    assert of_message["Reporting-MTA"] == "dns; mx.a.example"
    assert of_message["Arrival-Date"] == "Thu, 26 Nov 2026 08:00:00 +0000"
    assert of_bob["Final-Recipient"] == "rfc822;bob@b.example"
    assert of_bob["Action"] == "failed"
    assert of_bob["Status"] == "5.1.1"
    assert of_bob["Remote-MTA"] == "dns; mx.b.example"
    assert of_bob["Diagnostic-Code"] == "smtp; 550 5.1.1 No such user"
    assert of_bob["Last-Attempt-Date"] == "Thu, 26 Nov 2026 08:01:40 +0000"
    assert original.get_content_type() == "text/rfc822-headers"
    assert "Message-ID: <1@a.example>" in original.get_content()


def test_several_and_the_whole_original(report):
    _, (words, status, original) = parse(report("whole"))
    assert [b.get("Final-Recipient") for b in fields(status)] == [
        None, "rfc822;bob@b.example", "rfc822;c@c.example"]
    assert [b.get("Status") for b in fields(status)] == [None, "5.0.0", "5.1.2"]
    inner = original.get_content()
    assert inner["subject"] == "Grüße to Bob"
    assert inner.get_content().endswith("\r\nFrom the end\r\n")
    assert "bob@b.example" in words.get_content()


def test_delayed_and_relayed(report):
    _, (words, status, _) = parse(report("delayed"))
    assert fields(status)[1]["Action"] == "delayed"
    assert fields(status)[1]["Status"] == "4.7.1"
    assert fields(status)[1]["Will-Retry-Until"]
    assert "need not do anything" in " ".join(words.get_content().split())
    _, (_, status, _) = parse(report("relayed"))
    assert fields(status)[0]["Original-Envelope-Id"] == "QQ 314+="
    assert fields(status)[1]["Original-Recipient"] == "rfc822;Robert@b.example"
    assert fields(status)[1]["Action"] == "relayed"


def test_hostile_words_end_nothing(report):
    raw = report("hostile")
    assert all(b < 128 for b in raw)
    _, (words, status, _) = parse(raw)
    blocks = fields(status)
    assert len(blocks) == 2
    assert blocks[1]["Action"] == "failed" and blocks[1]["Status"] == "5.0.0"
    assert "\x1b" not in words.get_content()
    assert "é" in words.get_content()


def test_other_letters(report):
    raw = report("utf8 recipient")
    assert all(b < 128 for b in raw)
    _, (words, status, original) = parse(raw)
    assert status.get_content_type() == "message/delivery-status"
    assert fields(status)[1]["Original-Recipient"] == \
        r"utf-8;b\x{F6}b\x{20AC}@x"
    assert "böb+=" in words.get_content()
    assert original.get_content_type() == "message/global"

    message, (_, status, original) = parse(report("global"))
    assert message["to"] == "ä@a.example"
    assert status.get_content_type() == "message/global-delivery-status"
    text = status.get_payload()[0].as_bytes()
    assert "Final-Recipient: utf-8;böb@b.example".encode() in text
    assert original.get_payload()[0]["subject"] == "ü"


@pytest.mark.parametrize("name", ["expired", "orphan", "latin1 header"])
def test_others(report, name):
    _, (_, status, _) = parse(report(name))
    assert fields(status)[1]["Action"] == "failed"
    assert fields(status)[1]["Status"] == {"expired": "4.4.7"}.get(name, "5.0.0")
