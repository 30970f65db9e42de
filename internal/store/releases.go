package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
)

// Release is a sealed release of indicator values. Its files never change.
type Release struct {
	ID          uuid.UUID
	Area        area.Code
	AsOf        calendar.Date
	KnownAt     time.Time
	Public      bool
	Title       string
	PackVersion string
	Rows        int
	Hidden      int
	SHA256      map[string][]byte // of the file in each form there is: json, csv, xlsx
	SealedAt    time.Time
	SealedBy    uuid.UUID
	SealerName  string
}

// CloseInstant waits until every change that has begun is recorded, and answers an instant behind all of them and before all
// that come. It is a transaction of its own also inside another, because it holds up all writers.
func (db *DB) CloseInstant(ctx context.Context, who access.Actor) (at time.Time, err error) {
	err = db.transact(ctx, who, func(tx *Tx) error {
		if err := tx.sign(ctx, "instant.close", "done", uuid.Nil, nil, tx.changeRules); err != nil {
			return err
		}
		tx.afterClosed()
		at = tx.Now
		_, err := tx.sql.ExecContext(ctx, "INSERT INTO closed_instants (at) VALUES ($1)", at)
		return err
	})
	if err != nil {
		return at, fmt.Errorf("close an instant: %w", err)
	}
	return at, nil
}

// LastClosed is the last instant that was closed; zero where none was. By another clock it may not have come yet.
func (db *DB) LastClosed(ctx context.Context) (time.Time, error) {
	var at *time.Time
	if err := db.pool.QueryRow(ctx, "SELECT max(at) FROM closed_instants").Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("read the last closed instant: %w", translate(err))
	}
	return orZero(at), nil
}

const releaseColumns = `id, area_code, as_of, known_at, public, title, pack_version, rows, hidden, json_sha256, csv_sha256, xlsx_sha256, sealed_at, sealed_by, sealed_by_name`

func scanRelease(row pgx.CollectableRow) (r Release, err error) {
	var by *uuid.UUID
	var json, csv, xlsx []byte
	err = row.Scan(&r.ID, &r.Area, &r.AsOf, &r.KnownAt, &r.Public, &r.Title, &r.PackVersion, &r.Rows, &r.Hidden, &json, &csv, &xlsx, &r.SealedAt, &by, &r.SealerName)
	r.SealedBy, r.SHA256 = orZero(by), map[string][]byte{"json": json, "csv": csv}
	if xlsx != nil {
		r.SHA256["xlsx"] = xlsx
	}
	return r, err
}

// Release reads one release of the actor's area. A public one is for everybody.
func (db *DB) Release(ctx context.Context, who access.Actor, id uuid.UUID) (Release, error) {
	list, err := db.releases(ctx, "WHERE id = $1", id)
	if err != nil {
		return Release{}, err
	}
	if len(list) == 0 || !list[0].Public && !who.Covers(list[0].Area) {
		return Release{}, NotFound
	}
	return list[0], nil
}

// Releases lists releases of an area and below, the latest first, before one in this order.
func (db *DB) Releases(ctx context.Context, in area.Code, before uuid.UUID, limit int) ([]Release, error) {
	lo, hi := in.Range()
	return db.releases(ctx, "WHERE area_code >= $1 AND area_code < $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4", lo, hi, orNull(before), limit)
}

// Published lists what was published of an area on days in an interval.
func (db *DB) Published(ctx context.Context, in area.Code, from, to calendar.Date) ([]Release, error) {
	return db.releases(ctx, "WHERE public AND area_code = $1 AND as_of BETWEEN $2 AND $3 ORDER BY as_of, known_at, id", string(in), from, to)
}

// sealsWaiting is how many in a process may wait for their turn to seal a release. Whoever comes behind them asks again.
const sealsWaiting = 4

// sealing is who seals a release, and who waits to.
type sealing struct{ turn, waits chan struct{} }

func newSealing() sealing {
	return sealing{turn: make(chan struct{}, 1), waits: make(chan struct{}, sealsWaiting)}
}

var errOthersSeal = errors.New("others are sealing releases")

// TakeSealing waits for the turn to seal a release, which lasts until done is called. It comes before any connection is taken: sealing takes a
// second one beside that of its transaction, and would never get it from those who have them all and wait for it. For the same reason
// nobody waits who has one already, to keep the answer with.
func (db *DB) TakeSealing(ctx context.Context) (done func(), err error) {
	s := db.sealing
	done = func() { <-s.turn }
	select {
	case s.turn <- struct{}{}:
		return done, nil
	default:
	}
	if db.Joins(ctx) {
		return nil, fault.Busy(errOthersSeal)
	}
	select {
	case s.waits <- struct{}{}:
	default:
		return nil, fault.Busy(errOthersSeal)
	}
	defer func() { <-s.waits }()
	select {
	case s.turn <- struct{}{}:
		return done, nil
	case <-ctx.Done():
		return nil, fault.Busy(ctx.Err())
	}
}

