/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file token.h  Routes that only we can have written
 *
 * The edge accepts a Route, and relays a response, only if it carries a MAC of
 * our own: nobody can use it as a relay to a third party. Two kinds of user
 * part are made: a flow (towards a terminal: its binding and the address it
 * was registered from) and a node (towards a conference server, and whose
 * dialog it is).
 *
 * HMAC-SHA-256 cut to 80 bits. Pure but for the key; any thread.
 */
#ifndef HL_SIP_TOKEN_H
#define HL_SIP_TOKEN_H

#include <stdint.h>
#include <re.h>

enum { TOKEN_KEY_BYTES = 32, TOKEN_TEXT_MAX = 128, TOKEN_BRANCH_MAX = 64 };

struct token_key {
	uint8_t b[TOKEN_KEY_BYTES];
};

/** A terminal's flow */
struct token_flow {
	uint64_t binding; /**< Names the binding; its live flow comes first */
	uint8_t laddr;    /**< Index of our public socket */
	struct sa addr;   /**< Where it was registered from */
};

/** A conference server */
struct token_node {
	uint64_t user;    /**< Hash of the user whose dialog it is */
	struct sa addr;
};

/**
 * Read the key from a file, or make it (mode 0600)
 *
 * @param path Empty or NULL: a random key without a file
 *
 * @return 0, EBADMSG (file has another size) or errno
 */
int token_key_load(struct token_key *key, const char *path);

/** Hash that names a binding or a user in tokens; needs no secrecy */
uint64_t token_hash(const char *a, const char *b);

/**
 * Name of bytes that nobody can aim at who has not the key
 *
 * @return 0, EINVAL, EIO
 */
int token_name(uint64_t *namep, const struct token_key *key, const void *p,
	       size_t bytes);

/** Write the user part of a route, terminated. @return 0 or EOVERFLOW */
int token_flow_print(char *buf, size_t size, const struct token_key *key,
		     const struct token_flow *flow);
int token_node_print(char *buf, size_t size, const struct token_key *key,
		     const struct token_node *node);

/** @return 0, EBADMSG (not that kind of token), EACCES (MAC is wrong) */
int token_flow_parse(struct token_flow *flow, const struct token_key *key,
		     const struct pl *user);
int token_node_parse(struct token_node *node, const struct token_key *key,
		     const struct pl *user);

/** What a statelessly forwarded request's branch is made of */
struct token_branch {
	uint8_t in;               /**< Index of the socket it came in by */
	struct sa from;           /**< Where it came from: the answer goes
				       there and nowhere else */
	const struct sip_via *via;/**< Its topmost Via */
	const struct pl *callid;
	uint32_t cseq;
};

/**
 * Branch of a statelessly forwarded request: the same for its
 * retransmissions, its CANCEL and its ACK (RFC 3261 section 16.11)
 *
 * @return 0, EINVAL, EOVERFLOW, ENOMEM
 */
int token_branch_print(char *buf, size_t size, const struct token_key *key,
		       const struct token_branch *tb);

/**
 * Is text what token_branch_print() made of the same? tb->from is what the
 * answer's next Via says. tb->in is set.
 *
 * @return 0, EBADMSG (not such a branch), EACCES (not of this request)
 */
int token_branch_check(struct token_branch *tb, const struct token_key *key,
		       const struct pl *text);

#endif
