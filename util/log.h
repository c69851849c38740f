/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file log.h  Structured log: one line a record
 *
 * Made in main() and handed down; NULL is a log that is silent. A record has a
 * level, a subject (who it is about: "leg/12", "user/alice"), an event (what
 * happened: "latched") and fields:
 *
 *	hlog(l, HLOG_INFO, "user/alice", "registered",
 *	     HLOG_SA("from", &src), HLOG_U("expires_s", 3600));
 *
 *	2024-05-01T12:00:00.123Z info user/alice registered
 *		from=192.0.2.1:5060 expires_s=3600       (on the same line)
 *	{"time":"2024-05-01T12:00:00.123Z","level":"info",
 *	 "subject":"user/alice","event":"registered", ...}
 *
 * Values may be anything from outside: what could be taken for syntax or does
 * not print is escaped, so a record is always one line. Keys are constants of
 * the program. A record of more than HLOG_LINE_MAX bytes loses its end and
 * says so (cut=true). Never log a password, nonce, key or message body.
 *
 * Any thread may log. One write(2) a record, never more than HLOG_LINE_MAX
 * bytes, so lines of several processes do not mix on a pipe. Nobody waits for
 * who reads the log: what does not fit is dropped and counted, and the count
 * is reported as soon as there is room. Not for media workers, which count
 * instead. SIGPIPE must be ignored if the descriptor may be a pipe.
 */
#ifndef HL_UTIL_LOG_H
#define HL_UTIL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hlog;
struct sa;

enum {
	/** Of one line, with its end. At most PIPE_BUF */
	HLOG_LINE_MAX = 2048,
	/** Categories of hlog_limited(); those beyond share the last one */
	HLOG_CATEGORIES_MAX = 64,
	/** Records of one category.. */
	HLOG_LIMIT_BURST = 5,
	/** ..per window */
	HLOG_LIMIT_WINDOW_MS = 10000
};

enum hlog_level {
	HLOG_DEBUG,
	HLOG_INFO,
	HLOG_WARN,
	HLOG_ERROR
};

enum hlog_format {
	HLOG_TEXT,
	HLOG_JSON
};

/* --- fields: made by the macros below ---------------------------------- */

enum hlog_type {
	HLOG_T_NONE,    /**< Takes the place of no field at all */
	HLOG_T_END,
	HLOG_T_BYTES,
	HLOG_T_UINT,
	HLOG_T_INT,
	HLOG_T_BOOL,
	HLOG_T_SA,
	HLOG_T_ERRNO
};

struct hlog_field {
	const char *key;
	enum hlog_type type;
	union {
		struct {
			const char *p;  /**< NULL: "-", in JSON null */
			size_t len;
		} bytes;
		uint64_t u;
		int64_t i;
		bool b;
		const struct sa *sa;
	} v;
};

/** Built so that s is evaluated once */
static inline struct hlog_field hlog_field_str(const char *key, const char *s)
{
	return (struct hlog_field){.key = key,
				   .type = HLOG_T_BYTES,
				   .v.bytes = {s, s ? __builtin_strlen(s) : 0}};
}

/** String that ends with NUL, or NULL */
#define HLOG_S(k, s) hlog_field_str((k), (s))
/** Any bytes */
#define HLOG_B(k, ptr, n)                                                     \
	((struct hlog_field){.key = (k),                                      \
			     .type = HLOG_T_BYTES,                            \
			     .v.bytes = {(const char *)(ptr), (n)}})
/** const struct pl * of libre */
#define HLOG_PL(k, pl) HLOG_B(k, (pl)->p, (pl)->l)
#define HLOG_U(k, n)                                                          \
	((struct hlog_field){.key = (k), .type = HLOG_T_UINT, .v.u = (n)})
#define HLOG_I(k, n)                                                          \
	((struct hlog_field){.key = (k), .type = HLOG_T_INT, .v.i = (n)})
#define HLOG_BOOL(k, val)                                                     \
	((struct hlog_field){.key = (k), .type = HLOG_T_BOOL, .v.b = (val)})
/** const struct sa * of libre: address and port */
#define HLOG_SA(k, addr)                                                      \
	((struct hlog_field){.key = (k), .type = HLOG_T_SA, .v.sa = (addr)})
/** errno in words, key "error" */
#define HLOG_ERR(err)                                                         \
	((struct hlog_field){                                                 \
		.key = "error", .type = HLOG_T_ERRNO, .v.i = (err)})

/* --- the log ------------------------------------------------------------ */

/**
 * @param fd Where lines go, e.g. STDERR_FILENO; stays the caller's and must
 *           stay open
 *
 * @return 0, EINVAL, ENOMEM. mem_deref() by the thread that made it, when
 *         nobody logs any more; it reports what was left unsaid
 */
int hlog_alloc(struct hlog **lp, int fd, enum hlog_format format,
	       enum hlog_level level);

/** Any thread */
void hlog_level_set(struct hlog *l, enum hlog_level level);

/** False for NULL, too */
bool hlog_enabled(const struct hlog *l, enum hlog_level level);

/** "debug", "info", "warn", "error" */
const char *hlog_level_name(enum hlog_level level);
/** @return 0, EINVAL */
int hlog_level_parse(enum hlog_level *levelp, const char *name);

/** Report what was dropped, and suppressed in windows that are over. For a
 *  slow timer of the main loop. NULL does nothing */
void hlog_flush(struct hlog *l);

/** Use the macros
 *
 * @param category NULL: no limit
 * @param fieldv   Ends with HLOG_T_END
 */
void hlog_write(struct hlog *l, const char *category, enum hlog_level level,
		const char *subject, const char *event,
		const struct hlog_field *fieldv);

/**
 * For what others can cause as often as they like: of each category (a
 * constant string, e.g. "sip.garbage") HLOG_LIMIT_BURST records pass in
 * HLOG_LIMIT_WINDOW_MS; how many were suppressed is said by the next one that
 * passes, or by hlog_flush(). Fields are evaluated only if the level is on.
 */
#define hlog_limited(l, category, level, subject, event, ...)                 \
	do {                                                                  \
		if (hlog_enabled((l), (level)))                               \
			hlog_write((l), (category), (level), (subject),       \
				   (event),                                   \
				   (const struct hlog_field[]){               \
					   {.type = HLOG_T_NONE},             \
					   ##__VA_ARGS__,                     \
					   {.type = HLOG_T_END}});            \
	} while (0)

/** Fields are evaluated only if the level is on */
#define hlog(l, level, subject, event, ...)                                   \
	hlog_limited(l, NULL, level, subject, event, ##__VA_ARGS__)

#endif
