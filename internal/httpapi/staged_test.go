package httpapi_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/store"
)

// claims sees how many contents are kept when a request claims its key.
type claims struct {
	folder string
	kept   []int
}

func (c *claims) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if strings.Contains(q.SQL, "INSERT INTO idempotency_keys") {
		files, _ := filepath.Glob(filepath.Join(c.folder, "*"))
		c.kept = append(c.kept, len(files))
	}
	return ctx
}

func (c *claims) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TestContentsAreKeptBeforeAKeyIsClaimed: a picture that waits for others, or for where files are kept, holds no connection to the database
// meanwhile; a few of them held them all. What a repeat brings once more is not kept.
func TestContentsAreKeptBeforeAKeyIsClaimed(t *testing.T) {
	t.Parallel()
	seen := &claims{}
	s := startWith(t, store.Options{Tracer: seen})
	_, c := s.withService(1)
	send := func(shade int, key string) answer {
		req := s.form("liaison.a", snapshot(t, shade), c.path+"/attachments")
		req.Header.Set("Idempotency-Key", key)
		return s.send(req)
	}
	seen.folder = s.files
	first := send(1, "photo").want(201)
	if len(seen.kept) != 1 || seen.kept[0] != 1 {
		t.Fatalf("when the key was claimed, so many contents were kept: %v", seen.kept)
	}
	if again := send(1, "photo").want(201); again.text("id") != first.text("id") {
		t.Errorf("a repeat is told of %s, first of %s", again.text("id"), first.text("id"))
	}
	send(2, "photo").want(422, "IDEMPOTENCY_KEY_REUSED")
	send(1, "another-key").want(200)
	if kept := s.kept(); len(kept) != 1 {
		t.Errorf("%d contents are kept of one photo", len(kept))
	}
}
