/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "cli/pcm.h"
#include "wire/g711.h"

enum {
	FORMAT_PCM = 1,
	FORMAT_ALAW = 6,
	FORMAT_ULAW = 7,
	FORMAT_EXTENSIBLE = 0xfffe,
	FMT_BYTES = 16,
	FMT_EXTENSIBLE_BYTES = 26, /* up to the sub-format's first 2 octets */
	HEADER_BYTES = 44
};

/** The fmt chunk */
struct fmt {
	bool set;
	uint16_t format, channels, bits, align;
	uint32_t rate_hz;
};

void hs_pcm_init(struct hs_pcm *pcm)
{
	memset(pcm, 0, sizeof(*pcm));
}

void hs_pcm_fini(struct hs_pcm *pcm)
{
	free(pcm->v);
	hs_pcm_init(pcm);
}

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static int fmt_check(const struct fmt *fmt)
{
	unsigned bytes;

	if (!fmt->set)
		return EBADMSG;
	if (fmt->channels < 1 || fmt->channels > HS_WAV_CHANNELS_MAX)
		return EBADMSG;
	if (fmt->rate_hz < HS_WAV_RATE_MIN_HZ ||
	    fmt->rate_hz > HS_WAV_RATE_MAX_HZ)
		return EBADMSG;
	switch (fmt->format) {
	case FORMAT_PCM:
		if (fmt->bits != 8 && fmt->bits != 16 && fmt->bits != 24 &&
		    fmt->bits != 32)
			return ENOTSUP;
		break;
	case FORMAT_ALAW:
	case FORMAT_ULAW:
		if (fmt->bits != 8)
			return EBADMSG;
		break;
	default:
		return ENOTSUP;
	}
	bytes = fmt->bits / 8u * fmt->channels;
	return fmt->align == bytes ? 0 : EBADMSG;
}

static int fmt_decode(struct fmt *fmt, const uint8_t *p, size_t len)
{
	if (len < FMT_BYTES)
		return EBADMSG;
	fmt->format = le16(p);
	fmt->channels = le16(p + 2);
	fmt->rate_hz = le32(p + 4);
	fmt->align = le16(p + 12);
	fmt->bits = le16(p + 14);
	if (fmt->format == FORMAT_EXTENSIBLE) {
		if (len < FMT_EXTENSIBLE_BYTES)
			return EBADMSG;
		fmt->format = le16(p + 24);
	}
	fmt->set = true;
	return fmt_check(fmt);
}

static int sample(const struct fmt *fmt, const uint8_t *p)
{
	if (fmt->format == FORMAT_ALAW)
		return g711_alaw_sample(*p);
	if (fmt->format == FORMAT_ULAW)
		return g711_ulaw_sample(*p);
	switch (fmt->bits) {
	case 8:
		return (*p - 128) * 256;
	case 16:
		return (int16_t)le16(p);
	case 24:
		return (int16_t)le16(p + 1);
	default:
		return (int16_t)le16(p + 2);
	}
}

static int samples_decode(struct hs_pcm *pcm, const struct fmt *fmt,
			  const uint8_t *p, size_t len)
{
	const size_t n = len / fmt->align;
	const size_t bytes = fmt->bits / 8u;
	int16_t *v = malloc((n ? n : 1) * sizeof(*v));
	size_t i;

	if (!v)
		return ENOMEM;
	for (i = 0; i < n; i++) {
		int sum = 0;
		unsigned c;

		for (c = 0; c < fmt->channels; c++)
			sum += sample(fmt, p + i * fmt->align + c * bytes);
		v[i] = (int16_t)(sum / fmt->channels);
	}
	hs_pcm_fini(pcm);
	pcm->v = v;
	pcm->n = n;
	pcm->rate_hz = fmt->rate_hz;
	return 0;
}

/* A file that is still being written, or whose writer vanished, has a data
 * chunk that claims more or less than is there: what is there counts. */
static int data_read(struct hs_pcm *pcm, const struct fmt *fmt, FILE *f,
		     uint32_t claimed)
{
	uint8_t *buf;
	size_t len;
	int err = fmt_check(fmt);

	if (err)
		return err;
	if (claimed > HS_WAV_BYTES_MAX)
		return EFBIG;
	buf = malloc(claimed ? claimed : 1);
	if (!buf)
		return ENOMEM;
	len = fread(buf, 1, claimed, f);
	err = ferror(f) ? EIO : samples_decode(pcm, fmt, buf, len);
	free(buf);
	return err;
}

