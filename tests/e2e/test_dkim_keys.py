# SPDX-License-Identifier: ISC
"""--dkim-keygen and --dkim-check: keys, and their records in DNS."""

import base64
import re
import stat
import subprocess

import pytest

from conftest import BINARY
from dkim_support import DOMAIN, Keys, record_of, verdicts
from fakedns import SERVFAIL, FakeDns
from scripted import Server, dialogue
from test_dkim import config, send, taken, text_of


def keygen(folder, *args):
    return subprocess.run([BINARY, "--dkim-keygen", *args], cwd=folder,
                          capture_output=True, text=True, check=False)


def txt(text, size=255):
    """The strings of a TXT record."""
    raw = text.encode()
    parts = [raw[i:i + size] for i in range(0, len(raw), size)] or [b""]
    return b"".join(bytes([len(part)]) + part for part in parts)


def zone(out):
    """name -> text of what is printed."""
    return {name: "".join(re.findall('"([^"]*)"', strings)) for name, strings in
            re.findall(r"^(\S+)\. IN TXT \(\n(.*?) \)$", out, re.M | re.S)}


@pytest.mark.parametrize("words, kind", [([], "rsa"), (["rsa"], "rsa"),
                                         (["ed25519"], "ed25519")], ids=str)
def test_a_key_is_made(tmp_path, words, kind):
    run = keygen(tmp_path, DOMAIN, "sel", *words)
    assert run.returncode == 0, run
    path = tmp_path / f"{DOMAIN}.sel.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert zone(run.stdout) == {
        f"sel._domainkey.{DOMAIN}": record_of(path, kind)}
    assert all(len(part) <= 255
               for part in re.findall('"([^"]*)"', run.stdout))
    assert "PRIVATE" not in run.stdout + run.stderr
    assert str(path) in run.stdout


def test_without_its_record_there_is_no_key(tmp_path):
    with open("/dev/full", "w", encoding="utf-8") as full:
        run = subprocess.run([BINARY, "--dkim-keygen", DOMAIN, "sel"],
                             cwd=tmp_path, stdout=full, text=True,
                             stderr=subprocess.PIPE, check=False)
    assert run.returncode == 74 and not list(tmp_path.iterdir()), run
    assert "could not be printed" in run.stderr and \
        run.stderr.endswith("No space left on device\n")
    assert keygen(tmp_path, DOMAIN, "sel").returncode == 0


def test_what_it_prints_is_a_configuration(smtpsend, tmp_path):
    """Its comments, without the sign, sign; and what it prints of DNS holds."""
    out = keygen(tmp_path, DOMAIN, "r1").stdout + \
        keygen(tmp_path, DOMAIN, "e1", "ed25519").stdout
    keys = [line[1:] for line in out.splitlines()
            if re.match(r";[a-z0-9-]+ = ", line)]
    conf = config(tmp_path, "\n".join([f"[dkim {DOMAIN}]", *keys]) + "\n")
    with Server(dialogue()) as srv:
        run = send(smtpsend, conf, srv, text_of("a line"))
        assert run.status == 0, run
    known = Keys.__new__(Keys)
    known.folder = tmp_path
    known.records = {name.split(".")[0]: text
                     for name, text in zone(out).items()}
    [found] = verdicts(known, taken(srv))
    assert len(found) == 4 and all(found.values())


def test_the_zone_is_one(tmp_path):
    """To others that read zones, too."""
    out = keygen(tmp_path, DOMAIN, "sel").stdout
    (tmp_path / "zone").write_text(
        f"$TTL 60\n{DOMAIN}. IN SOA a. b. 1 2 3 4 5\n{DOMAIN}. IN NS a.\n" +
        out)
    subprocess.run(["ldns-read-zone", tmp_path / "zone"], check=True,
                   capture_output=True)


def test_nothing_is_overwritten(tmp_path):
    assert keygen(tmp_path, DOMAIN, "sel").returncode == 0
    path = tmp_path / f"{DOMAIN}.sel.pem"
    before = path.read_bytes()
    run = keygen(tmp_path, DOMAIN, "sel")
    assert run.returncode == 73 and "File exists" in run.stderr
    assert not run.stdout and path.read_bytes() == before
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert keygen(tmp_path, DOMAIN, "sel").returncode == 73
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("words", [["a@b"], ["example..org"], ["[192.0.2.1]"],
                                   [DOMAIN, "a b"], [DOMAIN, "../x"],
                                   [DOMAIN, "a", "b"], ["a." * 100 + "org",
                                                        "b" * 60]], ids=str)
def test_no_such_key(tmp_path, words):
    run = keygen(tmp_path, *words)
    assert run.returncode == 64 and run.stderr, run
    assert not list(tmp_path.iterdir())


# ---- records ----

