/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_real_test.c  DTLS-SRTP handshakes with peers that others wrote:
 *                         libre and the openssl command, over UDP
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <re.h>
#include "mixer/dtls.h"
#include "util/hex.h"
#include "util/retmr.h"
#include "util/ring.h"
#include "util/selfsign.h"

enum { LEG = 77, DEADLINE_MS = 20000, PEM_MAX = 4096 };

/* The thread behind a UDP socket */
struct world {
	struct dtls *d;
	struct wake *wake;
	struct udp_sock *us;
	struct sa here, there;
	X509 *x;
	char pem[PEM_MAX];
	size_t pem_len;
	struct tmr deadline;
	bool keyed, failed, far_up;
	struct srtpw_key rx, tx;

	/* libre */
	struct tls *tls;
	struct dtls_sock *sock;
	struct tls_conn *tc;

	/* The command */
	pid_t pid;
	int in, out;
	char path[64], text[16384];
	size_t text_len;
};

static struct dtls_cmd *cmd_reserve(const struct world *w,
				    enum dtls_cmd_type type)
{
	struct dtls_cmd *cmd = slotq_reserve(dtls_cmds(w->d, 0));

	assert_non_null(cmd);
	cmd->type = type;
	cmd->leg = LEG;
	cmd->epoch = 1;
	return cmd;
}

static void recv_handler(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct world *w = arg;
	struct dtls_cmd *cmd = cmd_reserve(w, DTLS_DATAGRAM);
	const size_t len = mbuf_get_left(mb);

	w->there = *src;
	assert_true(len <= sizeof(cmd->u.datagram.v));
	memcpy(cmd->u.datagram.v, mbuf_buf(mb), len);
	cmd->u.datagram.len = (uint16_t)len;
	slotq_commit(dtls_cmds(w->d, 0));
}

static void over_maybe(const struct world *w)
{
	if (w->failed || (w->keyed && w->far_up))
		re_cancel();
}

static void event(struct world *w, const struct dtls_ev *ev)
{
	struct mbuf *mb;

	switch (ev->type) {
	case DTLS_SEND:
		mb = mbuf_alloc(ev->u.datagram.len);
		assert_non_null(mb);
		(void)mbuf_write_mem(mb, ev->u.datagram.v,
				     ev->u.datagram.len);
		mb->pos = 0;
		(void)udp_send(w->us, &w->there, mb);
		mem_deref(mb);
		break;
	case DTLS_KEYS:
		w->rx = ev->u.keys.rx;
		w->tx = ev->u.keys.tx;
		w->keyed = true;
		break;
	case DTLS_FAILED:
		w->failed = true;
		break;
	}
}

static void wake_handler(int flags, void *arg)
{
	struct world *w = arg;
	struct slotq *q = dtls_evs(w->d, 0);
	const struct dtls_ev *ev;

	(void)flags;
	wake_clear(w->wake);
	do {
		while ((ev = slotq_peek(q))) {
			event(w, ev);
			slotq_release(q);
		}
		wake_announce(w->wake);
	} while (!slotq_empty(q));
	over_maybe(w);
}

static void deadline_handler(void *arg)
{
	struct world *w = arg;

	w->failed = true;
	re_cancel();
}

static void begin(const struct world *w, bool active)
{
	struct dtls_cmd *cmd = cmd_reserve(w, DTLS_BEGIN);
	unsigned len;

	cmd->u.begin = (struct mixer_dtls){.active = active,
					   .hash = "sha-256", .len = 32};
	assert_true(X509_digest(w->x, EVP_sha256(), cmd->u.begin.fingerprint,
				&len));
	slotq_commit(dtls_cmds(w->d, 0));
}

static void run(struct world *w)
{
	tmr_start(&w->deadline, DEADLINE_MS, deadline_handler, w);
	(void)re_main(NULL);
	assert_false(w->failed);
	assert_true(w->keyed && w->far_up);
}

