#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages are well formed, and name every setting and option.
set -u
. "$(dirname "$0")/tap.sh"

echo "1..$(($(ls "$src"/man/*.[1-8] | wc -l) + 3))"
for page in "$src"/man/*.[1-8]; do
	name=$(basename "$page")
	if command -v mandoc >/dev/null; then
		mandoc -Tlint -Wwarning "$page" >"$tmp/out"
		tell $? "$name is well formed"
	else
		n=$((n + 1))
		echo "ok $n - $name is well formed # SKIP no mandoc"
	fi
done

# words FILE: its words, markup and punctuation aside
words() {
	tr -c 'a-z0-9_-' '\n' <"$1" | sort -u
}

words "$src/man/holler.conf.5" >"$tmp/page"
: >"$tmp/empty"
"$bld/daemon/hollerd" --config "$tmp/empty" --print-config |
	sed -n 's/^\([a-z_]*\) = .*/\1/p' | sort -u >"$tmp/have"
comm -23 "$tmp/have" "$tmp/page" >"$tmp/out"
[ -s "$tmp/have" ] && ! [ -s "$tmp/out" ]
tell $? "holler.conf(5) names every setting"

"$bld/daemon/hollerd" --help | grep -o -- '--[a-z0-9-]*' | sed 's/^-//' |
	sort -u >"$tmp/have"
words "$src/man/hollerd.8" >"$tmp/page"
comm -23 "$tmp/have" "$tmp/page" >"$tmp/out"
[ -s "$tmp/have" ] && ! [ -s "$tmp/out" ]
tell $? "hollerd(8) names every option"

"$bld/cli/holler" --help | grep -o -- '--[a-z0-9-]*' | sed 's/^-//' |
	grep -vx -e -help | sort -u >"$tmp/have"
words "$src/man/holler.1" >"$tmp/page"
comm -23 "$tmp/have" "$tmp/page" >"$tmp/out"
[ -s "$tmp/have" ] && ! [ -s "$tmp/out" ]
tell $? "holler(1) names every option"
exit $failed
