# SPDX-License-Identifier: ISC
"""make install and make uninstall: below a DESTDIR, and into a prefix as it is."""

import os
import re
import subprocess

import pytest

import conftest

NAMES = ("sbin/sendmail", "lib/sendmail", "bin/mailq", "bin/newaliases")


def make(target, *words, env=None, good=True):
    build = os.path.relpath(conftest.BUILD, conftest.TOP)
    done = subprocess.run(["make", "-s", "-C", conftest.TOP, target,
                           f"B={build}", *words], text=True, check=False,
                          capture_output=True, env={**os.environ, **(env or {})})
    assert (done.returncode == 0) == good, done
    return done


def tree(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


def shell(*words, home):
    """What a shell prints that has no configuration but Debian's."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    return subprocess.run(words, env=env, capture_output=True, text=True,
                          check=True).stdout.splitlines()


@pytest.mark.parametrize("prefix", ["/usr", "/usr/local"])
def test_parts_lie_where_debian_looks(tmp_path, prefix):
    stage = tmp_path / "stage"
    make("install", f"DESTDIR={stage}", f"PREFIX={prefix}")
    fish = shell("fish", "-c", "printf '%s\\n' $fish_complete_path",
                 home=tmp_path)
    zsh = shell("zsh", "-f", "-c", "print -l $fpath", home=tmp_path)
    for places, name in ((fish, "smtpsend.fish"), (zsh, "_smtpsend")):
        assert [p for p in places if (stage / p[1:] / name).is_file()], places
    assert (stage / prefix[1:] / "share/bash-completion/completions/smtpsend"
            ).is_file()
    for page in ("man1/smtpsend.1", "man5/smtpsend.conf.5", "man1/mailq.1",
                 "man7/smtpsend-oldhands.7",
                 "man8/sendmail.8"):
        assert (stage / prefix[1:] / "share/man" / page).is_file()
    program = stage / prefix[1:] / "bin/smtpsend"
    done = subprocess.run([program, "--version"], check=True,
                          capture_output=True)
    assert done.stdout.startswith(b"smtpsend ")
    make("uninstall", f"DESTDIR={stage}", f"PREFIX={prefix}")
    assert tree(stage) == set()


def test_fish_completes(tmp_path):
    """A user's own prefix is below fish's data folder as well."""
    make("install", f"PREFIX={tmp_path}/.local")
    path = f"{tmp_path}/.local/bin:{os.environ['PATH']}"
    offered = subprocess.run(
        ["fish", "-c", "complete -C 'smtpsend --expl'"], text=True, check=True,
        env={"PATH": path, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
        capture_output=True).stdout
    assert offered.startswith("--explain"), offered


COMPLETIONS = ("share/bash-completion/completions/mailq",
               "share/zsh/site-functions/_mailq",
               "share/fish/vendor_completions.d/mailq.fish")


def test_mailq_completes_where_it_is_ours(tmp_path):
    """The words go with the link; another system's file is left alone."""
    prefix = tmp_path / "p"
    make("install", f"PREFIX={prefix}")
    assert not [n for n in COMPLETIONS if (prefix / n).exists()]
    make("install", f"PREFIX={prefix}", "SENDMAIL=1")
    script = f". {prefix}/{COMPLETIONS[0]}; COMP_WORDS=(mailq %s); " \
        "COMP_CWORD=%d; _smtpsend_mailq; echo ${COMPREPLY[@]}"
    for words, at, want in (("edit", 1, "edit-rcpt"), ("rm A", 2, "ALL"),
                            ("status --warn", 2, "--warn-age"),
                            ("--warn-age 4", 2, "4h"), ("--rcpt x", 2, "")):
        assert shell("bash", "-c", script % (words, at),
                     home=tmp_path) == [want]
    env = {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
           "HOME": str(tmp_path), "XDG_DATA_DIRS": f"{prefix}/share"}
    for typed, want in (("mailq edit", "edit-rcpt"), ("mailq rm A", "ALL"),
                        ("mailq status --warn", "--warn-age")):
        said = subprocess.run(["fish", "-c", f"complete -C '{typed}'"],
                              text=True, env=env, check=True,
                              capture_output=True).stdout
        assert said.startswith(want), (typed, said)
    make("uninstall", f"PREFIX={prefix}")
    assert not [n for n in COMPLETIONS if (prefix / n).exists()]
    theirs = prefix / COMPLETIONS[0]
    theirs.parent.mkdir(parents=True)
    theirs.write_text("complete -W flush mailq\n")
    make("install", f"PREFIX={prefix}", "SENDMAIL=1", good=False)
    make("uninstall", f"PREFIX={prefix}")
    assert theirs.is_file()


def test_uninstall_leaves_what_was_there(tmp_path):
    """Folders that it made go when they are empty, others stay."""
    prefix = tmp_path / "prefix"
    (prefix / "sbin").mkdir(parents=True)
    (prefix / "share/man").mkdir(parents=True)
    before = tree(prefix)
    make("install", f"PREFIX={prefix}", "SENDMAIL=1")
    make("install", f"PREFIX={prefix}", "SENDMAIL=1")  # twice is no error
    (prefix / "share/zsh/mine").write_text("")
    for name in NAMES:
        assert os.path.samefile(prefix / name, prefix / "bin/smtpsend"), name
    for page in ("sendmail", "mailq", "newaliases"):
        told = subprocess.run(
            ["man", "-M", prefix / "share/man", page], text=True, check=True,
            capture_output=True, env={**os.environ, "MANWIDTH": "80"})
        assert "sendmail" in told.stdout and "smtpsend" in told.stdout
    make("uninstall", f"PREFIX={prefix}")
    assert tree(prefix) == before | {"share/zsh", "share/zsh/mine"}


@pytest.mark.parametrize("word, links", [("0", False), ("no", False),
                                         ("", False), ("1", True),
                                         ("yes", True)])
def test_sendmail_is_a_switch(tmp_path, word, links):
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/usr", f"SENDMAIL={word}")
    assert (tmp_path / "usr/bin/smtpsend").is_file()
    for name in NAMES:
        assert (tmp_path / "usr" / name).is_symlink() == links, name


def test_sendmail_may_not_be_anything(tmp_path):
    done = make("install", f"DESTDIR={tmp_path}", "SENDMAIL=exim", good=False)
    assert "SENDMAIL=exim: 1 or 0 is wanted" in done.stderr
    assert tree(tmp_path) == set()


@pytest.mark.parametrize("theirs, kind", conftest.some(
    [(t, k) for k in ("file", "link", "dangling") for t in NAMES], 5))
def test_another_mail_system_is_not_replaced(tmp_path, theirs, kind):
    prefix = tmp_path / "prefix"
    path = prefix / theirs
    path.parent.mkdir(parents=True)
    if kind == "file":
        path.write_text("postfix's")
    else:
        path.symlink_to("/bin/true" if kind == "link" else "/nowhere/exim4")
    dpkg = tmp_path / "bin/dpkg"
    dpkg.parent.mkdir()
    dpkg.write_text(f"#!/bin/sh\n[ \"$*\" = '-S {path}' ] && "
                    f"echo 'postfix: {path}'\n")
    dpkg.chmod(0o755)
    before = tree(prefix)
    env = {"PATH": f"{dpkg.parent}:{os.environ['PATH']}"}
    done = make("install", f"PREFIX={prefix}", "SENDMAIL=1", env=env,
                good=False)
    assert f"{path} is there already and belongs to postfix." in done.stderr
    assert f"dpkg-divert --local --rename --add {path}" in done.stderr
    assert tree(prefix) == before
    dpkg.unlink()
    done = make("install", f"PREFIX={prefix}", "SENDMAIL=1", good=False)
    assert "belongs to no package" in done.stderr
    make("install", f"PREFIX={prefix}")
    make("uninstall", f"PREFIX={prefix}")
    assert tree(prefix) == before and path.is_symlink() == (kind != "file")


def test_put_aside_it_goes(tmp_path):
    """As dpkg-divert leaves it; uninstall takes our link and not theirs."""
    prefix = tmp_path / "prefix"
    (prefix / "sbin").mkdir(parents=True)
    (prefix / "sbin/sendmail.distrib").write_text("theirs")
    make("install", f"PREFIX={prefix}", "SENDMAIL=1")
    done = subprocess.run([prefix / "sbin/sendmail", "-bp"], check=True,
                          capture_output=True, text=True)
    assert re.match("Mail queue is empty", done.stdout)
    make("uninstall", f"PREFIX={prefix}")
    assert tree(prefix) == {"sbin", "sbin/sendmail.distrib"}
