#!/bin/sh
# Backs up database, roles and files as BACKUP.md says, into a folder of its own below BACKUPS, and keeps the newest KEEP of them. It runs as root.
# Files are not copied again: those that an earlier backup has are linked, since a content never changes. The keys are not in it.
set -eu
umask 077
BACKUPS=${BACKUPS:-/var/backups/zhucan} FILES=${FILES:-/var/lib/zhucan/files} DATABASE=${DATABASE:-zhucan} KEEP=${KEEP:-30}

mkdir -p "$BACKUPS"
cd "$BACKUPS"
exec 9>.lock && flock -n 9 || { echo "another backup is at work" >&2; exit 1; }
rm -rf ./*.partial # of a backup that was broken off
now=$(date -u +%Y-%m-%dT%H%M%SZ)
last=$(ls -d ????-??-??T??????Z 2>/dev/null | tail -n 1)
mkdir "$now.partial"
runuser -u postgres -- pg_dump -Fc "$DATABASE" >"$now.partial/zhucan.dump"
runuser -u postgres -- pg_dumpall --roles-only >"$now.partial/roles.sql"
rsync -a ${last:+--link-dest="$BACKUPS/$last/files"} "$FILES/" "$now.partial/files/"
sync -f "$now.partial"
mv "$now.partial" "$now"
ls -d ????-??-??T??????Z | head -n "-$KEEP" | xargs -r rm -rf
echo "$BACKUPS/$now: $(du -sh "$now" | cut -f 1)"
