#!/bin/bash
# Run once by the database's container when its volume is empty: the owner of the schema, the service's own role, and who streams.
set -eu
password() { cut -d : -f 5 "/run/secrets/$1.pgpass"; }
psql -v ON_ERROR_STOP=1 -q -U postgres -d postgres -v owner="$(password owner)" -v app="$(password app)" -v standby="$(password standby)" <<'SQL'
CREATE ROLE zhucan_owner LOGIN CREATEROLE PASSWORD :'owner';
CREATE ROLE zhucan_app LOGIN PASSWORD :'app';
CREATE ROLE zhucan_standby LOGIN REPLICATION PASSWORD :'standby';
ALTER DATABASE zhucan OWNER TO zhucan_owner;
SQL
