/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_rig.c  The DTLS thread, a worker's side of it, and far peers
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/srtp.h>
#include <re.h>
#include "tests/unit/dtls_rig.h"
#include "util/clock.h"
#include "util/ring.h"
#include "util/selfsign.h"

enum { DEADLINE_MS = 20000, FAR_REPEAT_US = 30000 };

/* --- the peer's side ----------------------------------------------------- */

static int bio_read(BIO *bio, char *buf, int size)
{
	struct far *f = BIO_get_data(bio);
	const size_t n = MIN(f->in_len, (size_t)size);

	BIO_clear_retry_flags(bio);
	if (!f->in) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(buf, f->in, n);
	f->in = NULL;
	return (int)n;
}

static void net(struct far *f, enum rig_dir dir, const uint8_t *v, size_t len)
{
	if (f->net)
		f->net(f, dir, f->n[dir]++, v, len, f->arg);
	else
		far_deliver(f, dir, v, len);
}

static int bio_write(BIO *bio, const char *buf, int len)
{
	net(BIO_get_data(bio), RIG_UP, (const uint8_t *)buf, (size_t)len);
	return len;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *p)
{
	(void)bio;
	(void)num;
	(void)p;
	return cmd == BIO_CTRL_FLUSH;
}

static void far_step(struct far *f)
{
	char junk[2048];
	int n;

	ERR_clear_error();
	n = SSL_is_init_finished(f->ssl) ? SSL_read(f->ssl, junk, sizeof(junk))
					 : SSL_do_handshake(f->ssl);
	if (n <= 0 && SSL_get_error(f->ssl, n) != SSL_ERROR_WANT_READ)
		f->failed = true;
}

static unsigned far_repeat(SSL *ssl, unsigned us)
{
	(void)ssl;
	return us ? MIN(us * 2, 200000u) : (unsigned)FAR_REPEAT_US;
}

int rig_cert_any(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

SSL_CTX *rig_ctx(const struct rig *r)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());

	assert_non_null(ctx);
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
				SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, rig_cert_any, NULL);
	assert_int_equal(SSL_CTX_set_tlsext_use_srtp(
				 ctx, "SRTP_AES128_CM_SHA1_80:"
				      "SRTP_AEAD_AES_128_GCM"), 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, r->x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, r->key), 1);
	return ctx;
}

struct far *far_alloc(struct rig *r, SSL_CTX *ctx, bool active)
{
	struct far *f = calloc(1, sizeof(*f));
	BIO *bio;

	assert_non_null(f);
	assert_true(r->farc < RIG_FARS_MAX);
	f->rig = r;
	f->leg = 0x100000 + r->farc;
	f->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
				 "far");
	assert_non_null(f->method);
	BIO_meth_set_read(f->method, bio_read);
	BIO_meth_set_write(f->method, bio_write);
	BIO_meth_set_ctrl(f->method, bio_ctrl);
	f->ssl = SSL_new(ctx);
	bio = BIO_new(f->method);
	assert_true(f->ssl && bio);
	SSL_CTX_free(ctx);
	BIO_set_data(bio, f);
	BIO_set_init(bio, 1);
	SSL_set_bio(f->ssl, bio, bio);
	DTLS_set_timer_cb(f->ssl, far_repeat);
	SSL_set_mtu(f->ssl, 1200);
	if (active)
		SSL_set_connect_state(f->ssl);
	else
		SSL_set_accept_state(f->ssl);
	r->farv[r->farc++] = f;
	return f;
}

void far_free(struct far *f)
{
	struct rig *r = f->rig;
	unsigned i;

	for (i = 0; r->farv[i] != f; i++)
		;
	r->farv[i] = r->farv[--r->farc];
	SSL_free(f->ssl);
	BIO_meth_free(f->method);
	free(f);
}

