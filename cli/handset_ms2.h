/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file handset_ms2.h  Inside of the audio thread: streams and sound cards
 *
 * Private to handset_ms2*.c, the only files that know oRTP and mediastreamer2.
 */
#ifndef HL_CLI_HANDSET_MS2_H
#define HL_CLI_HANDSET_MS2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cli/handset_audio.h"
#include "cli/pcm.h"

struct _RtpSession;
struct hs_stream;
struct slotq;
struct wake;
struct _MSFactory;

/* --- the thread: handset_ms2.c ------------------------------------------ */

enum hs_cmd_type {
	HS_CMD_ADD,
	HS_CMD_REMOTE,
	HS_CMD_TALK,
	HS_CMD_HUSH,
	HS_CMD_KEY,
	HS_CMD_CLOSE,
	HS_CMD_QUIT
};

struct hs_cmd {
	enum hs_cmd_type type;
	uint32_t id;
	struct hs_stream *stream; /**< ADD: given away */
	struct hs_audio_remote remote;
	enum hs_key key;
};

struct hs_queues {
	struct slotq *cmds, *events; /**< struct hs_cmd, struct hs_audio_ev */
	struct wake *cmd_wake, *event_wake;
};

struct hs_engine;

/** Open mouth, ear and clock, start the thread; see hs_audio_alloc() */
int hs_engine_start(struct hs_engine **ep, const struct hs_audio_cfg *cfg,
		    const struct hs_queues *q, char *why, size_t why_size);
/** After HS_CMD_QUIT was given */
void hs_engine_join(struct hs_engine *e);

/* --- the microphone ----------------------------------------------------- */

enum {
	/** What the microphone heard last: power of two, 2 s */
	HS_MIC_SAMPLES = 16384
};

/** Source of speech; one of the two. Audio thread. */
struct hs_mic {
	struct hs_pcm file;
	bool card;
	int16_t ring[HS_MIC_SAMPLES];
	uint64_t heard; /**< Samples ever written to the ring */
};

/** Where a burst begins */
uint64_t hs_mic_now(const struct hs_mic *mic);

/** Frames that can be sent, when due of them are: a card has them when it has
 *  heard them */
uint64_t hs_mic_frames(const struct hs_mic *mic, uint64_t pos, uint64_t due);

/**
 * One frame of speech from pos on; what is not there is silence
 *
 * @return true once, in the call that takes the file's last sample
 */
bool hs_mic_read(const struct hs_mic *mic, uint64_t *posp, int16_t *v,
		 size_t n);

/* --- sockets: handset_ms2_socket.c -------------------------------------- */

struct hs_sockets {
	int rtp, rtcp; /**< -1: closed */
	uint16_t port; /**< Of RTP; RTCP has the next one */
};

/** Ports that are free, RTP even. @return 0, EINVAL (no address),
 *  EADDRNOTAVAIL */
int hs_sockets_open(struct hs_sockets *s, const char *addr);
/** From now on only the far side is heard. @return 0 or errno */
int hs_sockets_connect(const struct hs_sockets *s,
		       const struct hs_audio_remote *r);
void hs_sockets_close(struct hs_sockets *s);

/* --- SRTP: handset_ms2_srtp.c ------------------------------------------- */

struct hs_cipher;

/** Between the session and its sockets, which it does not close; in clear until
 *  keys are set. @return 0 or ENOMEM */
int hs_cipher_open(struct hs_cipher **cp, struct _RtpSession *rtp,
		   const struct hs_sockets *fd);
/** After the session was destroyed */
void hs_cipher_close(struct hs_cipher *c);
/** The same keys again change nothing; SRTPW_NONE: in clear. @return 0 or
 *  errno */
int hs_cipher_set(struct hs_cipher *c, const struct srtpw_key *tx,
		  const struct srtpw_key *rx);

/* --- streams: handset_ms2_stream.c -------------------------------------- */

/** Events of a stream; arg is the engine */
typedef void(hs_stream_ev_h)(struct hs_audio_ev *ev, void *arg);

/** Owner's thread; then the stream belongs to the audio thread */
int hs_stream_open(struct hs_stream **sp, uint32_t id, const char *addr,
		   unsigned jitter_ms, unsigned dead_ms);
void hs_stream_close(struct hs_stream *s);
void hs_stream_local(const struct hs_stream *s, struct hs_audio_local *local);
/** First call of the audio thread; codecs come from the factory */
void hs_stream_handler(struct hs_stream *s, struct _MSFactory *factory,
		       hs_stream_ev_h *evh, void *arg);

uint32_t hs_stream_id(const struct hs_stream *s);
/** Descriptors to watch: RTP, RTCP, and the pace of what it sends */
void hs_stream_fds(const struct hs_stream *s, int fdv[3]);
int hs_stream_remote(struct hs_stream *s,
		     const struct hs_audio_remote *remote);
bool hs_stream_up(const struct hs_stream *s);
void hs_stream_talk(struct hs_stream *s, const struct hs_mic *mic);
void hs_stream_hush(struct hs_stream *s);
void hs_stream_key(struct hs_stream *s, enum hs_key key);
/** The pace's descriptor is readable */
void hs_stream_pace(struct hs_stream *s, const struct hs_mic *mic);
/** One of the sockets is readable */
void hs_stream_recv(struct hs_stream *s);
/** Every HS_FRAME_US: adds what is to be heard, looks after the timers */
void hs_stream_tick(struct hs_stream *s, int32_t mix[HS_FRAME_SAMPLES]);

/* --- codecs: handset_ms2_codec.c ---------------------------------------- */

struct hs_coder;

/** What codecs are made from; NULL: no memory */
struct _MSFactory *hs_coders_alloc(void);
void hs_coders_free(struct _MSFactory *factory);

/** An encoder or a decoder without a past: one for a burst. @return 0, ENOTSUP
 *  (mediastreamer2 was built without it), EIO, ENOMEM */
int hs_coder_open(struct hs_coder **cp, struct _MSFactory *factory,
		  enum hs_codec codec, bool encode);
void hs_coder_close(struct hs_coder *c);

/**
 * Samples (16 bits, the codec's rate_hz) to payload, or payload to samples
 *
 * @return bytes written, at most max; 0: nothing came of it
 */
size_t hs_coder_run(struct hs_coder *c, void *out, size_t max, const void *in,
		    size_t len);

/* --- sound cards: handset_ms2_card.c ------------------------------------ */

struct hs_card;

/**
 * Open an ALSA device: the graph of mediastreamer2 between it and a ring
 *
 * @param dev     ALSA name, "" for "default"
 * @param capture Microphone, else loudspeaker
 */
int hs_card_open(struct hs_card **cp, const char *dev, bool capture);
void hs_card_close(struct hs_card *c);
/** Take what the microphone heard; @return samples */
size_t hs_card_read(struct hs_card *c, int16_t *v, size_t max);
/** Give to the loudspeaker; what does not fit is dropped, oldest first */
void hs_card_write(struct hs_card *c, const int16_t *v, size_t n);

#endif
