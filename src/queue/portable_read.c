/* SPDX-License-Identifier: ISC */
/*
 * portable_read.c - taking messages in again: see portable.h.
 *
 * Nothing in the stream is believed: addresses are read as any others, the text
 * is committed only when its sum is right.
 */
#include "queue/portable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "config/idn.h"
#include "config/json.h"
#include "net/random.h"
#include "net/wait.h"
#include "queue/wire.h"
#include "spool/ulid.h"

#define LINE_MAX (64 << 20) /* octets; 100,000 recipients have 20 MB */
#define PART	 65536
#define RCPTS	 1000000

/* A message that is being taken in. */
struct incoming {
	struct stored mail;
	struct slot *slots;
	size_t cap;
	uint64_t text;		/* octets */
	bool held;
	char *line;
};

void
portable_in_free(struct portable_in *in)
{
	buf_free(&in->in);
}

static bool
bad(struct outcome *why, const char *text)
{
	return outcome_fail(why, FAILED, STAGE_READ, ESC(5, 6, 0),
	    "the input is damaged: %s", text);
}

/* Read some more; false at the end, or with *why. */
static bool
more(struct portable_in *in, struct outcome *why)
{
	char *to = in->ended ? NULL : buf_reserve(&in->in, PART);
	ssize_t n;

	if (!to)
		return false;
	do
		n = read(in->fd, to, PART);
	while (n < 0 && errno == EINTR);
	buf_grow(&in->in, n > 0 ? (size_t)n : 0);
	in->ended = n <= 0;
	if (n < 0)
		outcome_fail(why, FAILED, STAGE_READ, ESC(5, 3, 0),
		    "reading: %s", strerror(errno));
	return n > 0;
}

/* Take the next line, without its newline, as a heap string; NULL. */
static char *
take_line(struct portable_in *in, size_t *n, struct outcome *why)
{
	size_t searched = 0;
	const char *at, *end;
	char *line;

	for (;;) {
		at = in->in.base ? in->in.base + in->in.off : "";
		end = memchr(at + searched, '\n', in->in.n - searched);
		searched = in->in.n;
		if (end)
			break;
		if (in->in.n > LINE_MAX || !more(in, why))
			return NULL;
	}
	*n = (size_t)(end - at);
	in->sum = crc32c(in->sum, (struct slice){ at, *n + 1 });
	line = mem_dup((struct slice){ at, *n });
	buf_consume(&in->in, *n + 1);
	return line;
}

static bool
take_esc(struct slice text, struct esc *out)
{
	struct slice part[3];
	uint64_t n[3] = { 0 };

	if (text.n == 0)
		return true;
	for (int i = 0; i < 3; i++)
		if (!slice_cut(&text, '.', &part[i]) ||
		    !slice_to_uint(part[i], i == 0 ? 5 : 999, &n[i]))
			return false;
	*out = ESC((unsigned char)n[0], (unsigned short)n[1],
	    (unsigned short)n[2]);
	return text.p == NULL;
}

static bool
is_state(struct slice s)
{
	return s.n == 1 && (s.p[0] == SLOT_PENDING || s.p[0] == SLOT_FAILED ||
	    s.p[0] == SLOT_HELD);
}

/* A slot for the recipient that was added last. */
static struct slot *
add_slot(struct incoming *m)
{
	size_t n = m->mail.envelope.n;

	if (n > m->cap) {
		m->cap = n * 2;
		m->slots = mem_resize(m->slots, m->cap, sizeof *m->slots);
	}
	m->slots[n - 1] = (struct slot){ 0 };
	return &m->slots[n - 1];
}

static struct local_target *
local_of(unsigned kind, unsigned index, struct slice name,
    struct slice extension)
{
	struct local_target *t = mem_alloc(sizeof *t);

	*t = (struct local_target){ (enum local_kind)kind, index, mem_dup(name),
		mem_dup(extension) };
	return t;
}

