/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fanout_srtp_cm.c  What a packet of SRTP costs that hollerd delivers:
 *                     AES_CM_128_HMAC_SHA1_80
 */
#include "bench/fan.h"

int main(void)
{
	return fan_main("fanout_srtp_cm", SRTPW_AES_CM_128_HMAC_SHA1_80);
}
