# SPDX-License-Identifier: GPL-3.0-or-later
# For quickstart and check, which source this: which Debian packages they need,
# and how they get there. Sourced by bash; uses fail() of the caller.

# To build Holler and to run it.
packages_build="autoconf automake gcc libc6-dev make pkg-config
	libre-dev libmediastreamer-dev libortp-dev libinih-dev
	libjansson-dev libjemalloc-dev libopus-dev libsqlite3-dev libssl-dev
	libexpat1-dev zlib1g-dev"
# Speech, and a tool to put it together.
packages_speech="alsa-utils sox"
# To test it.
packages_test="libcmocka-dev libsrtp2-dev mandoc openssl python3 sqlite3
	xz-utils"
# SIP phones, a browser and tools of other makers, to test against.
packages_phones="baresip-core chromium chromium-driver linphone-cli sip-tester
	sipsak tshark"

package_missing() { # package_missing NAME: true if it is not installed
	local status
	status=$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)
	[ "$status" != installed ]
}

packages_need() { # packages_need NAME...: installs those that are missing
	local name missing=() root=()

	command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
		fail "this is no Debian system: install by hand what" \
			"contrib/packages.sh names, then run ./autogen.sh," \
			"./configure and make"
	for name in "$@"; do
		package_missing "$name" && missing+=("$name")
	done
	[ ${#missing[@]} = 0 ] && return
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			fail "these Debian packages are missing, and there is" \
				"neither root nor sudo to install them:" \
				"${missing[*]}"
		root=(sudo)
	fi
	say "installing ${#missing[@]} Debian packages: ${missing[*]}"
	if ! "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
		--no-install-recommends install "${missing[@]}" \
		>"$package_log" 2>&1; then
		"${root[@]}" apt-get -qq update >>"$package_log" 2>&1
		"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
			--no-install-recommends install "${missing[@]}" \
			>>"$package_log" 2>&1 || {
			tail -n 5 "$package_log" >&2
			fail "the Debian packages could not be installed:" \
				"${missing[*]} (whole log: $package_log)"
		}
	fi
}
