/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file dtls_test.c  DTLS-SRTP handshakes: both roles, over bad networks, with
 *                    bad peers, within bounds
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "tests/unit/dtls_rig.h"
#include "util/ring.h"

static struct far *far_simple(struct rig *r, bool active)
{
	return far_alloc(r, rig_ctx(r), active);
}

static void begin_sha256(struct far *f)
{
	const struct mixer_dtls sdp = far_sdp(f, EVP_sha256(), "sha-256");

	far_begin(f, &sdp);
}

/* --- it works ---------------------------------------------------------------- */

static void check_shake(const struct dtls_cfg *cfg, bool active)
{
	struct rig r;
	struct far *f;

	rig_init(&r, cfg);
	f = far_simple(&r, active);
	begin_sha256(f);
	rig_until(&r, far_keyed, f);
	/* Ours come first in what both have */
	far_keys_check(f, active ? SRTPW_AEAD_AES_128_GCM
				 : SRTPW_AES_CM_128_HMAC_SHA1_80);
	far_cmd(f, DTLS_DONE);
	rig_until(&r, rig_idle, NULL);
	assert_int_equal(rig_stats(&r).done, 1);
	assert_int_equal(rig_stats(&r).failed, 0);
	assert_int_equal(f->keys_count, 1);
	assert_int_equal(f->failed_count, 0);
	rig_fini(&r);
}

static void test_passive(void **state)
{
	(void)state;
	check_shake(NULL, true);
}

static void test_active(void **state)
{
	(void)state;
	check_shake(NULL, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passive),
		cmocka_unit_test(test_active),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
