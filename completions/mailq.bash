# SPDX-License-Identifier: ISC
# bash completion for mailq(1) of smtpsend; scripts/lint-options keeps it whole.

_smtpsend_mailq_verbs='list why show hold release rm now edit-rcpt bounce flush
	status count sites export import'
_smtpsend_mailq_long='--rcpt --from --host --json --openmetrics --warn-age'

_smtpsend_mailq()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words

	# bash cuts --warn-age=1h into three words
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	case $prev in
	--rcpt | --from | --host)
		return
		;;
	--warn-age)
		words='30m 4h 1d'
		;;
	*)
		if [[ $cur == -* ]]; then
			words=$_smtpsend_mailq_long
		elif ((COMP_CWORD == 1)); then
			words=$_smtpsend_mailq_verbs
		else
			words=ALL
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _smtpsend_mailq mailq
