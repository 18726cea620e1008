/* SPDX-License-Identifier: ISC */
/*
 * scene.h - one deliver that lives long, and messages that come to it: what the
 * tests of sites share.
 */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include "sender.h"

static const char *const scene_records[] = {
	"a.test MX 10 mx1.test", "b.test MX 10 mx1.test",
	"two.test MX 10 mx1.test", "two.test MX 20 mx2.test",
	"d.test MX 10 mx2.test", "lost.test MX 10 gone.test",
	"lost2.test MX 10 gone.test", "half.test MX 10 gone.test",
	"half.test MX 20 mx2.test", "gone.test A 127.0.0.250",
	"alias.test MX 10 also.test", "other.test MX 10 too.test",
	"also.test A 127.0.0.2", "too.test A 127.0.0.2",
};

struct scene {
	struct sender s;
	struct letter letter[12];
	size_t n;
};

static inline void
scene_open(struct scene *sc, const struct peer_rule *rules, size_t nrules,
    const char *offers)
{
	const struct peers_config c = { .n = 3, .rule = rules,
		.nrules = nrules, .offers = offers };

	*sc = (struct scene){ 0 };
	sender_listen(&sc->s, &c, scene_records,
	    sizeof scene_records / sizeof scene_records[0]);
}

static inline struct letter *
scene_post(struct scene *sc, const char *rcpts)
{
	struct letter *l = &sc->letter[sc->n++];
	char id[24];

	assert_true(sc->n <= sizeof sc->letter / sizeof sc->letter[0]);
	if (!sc->s.deliver)
		sender_start(&sc->s);
	snprintf(id, sizeof id, "%zu", sc->n);
	letter_init(l, rcpts, id);
	deliver_add(sc->s.deliver, &l->c);
	return l;
}

/* Post it, and wait for its verdicts; its first recipient. */
static inline const struct recipient *
scene_send(struct scene *sc, const char *rcpts, const char *want)
{
	struct letter *l = scene_post(sc, rcpts);
	char have[16];

	assert_ptr_equal(sender_finish(&sc->s), l);
	letter_verdicts(l, have);
	assert_string_equal(have, want);
	return l->envelope.rcpts;
}

/* The same, and so many connections are tried for it. */
static inline const struct recipient *
scene_tries(struct scene *sc, const char *rcpts, const char *want, size_t most)
{
	const struct recipient *r;
	struct event e;
	size_t n = 0;

	while (events_take(&sc->s.events, &e))
		continue;
	r = scene_send(sc, rcpts, want);
	while (events_take(&sc->s.events, &e))
		n += e.kind == EVENT_CONNECT;
	assert_int_equal(n, most);
	return r;
}

static inline void
scene_close(struct scene *sc)
{
	sender_close(&sc->s);
	assert_string_equal(peers_complaint(sc->s.peers), "");
	sender_free(&sc->s);
	for (size_t i = 0; i < sc->n; i++)
		letter_free(&sc->letter[i]);
}

static inline struct site_report
scene_report(const struct scene *sc, uint64_t key)
{
	struct site_report r = { 0 };
	const void *at = NULL;

	while (deliver_sites(sc->s.deliver, &at, &r))
		if (r.key == key)
			return r;
	fail_msg("no such site");
	return r;
}

#endif
