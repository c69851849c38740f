/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file fanout_plain.c  What a packet of plain RTP costs that hollerd delivers
 */
#include "bench/fan.h"

int main(void)
{
	return fan_main("fanout_plain", SRTPW_NONE);
}
