package store

import (
	"context"
	"database/sql"
	"fmt"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that goose uses
	"github.com/pressly/goose/v3"

	"zhucan/migrations"
)

// Migrate brings a database to the newest schema, as its owner. It returns the version reached.
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
	if _, err := provider.Up(ctx); err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	return provider.GetDBVersion(ctx)
}

// SchemaIsCurrent reports whether the database has every migration of this binary.
func (db *DB) SchemaIsCurrent(ctx context.Context) (bool, error) {
	var applied int
	err := db.pool.QueryRow(ctx, "SELECT count(DISTINCT version_id) FROM goose_db_version WHERE is_applied AND version_id > 0").Scan(&applied)
	if err != nil {
		return false, fmt.Errorf("read the schema's version: %w", err)
	}
	entries, err := migrations.FS.ReadDir(".")
	return applied == len(entries), err
}
