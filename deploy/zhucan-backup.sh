#!/bin/sh
# Backs up database, roles and files as BACKUP.md says, into a folder of its own below BACKUPS, and keeps the newest KEEP of them. It runs as root.
# Files are not copied again: those that an earlier backup has are linked, since a content never changes. The keys are not in it.
set -eu
umask 077
BACKUPS=${BACKUPS:-/var/backups/zhucan} FILES=${FILES:-/var/lib/zhucan/files} DATABASE=${DATABASE:-zhucan} KEEP=${KEEP:-30}

mkdir -p "$BACKUPS"
cd / # where postgres may be, too
exec 9>"$BACKUPS/.lock" && flock -n 9 || { echo "another backup is at work" >&2; exit 1; }
rm -rf "$BACKUPS"/*.partial # of a backup that was broken off
kept() { find "$BACKUPS" -mindepth 1 -maxdepth 1 -name '????-??-??T??????Z' | sort; }
last=$(kept | tail -n 1)
new=$BACKUPS/$(date -u +%Y-%m-%dT%H%M%SZ)
mkdir "$new.partial"
runuser -u postgres -- pg_dump -Fc "$DATABASE" >"$new.partial/zhucan.dump"
runuser -u postgres -- pg_dumpall --roles-only >"$new.partial/roles.sql"
rsync -a ${last:+--link-dest="$last/files"} "$FILES/" "$new.partial/files/"
sync -f "$new.partial"
mv "$new.partial" "$new"
kept | head -n "-$KEEP" | while IFS= read -r old; do rm -rf "$old"; done
echo "$new: $(du -sh "$new" | cut -f 1)"
