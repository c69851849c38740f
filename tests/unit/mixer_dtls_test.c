/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file mixer_dtls_test.c  Legs whose SRTP keys come of DTLS (RFC 5764), with
 * OpenSSL as the terminal
 */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <sys/socket.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include "mixer/dtlschan.h"
#include "tests/unit/mixer_srtp_rig.h"
#include "util/clock.h"
#include "util/selfsign.h"

struct profile {
	const char *name;
	enum srtpw_suite suite;
	size_t key, salt;
};

static const struct profile profilev[] = {
	{"SRTP_AEAD_AES_128_GCM", SRTPW_AEAD_AES_128_GCM, 16, 12},
	{"SRTP_AEAD_AES_256_GCM", SRTPW_AEAD_AES_256_GCM, 32, 12},
	{"SRTP_AES128_CM_SHA1_80", SRTPW_AES_CM_128_HMAC_SHA1_80, 16, 14},
	{"SRTP_AES128_CM_SHA1_32", SRTPW_AES_CM_128_HMAC_SHA1_32, 16, 14}};

/* A terminal that does DTLS on its RTP socket */
struct terminal {
	struct sphone sp;
	struct mixer_dtls sdp;
	const struct profile *profile;
	SSL_CTX *ctx;
	SSL *ssl;
	bool client;
};

