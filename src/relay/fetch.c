/* SPDX-License-Identifier: ISC */
/* fetch.c - see fetch.h */
#include "relay/fetch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/clock.h"
#include "relay/relay_impl.h"

#define PORT 443

struct fetch {
	struct drive drive;
	CURL *easy;
	struct curl_slist *resolve;
	struct tls_files files;
	char *host, *url;
	char error[CURL_ERROR_SIZE];
	struct buf text;
	char *type;
	int64_t timeout;
	int64_t deadline;	/* WAIT_NEVER before the first step */
	enum fetch_state state;
	struct outcome why;	/* once FETCH_FAILED */
};

static void
fetch_close(struct fetch *f)
{
	drive_remove(&f->drive, f->easy);
	curl_easy_cleanup(f->easy);
	drive_free(&f->drive);
	curl_slist_free_all(f->resolve);
	curl_global_cleanup();
	tls_files_free(&f->files);
	buf_free(&f->text);
	free(f->host);
	free(f->url);
	free(f->type);
	free(f);
}

/* CURLOPT_SSL_CTX_FUNCTION: the trust of a direct connection. */
static CURLcode
on_context(CURL *easy, void *context, void *user)
{
	struct fetch *f = user;
	SSL_CTX *ctx = context;
	struct outcome why = { .text = "out of memory" };

	(void)easy;
	if (tls_name_demand(SSL_CTX_get0_param(ctx), f->host) &&
	    tls_files_apply(&f->files, ctx, &why))
		return CURLE_OK;
	snprintf(f->error, sizeof f->error, "%.200s", why.text);
	return CURLE_SSL_CERTPROBLEM;
}

/* CURLOPT_WRITEFUNCTION: more than text.max ends it. */
static size_t
on_text(char *p, size_t size, size_t n, void *user)
{
	struct fetch *f = user;

	return buf_put(&f->text, (struct slice){ p, size * n }) ? size * n : 0;
}

static void
set_text(struct fetch *f, CURLoption option, const char *text)
{
	if (curl_easy_setopt(f->easy, option, text) == CURLE_OUT_OF_MEMORY)
		mem_exhausted();
}

static void
set_number(struct fetch *f, CURLoption option, long number)
{
	curl_easy_setopt(f->easy, option, number);
}

static void
set_address(struct fetch *f, const char *addresses)
{
	struct buf entry = { 0 };

	buf_putf(&entry, "%s:%u:%s", f->host, PORT, addresses);
	f->resolve = curl_slist_append(NULL, buf_str(&entry));
	curl_easy_setopt(f->easy, CURLOPT_RESOLVE, f->resolve);
	buf_free(&entry);
}

static void
set_tls(struct fetch *f)
{
	set_number(f, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_number(f, CURLOPT_SSL_VERIFYPEER, 1);
	set_number(f, CURLOPT_SSL_VERIFYHOST, 2);
	set_text(f, CURLOPT_CAINFO, NULL);
	set_text(f, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(f->easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
	curl_easy_setopt(f->easy, CURLOPT_SSL_CTX_DATA, f);
}

/* Nothing of the environment; our deadline is the one that counts. */
static void
set_up(struct fetch *f, const struct fetch_call *call)
{
	set_text(f, CURLOPT_URL, f->url);
	set_text(f, CURLOPT_PROTOCOLS_STR, "https");
	set_text(f, CURLOPT_PROXY, "");
	set_text(f, CURLOPT_NOPROXY, "*");
	set_text(f, CURLOPT_USERAGENT, "smtpsend/" VERSION);
	set_number(f, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	set_number(f, CURLOPT_FOLLOWLOCATION, 0);
	set_number(f, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	set_number(f, CURLOPT_NOSIGNAL, 1);
	set_number(f, CURLOPT_TIMEOUT_MS, (long)(call->timeout / 1000) + 2000);
	curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->error);
	curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, on_text);
	curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
	set_address(f, call->addresses);
	set_tls(f);
}

static struct fetch *
fetch_open(const struct fetch_call *call, struct outcome *why)
{
	const struct tls_config config = { .ca = call->ca };
	struct fetch *f = mem_alloc(sizeof *f);
	struct buf url = { 0 };

	relay_curl_init();
	drive_init(&f->drive);
	f->easy = curl_easy_init();
	if (!f->easy)
		mem_exhausted();
	f->deadline = WAIT_NEVER;
	f->timeout = call->timeout;
	f->text.max = call->max;
	buf_putf(&url, "https://%s%s", call->host, call->path);
	f->host = mem_dup(slice_of(call->host));
	f->url = mem_dup(buf_slice(&url));
	buf_free(&url);
	if (!tls_files_load(&f->files, &config, "--", why)) {
		fetch_close(f);
		return NULL;
	}
	set_up(f, call);
	drive_add(&f->drive, f->easy);
	return f;
}

static void
fetch_wait(struct fetch *f, struct wait *w)
{
	if (f->state != FETCH_BUSY) {
		wait_until(w, 0);
		return;
	}
	drive_wait(&f->drive, w);
	wait_until(w, f->deadline);
}

static void __attribute__((format(printf, 3, 4)))
fail(struct fetch *f, enum stage stage, const char *fmt, ...)
{
	char text[CURL_ERROR_SIZE + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	f->why = outcome_make(DEFERRED, stage, ESC(4, 7, 5), "%s: %s", f->url,
	    text);
	f->state = FETCH_FAILED;
}

static void
fail_by_curl(struct fetch *f, CURLcode code)
{
	bool tls = code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_CERTPROBLEM;

	if (f->text.full)
		fail(f, STAGE_CONNECT, "it is longer than %zu octets",
		    f->text.max);
	else
		fail(f, tls ? STAGE_TLS : STAGE_CONNECT, "%s",
		    f->error[0] != '\0' ? f->error : curl_easy_strerror(code));
}

/* curl is content; only a 200 is what was asked for. */
static void
take_answer(struct fetch *f)
{
	const char *type = NULL;
	long status = 0;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(f->easy, CURLINFO_CONTENT_TYPE, &type);
	f->type = mem_dup(slice_of(type));
	if (status == 200)
		f->state = FETCH_DONE;
	else if (status / 100 == 3)
		fail(f, STAGE_CONNECT, "the server says %ld, and no "
		    "redirection is followed", status);
	else
		fail(f, STAGE_CONNECT, "the server says %ld", status);
}

static void
look_for_end(struct fetch *f)
{
	CURLcode code;

	if (!drive_is_over(&f->drive, &code)) {
		if (f->drive.now >= f->deadline)
			fail(f, STAGE_CONNECT, "not there within %lld seconds",
			    (long long)(f->timeout / SECONDS(1)));
	} else if (code != CURLE_OK) {
		fail_by_curl(f, code);
	} else {
		take_answer(f);
	}
}

static enum fetch_state
fetch_step(struct fetch *f, const struct wait *w, int64_t now,
    struct outcome *why)
{
	if (f->state == FETCH_BUSY) {
		if (f->deadline == WAIT_NEVER)
			f->deadline = now + f->timeout;
		drive_step(&f->drive, w, now);
		look_for_end(f);
	}
	if (f->state == FETCH_FAILED)
		*why = f->why;
	return f->state;
}

static struct slice
fetch_text(const struct fetch *f)
{
	return buf_slice(&f->text);
}

static struct slice
fetch_type(const struct fetch *f)
{
	return slice_of(f->type);
}

const struct fetch_ops fetch_ops = {
	.open = fetch_open,
	.wait = fetch_wait,
	.step = fetch_step,
	.text = fetch_text,
	.type = fetch_type,
	.close = fetch_close,
};
