/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_audio.h  The handset's mouth and ear
 *
 * One audio thread a process, however many legs: it owns the RTP sessions
 * (oRTP), the microphone (a file or a sound card) and the recording. The
 * owner's thread (SIP) talks to it by two bounded queues: commands down, events
 * up; neither side ever waits for the other.
 *
 * A stream is one leg's RTP and RTCP pair of ports. While it does not talk it
 * keeps its path open every 15 s: an empty RTP packet of an unused payload
 * type (RFC 6263 section 4.6) and an RTCP receiver report; the first of each
 * goes out as soon as the far address is known.
 *
 * All functions: the owner's thread. No libre here, and no oRTP: their headers
 * cannot be compiled together.
 */
#ifndef HL_CLI_HANDSET_AUDIO_H
#define HL_CLI_HANDSET_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cli/handset_codec.h"
#include "wire/srtp.h"

enum {
	HS_STREAMS_MAX = 64,
	HS_ADDR_MAX = 64,
	/** RFC 6263: keep-alive interval, Tr */
	HS_KEEPALIVE_MS = 15000,
	/** No packet for so long: the burst has ended */
	HS_BURST_GAP_MS = 500,
	/** Of the keep-alive: never in our SDP */
	HS_PT_UNUSED = 127
};

/** Event codes of RFC 4733 section 3.2 */
enum hs_key { HS_KEY_STAR = 10, HS_KEY_HASH = 11 };

enum { HS_KEYS_MAX = 4 };

struct hs_audio;

struct hs_audio_cfg {
	const char *play;    /**< FILE.wav, "alsa[:device]", "none" */
	const char *record;  /**< the same; the file is created */
	unsigned jitter_ms;  /**< Delay of a burst's first packet */
	unsigned dead_ms;    /**< HS_AUDIO_DEAD; 0: never */
};

enum hs_audio_ev_type {
	HS_AUDIO_RECORD_START, /**< t_us: of the recording's first sample */
	HS_AUDIO_FIRST_SENT,   /**< First packet of our burst, just sent */
	HS_AUDIO_STOPPED,      /**< Answer to hs_audio_hush(): seq, packets */
	HS_AUDIO_KEY_SENT,     /**< seq: the enum hs_key, whole */
	HS_AUDIO_PLAYED,       /**< The file's last sample has been sent */
	HS_AUDIO_HEARD,        /**< First packet of a burst came: seq */
	HS_AUDIO_SILENT,       /**< t_us: of the burst's last packet; packets,
				    lost */
	HS_AUDIO_DEAD,         /**< Neither RTP nor RTCP came for dead_ms, of a
				    far side that had sent some */
	HS_AUDIO_FAILED        /**< error: the recording or the card failed */
};

struct hs_audio_ev {
	enum hs_audio_ev_type type;
	uint32_t stream;
	uint64_t t_us;     /**< CLOCK_MONOTONIC */
	uint16_t seq;      /**< Last one sent; KEY_SENT: the key */
	uint32_t packets;  /**< Of the burst */
	uint32_t late;     /**< Of those, too late to be heard */
	int error;
};

typedef void(hs_audio_ev_h)(const struct hs_audio_ev *ev, void *arg);

/**
 * Read the file, create the recording, start the thread
 *
 * @param why Says in words what failed; at least 128 bytes
 *
 * @return 0, or errno
 */
int hs_audio_alloc(struct hs_audio **ap, const struct hs_audio_cfg *cfg,
		   char *why, size_t why_size);
/* mem_deref() ends the thread, closes every stream and the recording. */

/** Readable while events wait */
int hs_audio_fd(const struct hs_audio *a);
void hs_audio_poll(struct hs_audio *a, hs_audio_ev_h *evh, void *arg);

/** What goes into our SDP */
struct hs_audio_local {
	uint32_t stream; /**< Never 0 */
	uint32_t ssrc;
	uint16_t rtp_port, rtcp_port;
};

/**
 * Open a stream's sockets, on ports that are free
 *
 * @return 0, EADDRNOTAVAIL, ENOSPC (HS_STREAMS_MAX), EAGAIN, ENOMEM
 */
int hs_audio_open(struct hs_audio *a, const char *addr,
		  struct hs_audio_local *local);

/** The far side, as its SDP says */
struct hs_audio_remote {
	char addr[HS_ADDR_MAX];
	uint16_t rtp_port, rtcp_port;
	enum hs_codec codec;
	uint8_t pt;       /**< Of the codec */
	uint8_t pt_event; /**< Of telephone-events; 0: none */
	struct srtpw_key tx, rx; /**< Of RTP and RTCP; SRTPW_NONE: in clear */
};

/** Where the far side is. Its address is the only one that is heard. The
 *  first call of all starts the recording. */
int hs_audio_remote(struct hs_audio *a, uint32_t stream,
		    const struct hs_audio_remote *remote);

/** Speak: from the file's beginning, or what the microphone hears from now */
int hs_audio_talk(struct hs_audio *a, uint32_t stream);
/** Answered by HS_AUDIO_STOPPED: no packet goes out after that */
int hs_audio_hush(struct hs_audio *a, uint32_t stream);
/** A key of the telephone (RFC 4733), 160 ms long; speech waits for it. At most
 *  HS_KEYS_MAX wait in line, more are dropped */
int hs_audio_key(struct hs_audio *a, uint32_t stream, enum hs_key key);
int hs_audio_close(struct hs_audio *a, uint32_t stream);

#endif
