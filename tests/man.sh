#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages are well formed, and name every setting and option.
set -u
. "$(dirname "$0")/tap.sh"

echo "1..$(($(ls "$src"/man/*.[1-8] | wc -l) + 5))"
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

# commands: of lines "NOUN|... VERB|... words [| VERB words]" all "NOUN VERB",
# and "NOUN VERB --OPTION" for each word that begins with a dash
commands() {
	awk '{
		n = 0
		nouns = split($1, noun, "|")
		for (i = 2; i <= NF; i++) {
			if ((i > 2 && $(i - 1) != "|") || $i !~ /^[a-z|]+$/)
				continue
			verbs = split($i, verb, "|")
			for (j = 1; j <= verbs; j++)
				for (k = 1; k <= nouns; k++)
					cmd[++n] = noun[k] " " verb[j]
		}
		if (!n)
			cmd[++n] = $1
		gsub(/[^a-z0-9-]/, " ")
		for (k = 1; k <= n; k++) {
			print cmd[k]
			for (i = 2; i <= NF; i++)
				if (sub(/^--?/, "--", $i))
					print cmd[k], $i
		}
	}' | sort -u
}

# Two blanks begin a command, more continue it
"$bld/cli/holler" --help | awk '
	!/^   / { if (line) print line; line = "" }
	/^  [a-z]/ || line { line = line $0 }
	END { if (line) print line }' | commands >"$tmp/help"
sed -n -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' -e 's/ | /|/g' \
	-e 's/^\.It Cm //p' "$src/man/holler.1" | commands >"$tmp/page"
grep -v -- -- "$tmp/help" >"$tmp/a"
grep -v -- -- "$tmp/page" >"$tmp/b"
grep -qx 'user add' "$tmp/a" && diff "$tmp/a" "$tmp/b" >"$tmp/out"
tell $? "holler --help and holler(1) list the same commands"

comm -13 "$tmp/help" "$tmp/page" >"$tmp/out"
grep -qx 'user add --display' "$tmp/page" && ! [ -s "$tmp/out" ]
tell $? "holler --help gives each command the options of holler(1)"
exit $failed