static void pem_make(struct world *w)
{
	EVP_PKEY *key = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;

	assert_int_equal(selfsign_make(&key, &w->x, "far", NULL), 0);
	assert_int_equal(PEM_write_bio_X509(bio, w->x), 1);
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0,
						  NULL, NULL), 1);
	w->pem_len = (size_t)BIO_get_mem_data(bio, &p);
	assert_true(w->pem_len < sizeof(w->pem));
	memcpy(w->pem, p, w->pem_len);
	BIO_free(bio);
	EVP_PKEY_free(key);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct dtls_cfg cfg = {.workers = 1, .repeat_ms = 50};
	char words[DTLS_WORDS_MAX];
	struct sa any;

	if (!w || retmr_init() || libre_init())
		return -1;
	pem_make(w);
	w->in = w->out = -1;
	assert_int_equal(wake_alloc(&w->wake), 0);
	cfg.wakev[0] = w->wake;
	assert_int_equal(dtls_alloc(&w->d, &cfg, words), 0);
	assert_int_equal(dtls_start(w->d), 0);
	assert_int_equal(sa_set_str(&any, "127.0.0.1", 0), 0);
	assert_int_equal(udp_listen(&w->us, &any, recv_handler, w), 0);
	assert_int_equal(udp_local_get(w->us, &w->here), 0);
	assert_int_equal(fd_listen(wake_fd(w->wake), FD_READ, wake_handler, w),
			 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	tmr_cancel(&w->deadline);
	if (w->out >= 0) {
		fd_close(w->out);
		close(w->out);
		close(w->in);
		kill(w->pid, SIGKILL);
		(void)waitpid(w->pid, NULL, 0);
		(void)unlink(w->path);
	}
	mem_deref(w->tc);
	mem_deref(w->sock);
	mem_deref(w->tls);
	fd_close(wake_fd(w->wake));
	mem_deref(w->us);
	mem_deref(w->d);
	mem_deref(w->wake);
	X509_free(w->x);
	free(w);
	libre_close();
	return 0;
}

/* --- libre --------------------------------------------------------------- */

static void estab_handler(void *arg)
{
	struct world *w = arg;

	w->far_up = true;
	over_maybe(w);
}

static void data_handler(struct mbuf *mb, void *arg)
{
	(void)mb;
	(void)arg;
}

static void close_handler(int err, void *arg)
{
	struct world *w = arg;

	(void)err;
	w->failed = true;
	re_cancel();
}

static void conn_handler(const struct sa *peer, void *arg)
{
	struct world *w = arg;

	(void)peer;
	assert_int_equal(dtls_accept(&w->tc, w->tls, w->sock, estab_handler,
				     data_handler, close_handler, w), 0);
}

static void libre_start(struct world *w)
{
	struct sa any;

	assert_int_equal(tls_alloc(&w->tls, TLS_METHOD_DTLSV1_2, NULL, NULL),
			 0);
	assert_int_equal(tls_set_certificate(w->tls, w->pem, w->pem_len), 0);
	tls_set_verify_client(w->tls);
	assert_int_equal(tls_set_srtp(w->tls, "SRTP_AES128_CM_SHA1_80:"
					      "SRTP_AES128_CM_SHA1_32"), 0);
	assert_int_equal(sa_set_str(&any, "127.0.0.1", 0), 0);
	assert_int_equal(dtls_listen(&w->sock, &any, NULL, 16, 0,
				     conn_handler, w), 0);
}