static bool
take_rcpt(struct incoming *m, struct slice text, struct outcome *why)
{
	struct address_options o = { .idn = &config_idn, .dash = true };
	struct envelope *e = &m->mail.envelope;
	struct slice to = { 0 }, orcpt = { 0 }, state = { 0 }, esc = { 0 };
	unsigned notify = 0, attempts = 0, age = 0, code = 0;
	struct slice name = { 0 }, extension = { 0 };
	unsigned kind = 0, index = 0;
	struct local_target *local = NULL;
	struct slot s = { 0 };
	struct address a = { 0 };
	size_t n = e->n;
	const struct wire_field fields[] = { WIRE_UINT("local", &kind),
		WIRE_UINT("local_index", &index),
		WIRE_TEXT("local_name", &name),
		WIRE_TEXT("extension", &extension), WIRE_TEXT("to", &to),
		WIRE_UINT("notify", &notify), WIRE_TEXT("orcpt", &orcpt),
		WIRE_TEXT("state", &state), WIRE_UINT("attempts", &attempts),
		WIRE_UINT("age", &age), WIRE_NUMBER("last_try", &s.last_try),
		WIRE_NUMBER("next_try", &s.next_try), WIRE_UINT("code", &code),
		WIRE_TEXT("esc", &esc), WIRE_FLAG("delay_told", &s.delay_told),
		WIRE_FLAG("success_told", &s.success_told), { 0 } };

	if (!wire_read(json_inside(text), text.n, fields) || !is_state(state) ||
	    notify > 15 || attempts > UINT16_MAX || code > 999 ||
	    !take_esc(esc, &s.esc) || to.n == 0 || kind > LOCAL_ALIAS ||
	    (kind > 0 && name.n == 0))
		return bad(why, "a recipient");
	if (!address_parse(to, &o, &a, why))
		return false;
	if (kind > 0)
		local = local_of(kind, index, name, extension);
	envelope_add_local(e, &a, &local);
	if (e->n == n)
		return true; /* he is there already */
	e->rcpts[n].notify = notify;
	e->rcpts[n].orcpt = orcpt.n > 0 ? mem_dup(orcpt) : NULL;
	s.state = (enum slot_state)state.p[0];
	s.attempts = (uint16_t)attempts;
	s.code = (uint16_t)code;
	s.age = age;
	*add_slot(m) = s;
	return true;
}

static bool
take_rcpts(struct incoming *m, struct slice array, struct outcome *why)
{
	struct json_member member;
	struct json j;
	enum json_got got;

	random_draw(&m->mail.envelope.key, sizeof m->mail.envelope.key);
	json_begin_array(&j, json_inside(array), array.n);
	while ((got = json_next(&j, &member)) == JSON_MEMBER)
		if (m->mail.envelope.n == RCPTS ||
		    !take_rcpt(m, member.value.text, why))
			return false;
	return (got == JSON_END && m->mail.envelope.n > 0) ||
	    bad(why, "its recipients");
}

/* Texts of the facts, which have room of their own. */
struct texts {
	struct slice id, from, envid, host, tag, key, utf8_field, recode_bar;
};

static bool
copy_text(char *to, size_t room, struct slice s)
{
	if (s.n >= room || memchr(s.p ? s.p : "", '\0', s.n))
		return false;
	memcpy(to, s.p ? s.p : "", s.n);
	to[s.n] = '\0';
	return true;
}

static bool
take_texts(struct stored *m, const struct texts *t, struct outcome *why)
{
	struct address_options o = { .idn = &config_idn, .dash = true };
	struct buf key = { 0 };
	bool ok;

	if (t->key.n == 0) /* so that it is not taken in again */
		buf_putf(&key, "import %.*s", (int)slice_first(t->id,
		    STORE_ID).n, t->id.p);
	else
		buf_put(&key, t->key);
	ok = ulid_is_valid(t->id) && copy_text(m->id, sizeof m->id, t->id) &&
	    copy_text(m->host, sizeof m->host, t->host) &&
	    copy_text(m->tag, sizeof m->tag, t->tag) &&
	    copy_text(m->key, sizeof m->key, buf_slice(&key)) &&
	    copy_text(m->utf8_field, sizeof m->utf8_field, t->utf8_field) &&
	    copy_text(m->recode_bar, sizeof m->recode_bar, t->recode_bar);
	buf_free(&key);
	if (!ok)
		return bad(why, "a text in its first line");
	if (t->envid.n > 0)
		m->envelope.envid = mem_dup(t->envid);
	return address_parse(t->from, &o, &m->envelope.from, why);
}

static bool
take_head(struct incoming *in, size_t n, struct outcome *why)
{
	struct stored *m = &in->mail;
	struct texts t = { 0 };
	struct slice rcpts = { 0 };
	int64_t version = 0, text = -1, head = 0, longest = 0;
	unsigned class = 0, hops = 0, ret = 0;
	const struct wire_field fields[] = {
		WIRE_NUMBER("smtpsend_queue", &version), WIRE_TEXT("id", &t.id),
		WIRE_NUMBER("text", &text), WIRE_TEXT("from", &t.from),
		WIRE_UINT("ret", &ret), WIRE_TEXT("envid", &t.envid),
		WIRE_FLAG("held", &in->held), WIRE_UINT("uid", &m->uid),
		WIRE_TEXT("host", &t.host), WIRE_NUMBER("created", &m->created),
		WIRE_NUMBER("not_before", &m->not_before),
		WIRE_NUMBER("expires", &m->expires), WIRE_UINT("class", &class),
		WIRE_FLAG("require_tls", &m->require_tls),
		WIRE_FLAG("is_bounce", &m->is_bounce), WIRE_UINT("hops", &hops),
		WIRE_TEXT("tag", &t.tag), WIRE_TEXT("key", &t.key),
		WIRE_NUMBER("head", &head),
		WIRE_NUMBER("longest_line", &longest),
		WIRE_FLAG("eight_bit", &m->eight_bit),
		WIRE_FLAG("utf8_headers", &m->utf8_headers),
		WIRE_FLAG("has_nul", &m->has_nul),
		WIRE_FLAG("is_binary", &m->is_binary),
		WIRE_FLAG("doubtful_head", &m->doubtful_head),
		WIRE_TEXT("utf8_field", &t.utf8_field),
		WIRE_TEXT("recode_bar", &t.recode_bar),
		WIRE_ARRAY("rcpts", &rcpts), { 0 }
	};

	if (!wire_read(in->line, n, fields) || version != 1 || text < 0 ||
	    head < 0 || head > text || longest < 0 || class > 2 ||
	    hops > UINT16_MAX || ret > RET_HDRS || !rcpts.p)
		return bad(why, "the first line of a message");
	in->text = (uint64_t)text;
	m->head = (uint64_t)head;
	m->longest_line = (uint64_t)longest;
	m->class = (uint8_t)class;
	m->hops = (uint16_t)hops;
	m->envelope.ret = (enum dsn_ret)ret;
	return take_texts(m, &t, why) && take_rcpts(in, rcpts, why);
}

