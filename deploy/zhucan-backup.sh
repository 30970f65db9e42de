#!/bin/sh
# Backs up database, roles and files as BACKUP.md says, into a folder of its own below BACKUPS, and keeps the newest KEEP of them. It runs as root.
# Files are not copied again: those that an earlier backup has are linked, since a content never changes. The keys are not in it. Files are sealed by
# the service; the dumps hold names and decisions in clear, unless ENCRYPT_TO is a file with the public key (gpg) of who may restore.
set -eu
umask 077
ENCRYPT_TO=${ENCRYPT_TO:-} HOME_OF_GPG=
trap '[ -z "$HOME_OF_GPG" ] || rm -rf "$HOME_OF_GPG"' EXIT
[ -z "$ENCRYPT_TO" ] || HOME_OF_GPG=$(mktemp -d)

# keep FILE COMMAND... keeps what a command writes, and fails where it fails.
keep() {
	file=$1 && shift
	if [ -z "$ENCRYPT_TO" ]; then
		"$@" >"$file"
		return
	fi
	{ "$@" || touch "$file.failed"; } | gpg --homedir "$HOME_OF_GPG" --batch --quiet --no-autostart --trust-model always --encrypt --recipient-file "$ENCRYPT_TO" >"$file.gpg"
	[ ! -e "$file.failed" ]
}
BACKUPS=${BACKUPS:-/var/backups/zhucan} FILES=${FILES:-/var/lib/zhucan/files} DATABASE=${DATABASE:-zhucan} KEEP=${KEEP:-30}

mkdir -p "$BACKUPS"
cd / # where postgres may be, too
exec 9>"$BACKUPS/.lock" && flock -n 9 || { echo "another backup is at work" >&2; exit 1; }
rm -rf "$BACKUPS"/*.partial # of a backup that was broken off
kept() { find "$BACKUPS" -mindepth 1 -maxdepth 1 -name '????-??-??T??????Z' | sort; }
last=$(kept | tail -n 1)
new=$BACKUPS/$(date -u +%Y-%m-%dT%H%M%SZ)
mkdir "$new.partial"
keep "$new.partial/zhucan.dump" runuser -u postgres -- pg_dump -Fc "$DATABASE"
keep "$new.partial/roles.sql" runuser -u postgres -- pg_dumpall --roles-only
rsync -a ${last:+--link-dest="$last/files"} "$FILES/" "$new.partial/files/"
sync -f "$new.partial"
mv -T "$new.partial" "$new"
kept | head -n "-$KEEP" | while IFS= read -r old; do rm -rf "$old"; done
echo "$new: $(du -sh "$new" | cut -f 1)"
