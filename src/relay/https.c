/* SPDX-License-Identifier: ISC */
/* https.c - see https.h */
#include "relay/https.h"

#include <curl/curl.h>
#include <stdio.h>

#include "base/mem.h"
#include "net/tls_files.h"

#define ANSWER_MAX 65536 /* octets of an answer that are waited for */

struct request {
	const struct https_post *post;
	CURL *easy;
	struct curl_slist *head;
	struct tls_files files;
	char host[256];		/* whom the certificate must be for */
	char error[CURL_ERROR_SIZE];
	size_t answer;		/* octets of it so far */
};

static bool
fail(struct outcome *why, enum stage stage, const struct request *r,
    const char *text)
{
	return outcome_fail(why, DEFERRED, stage, ESC(4, 4, 2),
	    "POST to %s: %s", r->post->url, text);
}

/* CURLOPT_SSL_CTX_FUNCTION: the same trust as everywhere. */
static CURLcode
on_context(CURL *easy, void *context, void *user)
{
	struct request *r = user;
	SSL_CTX *ctx = context;
	struct outcome why = { .text = "out of memory" };

	(void)easy;
	if (tls_name_demand(SSL_CTX_get0_param(ctx), r->host) &&
	    tls_files_apply(&r->files, ctx, &why))
		return CURLE_OK;
	snprintf(r->error, sizeof r->error, "%.200s", why.text);
	return CURLE_SSL_CERTPROBLEM;
}

/* CURLOPT_WRITEFUNCTION */
static size_t
on_answer(char *p, size_t size, size_t n, void *user)
{
	struct request *r = user;

	(void)p;
	r->answer += size * n;
	return r->answer <= ANSWER_MAX ? size * n : 0;
}

/* Whom it goes to; false when it is no https: URL with a host. */
static bool
take_host(struct request *r)
{
	CURLU *u = curl_url();
	char *host = NULL;
	bool ok = u && curl_url_set(u, CURLUPART_URL, r->post->url, 0) ==
	    CURLUE_OK && curl_url_get(u, CURLUPART_HOST, &host, 0) ==
	    CURLUE_OK && slice_of(host).n < sizeof r->host;

	if (ok)
		tls_name_plain(r->host, host);
	curl_free(host);
	curl_url_cleanup(u);
	return ok;
}

static void
set_number(struct request *r, CURLoption option, long number)
{
	curl_easy_setopt(r->easy, option, number);
}

static void
set_head(struct request *r)
{
	struct buf line = { 0 };

	buf_putf(&line, "Content-Type: %s", r->post->type);
	r->head = curl_slist_append(NULL, buf_str(&line));
	if (r->head) /* no "Expect: 100-continue" */
		curl_slist_append(r->head, "Expect:");
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->head);
	buf_free(&line);
}

static void
set_up(struct request *r)
{
	const struct https_post *p = r->post;

	curl_easy_setopt(r->easy, CURLOPT_URL, p->url);
	curl_easy_setopt(r->easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(r->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(r->easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(r->easy, CURLOPT_USERAGENT, "smtpsend/" VERSION);
	curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, p->body.p);
	curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)p->body.n);
	curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(r->easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(r->easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(r->easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
	curl_easy_setopt(r->easy, CURLOPT_SSL_CTX_DATA, r);
	set_number(r, CURLOPT_POST, 1);
	set_number(r, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_number(r, CURLOPT_SSL_VERIFYPEER, 1);
	set_number(r, CURLOPT_SSL_VERIFYHOST, 2);
	set_number(r, CURLOPT_FOLLOWLOCATION, 0);
	set_number(r, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	set_number(r, CURLOPT_NOSIGNAL, 1);
	set_number(r, CURLOPT_TIMEOUT, (long)p->seconds);
	set_head(r);
}

static bool
perform(struct request *r, struct outcome *why)
{
	CURLcode code = curl_easy_perform(r->easy);
	long status = 0;

	if (code != CURLE_OK)
		return fail(why, code == CURLE_PEER_FAILED_VERIFICATION ||
		    code == CURLE_SSL_CONNECT_ERROR ? STAGE_TLS :
		    STAGE_CONNECT, r, r->error[0] != '\0' ? r->error :
		    curl_easy_strerror(code));
	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status / 100 == 2)
		return true;
	snprintf(r->error, sizeof r->error, "the server says %ld", status);
	return fail(why, STAGE_CONNECT, r, r->error);
}

bool
https_post(const struct https_post *p, struct outcome *why)
{
	const struct tls_config config = { .ca = p->ca };
	struct request r = { .post = p };
	bool ok;

	if (!tls_files_load(&r.files, &config, "--", why)) {
		why->verdict = DEFERRED;
		return false;
	}
	curl_global_init(CURL_GLOBAL_ALL);
	r.easy = curl_easy_init();
	if (!r.easy)
		mem_exhausted();
	ok = take_host(&r);
	if (ok)
		set_up(&r);
	ok = ok ? perform(&r, why) :
	    fail(why, STAGE_CONNECT, &r, "it is no URL that can be used");
	curl_easy_cleanup(r.easy);
	curl_slist_free_all(r.head);
	curl_global_cleanup();
	tls_files_free(&r.files);
	return ok;
}
