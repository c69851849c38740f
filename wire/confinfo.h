/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file confinfo.h  application/conference-info+xml (RFC 4575)
 *
 * Who is in a conference and who talks: the talker's audio is sendrecv (or
 * sendonly), everybody else's recvonly (or inactive). Written as a head, any
 * number of users, and an end; read into a head and a call for each user.
 * Values only; expat allocates while a document is read. Any thread.
 */
#ifndef HL_WIRE_CONFINFO_H
#define HL_WIRE_CONFINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/limits.h"
#include "wire/xml.h"

enum {
	/** Longest document that is read, in bytes */
	CONFINFO_BYTES_MAX = 65536,
	/** One user and the end fit in so many, whatever the texts are */
	CONFINFO_USER_BYTES_MAX = 4096
};

/** Of the document, or of a user in it */
enum confinfo_state { CONFINFO_FULL, CONFINFO_PARTIAL, CONFINFO_DELETED };

/** Of an endpoint (section 5.7); NONE: the element is absent, or says
 *  something unknown */
enum confinfo_status {
	CONFINFO_STATUS_NONE,
	CONFINFO_PENDING,
	CONFINFO_DIALING_IN,
	CONFINFO_DIALING_OUT,
	CONFINFO_ALERTING,
	CONFINFO_ON_HOLD,
	CONFINFO_CONNECTED,
	CONFINFO_MUTED_VIA_FOCUS,
	CONFINFO_DISCONNECTING,
	CONFINFO_DISCONNECTED
};

/** How it came in (section 5.7) */
enum confinfo_joining {
	CONFINFO_JOINING_NONE,
	CONFINFO_DIALED_IN,
	CONFINFO_DIALED_OUT,
	CONFINFO_FOCUS_OWNER
};

/** Of the first audio stream (section 5.8) */
enum confinfo_media {
	CONFINFO_MEDIA_NONE,
	CONFINFO_SENDRECV,
	CONFINFO_SENDONLY,
	CONFINFO_RECVONLY,
	CONFINFO_INACTIVE
};

/** The document; "" = the element is absent */
struct confinfo {
	char entity[HL_URI_MAX];
	enum confinfo_state state;
	uint32_t version;
	char display[HL_DISPLAY_MAX];
	bool counted;            /**< user_count is there */
	uint32_t user_count;
	bool active;
	/** An extension of ours in conference-state, which RFC 4575 section
	 *  4.6 allows: it is in an emergency; who declared it, "" = not told */
	bool emergency;
	char emergency_by[HL_URI_MAX];
	enum confinfo_state users; /**< Of the list: full replaces it. What is
					written follows state */
};

struct confinfo_user {
	char entity[HL_URI_MAX];
	enum confinfo_state state;
	char display[HL_DISPLAY_MAX];
	char endpoint[HL_URI_MAX]; /**< "": none, nor what follows */
	enum confinfo_status status;
	enum confinfo_joining joining;
	enum confinfo_media media;
};

struct confinfo_writer {
	struct xml_writer xml;
	bool deleted, users;
};

/**
 * Begin a document. A display name that XML cannot carry is left out.
 *
 * @return 0, EINVAL (no usable entity), EOVERFLOW
 */
int confinfo_open(struct confinfo_writer *w, char *buf, size_t size,
		  const struct confinfo *ci);

/**
 * Add a user, or nothing at all on failure
 *
 * @return 0, EINVAL (a URI that cannot be used; the document is deleted),
 *         EOVERFLOW
 */
int confinfo_add(struct confinfo_writer *w, const struct confinfo_user *user);

/** Bytes so far */
size_t confinfo_bytes(const struct confinfo_writer *w);

/** End it, terminated. @return 0, EOVERFLOW */
int confinfo_close(struct confinfo_writer *w, size_t *lenp);

/** @return 0, or an error that stops the reading */
typedef int(confinfo_user_h)(const struct confinfo_user *user, void *arg);

/**
 * Read a document; user_h may be NULL. Unknown elements are skipped.
 *
 * @param ci Untouched on failure (users may have been told by then)
 *
 * @return 0, EBADMSG (not well-formed, another document, an entity, a state or
 *         a number that is none, a document type), EOVERFLOW (document or a
 *         value too long), ENOMEM, or the handler's error
 */
int confinfo_parse(struct confinfo *ci, const char *p, size_t len,
		   confinfo_user_h *user_h, void *arg);

#endif
