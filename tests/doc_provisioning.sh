#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Row X6: every example of doc/provisioning.md does what the page says, exactly
# as printed, with the stock sqlite3 shell on the file of a running watcher.
#
# A block marked sh or sql is run. The lines of a text block right after it
# are in its output; without one it prints nothing and succeeds. The comments
# "arrives: CHANGE" after it are changes that the watcher delivers.
# No password of the page is left in the file or its write-ahead log.

: "${top_srcdir:=$(cd "$(dirname "$0")/.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
doc=$top_srcdir/doc/provisioning.md
watcher=$top_builddir/tests/db_watcher

if ! command -v sqlite3 >/dev/null; then
	echo "1..0 # SKIP sqlite3 is not installed"
	exit 0
fi
dir=$(mktemp -d) || exit 1
mkdir "$dir/blocks" "$dir/run"
mkfifo "$dir/ask" "$dir/answer"
cd "$dir/run" || exit 1
ulimit -c 0

"$watcher" provisioning.db poc.example.com \
	<"$dir/ask" >"$dir/answer" 2>"$dir/log" &
pid=$!
trap 'kill $pid 2>/dev/null; rm -rf "$dir"' EXIT
exec 3>"$dir/ask" 4<"$dir/answer"

await()
{
	printf '%s\n' "$1" >&3
	read -r answer <&4 && [ "$answer" = ok ]
}

# One file a block, numbered: its line in the page names the case.
awk -v out="$dir/blocks" '
function begin(kind) { file = sprintf("%s/%04d.%s", out, at, kind) }
/^```(sh|sql)$/ { at = NR; begin(substr($0, 4)); printf "" > file; next }
/^```text$/ { begin("text"); next }
/^```$/ { if (file) close(file); file = ""; next }
/^<!-- arrives: / && at {
	gsub(/^<!-- arrives: | -->$/, "")
	print > sprintf("%s/%04d.arrives", out, at)
}
file { print > file }' "$doc"

set -- "$dir"/blocks/*.s*
echo "1..$(($# + 2))"
n=0
result()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		printf 'ok %d - %s\n' $n "$1"
	else
		printf 'not ok %d - %s\n' $n "$1"
		printf '%s\n' "$2" | sed 's/^/# /'
	fi
}

block_run()
{
	case $1 in
	*.sh) sh "$1" ;;
	*.sql) sqlite3 provisioning.db <"$1" ;;
	esac
}

# What is wrong with a block, nothing if all is well
block_check()
{
	base=${1%.*}
	output=$(block_run "$1" 2>&1)
	status=$?
	if [ -e "$base.text" ]; then
		while read -r line; do
			printf '%s\n' "$output" | grep -qF -e "$line" ||
				echo "not printed: $line (but: $output)"
		done <"$base.text"
	elif [ -n "$output" ] || [ $status -ne 0 ]; then
		echo "status $status: $output"
	fi
	[ -e "$base.arrives" ] || return 0
	while read -r line; do
		await "$line" || echo "did not arrive: $line"
	done <"$base.arrives"
}

await synced || { echo "Bail out! $(cat "$dir/log")"; exit 1; }
result "the file is made, mode 0640" \
	"$(stat -c %a provisioning.db | grep -v '^640$')"
for block; do
	name=${block##*/}
	block_check "$block" >"$dir/wrong"
	result "line ${name%.*}: $(grep -m1 . "$block" | cut -c1-60)" \
		"$(cat "$dir/wrong")"
done

exec 3>&-
wait $pid
result "no password is left in the files" "$(
	for password in s3cret 'correct horse' 'from a pipe' 'pass of'; do
		grep -lF -e "$password" provisioning.db*
	done
)"
[ $n -eq $(($# + 2)) ]