static int chunk_read(struct fmt *fmt, FILE *f, uint32_t len)
{
	uint8_t buf[FMT_EXTENSIBLE_BYTES];
	const size_t want = len < sizeof(buf) ? len : sizeof(buf);
	const uint64_t rest = (uint64_t)len - want + (len & 1);

	if (fread(buf, 1, want, f) != want)
		return EBADMSG;
	if (rest && fseek(f, (long)rest, SEEK_CUR))
		return EBADMSG;
	return fmt_decode(fmt, buf, want);
}

static int riff_read(struct hs_pcm *pcm, FILE *f)
{
	uint8_t hdr[12];
	struct fmt fmt = {.set = false};

	if (fread(hdr, 1, sizeof(hdr), f) != sizeof(hdr))
		return EBADMSG;
	if (memcmp(hdr, "RIFF", 4) || memcmp(hdr + 8, "WAVE", 4))
		return EBADMSG;
	while (fread(hdr, 1, 8, f) == 8) {
		const uint32_t len = le32(hdr + 4);
		int err = 0;

		if (!memcmp(hdr, "data", 4))
			return data_read(pcm, &fmt, f, len);
		if (!memcmp(hdr, "fmt ", 4))
			err = chunk_read(&fmt, f, len);
		else if (fseek(f, (long)len + (len & 1), SEEK_CUR))
			err = EBADMSG;
		if (err)
			return err;
	}
	return EBADMSG;
}

int hs_pcm_read(struct hs_pcm *pcm, const char *path)
{
	FILE *f = fopen(path, "rb");
	int err;

	if (!f)
		return errno;
	err = riff_read(pcm, f);
	fclose(f);
	return err;
}

int hs_pcm_load(struct hs_pcm *pcm, const char *path, unsigned rate_hz)
{
	struct hs_pcm raw;
	int err;

	hs_pcm_init(&raw);
	err = hs_pcm_read(&raw, path);
	if (!err)
		err = hs_pcm_resample(pcm, &raw, rate_hz);
	hs_pcm_fini(&raw);
	return err;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}

static int header_write(struct hs_wav *w)
{
	const uint64_t bytes = w->samples * 2;
	const uint32_t len =
		bytes > UINT32_MAX - 36 ? UINT32_MAX - 36 : (uint32_t)bytes;
	uint8_t h[HEADER_BYTES];

	memcpy(h, "RIFF", 4);
	put32(h + 4, len + 36);
	memcpy(h + 8, "WAVEfmt ", 8);
	put32(h + 16, FMT_BYTES);
	put16(h + 20, FORMAT_PCM);
	put16(h + 22, 1);
	put32(h + 24, HS_RATE_HZ);
	put32(h + 28, HS_RATE_HZ * 2);
	put16(h + 32, 2);
	put16(h + 34, 16);
	memcpy(h + 36, "data", 4);
	put32(h + 40, len);
	if (fseek(w->f, 0, SEEK_SET) || fwrite(h, 1, sizeof(h), w->f) != 44 ||
	    fseek(w->f, 0, SEEK_END) || fflush(w->f))
		return EIO;
	w->samples_header = w->samples;
	return 0;
}

int hs_wav_open(struct hs_wav *w, const char *path)
{
	memset(w, 0, sizeof(*w));
	w->f = fopen(path, "wb");
	if (!w->f)
		return errno;
	return header_write(w);
}

int hs_wav_write(struct hs_wav *w, const int16_t *v, size_t n)
{
	size_t i;

	if (!w->f)
		return EBADF;
	for (i = 0; i < n; i++) {
		uint8_t b[2];

		put16(b, (uint16_t)v[i]);
		if (fwrite(b, 1, 2, w->f) != 2)
			return EIO;
	}
	w->samples += n;
	if (w->samples - w->samples_header >= HS_RATE_HZ)
		return header_write(w);
	return 0;
}

void hs_wav_close(struct hs_wav *w)
{
	if (!w->f)
		return;
	(void)header_write(w);
	fclose(w->f);
	w->f = NULL;
}
