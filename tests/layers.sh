#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The layers of the tree (ARCHITECTURE.md): an include goes to the same folder
# or to a lower layer, never sideways and never up; a library's headers stay
# where they belong. Checks the sources themselves, then that it can fail.
set -u
. "$(dirname "$0")/tap.sh"
top=$src

# check FOLDER: prints a line for each violation below FOLDER
check() (
	cd "$1" || exit 1
	find util wire db bus sip mixer auth presence server gateway daemon \
		cli -name '*.[ch]' 2>/dev/null | sort | xargs awk '
	BEGIN {
		split("util 0 wire 1 db 1 bus 1 sip 2 mixer 2 auth 3 " \
		      "presence 3 server 3 gateway 4 daemon 5 cli 5", v, " ")
		for (i = 1; i in v; i += 2)
			layer[v[i]] = v[i + 1]
	}
	function bad(why) {
		printf "%s:%d: includes %s: %s\n", FILENAME, FNR, inc, why
	}
	/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
		inc = $0
		sub(/^[^<"]*[<"]/, "", inc)
		sub(/[>"].*$/, "", inc)
		from = FILENAME
		sub(/\/.*/, "", from)
		to = inc
		if (!sub(/\/.*/, "", to))
			to = ""
		base = FILENAME
		sub(/.*\//, "", base)

		if (to in layer && to != from) {
			if (layer[to] > layer[from])
				bad("goes up")
			else if (layer[to] == layer[from])
				bad("goes to a sibling")
			else if (from == "mixer" && (to == "sip" || to == "db"))
				bad("the mixer knows neither SIP nor files")
			else
				across[++crossed] = FILENAME ":" FNR " " inc
		}
		else if (to == from && FILENAME ~ /\.h$/)
			above[++edges] = FILENAME " " inc
		if (inc ~ /\.\.\//)
			bad("paths are from the top")
		if (inc ~ /^sqlite3/ && from != "db")
			bad("SQLite stays in db/")
		if (inc ~ /^nats/ && from != "bus")
			bad("NATS stays in bus/")
		if (inc ~ /^libwebsockets/ && from != "gateway")
			bad("libwebsockets stays in gateway/")
		if (inc ~ /^(mediastreamer2|ortp)\//  &&
		    !(from == "mixer" && base ~ /^ms2_/) &&
		    !(from == "cli" && base ~ /^handset_ms2/))
			bad("mediastreamer2 and oRTP stay in ms2 files")
		if (from == "wire" && inc ~ /^(sys\/socket|pthread)\.h/)
			bad("wire/ is bytes in, values out")
	}
	# A header that is built on a private one of its folder is as private
	function private(h) {
		return h in hidden || h ~ /\/priv\.h$/
	}
	END {
		do {
			found = 0
			for (i = 1; i <= edges; i++) {
				split(above[i], v, " ")
				if (private(v[2]) && !private(v[1]))
					found = hidden[v[1]] = 1
			}
		} while (found)
		for (i = 1; i <= crossed; i++) {
			split(across[i], v, " ")
			if (private(v[2]))
				printf "%s: includes %s: %s\n", v[1], v[2],
					"private to its folder"
		}
	}'
)

echo 1..14

out=$(check "$top")
[ -z "$out" ]
tell $? "the tree keeps its layers"
[ -z "$out" ] || echo "$out" | sed 's/^/# /'

# plant FILE INCLUDE WORDS: one violation in an empty tree is found
plant() {
	rm -rf "$tmp/t"
	mkdir -p "$tmp/t/$(dirname "$1")"
	printf '#include %s\n' "$2" >"$tmp/t/$1"
	[ "$(check "$tmp/t" | wc -l)" = 1 ]
	tell $? "found: $3"
}
plant util/x.c '"wire/rtp.h"' "util includes wire"
plant presence/x.c '"server/server.h"' "a sibling"
plant wire/x.h '"db/prov.h"' "a sibling of layer 1"
plant mixer/x.c '"db/state.h"' "the mixer and a database"
plant cli/x.c '<sqlite3.h>' "SQLite outside db"
plant server/x.c '<nats/nats.h>' "NATS outside bus"
plant cli/handset.c '<ortp/ortp.h>' "oRTP outside its file"
plant mixer/leg.c '<mediastreamer2/msfilter.h>' "mediastreamer2 outside its file"
plant daemon/x.c '"../util/log.h"' "a path from beside"
plant auth/x.c '"db/priv.h"' "a private header"

rm -rf "$tmp/t"
mkdir -p "$tmp/t/db" "$tmp/t/auth"
printf '#include "db/priv.h"\n' >"$tmp/t/db/x.h"
printf '#include "db/x.h"\n' >"$tmp/t/db/y.h"
printf '#include "db/y.h"\n' >"$tmp/t/db/y.c"
printf '#include "db/y.h"\n' >"$tmp/t/auth/x.c"
[ "$(check "$tmp/t" | wc -l)" = 1 ]
tell $? "found: a header on top of a private one"

rm -rf "$tmp/t"
mkdir -p "$tmp/t/cli" "$tmp/t/daemon" "$tmp/t/mixer"
printf '#include <ortp/ortp.h>\n' >"$tmp/t/cli/handset_ms2.c"
printf '#include <mediastreamer2/msfactory.h>\n' >"$tmp/t/mixer/ms2_tone.c"
printf '#include "util/log.h"\n#include <re.h>\n' >"$tmp/t/daemon/x.c"
[ -z "$(check "$tmp/t")" ]
tell $? "what is allowed is not found"

# Every folder with sources is in the table
strange=$(cd "$top" && for f in */*.c; do dirname "$f"; done 2>/dev/null |
	sort -u | grep -vxE 'util|wire|db|bus|sip|mixer|auth|presence|server|gateway|daemon|cli|bench|tests')
[ -z "$strange" ]
tell $? "every folder has its layer${strange:+ (not: $strange)}"
exit $failed
