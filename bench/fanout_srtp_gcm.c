/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fanout_srtp_gcm.c  What a packet of SRTP costs that hollerd delivers:
 *                     AEAD_AES_128_GCM
 */
#include "bench/fan.h"

int main(void)
{
	return fan_main("fanout_srtp_gcm", SRTPW_AEAD_AES_128_GCM);
}
