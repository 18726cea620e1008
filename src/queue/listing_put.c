/* SPDX-License-Identifier: ISC */
/* listing_put.c - a row as text and as JSON, and back: see listing.h */
#include "queue/listing.h"

#include <string.h>

#include "base/ascii.h"
#include "config/json.h"
#include "mail/date.h"
#include "queue/wire.h"
#include "report/json.h"

#define REASON_END 76 /* a shorter one is moved to the right, up to there */
#define ADDRESS_AT 41

static const char head[] =
    "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n";

/* The null sender, as Postfix writes it. */
static struct slice
sender_of(const struct listing_row *row)
{
	return row->sender.n > 0 ? row->sender : SLICE("MAILER-DAEMON");
}

static void
put_rcpt_json(struct buf *out, const struct listing_rcpt *r)
{
	buf_puts(out, "{\"address\": ");
	json_put_string(out, r->address);
	if (r->reason.n > 0) {
		buf_puts(out, ", \"delay_reason\": ");
		json_put_string(out, r->reason);
	}
	buf_putf(out, ", \"state\": \"%c\", \"attempts\": %u", r->state,
	    r->attempts);
	if (r->next > 0)
		buf_putf(out, ", \"next_try\": %lld", (long long)r->next);
	buf_putc(out, '}');
}

void
listing_put_json(struct buf *out, const struct listing_row *row)
{
	buf_putf(out, "{\"queue_name\": \"%s\", \"queue_id\": \"%s\", "
	    "\"arrival_time\": %lld, \"message_size\": %llu, "
	    "\"forced_expire\": false, \"sender\": ",
	    listing_state_name(row->state), row->id, (long long)row->arrival,
	    (unsigned long long)row->size);
	json_put_string(out, sender_of(row));
	buf_puts(out, ", \"recipients\": [");
	for (size_t i = 0; i < row->n; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		put_rcpt_json(out, &row->rcpts[i]);
	}
	buf_putf(out, "], \"class\": \"%s\", \"uid\": %u",
	    listing_class_name(row->class), row->uid);
	if (row->next > 0)
		buf_putf(out, ", \"next_try\": %lld", (long long)row->next);
	if (row->tag.n > 0) {
		buf_puts(out, ", \"tag\": ");
		json_put_string(out, row->tag);
	}
	buf_puts(out, "}\n");
}

static bool
read_rcpt(struct listing_row *row, struct slice text)
{
	struct listing_rcpt *r = listing_add(row);
	struct slice state = { 0 };
	const struct wire_field fields[] = {
		WIRE_TEXT("address", &r->address),
		WIRE_TEXT("delay_reason", &r->reason),
		WIRE_TEXT("state", &state), WIRE_UINT("attempts", &r->attempts),
		WIRE_NUMBER("next_try", &r->next), { 0 }
	};

	if (!wire_read(json_inside(text), text.n, fields))
		return false;
	r->state = state.n > 0 ? (enum slot_state)state.p[0] : SLOT_PENDING;
	return r->address.n > 0;
}

static bool
read_rcpts(struct listing_row *row, struct slice text)
{
	struct json_member m;
	struct json j;
	enum json_got got;

	row->n = 0;
	json_begin_array(&j, json_inside(text), text.n);
	while ((got = json_next(&j, &m)) == JSON_MEMBER)
		if (!read_rcpt(row, m.value.text))
			return false;
	return got == JSON_END;
}

/* The index of a name in a row of names, n of them; n: it is none. */
static unsigned
name_index(struct slice name, unsigned n, const char *(*of)(unsigned))
{
	unsigned i = 0;

	while (i < n && !slice_eq(name, slice_of(of(i))))
		i++;
	return i;
}

static const char *
state_at(unsigned i)
{
	return listing_state_name((enum listing_state)i);
}