// LockPublishing lets nobody else publish until the transaction ends. In another process somebody may: he is not waited for, because who
// waits in a transaction has a connection.
func (tx *Tx) LockPublishing(ctx context.Context) error {
	var mine bool
	if err := tx.sql.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock"+publishLock).Scan(&mine); err != nil {
		return fmt.Errorf("keep others from publishing: %w", err)
	}
	if !mine {
		return fault.Busy(errOthersSeal)
	}
	return nil
}

func (db *DB) releases(ctx context.Context, where string, args ...any) (list []Release, err error) {
	rows, err := db.pool.Query(ctx, "SELECT "+releaseColumns+" FROM indicator_releases "+where, args...)
	if err == nil {
		list, err = pgx.CollectRows(rows, scanRelease)
	}
	if err != nil {
		return nil, fmt.Errorf("read releases: %w", translate(err))
	}
	return list, nil
}

// InsertRelease records a sealed release, whose files were written before with its id.
func (tx *Tx) InsertRelease(ctx context.Context, r Release) error {
	return tx.insert(ctx, table{"indicator_releases", []string{"id uuid", "area_code", "as_of date", "known_at timestamptz", "public boolean", "title", "pack_version",
		"rows bigint", "hidden bigint", "json_sha256 bytea", "csv_sha256 bytea", "xlsx_sha256 bytea", "sealed_at timestamptz", "sealed_by uuid", "sealed_by_name"}},
		[]row{{r.ID, string(r.Area), r.AsOf, r.KnownAt, r.Public, r.Title, r.PackVersion, r.Rows, r.Hidden, r.SHA256["json"], r.SHA256["csv"], r.SHA256["xlsx"],
			r.SealedAt, r.SealedBy, r.SealerName}})
}

// pieceSize is how many bytes of a file lie in one row.
const pieceSize = 256 << 10

// ReleaseFile is a file of a release while it is written.
type ReleaseFile struct {
	ctx     context.Context
	tx      *Tx
	release uuid.UUID
	form    string
	seq     int
	piece   bytes.Buffer
	sum     hash.Hash
}

// NewReleaseFile begins the file of a release in a form.
func (tx *Tx) NewReleaseFile(ctx context.Context, release uuid.UUID, form string) *ReleaseFile {
	return &ReleaseFile{ctx: ctx, tx: tx, release: release, form: form, sum: sha256.New()}
}

// Write takes bytes and stores them a piece at a time.
func (f *ReleaseFile) Write(p []byte) (int, error) {
	f.sum.Write(p)
	for rest := p; len(rest) > 0; {
		n := min(len(rest), pieceSize-f.piece.Len())
		f.piece.Write(rest[:n])
		if rest = rest[n:]; f.piece.Len() == pieceSize {
			if err := f.store(); err != nil {
				return len(p) - len(rest), err
			}
		}
	}
	return len(p), nil
}

func (f *ReleaseFile) store() error {
	if _, err := f.tx.sql.ExecContext(f.ctx, "INSERT INTO indicator_release_files (release_id, form, seq, piece) VALUES ($1, $2, $3, $4)",
		f.release, f.form, f.seq, f.piece.Bytes()); err != nil {
		return fmt.Errorf("keep a piece of a release: %w", err)
	}
	f.seq++
	f.piece.Reset()
	return nil
}

// End stores the last piece and answers the checksum of all.
func (f *ReleaseFile) End() ([]byte, error) {
	if f.piece.Len() > 0 {
		if err := f.store(); err != nil {
			return nil, err
		}
	}
	return f.sum.Sum(nil), nil
}

var errCutOff = errors.New("the file of a release is not what was sealed")

// CopyReleaseFile writes the bytes of a release in a form, and fails when they are not those that were sealed. Each piece is read by itself:
// while it is written no connection is held, and how long that takes is nobody's matter.
func (db *DB) CopyReleaseFile(ctx context.Context, w io.Writer, r Release, form string) error {
	sum := sha256.New()
	for seq := 0; ; seq++ {
		piece, err := db.releasePiece(ctx, r.ID, form, seq)
		if err != nil {
			return fmt.Errorf("read a release: %w", err)
		}
		sum.Write(piece)
		if _, err := w.Write(piece); err != nil {
			return fmt.Errorf("hand out a release: %w", err)
		}
		if len(piece) < pieceSize {
			break
		}
	}
	if !bytes.Equal(sum.Sum(nil), r.SHA256[form]) {
		return errCutOff
	}
	return nil
}

// releasePiece is a piece of a file; nothing behind its end. One that is not full is the last.
func (db *DB) releasePiece(ctx context.Context, release uuid.UUID, form string, seq int) (piece []byte, err error) {
	found, err := readAll(ctx, db, pgx.RowTo[[]byte], "SELECT piece FROM indicator_release_files WHERE release_id = $1 AND form = $2 AND seq = $3", release, form, seq)
	return slices.Concat(found...), err
}
