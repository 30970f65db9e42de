package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver that goose uses
	"github.com/pressly/goose/v3"

	"zhucan/internal/names"
	"zhucan/migrations"
)

// Alone does what only one process may do to a database at a time, as its owner. Others wait until it is done.
func Alone(ctx context.Context, ownerURL string, do func() error) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("reach the register: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // gives the lock back
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock"+migrationLock); err != nil {
		return fmt.Errorf("wait for who migrates: %w", err)
	}
	return do()
}

// Migrate brings a database to the newest schema, as its owner. It returns the version reached. Of two at a time one would fail half way: see Alone.
func Migrate(ctx context.Context, ownerURL string) (version int64, err error) {
	db, err := sql.Open("pgx", ownerURL)
	if err != nil {
		return 0, fmt.Errorf("migrate: the address of the database cannot be read")
	}
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	if current > newest { // nothing would be left to do, and this program would not know what it works with
		return 0, ErrNewerSchema
	}
	if current == 0 {
		if err := checkEncoding(ctx, db); err != nil {
			return 0, err
		}
	}
	if _, err := provider.Up(ctx); err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	for left := true; left; {
		if left, err = keyNames(ctx, db); err != nil {
			return 0, fmt.Errorf("migrate: keys of names: %w", err)
		}
	}
	return provider.GetDBVersion(ctx)
}

// checkEncoding refuses a new database whose texts are not of Unicode. In SQL_ASCII, which a server has that was set up without a locale, a name of
// 21 characters is too long; in others some names cannot be written.
func checkEncoding(ctx context.Context, db *sql.DB) error {
	var encoding string
	if err := db.QueryRowContext(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("数据库编码为%s，须为UTF8 / the database is in %[1]s instead of UTF8: createdb -O OWNER -E UTF8 --locale=C.UTF-8 -T template0 NAME", encoding)
	}
	return nil
}

// keyedAtOnce is how many names get their keys in one transaction, for which other writes of persons wait.
const keyedAtOnce = 10_000

// keyNames writes the keys of some of the names that have none, of persons who were there before keys were kept, and says whether others may
// be left. The audit has nothing to learn from it; and the owner, too, is under row security unless he is a superuser.
func keyNames(ctx context.Context, db *sql.DB) (left bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "SELECT set_config('zhucan.area', ':', true)"); err != nil {
		return false, err
	}
	rows, err := tx.QueryContext(ctx, "SELECT id::text, name FROM persons WHERE name_key IS NULL LIMIT $1", keyedAtOnce)
	if err != nil {
		return false, err
	}
	defer func() { _ = rows.Close() }() // all rows are read, or none matters
	var ids, keys []string
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return false, err
		}
		ids, keys = append(ids, id), append(keys, names.Key(name))
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		return false, err
	}
	for _, statement := range []struct {
		sql  string
		args []any
	}{{"ALTER TABLE persons DISABLE TRIGGER USER", nil},
		{"UPDATE persons SET name_key = u.key FROM unnest($1::text[]::uuid[], $2::text[]) AS u (id, key) WHERE persons.id = u.id AND name_key IS NULL", []any{ids, keys}},
		{"ALTER TABLE persons ENABLE TRIGGER USER", nil}} {
		if _, err := tx.ExecContext(ctx, statement.sql, statement.args...); err != nil {
			return false, err
		}
	}
	return true, tx.Commit()
}

// ErrNewerSchema and errOlderSchema are the refusals to work with a schema that is not the one of this program.
var (
	ErrNewerSchema = errors.New("数据库结构比本程序新，请使用相应的新版程序 / the schema of the database is newer than this program: use the program that has brought it there, or a later one")
	errOlderSchema = errors.New("数据库结构不是本程序的版本，请运行zhucan migrate / the database is not at this program's schema: run zhucan migrate")
)

// CheckSchema refuses a database that has not exactly the migrations of this program.
func (db *DB) CheckSchema(ctx context.Context) error {
	sources, err := migrations.FS.ReadDir(".")
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	newest, err := goose.NumericComponent(sources[len(sources)-1].Name())
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	var applied int
	var reached int64
	err = db.pool.QueryRow(ctx, "SELECT count(DISTINCT version_id), coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied AND version_id > 0").Scan(&applied, &reached)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == noSuchTable:
		return errOlderSchema
	case err != nil:
		return fmt.Errorf("read the schema's version: %w", err)
	case reached > newest:
		return ErrNewerSchema
	case applied != len(sources):
		return errOlderSchema
	}
	return nil
}

// noSuchTable is PostgreSQL's code for a table that is not there, as before the first migration.
const noSuchTable = "42P01"
