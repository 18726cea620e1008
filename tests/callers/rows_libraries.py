# SPDX-License-Identifier: ISC
"""Libraries that programs mail with."""

from rows import REFUSED, row

ALICE = "alice@example.org"
MESSAGE = "To: bob@far.test\nSubject: hi\n\nhello\n.\nFrom here\nbye\n"
TEXT = r'"hello\n.\nFrom here\nbye\n"'


def program(name, run, text, packages, **how):
    """A program of that text in alice's home; ALICE is the sender's address."""
    how.setdefault("sender", ALICE)
    row(name, run + " program", packages=packages, files={
        "/home/alice/program": text.replace("ALICE", ALICE)
        .replace("TEXT", TEXT)}, **how)


def php(name, text, packages=(), **how):
    """PHP ends the last line itself."""
    text = text.replace("TEXT", TEXT.replace('\\n"', '"'))
    program(name, "php", f"<?php {text}", ["php-cli", *packages], **how)


php("PHP mail()", '''$ok = mail("bob@far.test", "hi", TEXT);
    exit($ok ? 0 : 1);''', sender="alice@box.example.net")
php("PHP mail() with -f", '''$ok = mail("bob@far.test", "hi", TEXT,
    "From: ALICE\\r\\nX-Two: 2", "-fALICE"); exit($ok ? 0 : 1);''',
    head=[r"^X-Two: 2\r$", f"^From: {ALICE}\r$"])

php("PHPMailer", '''
require "libphp-phpmailer/autoload.php";
$m = new PHPMailer\\PHPMailer\\PHPMailer(true);
$m->isSendmail();
$m->setFrom("ALICE", "Alice"); $m->addAddress("bob@far.test");
$m->Subject = "hi"; $m->Body = TEXT; $m->send();''', ["libphp-phpmailer"])

SYMFONY = '''
require "Symfony/Component/Mailer/autoload.php";
use Symfony\\Component\\Mailer\\Mailer;
use Symfony\\Component\\Mailer\\Transport;
use Symfony\\Component\\Mime\\Email;
$mailer = new Mailer(Transport::fromDsn("%s"));
$mailer->send((new Email())->from("ALICE")->to("bob@far.test")
    ->subject("hi")->text(TEXT));'''
php("Symfony, -bs", SYMFONY % "sendmail://default", ["php-symfony-mailer"])
php("Symfony, -t -i", SYMFONY % (
    "sendmail://default?command=/usr/sbin/sendmail%20-t%20-i"),
    ["php-symfony-mailer"])

SWIFT = '''
require "Egulias/EmailValidator/autoload.php";
require "Swift/swift_required.php";
$mailer = new Swift_Mailer(new Swift_SendmailTransport(
    "/usr/sbin/sendmail %s"));
$m = (new Swift_Message("hi"))->setFrom(["ALICE" => "Alice"])
    ->setTo(["bob@far.test"])->setBody(TEXT);
exit($mailer->send($m) === 1 ? 0 : 1);'''
php("Swift, -bs", SWIFT % "-bs", ["php-swiftmailer"])
php("Swift, -t -i", SWIFT % "-t -i", ["php-swiftmailer"])

for style in ("unix", "windows"):
    program(f"nodemailer, {style}", "node", '''
const t = require("nodemailer").createTransport(
    {sendmail: true, newline: "%s", path: "/usr/sbin/sendmail"});
t.sendMail({from: "Alice <ALICE>", to: "bob@far.test", subject: "hi",
    text: TEXT}, (err) => { if (err) { console.log(err); process.exit(1); } });
''' % style, ["nodejs", "node-nodemailer"])

RUBY = '''
require "mail"
m = Mail.new { from "ALICE"; to "bob@far.test"; subject "hi"; body TEXT }
m.delivery_method :%s
m.deliver!
'''
program("Ruby mail", "ruby", RUBY % "sendmail", ["ruby-mail"])
program("Ruby mail, exim", "ruby",
        RUBY % 'exim, location: "/usr/sbin/sendmail"', ["ruby-mail"])


def perl(name, text, packages=("perl",), **how):
    program(name, "perl", "use strict; use warnings;" + text, packages, **how)


perl("Perl Email::Sender", '''
use Email::Simple; use Email::Sender::Simple qw(sendmail);
use Email::Sender::Transport::Sendmail;
sendmail(Email::Simple->create(header => [From => 'ALICE',
    To => 'bob@far.test', Subject => 'hi'], body => TEXT),
    {transport => Email::Sender::Transport::Sendmail->new});
''', ["libemail-sender-perl"])
perl("Perl MIME::Lite", '''
use MIME::Lite;
MIME::Lite->new(From => 'ALICE', To => 'bob@far.test', Subject => 'hi',
    Data => TEXT)->send or die;
''', ["libmime-lite-perl"])
perl("Perl Mail::Mailer", '''
use Mail::Mailer;
my $m = Mail::Mailer->new('sendmail');
$m->open({From => 'ALICE', To => 'bob@far.test', Subject => 'hi'});
print $m TEXT; $m->close or die;
''', ["libmailtools-perl"], short=True, sender="alice@box.example.net")
perl("Perl FAQ", '''
open(my $m, "|-", "/usr/sbin/sendmail -oi -t -odb") or die;
print $m "To: bob\\@far.test\\nSubject: hi\\n\\n", TEXT; close($m) or die;
''', sender="alice@box.example.net", short=True)

program("Python's README", "python3", '''
import subprocess
text = "To: bob@far.test\\\\nSubject: hi\\\\n\\\\n" + TEXT
subprocess.run(["/usr/sbin/sendmail", "-t", "-oi"], input=text.encode(),
               check=True)
'''.replace("\\\\", "\\"), ["python3"], short=True, sender="alice@box.example.net")
