package testdb

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// Sent counts what is sent to the database: statements, and the round trips that they take. A batch is one trip. That a statement is
// prepared the first time that a connection sees it does not count.
type Sent struct{ statements, trips atomic.Int64 }

// Since is what was sent since the last time that it was asked.
func (s *Sent) Since() (statements, trips int) {
	return int(s.statements.Swap(0)), int(s.trips.Swap(0))
}

func (s *Sent) add(statements int) {
	s.statements.Add(int64(statements))
	s.trips.Add(1)
}

// TraceQueryStart is told of a statement that is sent alone.
func (s *Sent) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	s.add(1)
	return ctx
}

// TraceQueryEnd has nothing to count.
func (s *Sent) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart is told of statements that are sent together.
func (s *Sent) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	s.add(data.Batch.Len())
	return ctx
}

// TraceBatchQuery has nothing to count.
func (s *Sent) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd has nothing to count.
func (s *Sent) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TraceCopyFromStart is told of rows that are sent in bulk.
func (s *Sent) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	s.add(1)
	return ctx
}

// TraceCopyFromEnd has nothing to count.
func (s *Sent) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}