struct mixer_dtls far_sdp(const struct far *f, const EVP_MD *md,
			  const char *hash)
{
	struct mixer_dtls sdp = {.active = SSL_is_server(f->ssl)};
	unsigned len = 0;

	assert_true(X509_digest(f->rig->x, md, sdp.fingerprint, &len));
	sdp.len = (uint8_t)len;
	strcpy(sdp.hash, hash);
	return sdp;
}

static struct dtls_cmd *cmd_reserve(const struct far *f,
				    enum dtls_cmd_type type)
{
	struct dtls_cmd *cmd = slotq_reserve(dtls_cmds(f->rig->d, 0));

	if (cmd) {
		cmd->type = type;
		cmd->leg = f->leg;
		cmd->epoch = f->epoch;
	}
	return cmd;
}

static bool cmd_fits(const struct rig *r, const void *arg)
{
	(void)r;
	return cmd_reserve(arg, DTLS_BEGIN) != NULL;
}

void far_cmd(const struct far *f, enum dtls_cmd_type type)
{
	rig_until(f->rig, cmd_fits, f);
	assert_non_null(cmd_reserve(f, type));
	slotq_commit(dtls_cmds(f->rig->d, 0));
}

void far_start(struct far *f)
{
	if (!SSL_is_server(f->ssl))
		far_step(f);
}

void far_begin(struct far *f, const struct mixer_dtls *sdp)
{
	struct dtls_cmd *cmd;

	f->epoch = ++f->rig->epoch;
	rig_until(f->rig, cmd_fits, f);
	cmd = cmd_reserve(f, DTLS_BEGIN);
	assert_non_null(cmd);
	cmd->u.begin = *sdp;
	slotq_commit(dtls_cmds(f->rig->d, 0));
	far_start(f);
}

void far_deliver(struct far *f, enum rig_dir dir, const uint8_t *v, size_t len)
{
	uint8_t copy[DTLS_DATAGRAM_MAX];
	struct dtls_cmd *cmd;

	assert_true(len <= sizeof(copy));
	if (dir == RIG_UP) {
		cmd = cmd_reserve(f, DTLS_DATAGRAM);
		if (!cmd)
			return;
		memcpy(cmd->u.datagram.v, v, len);
		cmd->u.datagram.len = (uint16_t)len;
		slotq_commit(dtls_cmds(f->rig->d, 0));
		return;
	}
	memcpy(copy, v, len);
	f->in = copy;
	f->in_len = len;
	far_step(f);
	f->in = NULL;
}

void far_keys(const struct far *f, enum srtpw_suite suite,
	      struct srtpw_key *sendp, struct srtpw_key *recvp)
{
	static const size_t saltlen[SRTPW_SUITES] = {0, 12, 12, 14, 14};
	const size_t sl = saltlen[suite], kl = srtpw_key_bytes(suite) - sl;
	const bool client = !SSL_is_server(f->ssl);
	struct srtpw_key *cl = client ? sendp : recvp;
	struct srtpw_key *sv = client ? recvp : sendp;
	uint8_t v[2 * SRTPW_KEY_BYTES_MAX];

