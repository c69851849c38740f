#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# hollerd's command line and configuration, as a person meets them. The shipped
# example holds every setting with its default: uncommented, it is what
# --print-config prints.
set -u
. "$(dirname "$0")/tap.sh"
hollerd=$bld/daemon/hollerd
run() { # run ARGUMENT...: status to $status, both outputs to out
	"$hollerd" "$@" >"$tmp/out" 2>&1
	status=$?
}
# says STATUS WORDS NAME: the last run ended so and said the words
says() {
	[ "$status" = "$1" ] && grep -qF -- "$2" "$tmp/out"
	tell $? "$3"
}
# only COUNT NAME: the last run said so many lines
only() {
	[ "$(wc -l <"$tmp/out")" = "$1" ]
	tell $? "$2"
}
# conf LINE...: a configuration file of these lines is checked
conf() {
	printf '%s\n' "$@" >"$tmp/conf"
	run --config "$tmp/conf" --check-config
}

echo 1..81
run --config "$src/contrib/holler.conf.example" --check-config
says 0 ok "the shipped example is sound as it is"

: >"$tmp/empty"
"$hollerd" --config "$tmp/empty" --print-config | grep -v '^#' |
	sed '/^$/d' >"$tmp/defaults"
sed -n 's/^#\([a-z_]* = \)/\1/p; /^\[/p' "$src/contrib/holler.conf.example" \
	>"$tmp/example"
sort "$tmp/defaults" >"$tmp/a"
sort "$tmp/example" >"$tmp/b"
diff "$tmp/a" "$tmp/b" >"$tmp/out"
tell $? "the example names every setting with its default"

cp "$tmp/example" "$tmp/conf"
run --config "$tmp/conf" --check-config
says 0 ok "the example is sound with every setting uncommented"

"$hollerd" --config "$tmp/conf" --print-config >"$tmp/printed"
"$hollerd" --config "$tmp/printed" --print-config >"$tmp/again"
cmp "$tmp/printed" "$tmp/again" >"$tmp/out"
tell $? "the printed configuration prints itself"

conf '[general]' 'domain = ptt.example.com' '[sip]' \
	'listen = 127.0.0.1:5070, 127.0.0.2:5071 ; two'
"$hollerd" --config "$tmp/conf" --print-config >"$tmp/out"
grep -q '^listen = 127.0.0.1:5070, 127.0.0.2:5071$' "$tmp/out" &&
	grep -q '^domain = ptt.example.com$' "$tmp/out"
tell $? "what was set is what is printed"

conf '[sip]' 'lissten = 1.2.3.4:5060'
says 2 "conf:2: [sip] lissten: unknown setting" "an unknown setting"
conf '[spi]' 'listen = 1.2.3.4:5060'
says 2 "conf:1: [spi]: unknown section" "an unknown section"
only 1 "of its settings nothing is said"
conf '[sip]' '[spi]' '[media]'
says 2 "conf:2: [spi]: unknown section" "an unknown section without settings"
conf "[$(printf '%060d' 0)]" 'listen = 1.2.3.4:5060'
says 2 "00]: unknown section" "a section with a long name"
only 1 "of its settings neither"
conf 'listen = 1.2.3.4:5060'
says 2 "conf:1: listen: stands before" "a setting outside any section"
conf '[media]' '' 'port_min = 99999'
says 2 "conf:3: [media] port_min: 99999 is out of range: 1024 to 65535" \
	"a number out of range"
conf '[media]' 'port_min = many'
says 2 "conf:2: [media] port_min: \"many\" is not a whole number" "no number"
conf '[media]' 'port_min = -2'
says 2 "is not a whole number" "a negative number"
conf '[media]' 'port_min = 20001'
says 2 "conf:2: [media] port_min: must be even" "an odd first port"
conf '[sip]' 'listen = localhost:5060'
says 2 "\"localhost:5060\" is not an address" "a name for an address"
conf '[sip]' 'listen = 127.0.0.1'
says 2 "a port from 1 to 65535 is missing" "a port is missing"
conf '[sip]' 'listen = sctp:127.0.0.1:5060'
says 2 "\"sctp:127.0.0.1:5060\" is not an address" "an unknown transport"
conf '[sip]' 'listen = tcp:[::1]'
says 2 "a port from 1 to 65535 is missing" "a port is missing, IPv6"
for port in 0 65536 99999 100000 4294972356 5060x -1 ''; do
	conf '[sip]' "listen = 127.0.0.1:$port"
	says 2 "\"127.0.0.1:$port\": a port from 1 to 65535 is wanted, as in \
127.0.0.1:5060" "no port: \"$port\""
done
conf '[sip]' 'listen = tls:[::1]:65536'
says 2 'is wanted, as in [::1]:5060' "no port, IPv6"
conf '[sip]' 'listen = ::1'
says 2 'is missing, as in [::1]:5060' "a port is missing, IPv6 bare"
conf '[sip]' 'listen = [::1]5060'
says 2 '"[::1]5060" is not an address' "no colon before the port"
conf '[sip]' 'listen = 127.0.0.1:65535, [::1]:1'
says 0 ok "the last port and the first"
for port in 0 65536 70000; do
	conf '[sip]' "advertised_address = 203.0.113.5:$port"
	says 2 "\"203.0.113.5:$port\": a port from 1 to 65535 is wanted" \
		"advertised_address with no port: $port"
