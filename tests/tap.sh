# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the shell tests: TAP on standard output. $tmp is a folder that goes
# with the test; what explains a failure is left in $tmp/out.
src=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
bld=${top_builddir:-$src/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

n=0
failed=0
tell() { # tell STATUS WORDS
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		[ -e "$tmp/out" ] && sed 's/^/# /' "$tmp/out"
		failed=1
	fi
}