/* So many octets, to the draft or, where there is none, to nowhere. */
static bool
take_text(struct portable_in *in, uint64_t left, struct draft *d,
    struct outcome *why)
{
	why->text[0] = '\0';
	while (left > 0) {
		struct slice s = buf_slice(&in->in);

		if (s.n == 0 && !more(in, why))
			return why->text[0] ? false : bad(why, "it is cut off");
		s = slice_first(buf_slice(&in->in),
		    left < PART ? (size_t)left : PART);
		if (d && !store_write(d, s, why))
			return false;
		in->sum = crc32c(in->sum, s);
		left -= s.n;
		buf_consume(&in->in, s.n);
	}
	return true;
}

static bool
take_end(struct portable_in *in, const struct stored *m, struct outcome *why)
{
	uint32_t sum = in->sum;
	struct slice end = { 0 };
	unsigned said = 0;
	size_t n;
	char *line = take_line(in, &n, why);
	const struct wire_field fields[] = {
		WIRE_TEXT("end", &end), WIRE_UINT("crc32c", &said), { 0 }
	};
	bool ok = line && wire_read(line, n, fields) && said == sum &&
	    slice_eq(end, slice_of(m->id));

	free(line);
	return ok || bad(why, "its sum is wrong");
}

static bool
answered(struct store *s, struct store_answer *a, struct outcome *why)
{
	struct wait w = { 0 };

	while (!store_answer(s, a)) {
		wait_clear(&w);
		wait_add(&w, store_fd(s), POLLIN);
		wait_poll(&w, 0);
	}
	wait_free(&w);
	if (!a->ok)
		*why = a->why;
	return a->ok;
}

static enum portable
store_one(struct portable_in *in, struct store *s, struct incoming *m,
    struct outcome *why)
{
	const struct mail_slot slot = { .held = m->held };
	struct store_answer answer;
	struct draft *d = store_begin(s, &m->mail, why);

	if (!d)
		return PORTABLE_BAD;
	draft_states(d, &slot, m->slots);
	if (!take_text(in, m->text, d, why) || !take_end(in, &m->mail, why)) {
		store_discard(s, d);
		return PORTABLE_BAD;
	}
	store_commit(s, d, NULL);
	if (!answered(s, &answer, why))
		return PORTABLE_BAD;
	return answer.duplicate ? PORTABLE_THERE : PORTABLE_TAKEN;
}

static bool
is_there(struct store *s, const char *id)
{
	struct outcome why;
	struct entry *e = NULL;
	bool there = store_look(s, id, &e, &why) != STORE_GONE;

	if (e)
		store_release(s, e);
	return there;
}

static enum portable
take_one(struct portable_in *in, struct store *s, struct incoming *m,
    size_t n, struct outcome *why)
{
	if (!take_head(m, n, why))
		return PORTABLE_BAD;
	if (!is_there(s, m->mail.id))
		return store_one(in, s, m, why);
	return take_text(in, m->text, NULL, why) &&
	    take_end(in, &m->mail, why) ? PORTABLE_THERE : PORTABLE_BAD;
}

enum portable
portable_read(struct portable_in *in, struct store *s, char id[STORE_ID + 1],
    struct outcome *why)
{
	struct incoming m = { 0 };
	enum portable got;
	size_t n;

	*why = (struct outcome){ 0 };
	in->sum = 0;
	m.line = take_line(in, &n, why);
	if (!m.line && why->text[0] == '\0' && in->in.n > 0)
		bad(why, "it is cut off");
	if (!m.line)
		return why->text[0] ? PORTABLE_BAD : PORTABLE_END;
	got = take_one(in, s, &m, n, why);
	memcpy(id, m.mail.id, STORE_ID + 1);
	stored_free(&m.mail);
	free(m.slots);
	free(m.line);
	return got;
}
