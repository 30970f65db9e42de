// Package store is the only room that knows GORM, SQL and table names. DB reads; Tx, which only Write hands out, writes.
// Every transaction carries the area of the actor, so that row security holds even where a query forgets it.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"zhucan/internal/access"
	"zhucan/internal/secret"
)

// Options are what the store needs beside the address of the database.
type Options struct {
	Ring  *secret.Ring
	Now   func() time.Time
	NewID func() uuid.UUID
	Log   *slog.Logger
	Pool  int // connections; 8 to 16 serve two cores
}

// DB is the register for reading.
type DB struct {
	pool *pgxpool.Pool
	sql  *sql.DB
	gorm *gorm.DB
	Options
}

// Open connects as the service's own database role. Statements are bounded in time; bulk work raises its own bound.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open the register: the address of the database cannot be read") // the text may hold a password
	}
	config.MaxConns = int32(max(o.Pool, 2))
	for name, value := range map[string]string{"statement_timeout": "5s", "lock_timeout": "2s",
		"idle_in_transaction_session_timeout": "10s", "timezone": "UTC", "application_name": "zhucan"} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the register: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the register: %w", err)
	}
	sqlDB := stdlib.OpenDBFromPool(pool)
	sqlDB.SetMaxIdleConns(0) // the pool below keeps the idle ones
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: sqlDB}), &gorm.Config{
		QueryFields:            true,
		SkipDefaultTransaction: true,
		Logger: logger.NewSlogLogger(o.Log, logger.Config{LogLevel: logger.Warn, SlowThreshold: time.Second,
			ParameterizedQueries: true, IgnoreRecordNotFoundError: true}),
		NowFunc: func() time.Time { return o.Now().UTC().Truncate(time.Microsecond) },
	})
	if err != nil {
		return nil, fmt.Errorf("open the register: %w", err)
	}
	return &DB{pool: pool, sql: sqlDB, gorm: g, Options: o}, nil
}

// Close ends all connections.
func (db *DB) Close() {
	db.sql.Close()
	db.pool.Close()
}

// Ready reports whether the database answers.
func (db *DB) Ready(ctx context.Context) error {
	if _, err := db.pool.Exec(ctx, "SELECT 1"); err != nil {
		return fmt.Errorf("reach the register: %w", err)
	}
	return nil
}

// PoolInUse is how many connections are busy now, for the metrics.
func (db *DB) PoolInUse() int32 { return db.pool.Stat().AcquiredConns() }

// Query is one statement of a batch with the place for its answer.
type Query func(*pgx.Batch)

// Read runs queries in one round trip and one implicit transaction, in the area of who.
func (db *DB) Read(ctx context.Context, who access.Actor, queries ...Query) error {
	return db.read(ctx, who, planned, queries...)
}

// plans says how statements of a read get their plans: anew for their parameters where that may pay, or once and for
// all where they find rows by id, since planning costs more than finding. Such a plan never scans a table, also when it
// was made while the table was still small.
type plans struct{ cache, scan string }

var (
	planned     = plans{"auto", "on"}
	plannedOnce = plans{"force_generic_plan", "off"}
)

func (db *DB) read(ctx context.Context, who access.Actor, plans plans, queries ...Query) error {
	batch := &pgx.Batch{}
	boundsOf(who).queue(batch, plans)
	for _, q := range queries {
		q(batch)
	}
	return translate(db.pool.SendBatch(ctx, batch).Close())
}

// bounds are what row security compares with: persons between lo and hi, counts between countLo and countHi.
type bounds struct{ lo, hi, countLo, countHi string }

const pastEveryCode = ":" // sorts after every digit

func boundsOf(who access.Actor) bounds {
	lo, hi := "", pastEveryCode
	if who.Role != access.System {
		if who.Area == "" {
			panic("store: an actor without an area") // would otherwise be everybody
		}
		lo, hi = who.Area.Range()
	}
	b := bounds{lo: lo, hi: hi, countLo: lo, countHi: hi}
	if !who.Role.SeesPersons() {
		b.lo, b.hi = "", ""
	}
	return b
}

const setBounds = `SELECT set_config('zhucan.lo', $1, true), set_config('zhucan.hi', $2, true),
	set_config('zhucan.count_lo', $3, true), set_config('zhucan.count_hi', $4, true), set_config('plan_cache_mode', $5, true),
	set_config('enable_seqscan', $6, true)`

func (b bounds) queue(batch *pgx.Batch, plans plans) {
	batch.Queue(setBounds, b.lo, b.hi, b.countLo, b.countHi, plans.cache, plans.scan)
}