@pytest.fixture(name="keys", scope="module")
def fixture_keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("dkim"))


@pytest.fixture(name="check")
def fixture_check(smtpsend, tmp_path, keys):
    """check(r1=[records], e1=...): what is said of that in DNS."""
    def run(domain=DOMAIN, both=False, **records):
        conf = config(tmp_path, keys.section(both=both))
        with FakeDns() as dns:
            dns.add(DOMAIN, "A", "192.0.2.1")
            for selector, texts in records.items():
                name = f"{selector}._domainkey.{DOMAIN}"
                if texts is SERVFAIL:
                    dns.script(name, "TXT",
                               lambda q: q.answer(rcode=SERVFAIL))
                elif texts:
                    dns.add(name, "TXT", *(t if isinstance(t, bytes) else
                                           txt(t) for t in texts))
            return smtpsend("--config", conf, "--resolver",
                            f"127.0.0.1:{dns.port}", "--dkim-check", domain)
    return run


def test_both_are_good(check, keys):
    run = check(both=True, r1=[keys.records["r1"]], e1=[keys.records["e1"]])
    assert run.status == 0, run
    assert run.stdout.count(": good: it is the record of the key") == 2
    assert "rsa, 2048 bits" in run.stdout and "ed25519" in run.stdout


def test_in_small_pieces(check, keys):
    assert check(r1=[txt(keys.records["r1"], 7)]).status == 0


def half(keys):
    """As opendkim and old texts have it: RSAPublicKey itself."""
    der = subprocess.run(["openssl", "rsa", "-in", keys.rsa, "-RSAPublicKey_out",
                          "-outform", "DER"], check=True, capture_output=True)
    return "v=DKIM1; p=" + base64.b64encode(der.stdout).decode()


def test_the_other_form_of_a_key(check, keys):
    assert check(r1=[half(keys)]).status == 0


@pytest.mark.parametrize("make, words", [
    (lambda r: None, "there is no such record"),
    (lambda r: [r["r1"], r["r1"]], "more than one record"),
    (lambda r: [r["e1"]], "its k= is another kind"),
    (lambda r: ["v=DKIM1; k=rsa; p="], "the key is revoked"),
    (lambda r: ["v=DKIM1; k=rsa; p=!"], "no base64"),
    (lambda r: ["v=spf1 -all"], "its v= is not DKIM1"),
    (lambda r: ["hello"], "not of the form"),
    (lambda r: ["v=DKIM1; k=rsa"], "no p="),
    (lambda r: [r["r1"].replace("k=rsa", "k=dsa")], "its k= is another kind"),
    (lambda r: [r["r1"][:100] + ("B" if r["r1"][100] == "A" else "A") +
                r["r1"][101:]], "the record of another key"),
    (lambda r: [r["r1"].replace("k=rsa", "h=sha1")], "does not allow sha256"),
    (lambda r: [r["r1"].replace("k=rsa", "s=tlsrpt")],
     "does not allow email"),
    (lambda r: [r["r1"] + "; p=x"], "a tag twice"),
    (lambda r: [b"\1\n"], "no p="),
    (lambda r: ["v=DKIM1; p=YWJj"], "no key of that kind"),
])
def test_a_record_that_is_not_good(check, keys, make, words):
    """78, and what it should be is that of the key."""
    run = check(r1=make(keys.records))
    assert run.status == 78, run
    assert ": not good: " in run.stdout and words in run.stdout
    assert zone(run.stdout) == {
        f"r1._domainkey.{DOMAIN}": keys.records["r1"]}


@pytest.mark.parametrize("tag, words", [("t=y", "it is a test"),
                                        ("t=s", "t=s is kept"),
                                        ("h=sha1:sha256", "good"),
                                        ("s=*", "good"), ("n=a note", "good")])
def test_a_record_that_is_good_but(check, keys, tag, words):
    run = check(r1=[keys.records["r1"].replace("k=rsa", tag)])
    assert run.status == 0 and words in run.stdout, run


def test_dns_does_not_know(check, keys):
    run = check(r1=SERVFAIL)
    assert run.status == 75 and ": not known: SERVFAIL" in run.stdout, run
    run = check(both=True, r1=SERVFAIL, e1=[keys.records["r1"]])
    assert run.status == 78, run


def test_no_section(check):
    run = check(domain="other.test")
    assert run.status == 78 and "no [dkim] section" in run.stderr, run
    run = check(domain="a@b")
    assert run.status == 64, run


def test_a_key_that_cannot_be_read(smtpsend, tmp_path):
    conf = config(tmp_path, f"[dkim {DOMAIN}]\nselector = a\nkey = /none\n")
    run = smtpsend("--config", conf, "--dkim-check", DOMAIN)
    assert run.status == 78 and "/none: No such file" in run.stderr, run
