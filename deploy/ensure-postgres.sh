#!/bin/sh
# Installs a PostgreSQL server of version 15 or newer through the system's package manager when there is none.
set -eu

find_server() {
	for bin in "$(dirname "$(readlink -f "$(command -v initdb 2>/dev/null || echo /none/none)")")" \
		/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
		if [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ]; then
			major=$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
			if [ "${major:-0}" -ge 15 ]; then return 0; fi
		fi
	done
	return 1
}

if find_server; then exit 0; fi

as_root=""
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "no PostgreSQL 15 server found, and no right to install one: ask for the package postgresql" >&2; exit 1; }
	as_root=sudo
fi
echo "installing a PostgreSQL server" >&2
if command -v apt-get >/dev/null; then
	# the package's own cluster is not wanted: zhucan runs a private one
	$as_root mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
	$as_root apt-get update -q
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql
elif command -v dnf >/dev/null; then
	$as_root dnf install -y postgresql-server postgresql-contrib
elif command -v brew >/dev/null; then
	brew install postgresql@16
else
	echo "no package manager known here: install a PostgreSQL server of version 15 or newer" >&2
	exit 1
fi
find_server || { echo "the installed PostgreSQL server is older than 15" >&2; exit 1; }