bool
listing_read(struct listing_row *row, char *line, size_t n)
{
	struct slice id = { 0 }, state = { 0 }, class = { 0 }, rcpts = { 0 };
	int64_t size = 0;
	unsigned at;
	const struct wire_field fields[] = {
		WIRE_TEXT("queue_name", &state), WIRE_TEXT("queue_id", &id),
		WIRE_NUMBER("arrival_time", &row->arrival),
		WIRE_NUMBER("message_size", &size),
		WIRE_TEXT("sender", &row->sender),
		WIRE_ARRAY("recipients", &rcpts), WIRE_TEXT("class", &class),
		WIRE_UINT("uid", &row->uid),
		WIRE_NUMBER("next_try", &row->next),
		WIRE_TEXT("tag", &row->tag), { 0 }
	};

	row->sender = row->tag = (struct slice){ 0 };
	row->next = 0;
	if (!wire_read(line, n, fields) || id.n == 0 || id.n > STORE_ID ||
	    size < 0 || !rcpts.p || !read_rcpts(row, rcpts))
		return false;
	memset(row->id, 0, sizeof row->id);
	memcpy(row->id, id.p, id.n);
	at = name_index(state, LISTING_HELD + 1, state_at);
	row->state = at > LISTING_HELD ? LISTING_DEFERRED :
	    (enum listing_state)at;
	row->class = name_index(class, LISTING_CLASSES, listing_class_name);
	row->size = (uint64_t)size;
	return true;
}

/* "Thu Nov 26 07:00:00", and the blank that stands before asctime()'s year. */
static void
put_time(struct buf *out, int64_t seconds, int offset)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c = civil_from_seconds(seconds + offset * 60);

	buf_putf(out, "%.3s %.3s %2u %02u:%02u:%02u ", days + 3 * c.weekday,
	    months + 3 * (c.month - 1), c.day, c.hour, c.minute, c.second);
}

/* A line for the reason, unless it is as the one before. */
static void
put_reason(struct buf *out, struct slice reason)
{
	struct buf shown = { 0 };
	size_t pad;

	text_escape(&shown, reason.n > 0 ? reason :
	    SLICE("reason unavailable"));
	pad = shown.n < REASON_END ? REASON_END - shown.n : 0;
	buf_putf(out, "%*s(", (int)pad, "");
	buf_put(out, buf_slice(&shown));
	buf_puts(out, ")\n");
	buf_free(&shown);
}

void
listing_put_text(struct buf *out, const struct listing_row *row, int offset)
{
	static const char *const marks[] = {
		[LISTING_INCOMING] = "", [LISTING_ACTIVE] = "*",
		[LISTING_DEFERRED] = "", [LISTING_HELD] = "!",
	};
	struct slice before = { 0 };
	char id[STORE_ID + 2];
	size_t n = strlen(row->id);

	memcpy(id, row->id, n);
	memcpy(id + n, marks[row->state], strlen(marks[row->state]) + 1);
	buf_putf(out, "%-11s %7llu ", id, (unsigned long long)row->size);
	put_time(out, row->arrival, offset);
	buf_putc(out, ' ');
	text_escape(out, sender_of(row));
	buf_putc(out, '\n');
	for (size_t i = 0; i < row->n; i++) {
		if (!slice_eq(before, row->rcpts[i].reason))
			put_reason(out, row->rcpts[i].reason);
		before = row->rcpts[i].reason;
		buf_putf(out, "%*s", ADDRESS_AT, "");
		text_escape(out, row->rcpts[i].address);
		buf_putc(out, '\n');
	}
}

void
listing_put_head(struct buf *out)
{
	buf_puts(out, head);
}

void
listing_put_end(struct buf *out, size_t messages, uint64_t octets)
{
	if (messages == 0)
		buf_puts(out, "Mail queue is empty\n");
	else
		buf_putf(out, "\n-- %llu Kbytes in %zu Request%s.\n",
		    (unsigned long long)(octets / 1024), messages,
		    messages == 1 ? "" : "s");
}
