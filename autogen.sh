#!/bin/sh
# Makes ./configure out of configure.ac. Needs autoconf, automake, pkg-config.
set -e
cd "$(dirname "$0")"
command -v autoreconf >/dev/null || {
	echo "autogen.sh: autoreconf is missing: install autoconf and automake" >&2
	exit 1
}
exec autoreconf --install --force --warnings=all,no-portability
