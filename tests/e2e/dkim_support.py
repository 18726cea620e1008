# SPDX-License-Identifier: ISC
"""Keys, their records, and three verifiers that have nothing to do with us.

    keys = Keys(folder)                     # r1 (RSA-2048), e1 (Ed25519)
    assert verdicts(keys, [text]) == [{("dkimpy", "r1"): True, ...}]

python3-dkim knows both algorithms, libopendkim and Mail::DKIM of Debian 12 RSA
alone.
"""

import base64
import ctypes
import struct
import subprocess

import dkim

DOMAIN = "example.org"

# opendkim/dkim.h
SETOPT, QUERYMETHOD, QUERYINFO, QUERY_FILE = 1, 6, 7, 1
PASSED, BODY_MATCHES = 4, 0

# messages on stdin, each after its length; a line of "selector result" for each
PERL = r"""
use Mail::DKIM::Verifier;
my %records = @ARGV;
no warnings 'redefine';
*Mail::DKIM::DNS::query = sub {
    my ($name) = @_;
    return Net::DNS::RR->new(owner => $name, type => 'TXT',
        txtdata => [$records{$name} =~ /(.{1,255})/g]);
};
*Mail::DKIM::DNS::query_async = sub {
    my ($name, $type, %how) = @_;
    my @rr = Mail::DKIM::DNS::query($name);
    my $answer = $how{Callbacks}{Success}->(@rr);
    return sub { $answer };
};
binmode STDIN;
while (read(STDIN, my $n, 4) == 4) {
    read(STDIN, my $text, unpack('N', $n));
    my $v = Mail::DKIM::Verifier->new;
    $v->PRINT($text);
    $v->CLOSE;
    print join(' ', map { $_->selector . ' ' . $_->result } $v->signatures),
        "\n";
}
"""


def make_key(path, kind="rsa", bits=2048, mode=0o600):
    words = (["-algorithm", "ed25519"] if kind == "ed25519" else
             ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"])
    subprocess.run(["openssl", "genpkey", *words, "-out", path], check=True,
                   capture_output=True)
    path.chmod(mode)
    return path


def record_of(path, kind="rsa"):
    der = subprocess.run(
        ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"],
        check=True, capture_output=True).stdout
    half = der[-32:] if kind == "ed25519" else der
    return f"v=DKIM1; k={kind}; p={base64.b64encode(half).decode()}"


class Keys:
    def __init__(self, folder, owner=None):
        self.folder = folder
        self.rsa = make_key(folder / "rsa.pem")
        self.ed25519 = make_key(folder / "ed25519.pem", "ed25519")
        self.records = {"r1": record_of(self.rsa),
                        "e1": record_of(self.ed25519, "ed25519")}
        if owner is not None:
            for path in (self.rsa, self.ed25519):
                subprocess.run(["chown", str(owner), path], check=True)

    def section(self, name=DOMAIN, more="", both=True):
        text = f"[dkim {name}]\nselector = r1\nkey = {self.rsa}\n"
        if both:
            text += f"ed25519-selector = e1\ned25519-key = {self.ed25519}\n"
        return text + more + "\n"


# ---- verifiers: a dict of selector -> bool for each text, which has CRLF ----

def by_dkimpy(records, texts):
    def ask(name, timeout=5):
        selector = name.decode(errors="replace").split(".")[0]
        return records[selector].encode()

    found = []
    for text in texts:
        d = dkim.DKIM(text, minkey=1024)
        n = sum(name.lower() == b"dkim-signature" for name, _ in d.headers)
        results = {}
        for i in range(n):
            try:
                good = d.verify(idx=i, dnsfunc=ask)
            except (dkim.DKIMException, ValueError):
                good = False
            name = d.signature_fields.get(b"s", b"none")
            results[name.decode(errors="replace")] = good
        found.append(results)
    return found


def opendkim(folder, records, domain):
    """The library, which reads records from a file."""
    lib = ctypes.CDLL("libopendkim.so.11")
    for name, result in (("init", "p"), ("verify", "p"), ("options", "i"),
                         ("sig_getselector", "s")):
        getattr(lib, "dkim_" + name).restype = {
            "p": ctypes.c_void_p, "i": ctypes.c_int,
            "s": ctypes.c_char_p}[result]
    path = folder / "opendkim-keys"
    path.write_text("".join(f"{s}._domainkey.{domain} {record}\n"
                            for s, record in records.items()))
    handle = ctypes.c_void_p(lib.dkim_init(None, None))
    method = ctypes.c_int(QUERY_FILE)
    name = ctypes.create_string_buffer(str(path).encode(), 1024)
    assert lib.dkim_options(handle, SETOPT, QUERYMETHOD, ctypes.byref(method),
                            ctypes.c_size_t(4)) == 0
    assert lib.dkim_options(handle, SETOPT, QUERYINFO, name,
                            ctypes.c_size_t(len(str(path)))) == 0
    return lib, handle


def by_opendkim(folder, records, texts, domain=DOMAIN):
    lib, handle = opendkim(folder, records, domain)
    found = []
    for text in texts:
        status, n = ctypes.c_int(), ctypes.c_int()
        sigs = ctypes.POINTER(ctypes.c_void_p)()
        d = ctypes.c_void_p(lib.dkim_verify(handle, b"test", None,
                                            ctypes.byref(status)))
        lib.dkim_chunk(d, text, ctypes.c_size_t(len(text)))
        lib.dkim_chunk(d, b"", ctypes.c_size_t(0))
        lib.dkim_eom(d, None)
        results = {}
        if lib.dkim_getsiglist(d, ctypes.byref(sigs), ctypes.byref(n)) == 0:
            for i in range(n.value):
                sig = ctypes.c_void_p(sigs[i])
                lib.dkim_sig_process(d, sig)
                results[lib.dkim_sig_getselector(sig).decode()] = bool(
                    lib.dkim_sig_getflags(sig) & PASSED and
                    lib.dkim_sig_getbh(sig) == BODY_MATCHES)
        lib.dkim_free(d)
        found.append(results)
    lib.dkim_close(handle)
    return found


def by_mail_dkim(records, texts, domain=DOMAIN):
    words = [w for s, record in records.items()
             for w in (f"{s}._domainkey.{domain}", record)]
    done = subprocess.run(
        ["perl", "-e", PERL, *words], check=True, capture_output=True,
        input=b"".join(struct.pack(">I", len(t)) + t for t in texts))
    found = []
    for line in done.stdout.decode().splitlines():
        words = line.split()
        found.append({s: r == "pass"
                      for s, r in zip(words[::2], words[1::2])})
    assert len(found) == len(texts), done.stderr
    return found


def verdicts(keys, texts, domain=DOMAIN):
    """For each text {(verifier, selector): whether it holds}; of the others
    that can only do RSA, r1's alone."""
    every = [("dkimpy", by_dkimpy(keys.records, texts)),
             ("opendkim", by_opendkim(keys.folder, keys.records, texts,
                                      domain)),
             ("Mail::DKIM", by_mail_dkim(keys.records, texts, domain))]
    return [{(who, s): good for who, results in every
             for s, good in results[i].items() if who == "dkimpy" or s == "r1"}
            for i in range(len(texts))]


BOTH = {("dkimpy", "r1"), ("dkimpy", "e1"), ("opendkim", "r1"),
        ("Mail::DKIM", "r1")}