done
conf '[media]' 'address = 127.0.0.1:99999'
says 2 "an address without a port is wanted" "a port where none can be"
conf '[sip]' 'listen = tcp:[fe80::1]:5060'
says 2 "a link-local address is not usable" "an address of one link"
for twice in '127.0.0.1:5070, udp:127.0.0.1:5070' '[::1]:1, [0::1]:1' \
	'tcp:127.0.0.1:5070, tls:127.0.0.1:5070'; do
	conf '[sip]' "listen = $twice"
	says 2 "${twice##* }\" is taken by another one in the list" \
		"one socket twice: $twice"
done
conf '[sip]' 'listen = 127.0.0.1:5070, tcp:127.0.0.1:5070, 127.0.0.1:5071'
says 0 ok "one address by two transports and on two ports"
conf '[sip]' 'tls_key = /a/b'
says 2 "conf:2: [sip] tls_key: tls_certificate and tls_key go together" \
	"a key without its certificate"
conf '[sip]' 'listen = UDP:127.0.0.1:5070, tls:[::1]:5071, tcp:[::]:5072' \
	'advertised_address = 2001:db8::1' '[media]' 'address = ::1, 127.0.0.1'
"$hollerd" --config "$tmp/conf" --print-config >"$tmp/out"
grep -q '^listen = 127.0.0.1:5070, tls:\[::1\]:5071, tcp:\[::\]:5072$' \
	"$tmp/out" && grep -q '^address = ::1, 127.0.0.1$' "$tmp/out" &&
	grep -q '^advertised_address = 2001:db8::1$' "$tmp/out"
tell $? "transports and both families are printed as they were set"
conf '[log]' 'level = loud'
says 2 "\"loud\" is not one of error, warn, info, debug" "an unknown level"
conf '[general]' 'state_dir = here'
says 2 "\"here\" is not an absolute path" "a relative path"
conf '[general]' 'roles = presence, jester'
says 2 "unknown role \"jester\"" "an unknown role"
conf '[general]' 'roles = presence, auth, conference, gateway'
says 0 ok "the role that has nothing in it yet"
conf '[general]' 'roles = presence'
says 2 "only work together" "roles that lack each other"
conf '[general]' 'node = a' '  node = b'
says 2 "conf:3: [general] node: set before in line 2" "set twice, indented"
conf '[general]' 'node'
says 2 "conf:2: neither" "a line that says nothing"
conf '[general' 'node = x'
says 2 "conf:1: the section's ] is missing" "an open section"
conf '[log]' 'level = info' '[general' 'node = x' '[log]' 'format = xml'
says 2 'conf:6: [log] format: "xml"' "the section behind an open one"
only 2 "of what stands in an open section nothing is said"
conf '[general]' 'domain = a.b # ours'
says 2 "allowed; a comment with # needs a line of its own" "a # in a line"
conf '[general]' 'domain = a.b ; ours'
says 0 ok "a comment with ; behind a value"
conf '[general]' "realm = $(printf '%0300d' 0)"
says 2 "conf:2: the line is longer" "a line that is too long"
conf '[sip]' 'expires_min_s = 600' 'expires_default_s = 60'
says 2 "conf:3: [sip] expires_default_s: must lie between" "a contradiction"
# media MIN MAX LISTEN [ADDRESS]: media on these ports is checked
media() {
	conf '[media]' "port_min = $1" "port_max = $2" "triples = 8" \
		"address = ${4:-auto}" '[sip]' "listen = $3"
}
media 15060 15360 '127.0.0.1:5060, 127.0.0.1:15070'
says 2 "conf:7: [sip] listen: UDP port 127.0.0.1:15070 is one of media: \
[media] port_min and port_max are 15060 and 15360" "SIP on a port of media"
media 15060 15360 '[::]:15360' '127.0.0.1, ::1'
says 2 "conf:7: [sip] listen: UDP port [::]:15360 is one of media" \
	"SIP on every address of a family, media on one"
