# SPDX-License-Identifier: ISC
# bash completion for smtpsend(1); scripts/lint-options keeps it whole.

_smtpsend_long='--file --fill --max-size --from --name --read-recipients --as-is
	--default-domain --ignore-dots --require-eom
	--mbox --resume --verp --rate
	--subject --body --body-file --html-file --attach --inline
	--to --cc --bcc --reply-to --date --header --test-message
	--server --relay --proxy --port --resolver
	--dnssec --trust-anchor
	--ipv4 --ipv6 --source --helo --timeout --max-addresses
	--max-sessions --max-connections --allow-loopback-mx
	--tls --mta-sts --ca --cert --key --tls-name
	--tls-min --tls-max --ciphers --groups --save-cert
	--keylog
	--verbose --json --brief --timing --html-report --transcript --log --print
	--explain --quit-after --drop-after --reset-after --stall
	--xclient --proxy-protocol --exit-codes
	--config --no-config --print-config --import-config --dkim-keygen
	--dkim-check --tls-report --help --version
	--probe --show-cert --ehlo-diff --warn-days
	--notify --return --envid
	--queue-on-defer --wait --at --expire --dedupe --queue --daemon
	--local-agent
	--talk --script --script-from --tap --junit --password-command --quiet
	--sink --sink-dir --sink-maildir --sink-mbox --sink-web --sink-web-any
	--sink-reply --sink-auth --sink-peers --sink-count --sink-tls
	--sink-lmtp --sink-name'
_smtpsend_letters='-f -F -t -i -s -4 -6 -v -X -N -R -V
	-b -B -C -d -e -G -I -L -O -o -r -U'

# The words that may follow an option, or nothing for free text.
_smtpsend_words()
{
	case $1 in
	--mta-sts) echo yes no ;;
	--tls) echo none may encrypt verify dane dane-only secure ;;
	--tls-min | --tls-max) echo 1.2 1.3 ;;
	--quit-after) echo connect ehlo tls auth mail rcpt data ;;
	--drop-after | --reset-after)
		echo connect ehlo tls auth mail rcpt data dot
		;;
	--xclient) echo ADDR= NAME= HELO= LOGIN= ;;
	--proxy-protocol) echo v1 v2 v1:unknown v2:local ;;
	--exit-codes) echo swaks sysexits ;;
	--stall) echo ehlo= tls= mail= rcpt= data= dot= ;;
	-N | --notify) echo never success failure delay ;;
	-R | --return) echo full hdrs ;;
	-B) echo 7BIT 8BITMIME ;;
	-b) echo m s S v t i p P q d D h H O C V ;;
	-e) echo p m q w e ;;
	--log) echo syslog journal none ;;
	--max-size) echo 10M 100M 1G ;;
	--timeout) echo 30s 1m 5m ;;
	--server) echo smtp:// smtps:// lmtp:// localhost ;;
	--relay) echo smtp:// smtps:// ;;
	--proxy) echo socks5h://127.0.0.1:1080 http:// ;;
	--resolver) echo 127.0.0.1 ;;
	--dnssec) echo auto validate trust-ad off ;;
	--show-cert) echo text pem tlsa ;;
	--tls-report) echo today send ;;
	--warn-days) echo 14 30 ;;
	--at) echo 18:00 +1h ;;
	--expire) echo 30m 4h 1d ;;
	--queue)
		echo list why show hold release rm now edit-rcpt bounce \
			flush status count sites export import
		;;
	--talk) echo localhost ;;
	--sink) echo 127.0.0.1:2525 ;;
	--sink-web) echo localhost:8025 ;;
	--sink-reply)
		echo CONNECT=554 EHLO=502 MAIL=451 RCPT=450 RCPT=550 DATA=stall \
			.=drop
		;;
	esac
}

# Files that begin with $1.
_smtpsend_files()
{
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# The same after a letter, as -C/et; bash cannot know that these are files.
_smtpsend_glued()
{
	local i file letter=${1:0:2}

	mapfile -t COMPREPLY < <(compgen -f -- "${1:2}")
	for i in "${!COMPREPLY[@]}"; do
		file=${COMPREPLY[i]}
		printf -v 'COMPREPLY[i]' '%s%q' "$letter" "$file"
		[[ ! -d $file ]] || COMPREPLY[i]+=/
	done
	[[ ${COMPREPLY[0]-} != */ ]] || compopt -o nospace
}

_smtpsend()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}

	# bash cuts --tls=may into three words
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	case $prev in
	--file | --mbox | --resume | --trust-anchor | --body-file | --html-file | --attach | --inline | --ca | --cert | --key | --transcript | -X | --sink-mbox | \
		--config | -C | --save-cert | --keylog | --html-report | --import-config | --script | --script-from | --junit)
		_smtpsend_files "$cur"
		return
		;;
	*[\<\>])
		_smtpsend_files "$cur"
		return
		;;
	--sink-dir | --sink-maildir)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--dkim-keygen | --dkim-check | --subject | -s | --body | --to | --cc | --bcc | --reply-to | --date | \
		--header | --from | -f | -r | --name | -F | --default-domain | --port | --source | \
		--helo | --max-addresses | --max-sessions | --max-connections | --rate | --tls-name | -V | --envid | \
		--ciphers | --groups | \
		--sink-auth | --sink-peers | --sink-count | --sink-name | --dedupe | \
		--password-command | -L | -O | -o)
		return
		;;
	esac
	local words
	words=$(_smtpsend_words "$prev")
	if [[ $cur == -[CDX]?* ]]; then
		_smtpsend_glued "$cur"
	elif [[ $prev == --log && $cur == */* ]]; then
		_smtpsend_files "$cur"
	elif [[ -n $words && $cur != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		[[ ${COMPREPLY[0]-} != *:// ]] || compopt -o nospace
	elif [[ $cur == --* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_smtpsend_long" -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(
			compgen -W "$_smtpsend_letters $_smtpsend_long" -- "$cur"
		)
	fi
}

complete -F _smtpsend smtpsend
