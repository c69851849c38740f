/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file confinfo_names.h  Words of RFC 4575, by the enumerations of confinfo.h
 *
 * Private to wire/. Each list ends in NULL.
 */
#ifndef HL_WIRE_CONFINFO_NAMES_H
#define HL_WIRE_CONFINFO_NAMES_H

#define CONFINFO_NS "urn:ietf:params:xml:ns:conference-info"
/** Of what we add to it */
#define CONFINFO_NS_HOLLER "urn:holler:conference-info"

extern const char *const confinfo_states[];
extern const char *const confinfo_statuses[];
extern const char *const confinfo_joinings[];
extern const char *const confinfo_medias[];

#endif