conf '[media]' 'triples = 8' 'port_max = 5100' 'port_min = 5000'
says 2 "conf:4: [sip] listen: UDP port 0.0.0.0:5060 is one of media" \
	"SIP as it is without a setting"
media 15060 15360 'tcp:127.0.0.1:15070, tls:127.0.0.1:15071'
says 0 ok "TCP and TLS on ports of media"
media 15060 15360 '127.0.0.1:15070' 127.0.0.2
says 0 ok "media on another address"
media 15060 15360 '[::]:15070' 127.0.0.1
says 0 ok "media of another family"
media 15060 15360 '127.0.0.1:15059, 127.0.0.1:15361'
says 0 ok "SIP on both sides of media"

conf '[floor]' 'key_press = 5' 'key_release = 5'
says 2 "conf:3: [floor] key_release: is the same key as key_press" \
	"one key for both"
conf '[floor]' 'key_release = *'
says 2 "conf:2: [floor] key_release: is the same key as key_press" \
	"the key that is the other one's default"
conf '[floor]' 'key_press = #'
says 2 "conf:2: [floor] key_press: is the same key as key_release" \
	"the same the other way round"
conf '[floor]' 'key_press = none' 'key_release = none'
says 0 ok "no keys at all"

conf '[log]' 'level = loud' 'format = xml' '[sip]' 'x = 1' 'nonsense'
[ "$status" = 2 ] && [ "$(grep -c "conf:[2356]:" "$tmp/out")" = 4 ]
tell $? "every error is told, not only the first"

run --config "$tmp/nowhere" --check-config
says 2 "cannot be opened: No such file" "a file that is not there"
run --roles presence,conference
says 2 "--roles: the roles" "--roles that lack each other"
printf '[general]\nstate_dir = /dev/null\n' >"$tmp/conf"
run --config "$tmp/conf"
says 1 "hollerd: the state directory /dev/null is not a directory" \
	"one sentence for a state directory that is none"
printf '[general]\nstate_dir = %s/no/such/place\n' "$tmp" >"$tmp/conf"
run --config "$tmp/conf"
says 1 "cannot be made: No such file or directory" \
	"one sentence for a state directory that cannot be made"
# start LISTEN LINE...: a start that fails
start() {
	printf '%s\n' '[general]' "state_dir = $tmp/state" '[admin]' \
		"socket = $tmp/admin" '[sip]' "listen = $1" >"$tmp/conf"
	shift
	printf '%s\n' '[media]' 'workers = 1' 'triples = 1' "$@" >>"$tmp/conf"
	run --config "$tmp/conf"
}
start 192.0.2.77:5070
says 1 "hollerd: 192.0.2.77 is not an address of this machine: \
correct [sip] listen" "SIP on an address of another machine"
start 127.0.0.1:5070 'address = 127.0.0.1, 192.0.2.77'
says 1 "hollerd: 192.0.2.77 is not an address of this machine: \
correct [media] address" "media on an address of another machine"
start tls:127.0.0.1:5070 '[sip]' "tls_certificate = $tmp/none.pem" \
	"tls_key = $tmp/none.key"
says 1 "hollerd: the TLS certificate cannot be used: cannot read \
$tmp/none.pem: No such file or directory" "a certificate that is not there"
: >"$tmp/none.pem"
: >"$tmp/none.key"
start tls:127.0.0.1:5070 '[sip]' "tls_certificate = $tmp/none.pem" \
	"tls_key = $tmp/none.key"
says 1 "hollerd: the TLS certificate cannot be used: no certificate in \
$tmp/none.pem" "a certificate that is none"
run --init-db "$tmp/new.db" --realm ptt.example.com
says 0 "realm ptt.example.com" "--init-db"
run --init-db "$tmp/new.db"
says 1 "exists already" "--init-db keeps what is there"
run --bogus
says 2 "hollerd --help" "an unknown option"
run --version
says 0 "hollerd " "--version"
exit $failed