	assert_int_equal(SSL_export_keying_material(
				 f->ssl, v, 2 * (kl + sl),
				 "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0), 1);
	cl->suite = sv->suite = (uint8_t)suite;
	cl->len = sv->len = (uint8_t)(kl + sl);
	memcpy(cl->v, v, kl);
	memcpy(sv->v, v + kl, kl);
	memcpy(cl->v + kl, v + 2 * kl, sl);
	memcpy(sv->v + kl, v + 2 * kl + sl, sl);
}

void far_keys_check(const struct far *f, enum srtpw_suite suite)
{
	struct srtpw_key to, from;

	far_keys(f, suite, &to, &from);
	assert_true(srtpw_key_same(&f->rx, &to));
	assert_true(srtpw_key_same(&f->tx, &from));
	assert_false(srtpw_key_same(&f->rx, &f->tx));
}

/* --- the worker's side --------------------------------------------------- */

static struct far *far_find(const struct rig *r, const struct dtls_ev *ev)
{
	unsigned i;

	for (i = 0; i < r->farc; i++)
		if (r->farv[i]->leg == ev->leg &&
		    r->farv[i]->epoch == ev->epoch)
			return r->farv[i];
	return NULL;
}

static void event(const struct rig *r, const struct dtls_ev *ev)
{
	struct far *f = far_find(r, ev);

	if (!f)
		return;
	switch (ev->type) {
	case DTLS_SEND:
		net(f, RIG_DOWN, ev->u.datagram.v, ev->u.datagram.len);
		break;
	case DTLS_KEYS:
		f->keys_count++;
		f->rx = ev->u.keys.rx;
		f->tx = ev->u.keys.tx;
		break;
	case DTLS_FAILED:
		f->failed_count++;
		f->reason = ev->reason;
		break;
	}
}

static bool events_take(const struct rig *r)
{
	struct slotq *q = dtls_evs(r->d, 0);
	const struct dtls_ev *ev;
	bool any = false;

	while (!r->deaf && (ev = slotq_peek(q))) {
		event(r, ev);
		slotq_release(q);
		any = true;
	}
	return any;
}

static int far_wait_ms(const struct rig *r)
{
	struct timeval tv;
	/* Conditions on figures have nothing that wakes us */
	int ms = 10;
	unsigned i;

	for (i = 0; i < r->farc; i++)
		if (DTLSv1_get_timeout(r->farv[i]->ssl, &tv) == 1)
			ms = MIN(ms, (int)(tv.tv_sec * 1000 +
					   tv.tv_usec / 1000 + 1));
	return ms;
}

void rig_until(struct rig *r, rig_cond_h *ch, const void *arg)
{
	const uint64_t end = clock_mono_ms() + DEADLINE_MS;
	struct pollfd pfd = {.fd = wake_fd(r->wake), .events = POLLIN};
	unsigned i;

	while (!ch(r, arg)) {
		assert_true(clock_mono_ms() < end);
		wake_announce(r->wake);
		(void)poll(&pfd, 1, !r->deaf && !slotq_empty(dtls_evs(r->d, 0))
					    ? 0
					    : far_wait_ms(r));
		wake_clear(r->wake);
		(void)events_take(r);
		for (i = 0; i < r->farc; i++)
			if (DTLSv1_handle_timeout(r->farv[i]->ssl) < 0)
				r->farv[i]->failed = true;
	}
}

bool far_keyed(const struct rig *r, const void *arg)
{
	const struct far *f = arg;

	(void)r;
	return f->keys_count && SSL_is_init_finished(f->ssl);
}

bool far_refused(const struct rig *r, const void *arg)
{
	const struct far *f = arg;

	(void)r;
	return f->failed_count;
}

bool rig_idle(const struct rig *r, const void *arg)
{
	(void)arg;
	return !rig_stats(r).running;
}

struct dtls_stats rig_stats(const struct rig *r)
{
	struct dtls_stats st;

	dtls_stats_get(r->d, &st);
	return st;
}

/* --- life ---------------------------------------------------------------- */

void rig_init(struct rig *r, const struct dtls_cfg *cfg)
{
	struct dtls_cfg mine = {.repeat_ms = 30};
	char words[DTLS_WORDS_MAX];

	memset(r, 0, sizeof(*r));
	if (cfg)
		mine = *cfg;
	if (!mine.repeat_ms)
		mine.repeat_ms = 30;
	assert_int_equal(selfsign_make(&r->key, &r->x, "far", NULL), 0);
	assert_int_equal(wake_alloc(&r->wake), 0);
	mine.workers = 1;
	mine.wakev[0] = r->wake;
	assert_int_equal(dtls_alloc(&r->d, &mine, words), 0);
	assert_int_equal(dtls_start(r->d), 0);
}

void rig_fini(struct rig *r)
{
	while (r->farc)
		far_free(r->farv[0]);
	mem_deref(r->d);
	mem_deref(r->wake);
	X509_free(r->x);
	EVP_PKEY_free(r->key);
}
