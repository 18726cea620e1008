# SPDX-License-Identifier: ISC
# fish completion for mailq(1) of smtpsend; scripts/lint-options keeps it whole.

complete -c mailq -f

complete -c mailq -n __fish_use_subcommand -a 'list why show hold release rm now edit-rcpt bounce flush status count sites export import'
complete -c mailq -n 'not __fish_use_subcommand' -a ALL -d 'All messages'

complete -c mailq -l rcpt -x -d 'Only with such a recipient'
complete -c mailq -l from -x -d 'Only from such a sender'
complete -c mailq -l host -x -d 'Only for such a domain or host'
complete -c mailq -l json -d 'Print JSON, one object a line'
complete -c mailq -l openmetrics -d 'status for monitoring'
complete -c mailq -l warn-age -x -a '30m 4h 1d' -d 'status: 1 when something waits longer'
