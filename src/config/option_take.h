/* SPDX-License-Identifier: ISC */
/*
 * option_take.h - storing the value of an option: a function per kind of value.
 *
 * Each checks its value and says what is allowed.  A wrong value is an error
 * under the name smtpsend; under sendmail's names it is a warning and the
 * option is ignored, since no mail may be lost over a flag.
 */
#ifndef CONFIG_OPTION_TAKE_H
#define CONFIG_OPTION_TAKE_H

#include "config/options.h"

/* Complain about a value: false for smtpsend, a warning and true otherwise. */
bool option_refuse(struct option_call *c, const char *value, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Complain and stop under every name. */
bool option_reject(struct option_call *c, const char *value, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/*
 * Before an option's first use in a source (a file, the command line): forget
 * what sources before said, where the use would add to it.
 */
void option_begin(struct option_call *c);

/* A host as it may be used, an IP address or a name in A-labels, into out. */
bool option_host(struct slice host, char *out, size_t size);

/* "90", "30s", "1h30m" with units s m h d w; a bare number counts in `unit`. */
bool duration_parse(const char *s, unsigned unit, unsigned *seconds);

/* "500k", "50M", "2G", or octets; never 0. */
bool size_parse(const char *s, uint64_t *octets);

bool take_flag(struct option_call *c, const char *value);
bool take_text(struct option_call *c, const char *value);
bool take_number(struct option_call *c, const char *value);
bool take_count(struct option_call *c, const char *value);
bool take_nothing(struct option_call *c, const char *value);
bool take_explain(struct option_call *c, const char *value);
bool take_help(struct option_call *c, const char *value);
bool take_version(struct option_call *c, const char *value);
bool take_file(struct option_call *c, const char *value);
bool take_max_size(struct option_call *c, const char *value);
bool take_server(struct option_call *c, const char *value);
bool take_relay(struct option_call *c, const char *value);
bool take_proxy(struct option_call *c, const char *value);
bool take_domain(struct option_call *c, const char *value);
bool take_print_config(struct option_call *c, const char *value);
bool take_dkim_keygen(struct option_call *c, const char *value);
bool take_dkim_check(struct option_call *c, const char *value);
bool take_tls_report(struct option_call *c, const char *value);
bool take_import_config(struct option_call *c, const char *value);
bool take_port(struct option_call *c, const char *value);
bool take_resolver(struct option_call *c, const char *value);
bool take_source(struct option_call *c, const char *value);
bool take_host_name(struct option_call *c, const char *value);
bool take_timeout(struct option_call *c, const char *value);
bool take_tls(struct option_call *c, const char *value);
bool take_mta_sts(struct option_call *c, const char *value);
bool take_tls_min(struct option_call *c, const char *value);
bool take_tls_max(struct option_call *c, const char *value);
bool take_timing(struct option_call *c, const char *value);
bool take_given(struct option_call *c, const char *value);
bool take_log(struct option_call *c, const char *value);
bool take_script(struct option_call *c, const char *value);
bool take_script_from(struct option_call *c, const char *value);
bool take_talk(struct option_call *c, const char *value);
bool take_sink(struct option_call *c, const char *value);
bool take_sink_web(struct option_call *c, const char *value);
bool take_dnssec(struct option_call *c, const char *value);
bool take_pace(struct option_call *c, const char *value);
bool take_sink_auth(struct option_call *c, const char *value);
bool take_sink_reply(struct option_call *c, const char *value);
bool take_notify(struct option_call *c, const char *value);
bool take_return(struct option_call *c, const char *value);

/* Of a message that is made (option_make.c). */
bool take_made(struct option_call *c, const char *value);

/* A dialogue that is not as it should be (option_drill.c). */
bool take_quit_after(struct option_call *c, const char *value);
bool take_drop_after(struct option_call *c, const char *value);
bool take_reset_after(struct option_call *c, const char *value);
bool take_stall(struct option_call *c, const char *value);
bool take_exit_codes(struct option_call *c, const char *value);
bool take_xclient(struct option_call *c, const char *value);
bool take_proxy_protocol(struct option_call *c, const char *value);

/* Looking at servers (option_desk.c). */
bool take_probe(struct option_call *c, const char *value);
bool take_show_cert(struct option_call *c, const char *value);
bool take_ehlo_diff(struct option_call *c, const char *value);

/* The queue's (option_queue.c). */
bool take_wait(struct option_call *c, const char *value);
bool take_at(struct option_call *c, const char *value);
bool take_expire(struct option_call *c, const char *value);
bool take_key(struct option_call *c, const char *value);
bool take_desk(struct option_call *c, const char *value);
bool take_daemon(struct option_call *c, const char *value);
bool take_local_agent(struct option_call *c, const char *value);

/* Sendmail's own forms (option_sendmail.c). */
bool take_body_type(struct option_call *c, const char *value);
bool take_mode(struct option_call *c, const char *value);
bool take_aliases(struct option_call *c, const char *value);
bool take_debug(struct option_call *c, const char *value);
bool take_errors(struct option_call *c, const char *value);
bool take_envid(struct option_call *c, const char *value);
bool take_hold(struct option_call *c, const char *value);
bool take_short(struct option_call *c, const char *value);
bool take_long(struct option_call *c, const char *value);
bool take_queue(struct option_call *c, const char *value);

#endif
