/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file msg.c  Names and sizes of bus messages
 */
#include <string.h>
#include "bus/msg.h"

void bus_floor_default(struct bus_floor *f)
{
	memset(f, 0, sizeof(*f));
	*f = (struct bus_floor){
		.policy = "default",
		.queue_max = 10,
		.preempt = true,
		.emergency = true,
		.warn_ms = 5000,
		.end_of_media_ms = 4000,
		.revoke_grace_ms = 3000,
		.revoke_repeat_ms = 1000,
		.retry_after_ms = 5000,
		.idle_repeat_ms = 1000,
		.idle_repeats = 3,
		.grant_repeat_ms = 1000,
		.grant_repeats = 3,
	};
}

#define BYTES(member)                                                         \
	(offsetof(struct bus_msg, u) + sizeof(((struct bus_msg *)0)->u.member))

size_t bus_msg_bytes(enum bus_type type)
{
	switch (type) {
	case BUS_AUTH_CHECK:
		return BYTES(auth_check);
	case BUS_AUTH_RESULT:
		return BYTES(auth_result);
	case BUS_HEARTBEAT:
		return BYTES(heartbeat);
	case BUS_LEG_PROVISION:
		return BYTES(leg_provision);
	case BUS_LEG_RELEASE:
		return BYTES(leg_release);
	case BUS_MEMBER_SET:
		return BYTES(member_set);
	case BUS_MEMBER_DEL:
		return BYTES(member_del);
	case BUS_ACTIVATE:
		return BYTES(activate);
	case BUS_DEACTIVATE:
		return BYTES(deactivate);
	case BUS_LEG_STATE:
		return BYTES(leg_state);
	case BUS_ACTIVATE_ASK:
		return BYTES(activate_ask);
	case BUS_ACTIVATION:
		return BYTES(activation);
	case BUS_RESULT:
		return BYTES(result);
	case BUS_TYPES:
		break;
	}
	return 0;
}

const char *bus_type_name(enum bus_type type)
{
	switch (type) {
	case BUS_AUTH_CHECK:
		return "auth-check";
	case BUS_AUTH_RESULT:
		return "auth-result";
	case BUS_HEARTBEAT:
		return "heartbeat";
	case BUS_LEG_PROVISION:
		return "leg-provision";
	case BUS_LEG_RELEASE:
		return "leg-release";
	case BUS_MEMBER_SET:
		return "member-set";
	case BUS_MEMBER_DEL:
		return "member-del";
	case BUS_ACTIVATE:
		return "activate";
	case BUS_DEACTIVATE:
		return "deactivate";
	case BUS_LEG_STATE:
		return "leg-state";
	case BUS_ACTIVATE_ASK:
		return "activate-ask";
	case BUS_ACTIVATION:
		return "activation";
	case BUS_RESULT:
		return "result";
	case BUS_TYPES:
		break;
	}
	return "?";
}

const char *bus_leg_status_name(enum bus_leg_status status)
{
	switch (status) {
	case BUS_LEG_NONE:
		return "none";
	case BUS_LEG_INVITING:
		return "inviting";
	case BUS_LEG_IDLE:
		return "idle";
	case BUS_LEG_BUSY:
		return "busy";
	case BUS_LEG_MANUAL:
		return "manual";
	}
	return "?";
}

const char *bus_node_state_name(enum bus_node_state state)
{
	switch (state) {
	case BUS_NODE_UP:
		return "up";
	case BUS_NODE_DRAINING:
		return "draining";
	case BUS_NODE_LEAVING:
		return "leaving";
	}
	return "?";
}