static int any_certificate(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

static void ctx_make(struct terminal *t)
{
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	unsigned len;

	assert_int_equal(selfsign_make(&key, &cert, "terminal", NULL), 0);
	t->ctx = SSL_CTX_new(DTLS_method());
	assert_non_null(t->ctx);
	assert_int_equal(SSL_CTX_use_certificate(t->ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(t->ctx, key), 1);
	/* 0: it could be set */
	assert_int_equal(
		SSL_CTX_set_tlsext_use_srtp(t->ctx, t->profile->name), 0);
	SSL_CTX_set_verify(t->ctx,
			   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   any_certificate);
	assert_int_equal(
		X509_digest(cert, EVP_sha256(), t->sdp.fingerprint, &len), 1);
	t->sdp.len = (uint8_t)len;
	memcpy(t->sdp.hash, "sha-256", 8);
	t->sdp.active = !t->client;
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void terminal_open(struct terminal *t, struct rig *r, unsigned host,
			  const struct profile *profile, bool client)
{
	const struct sa *to = &t->sp.ph.local.rtp;
	BIO_ADDR *peer = BIO_ADDR_new();
	int fd;
	BIO *bio;

	memset(t, 0, sizeof(*t));
	t->profile = profile;
	t->client = client;
	ctx_make(t);
	sphone_open(&t->sp, r, 5, host, SRTPW_NONE);
	t->sp.dtls = &t->sdp;
	t->sp.mux = true;
	fd = t->sp.ph.fd[CH_RTP];
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(BIO_ADDR_rawmake(peer, AF_INET,
					  &to->u.in.sin_addr,
					  sizeof(to->u.in.sin_addr),
					  to->u.in.sin_port),
			 1);
	bio = BIO_new_dgram(fd, BIO_NOCLOSE);
	assert_non_null(bio);
	(void)BIO_dgram_set_peer(bio, peer);
	BIO_ADDR_free(peer);
	t->ssl = SSL_new(t->ctx);
	assert_non_null(t->ssl);
	SSL_set_bio(t->ssl, bio, bio);
	if (client)
		SSL_set_connect_state(t->ssl);
	else
		SSL_set_accept_state(t->ssl);
	phone_sdp(&t->sp.ph);
}

static void terminal_close(struct terminal *t)
{
	SSL_free(t->ssl);
	SSL_CTX_free(t->ctx);
	sphone_close(&t->sp);
}

/* @return false: the other side has ended it */
static bool handshake(struct terminal *t)
{
	int n;

	while ((n = SSL_do_handshake(t->ssl)) != 1) {
		struct pollfd pfd = {.fd = t->sp.ph.fd[CH_RTP],
				     .events = POLLIN};
		struct timeval tv = {.tv_sec = 1};

		if (SSL_get_error(t->ssl, n) != SSL_ERROR_WANT_READ)
			return false;
		(void)DTLSv1_get_timeout(t->ssl, &tv);
		if (!poll(&pfd, 1, (int)(tv.tv_sec * 1000 +
					 tv.tv_usec / 1000 + 1)))
			(void)DTLSv1_handle_timeout(t->ssl);
	}
	return true;
}

/* RFC 5764 section 4.2 */
static void keys_take(struct terminal *t)
{
	const size_t kl = t->profile->key, sl = t->profile->salt;
	struct srtpw_key *c = t->client ? &t->sp.up : &t->sp.down;
	struct srtpw_key *s = t->client ? &t->sp.down : &t->sp.up;
	uint8_t v[2 * SRTPW_KEY_BYTES_MAX];

	assert_string_equal(SSL_get_selected_srtp_profile(t->ssl)->name,
			    t->profile->name);
	assert_int_equal(
		SSL_export_keying_material(t->ssl, v, 2 * (kl + sl),
					   "EXTRACTOR-dtls_srtp", 19, NULL, 0,
					   0),
		1);
	c->suite = s->suite = (uint8_t)t->profile->suite;
	c->len = s->len = (uint8_t)(kl + sl);
	memcpy(c->v, v, kl);
	memcpy(s->v, v + kl, kl);
	memcpy(c->v + kl, v + 2 * kl, sl);
	memcpy(s->v + kl, v + 2 * kl + sl, sl);
	assert_int_equal(srtpw_alloc(&t->sp.out, &t->sp.up), 0);
	assert_int_equal(srtpw_alloc(&t->sp.in, &t->sp.down), 0);
}

static void secured(struct terminal *t, struct rig *r)
{
	assert_true(handshake(t));
	keys_take(t);
	assert_int_equal(
		rig_event(r, MIXER_LEG_SECURED, t->sp.ph.leg, 0).reason,
		t->profile->suite);
	phone_talk(&t->sp.ph, 0);
	(void)rig_event(r, MIXER_LEG_LATCHED, t->sp.ph.leg, 0);
}

static void open_rig(struct rig *r, void **state)
{
	struct mixer_cfg cfg;

	rig_cfg(&cfg, rig_workers(state));
	cfg.rtcp_ms = 500;
	rig_open(r, &cfg);
}

static void two_hear(struct rig *r, struct phone *a, struct phone *b)
{
	const mixer_bridge_id br = rig_bridge(r, NULL);
	struct phone *phv[] = {a, b};
	unsigned i, k;

	for (i = 0; i < 2; i++)
		rig_join(r, br, phv[i], "sip:p@example.com");
	for (i = 0; i < 2; i++) {
		phone_press(phv[i]);
		for (k = 0; k < 20; k++) {
			phone_talk(phv[i], (uint8_t)k);
			assert_int_equal(phone_hear(phv[!i]), k);
		}
		phone_release(phv[i], (uint16_t)(phv[i]->seq - 1));
		(void)phone_told(phv[i], TBCP_IDLE);
	}
	assert_int_equal(mixer_bridge_del(r->m, br), 0);
}

/* Each profile, whichever side begins */
static void handshakes(void **state)
{
	static struct terminal t;
	struct rig r;
	unsigned i, client;

	open_rig(&r, state);
	for (i = 0; i < ARRAY_SIZE(profilev); i++) {
		for (client = 0; client < 2; client++) {
			terminal_open(&t, &r, 10, &profilev[i], client);
			secured(&t, &r);
			sphone_report(&t.sp);
			assert_int_equal(mixer_leg_del(r.m, t.sp.ph.leg), 0);
			terminal_close(&t);
		}
	}
	rig_close(&r);
}

/* ..and with a plain one in a bridge */
static void heard(void **state)
{
	static struct terminal t;
	struct phone plain;
	struct mixer_cfg cfg;
	struct rig r;

	rig_cfg(&cfg, rig_workers(state));
	rig_open(&r, &cfg);
	terminal_open(&t, &r, 10, &profilev[0], true);
	secured(&t, &r);
	phone_up(&plain, &r, 5, 11);
	two_hear(&r, &t.sp.ph, &plain);

	/* The same certificate again: no handshake, the keys go on */
	phone_sdp(&t.sp.ph);
	two_hear(&r, &plain, &t.sp.ph);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_SECURED), 0);
	rig_close(&r);
	phone_close(&plain);
	terminal_close(&t);
}

/* Another certificate than the SDP says: no keys, and nothing goes through */
static void wrong_fingerprint(void **state)
{
	static struct terminal t;
	struct phone plain;
	struct rig r;
	mixer_bridge_id b;

	open_rig(&r, state);
	terminal_open(&t, &r, 10, &profilev[0], true);
	t.sdp.fingerprint[7] ^= 1;
	phone_sdp(&t.sp.ph);
	phone_up(&plain, &r, 5, 11);
	(void)handshake(&t);
	assert_int_equal(
		rig_event(&r, MIXER_LEG_INSECURE, t.sp.ph.leg, 0).reason,
		MIXER_INSECURE_FINGERPRINT);
	b = rig_bridge(&r, NULL);
	rig_join(&r, b, &t.sp.ph, "sip:a@example.com");
	rig_join(&r, b, &plain, "sip:b@example.com");
	phone_press(&plain);
	phone_talk(&plain, 1);
	RIG_WAIT(&r, tx_insecure, 1);
	assert_int_equal(rig_event_count(&r, MIXER_LEG_SECURED), 0);

	rig_close(&r);
	phone_close(&plain);
	terminal_close(&t);
}

/* DTLS from where the leg is not: its state is not for others to play with */
static void foreign(void **state)
{
	static const uint8_t hello[] = {22,   0xfe, 0xff, 0, 0, 0, 0,
					0,    0,    0,    0, 0, 4, 1,
					0,    0,    0};
	static struct terminal t;
	struct rig r;
	uint64_t had;
	int thief;

	open_rig(&r, state);
	terminal_open(&t, &r, 10, &profilev[0], true);
	secured(&t, &r);
	had = RIG_STAT(&r, rx_dtls);
	thief = thief_open("127.0.5.66");
	sphone_throw(&t.sp, thief, hello, sizeof(hello));
	RIG_WAIT(&r, drop_no_leg, 1);
	close(thief);
	thief = thief_open("127.0.5.10");
	sphone_throw(&t.sp, thief, hello, sizeof(hello));
	RIG_WAIT(&r, drop_unknown_source, 1);
	close(thief);
	assert_int_equal(RIG_STAT(&r, rx_dtls), had);
	phone_talk(&t.sp.ph, 0);
	RIG_WAIT(&r, rx_rtp, 2);
	rig_close(&r);
	terminal_close(&t);
}

/* Who is shaking hands does not fill the queue that others need; who has its
 * keys has nothing more to tell the DTLS thread */
static void flood(void **state)
{
	enum { FLOOD = 1000 };
	/* Application data in the clear */
	static const uint8_t junk[] = {23, 0xfe, 0xfd, 0, 0, 0, 0,
				       0,  0,    0,    0, 0, 1, 0};
	static struct terminal t;
	const uint64_t from_ms = clock_mono_ms();
	struct rig r;
	uint64_t had, most;
	unsigned i;

	open_rig(&r, state);
	terminal_open(&t, &r, 10, &profilev[0], true);
	for (i = 0; i < FLOOD; i++) {
		sphone_throw(&t.sp, t.sp.ph.fd[CH_RTP], junk, sizeof(junk));
		if (i % 50 == 0)
			RIG_WAIT(&r, rx_packets, i);
	}
	RIG_WAIT(&r, rx_packets, FLOOD);
	most = DTLSCHAN_BURST + 1 +
	       DTLSCHAN_PER_S * (clock_mono_ms() - from_ms) / 1000;
	assert_in_range(RIG_STAT(&r, rx_dtls), 1, most);
	if (most < FLOOD)
		RIG_WAIT(&r, drop_insecure, FLOOD - most);

	secured(&t, &r);
	had = RIG_STAT(&r, rx_dtls);
	for (i = 0; i < 20; i++)
		sphone_throw(&t.sp, t.sp.ph.fd[CH_RTP], junk, sizeof(junk));
	phone_talk(&t.sp.ph, 0);
	RIG_WAIT(&r, rx_rtp, 2);
	assert_int_equal(RIG_STAT(&r, rx_dtls), had);
	rig_close(&r);
	terminal_close(&t);
}

/* Legs that go while their handshakes run, and switches that do */
static void gone(void **state)
{
	enum { LEGS = 20 };
	static struct terminal tv[LEGS];
	struct rig r;
	unsigned i;

	open_rig(&r, state);
	for (i = 0; i < LEGS; i++) {
		terminal_open(&tv[i], &r, 10 + i, &profilev[i % 4], true);
		(void)SSL_do_handshake(tv[i].ssl);
	}
	for (i = 0; i < LEGS; i += 2)
		assert_int_equal(mixer_leg_del(r.m, tv[i].sp.ph.leg), 0);
	secured(&tv[1], &r);
	rig_close(&r);
	for (i = 0; i < LEGS; i++)
		terminal_close(&tv[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(handshakes),
		BOTH(heard),
		BOTH(wrong_fingerprint),
		BOTH(foreign),
		BOTH(flood),
		BOTH(gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
