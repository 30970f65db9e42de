package store

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/secret"
)

// Checkpoint is what the audit log was known by at an instant. Kept outside the database, it shows later whether the end of the log was cut off
// or written anew, which the chain alone cannot: whoever owns the database can compute its hashes again.
type Checkpoint struct {
	Seq     int64 // of the last entry
	Entries int64 // how many there were; 0: not known
	Hash    []byte
	At      time.Time
	Noted   string // where this was noted, for whoever reads that it does not hold
}

// checkpointLayout begins each line, so that another one can follow.
const checkpointLayout = "zhucan1"

// text is what is signed: layout, number of the last entry, number of entries, hash, time.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s %d %d %x %s", checkpointLayout, c.Seq, c.Entries, c.Hash, c.At.UTC().Format(time.RFC3339))
}

// Line is the checkpoint with its signature and the end of the line.
func (c Checkpoint) Line(ring *secret.Ring) (string, error) {
	signature, err := ring.SignCheckpoint([]byte(c.text()))
	if err != nil {
		return "", fmt.Errorf("sign a checkpoint: %w", err)
	}
	return c.text() + " " + base64.StdEncoding.EncodeToString(signature) + "\n", nil
}

var errNoCheckpoint = errors.New("is no checkpoint that was signed with the keys of this register")

// ReadCheckpoints reads lines as Line makes them. An error names the first line that is none, or that these keys have not signed.
func ReadCheckpoints(lines io.Reader, ring *secret.Ring) (list []Checkpoint, err error) {
	signed, err := ring.CheckpointVerifier()
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	scan := bufio.NewScanner(lines)
	for n := 1; scan.Scan(); n++ {
		c, ok := parseCheckpoint(scan.Text(), signed)
		if !ok {
			return list, fmt.Errorf("line %d %w", n, errNoCheckpoint)
		}
		c.Noted = fmt.Sprintf("line %d", n)
		list = append(list, c)
	}
	if err := scan.Err(); err != nil {
		return list, fmt.Errorf("read checkpoints: %w", err)
	}
	return list, nil
}

func parseCheckpoint(line string, signed func(text, signature []byte) bool) (c Checkpoint, ok bool) {
	fields := strings.Split(line, " ")
	if len(fields) != 6 {
		return c, false
	}
	signature, err := base64.StdEncoding.DecodeString(fields[5])
	if err != nil || !signed([]byte(strings.Join(fields[:5], " ")), signature) {
		return c, false
	}
	var wrong [4]error
	c.Seq, wrong[0] = strconv.ParseInt(fields[1], 10, 64)
	c.Entries, wrong[1] = strconv.ParseInt(fields[2], 10, 64)
	c.Hash, wrong[2] = hex.DecodeString(fields[3])
	c.At, wrong[3] = time.Parse(time.RFC3339, fields[4])
	return c, errors.Join(wrong[:]...) == nil && c.text() == strings.Join(fields[:5], " ")
}

// ParseHead reads a head as audit verify prints it: the number of an entry, ':' and its hash.
func ParseHead(text string) (c Checkpoint, err error) {
	seq, hash, _ := strings.Cut(text, ":")
	n, wrongSeq := strconv.ParseInt(seq, 10, 64)
	sum, wrongHash := hex.DecodeString(hash)
	if wrongSeq != nil || wrongHash != nil || n < 1 || len(sum) == 0 {
		return c, errors.New("a head is the number of an entry, ':' and its hash, as audit verify prints it")
	}
	return Checkpoint{Seq: n, Hash: sum, Noted: "the head that was noted"}, nil
}

// ErrAuditMoved is the refusal to go on from a checkpoint that the audit log does not hold any more.
var ErrAuditMoved = errors.New("审计日志与上一检查点不符 / the audit log does not hold its last checkpoint")

// NextCheckpoint is the audit log as it is now, when it has moved since the last checkpoint. It counts what came since.
func (db *DB) NextCheckpoint(ctx context.Context, last Checkpoint) (next Checkpoint, moved bool, err error) {
	var held bool
	err = db.inLongRead(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT coalesce(h.seq, 0), coalesce(h.hash, ''), (SELECT count(*) FROM audit_entries WHERE seq > $1),
				$1 = 0 OR EXISTS (SELECT FROM audit_entries WHERE seq = $1 AND hash = $2)
			FROM (SELECT) one LEFT JOIN (SELECT seq, hash FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1) h ON true`,
			last.Seq, last.Hash).Scan(&next.Seq, &next.Hash, &next.Entries, &held)
	})
	if err != nil {
		return next, false, fmt.Errorf("look for the head of the audit: %w", err)
	}
	if !held {
		return next, false, ErrAuditMoved
	}
	next.Entries += last.Entries
	next.At = db.Now()
	return next, next.Seq != last.Seq, nil
}

// inLongRead runs fn in one picture of the database, without a bound on its time.
func (db *DB) inLongRead(ctx context.Context, fn func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return err
		}
		return fn(tx)
	})
}

// bySeq is checkpoints in the order of the entries that they know.
func bySeq(checkpoints []Checkpoint) []Checkpoint {
	return slices.SortedStableFunc(slices.Values(checkpoints), func(a, b Checkpoint) int { return cmp.Compare(a.Seq, b.Seq) })
}

// compare holds the entry that the walk has just passed against what was noted of it.
func (w *chainWalk) compare(seq int64, hash []byte) {
	for len(w.noted) > 0 && w.noted[0].Seq <= seq && w.result.Broken == "" {
		c := w.noted[0]
		w.noted = w.noted[1:]
		switch {
		case c.Seq < seq:
			w.result.Broken = fmt.Sprintf("entry %d: %s knows it, and it is not there", c.Seq, c.Noted)
		case !bytes.Equal(c.Hash, hash):
			w.result.Broken = fmt.Sprintf("entry %d: %s knows it with another hash: it, or one before it, was written anew", seq, c.Noted)
		case c.Entries != 0 && c.Entries != w.result.Entries:
			w.result.Broken = fmt.Sprintf("entry %d: %s knows %d entries until it, and there are %d", seq, c.Noted, c.Entries, w.result.Entries)
		}
	}
}

// compareEnd finds what was noted beyond the last entry.
func (w *chainWalk) compareEnd() {
	if len(w.noted) > 0 && w.result.Broken == "" {
		w.result.Broken = fmt.Sprintf("entry %d: %s knows it, and the log ends with entry %d: its end was cut off", w.noted[0].Seq, w.noted[0].Noted, w.result.Entries)
	}
}
