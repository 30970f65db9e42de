// Package store is the only room that knows GORM, SQL and table names. DB reads; Tx, which only Write hands out, writes.
// Every transaction carries the area of the actor, so that row security holds even where a query forgets it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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

	Replicas   []string      // addresses of streaming replicas, see Reading
	ReplicaLag time.Duration // by how much they may be late

	Owner bool // the role may be the owner of the schema: for what is done with a migration, and never with persons

	Tracer pgx.QueryTracer // is told of every statement; for tests that count them
}

// DB is the register for reading.
type DB struct {
	pool *pgxpool.Pool
	sql  *sql.DB
	gorm *gorm.DB
	Options
	replicas []*replica
	sealing  sealing
	writing  chan struct{} // a place for each transaction that may be open beside others
	lists    chan struct{} // the turn to read a list
	rosters  chan struct{} // and a roster
	walks    chan struct{} // and to go through the whole audit
	sendings sendings
	turn     atomic.Uint64 // whose turn it is
	tellings tellings
	reads    struct{ replica, primary atomic.Int64 }
	full     atomic.Int64 // when the disk of the primary was last found full, in nanoseconds of the service's clock; 0: never
}

// Open connects as the service's own database role, and refuses any that row security does not bind, and keys of another register. Statements are bounded in time; bulk
// work raises its own bound.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	db := &DB{Options: o, sealing: newSealing(), writing: make(chan struct{}, placesOf(o.Pool)), lists: make(chan struct{}, 1), rosters: make(chan struct{}, 1),
		walks: make(chan struct{}, 1)}
	pool, err := newPool(ctx, url, o, db.noticeFull)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the register: %w", err)
	}
	db.pool = pool
	for _, address := range o.Replicas { // they are not waited for: the primary answers as long as they do not
		at, err := newPool(ctx, address, o, func(c *pgx.ConnConfig) {
			c.ConnectTimeout, c.RuntimeParams["default_transaction_read_only"] = replicaConnect, "on"
		})
		if err != nil {
			db.Close()
			return nil, err
		}
		db.replicas = append(db.replicas, &replica{pool: at})
	}
	if err := db.keepReplicasBelow(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("replicas: %w", err)
	}
	if err := db.keepToRing(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("key file: %w", err)
	}
	db.sql = stdlib.OpenDBFromPool(pool)
	db.sql.SetMaxIdleConns(0) // the pool below keeps the idle ones
	db.gorm, err = gorm.Open(postgres.New(postgres.Config{Conn: db.sql}), &gorm.Config{
		QueryFields:            true,
		SkipDefaultTransaction: true,
		Logger: statementLog{logger.NewSlogLogger(o.Log, logger.Config{LogLevel: logger.Warn, SlowThreshold: time.Second,
			ParameterizedQueries: true, IgnoreRecordNotFoundError: true})},
		NowFunc: func() time.Time { return o.Now().UTC().Truncate(time.Microsecond) },
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("open the register: %w", err)
	}
	return db, nil
}

// connections are as many as were asked for, and two at least: one for a transaction, and one for what is read outside it meanwhile.
func connections(asked int) int { return max(asked, 2) }

// placesOf is how many transactions may be open at a time. Work in a transaction may read outside it, by another connection; so some are
// left for reading. If transactions could take all connections, they would wait for each other until they time out.
func placesOf(asked int) int {
	n := connections(asked)
	return n - max(1, n/4)
}

// newPool is a pool of connections to one server.
func newPool(ctx context.Context, url string, o Options, also func(*pgx.ConnConfig)) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("open the register: the address of the database cannot be read") // the text may hold a password
	}
	config.MaxConns = int32(connections(o.Pool))
	// jit, which PostgreSQL has switched on, compiles for longer than all but the longest statements run: a line of a roster took fourteen times as long.
	for name, value := range map[string]string{"jit": "off", "statement_timeout": "5s", "lock_timeout": "2s",
		"idle_in_transaction_session_timeout": "10s", "timezone": "UTC", "application_name": "zhucan"} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	config.ConnConfig.Tracer = o.Tracer
	if also != nil {
		also(config.ConnConfig)
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		registerTypes(conn.TypeMap())
		if o.Owner {
			return nil
		}
		return keepBelow(ctx, conn)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the register: %w", err)
	}
	return pool, nil
}

// Close ends all connections.
func (db *DB) Close() {
	if db.sql != nil {
		db.sql.Close()
	}
	db.pool.Close()
	for _, r := range db.replicas {
		r.pool.Close()
	}
}

// fullFor is for how long a disk that was full is taken to be full still: only another write could tell.
const fullFor = 30 * time.Second

// noticeFull makes a connection note that the disk was full.
func (db *DB) noticeFull(c *pgx.ConnConfig) {
	next := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if err.Code == diskFull {
			db.full.Store(db.Now().UnixNano())
		}
		return next(conn, err)
	}
}

// Ready reports whether the database answers and takes what is written.
func (db *DB) Ready(ctx context.Context) error {
	since := db.Now().Sub(time.Unix(0, db.full.Load()))
	if since >= 0 && since < fullFor {
		return errors.New("the disk of the register was full a moment ago")
	}
	var readOnly bool
	err := db.pool.QueryRow(ctx, "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean").Scan(&readOnly)
	if err != nil {
		return fmt.Errorf("reach the register: %w", err)
	}
	if readOnly {
		return errors.New("the register takes no writes")
	}
	return nil
}