static void libre_check(const struct world *w, bool client)
{
	uint8_t cli[64], srv[64], md[32];
	enum srtp_suite suite;

	assert_int_equal(tls_srtp_keyinfo(w->tc, &suite, cli, sizeof(cli), srv,
					  sizeof(srv)), 0);
	assert_int_equal(suite, SRTP_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(w->rx.suite, SRTPW_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(w->rx.len, 30);
	assert_memory_equal(w->rx.v, client ? cli : srv, 30);
	assert_memory_equal(w->tx.v, client ? srv : cli, 30);
	assert_int_equal(tls_peer_fingerprint(w->tc, TLS_FINGERPRINT_SHA256,
					      md, sizeof(md)), 0);
}

static void test_libre_client(void **state)
{
	struct world *w = *state;

	libre_start(w);
	begin(w, false);
	assert_int_equal(dtls_connect(&w->tc, w->tls, w->sock, &w->here,
				      estab_handler, data_handler,
				      close_handler, w), 0);
	run(w);
	libre_check(w, true);
}

static void test_libre_server(void **state)
{
	struct world *w = *state;

	libre_start(w);
	assert_int_equal(udp_local_get(dtls_udp_sock(w->sock), &w->there), 0);
	begin(w, true);
	run(w);
	libre_check(w, false);
}

/* --- the openssl command ------------------------------------------------- */

static void out_handler(int flags, void *arg)
{
	struct world *w = arg;
	const ssize_t n = read(w->out, w->text + w->text_len,
			       sizeof(w->text) - 1 - w->text_len);

	(void)flags;
	if (n <= 0) {
		w->failed = true;
		re_cancel();
		return;
	}
	w->text_len += (size_t)n;
	w->text[w->text_len] = '\0';
	if (strstr(w->text, "Keying material: ") &&
	    strstr(w->text, "\n---\n"))
		w->far_up = strchr(strstr(w->text, "Keying material: "), '\n');
	over_maybe(w);
}

static void command_start(struct world *w, const char *profile,
			  const char *bytes)
{
	char there[32];
	int in[2], out[2], fd;

	strcpy(w->path, "/tmp/dtlsreal.XXXXXX");
	fd = mkstemp(w->path);
	assert_int_equal(write(fd, w->pem, w->pem_len), (ssize_t)w->pem_len);
	close(fd);
	(void)re_snprintf(there, sizeof(there), "%J", &w->here);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	w->pid = fork();
	if (!w->pid) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)dup2(open("/dev/null", O_WRONLY), 2);
		execlp("openssl", "openssl", "s_client", "-dtls1_2",
		       "-connect", there, "-use_srtp", profile, "-cert",
		       w->path, "-key", w->path, "-keymatexport",
		       "EXTRACTOR-dtls_srtp", "-keymatexportlen", bytes, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	w->in = in[1];
	w->out = out[0];
	assert_int_equal(fd_listen(w->out, FD_READ, out_handler, w), 0);
}

static void check_command(struct world *w, const char *profile,
			  enum srtpw_suite suite, size_t key, size_t salt)
{
	uint8_t v[128];
	char bytes[8];
	const char *hex;
	size_t n;

	(void)snprintf(bytes, sizeof(bytes), "%zu", 2 * (key + salt));
	begin(w, false);
	command_start(w, profile, bytes);
	run(w);
	hex = strstr(w->text, "Keying material: ") + 17;
	assert_int_equal(hex_decode(v, sizeof(v), &n, hex,
				    4 * (key + salt)), 0);
	assert_int_equal(w->rx.suite, suite);
	assert_int_equal(w->rx.len, key + salt);
	assert_memory_equal(w->rx.v, v, key);
	assert_memory_equal(w->tx.v, v + key, key);
	assert_memory_equal(w->rx.v + key, v + 2 * key, salt);
	assert_memory_equal(w->tx.v + key, v + 2 * key + salt, salt);
	assert_non_null(strstr(w->text, "ECDSA"));
}

static void test_openssl_gcm(void **state)
{
	check_command(*state, "SRTP_AEAD_AES_256_GCM", SRTPW_AEAD_AES_256_GCM,
		      32, 12);
}

static void test_openssl_cm(void **state)
{
	check_command(*state, "SRTP_AES128_CM_SHA1_32",
		      SRTPW_AES_CM_128_HMAC_SHA1_32, 16, 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_libre_client, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_libre_server, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_openssl_gcm, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_openssl_cm, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
