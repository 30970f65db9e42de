package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/internal/access"
	"zhucan/internal/fault"
)

// replica is a streaming replica. One that could not be asked rests, and is then tried by one reader before by all.
type replica struct {
	pool *pgxpool.Pool
	rest atomic.Int64 // until when, in nanoseconds of the service's clock; 0: it does not
}

const (
	restFor        = 5 * time.Second
	replicaConnect = 2 * time.Second // after which a replica that does not answer is given up
)

// free reports whether the replica may be asked at an instant.
func (r *replica) free(now time.Time) bool {
	until := r.rest.Load()
	return until == 0 || until <= now.UnixNano() && r.rest.CompareAndSwap(until, now.Add(restFor).UnixNano())
}

// route is where the reads of one piece of work go. seq and hash are of the last entry of the audit that the replica must have; entries
// are numbered in the order of commits, so with it the replica has all before it.
type route struct {
	replica *replica
	seq     int64
	hash    []byte
	ended   atomic.Bool // the primary answers the rest
}

type routeKey struct{}

// Reading returns a context under which reads are answered by a replica that has at least what who has written (in any process), what was
// recorded until the given instants, and what is older than the allowed lag. Where no replica has that, the primary answers. It is for
// work that only reads and may be that late. The rights of who are asked of the primary, so that losing them counts at once.
func (db *DB) Reading(ctx context.Context, who access.Actor, instants ...time.Time) (context.Context, error) {
	if len(db.replicas) == 0 || who.SessionID == uuid.Nil || ctx.Value(routeKey{}) != nil || ctx.Value(txKey{}) != nil {
		return ctx, nil
	}
	now := db.Now()
	until := slices.MaxFunc(append(instants, now.Add(-db.ReplicaLag)), time.Time.Compare)
	r := &route{replica: db.replicas[db.turn.Add(1)%uint64(len(db.replicas))]}
	if !r.replica.free(now) {
		db.reads.primary.Add(1)
		return ctx, nil
	}
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT seq, hash FROM audit_entries WHERE seq = greatest((SELECT max(seq) FROM audit_entries WHERE account_id = $1),
			(SELECT seq FROM audit_entries WHERE seq IS NOT NULL AND at <= $2 ORDER BY seq DESC LIMIT 1))`, who.AccountID, until).
			QueryRow(func(row pgx.Row) error { return row.Scan(&r.seq, &r.hash) })
	})
	if errors.Is(err, NotFound) { // nothing to know a replica by
		return ctx, nil
	}
	if err != nil {
		return ctx, fmt.Errorf("choose who answers: %w", err)
	}
	return context.WithValue(ctx, routeKey{}, r), nil
}

var errBehind = errors.New("the replica does not know enough yet")

// onReplica runs queries on the replica of the context. answered is false when the primary has to: nothing has been read then.
func (db *DB) onReplica(ctx context.Context, who access.Actor, inside bounds, queries []Query) (answered bool, err error) {
	r, routed := ctx.Value(routeKey{}).(*route)
	if !routed || r.ended.Load() {
		return false, nil
	}
	batch := &pgx.Batch{}
	db.enter(batch, who, inside)
	batch.Queue("SELECT FROM audit_entries WHERE seq = $1 AND hash = $2", r.seq, r.hash).Exec(func(found pgconn.CommandTag) error {
		if found.RowsAffected() == 0 {
			return errBehind
		}
		answered = true
		return nil
	})
	for _, q := range queries {
		q(batch)
	}
	err = send(ctx, r.replica.pool, batch)
	if answered {
		r.replica.rest.Store(0)
		db.reads.replica.Add(1)
	} else {
		r.ended.Store(true)
		db.reads.primary.Add(1)
	}
	if err != nil && ctx.Err() == nil && failed(err, answered) {
		r.replica.rest.Store(db.Now().Add(restFor).UnixNano())
		db.Log.LogAttrs(ctx, slog.LevelWarn, "a replica rests", slog.Any("err", err), slog.Bool("broke_off", answered))
		if answered {
			return true, fault.Busy(err) // half is read; whoever asks again is answered by the primary
		}
	}
	return answered, translate(err)
}

// failed reports whether an error is the replica's own. One that is behind, or does not know the session or the rights yet, is well;
// one that breaks off may have had to cancel the query for the sake of what the primary has done.
func failed(err error, answered bool) bool {
	if !answered {
		return !errors.Is(err, errBehind) && !errors.Is(err, RightsChanged)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || strings.HasPrefix(pg.Code, "57P")
	}
	return errors.Is(err, io.ErrUnexpectedEOF)
}

// Answered is how many reads that a replica might answer were answered by one, and by the primary, for the metrics.
func (db *DB) Answered() (replica, primary int64) {
	return db.reads.replica.Load(), db.reads.primary.Load()
}