// PoolInUse is how many connections are busy now, for the metrics.
func (db *DB) PoolInUse() int32 { return db.pool.Stat().AcquiredConns() }

// PoolSize is how many connections there may be.
func (db *DB) PoolSize() int32 { return db.pool.Config().MaxConns }

// Query is one statement of a batch with the place for its answer.
type Query func(*pgx.Batch)

// Read runs queries in one round trip and one implicit transaction, in the area of who: on the primary, or under Reading on a
// replica.
func (db *DB) Read(ctx context.Context, who access.Actor, queries ...Query) error {
	return db.readIn(ctx, who, boundsOf(who), queries...)
}

// readIn is Read inside bounds that need not be those of who: for answers that bound themselves.
func (db *DB) readIn(ctx context.Context, who access.Actor, inside bounds, queries ...Query) error {
	if answered, err := db.onReplica(ctx, who, inside, queries); answered {
		return err
	}
	batch := &pgx.Batch{}
	db.enter(batch, who, inside)
	for _, q := range queries {
		q(batch)
	}
	return translate(send(ctx, db.pool, batch))
}

// readAll reads rows that are no person's, in the place that the context says.
func readAll[T any](ctx context.Context, db *DB, scan pgx.RowToFunc[T], sql string, args ...any) (list []T, err error) {
	err = db.Read(ctx, access.SystemActor(), func(b *pgx.Batch) {
		b.Queue(sql, args...).Query(into(&list, scan))
	})
	return list, err
}

// into has the rows of a query read into a list.
func into[T any](list *[]T, scan pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, scan)
		return err
	}
}

func send(ctx context.Context, pool *pgxpool.Pool, batch *pgx.Batch) error {
	results := pool.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }() // gives the connection back also when a row's scanning panics
	return results.Close()
}

// bounds are what row security compares with, of persons and of counts: a code with ':' behind it, which sorts after
// every code inside the area. Everything is ':' alone, nothing is empty.
type bounds struct{ persons, counts string }

const everything = ":"

func boundsOf(who access.Actor) bounds {
	if who.Role == access.System {
		return bounds{everything, everything}
	}
	if who.Area == "" {
		panic("store: an actor without an area") // would otherwise be everybody
	}
	b := bounds{counts: string(who.Area) + ":"}
	if who.Role.SeesPersons() {
		b.persons = b.counts
	}
	return b
}

// sessionsGoodAt are sessions that count at an instant, with their accounts; of a deputy's, p is the account in whose role
// and area he acts.
func sessionsGoodAt(instant string) string {
	return `sessions s JOIN accounts a ON a.id = s.account_id
		LEFT JOIN deputations d ON d.id = s.deputation_id LEFT JOIN accounts p ON p.id = d.principal_id
		WHERE s.ended_at IS NULL AND s.expires_at > ` + instant + ` AND NOT a.disabled AND (s.deputation_id IS NULL OR d.ended_at IS NULL AND NOT p.disabled AND ` + financeApart + `
			AND (` + instant + `::timestamptz AT TIME ZONE 'Asia/Shanghai')::date BETWEEN d.from_on AND d.until_on)`
}

const setBounds = "SELECT set_config('zhucan.area', $1, true) || set_config('zhucan.count_area', $2, true) AS bounds"

var withRights = setBounds + ` FROM ` + sessionsGoodAt("$4") + `
		AND s.id = $3 AND a.id = $5 AND coalesce(p.role, a.role) = $6 AND coalesce(p.area_code, a.area_code) = $7 AND (a.second_factor_at IS NOT NULL OR NOT $8)`

// withOwnRights is withRights for who acts under his own name, with half of the tables: it comes first in every transaction.
const withOwnRights = setBounds + ` FROM sessions s JOIN accounts a ON a.id = s.account_id
		WHERE s.ended_at IS NULL AND s.expires_at > $4 AND NOT a.disabled AND s.deputation_id IS NULL
		AND s.id = $3 AND a.id = $5 AND a.role = $6 AND a.area_code = $7 AND (a.second_factor_at IS NOT NULL OR NOT $8)`

func rightsOf(who access.Actor) string {
	if who.ActingFor == uuid.Nil {
		return withOwnRights
	}
	return withRights
}

// enter queues what comes first in every transaction: the bounds. An actor with a session gets them only while the session is good and its
// account, role, area and factor are still those of who; so rights hold when they are used, and not when somebody looked them up. The command line
// and a sign-in have no session.
func (db *DB) enter(batch *pgx.Batch, who access.Actor, b bounds) {
	if who.SessionID == uuid.Nil {
		batch.Queue(setBounds, b.persons, b.counts)
		return
	}
	batch.Queue(rightsOf(who), db.enterArgs(who, b)...).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() == 0 {
			return RightsChanged
		}
		return nil
	})
}

// enterArgs are the parameters of rightsOf.
func (db *DB) enterArgs(who access.Actor, b bounds) []any {
	return []any{b.persons, b.counts, who.SessionID, db.Now(), who.AccountID, string(who.Role), string(who.Area), who.SecondFactor}
}
