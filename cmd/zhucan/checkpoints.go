package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"zhucan/internal/store"
)

// checkpointEvery is how often a checkpoint is written. What was recorded since the last one can be cut off the audit log without a trace
// outside the database.
const checkpointEvery = time.Minute

// makeCheckpoints makes the file, so that a place in which nothing can be written is found at the start.
func makeCheckpoints(path string) error {
	if path == "" {
		return nil
	}
	f, err := openCheckpoints(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// openCheckpoints opens the file to read its end and to add to it; on a file that may only be added to (chattr +a) that is enough.
func openCheckpoints(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ZHUCAN_AUDIT_CHECKPOINTS: %w", err)
	}
	return f, nil
}

// keepCheckpoints adds a line whenever the audit log has moved, until the service ends. Where the log does not hold what the file says last, or the
// file ends with something else, it adds nothing and says so each time, until somebody has looked and moved the file away: what is evidence stays at its end.
func keepCheckpoints(ctx context.Context, db *store.DB, path string, log *slog.Logger) {
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	for {
		if err := addCheckpoint(ctx, db, path); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "no checkpoint of the audit was added", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// addCheckpoint opens the file anew each time, so that one that was moved away is followed by a new one.
func addCheckpoint(ctx context.Context, db *store.DB, path string) error {
	f, err := openCheckpoints(path)
	if err != nil {
		return err
	}
	defer f.Close()
	last, err := lastCheckpoint(f, db)
	if err != nil {
		return err
	}
	next, moved, err := db.NextCheckpoint(ctx, last)
	if err != nil || !moved {
		return err
	}
	line, err := next.Line(db.Ring)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(line); err != nil {
		return fmt.Errorf("add a checkpoint: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("add a checkpoint: %w", err)
	}
	return nil
}

// endOfFile is more than a line is long.
const endOfFile = 4 << 10

// lastCheckpoint reads the last line; of an empty file it is the zero checkpoint.
func lastCheckpoint(f *os.File, db *store.DB) (store.Checkpoint, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return store.Checkpoint{}, err
	}
	end := make([]byte, min(size, endOfFile))
	if _, err := f.ReadAt(end, size-int64(len(end))); err != nil {
		return store.Checkpoint{}, fmt.Errorf("read the last checkpoint: %w", err)
	}
	line, whole := bytes.CutSuffix(end, []byte("\n"))
	if !whole {
		return store.Checkpoint{}, errors.New("the last line of the checkpoints is not whole")
	}
	list, err := store.ReadCheckpoints(strings.NewReader(string(line[bytes.LastIndexByte(line, '\n')+1:])), db.Ring)
	if err != nil || len(list) != 1 {
		return store.Checkpoint{}, errors.New("the last line of the checkpoints was not signed with these keys")
	}
	return list[0], nil
}
