/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file server/group.h  Talkgroups, their members, and which of them talk
 *
 * A group is in server.groupl while it has members, a member until presence
 * takes it out; whether it is joined depends on its leg.
 *
 * Shared by the files of the conference role. Signalling thread only.
 */
#ifndef HL_SERVER_GROUP_H
#define HL_SERVER_GROUP_H

#include "server/bridge.h"

struct leg_floor_may;

struct member {
	struct le le;                /**< In group.memberl */
	struct le he;                /**< In server.members */
	struct group *group;
	struct leg *leg;             /**< Joined with; NULL: is not */
	bool unsaid;                 /**< The switch is to be told a change */
	uint8_t priority;
	bool talk, listen, emergency;
	char subscriber[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
};

struct group {
	struct bridge b;
	struct le le;                /**< In server.groupl */
	struct le he;
	char name[HL_NAME_MAX];
	char display[HL_DISPLAY_MAX];
	char service[HL_NAME_MAX];   /**< Of its legs while there are any */
	uint32_t max_talk_ms;        /**< 0: the service's */
	struct bus_floor floor;      /**< The group's or the service's */
	struct list memberl;
	uint32_t memberc, joinedc;
	bool awake;                  /**< Talks, or did a moment ago */
	struct tmr tmr_sleep;
};

/* group.c: groups and who is in them */
uint16_t group_member_set(struct server *srv, const struct bus_member_set *s,
			  const char **wordsp);
void group_member_del(struct server *srv, const struct bus_member_del *d);
struct group *group_find(const struct server *srv, const char *name);
/** The subscriber is not ours any more: it is a member of nothing */
void groups_forget(struct server *srv, const char *subscriber);
void groups_flush(struct server *srv);

/* member.c: a subscriber's place in its groups */
struct list *members_of(const struct server *srv, const char *subscriber);
struct member *member_find(const struct server *srv,
			   const struct group *group, const char *subscriber);
void member_leave(struct member *m);
/** Its leg is a member: what of it has changed; again later if the switch's
 * ring is full */
void member_say(struct member *m);
/** The group's policy; its limit of a burst, or else that of its legs'
 *  service */
void group_floor_sync(struct group *group);
/** Join what the leg is a member of and has room for */
void groups_join(struct leg *leg);
void groups_leave(struct leg *leg);
/** Join those that a full ring left out */
void groups_retry(struct server *srv);
void group_select(struct leg *leg);
uint16_t group_activate(struct leg *leg, const char *name,
			const char **wordsp);
/** May the leg be in it? @return 200, or a SIP code with words */
uint16_t group_check(const struct leg *leg, const char *name,
		     const char **wordsp);
/** Select it, without a request for the floor. @return as above */
uint16_t group_dial(struct leg *leg, const char *name, const char **wordsp);
/** In any of its groups, or in calls */
void groups_floor_may(struct leg_floor_may *may, const struct leg *leg);
void groups_service_changed(struct leg *leg);
/** As call_party_changed() */
void groups_member_changed(struct leg *leg);

/* wake.c: legs that are inactive while nobody talks */
void wake_floor(struct group *group, bool taken);
void wake_end(struct group *group);
/** Does one of its groups talk? */
bool wake_is(const struct leg *leg);

#endif
