package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/httpapi"
)

// downloads of a release in a round, since one is over too soon to be measured.
const downloads = 20

// releases seals the values of a register, and measures the file as it is handed out, with token, audit and checksum, against
// COPY of the very lines; bytes a second. And what sealing takes of memory, which the service may take 100 MiB of.
func releases(b *testing.B, w *world) []result {
	b.Helper()
	who := access.Actor{Role: access.Statistician, Area: "370305", Username: "bench"}
	w.exec(b, "ANALYZE")
	peak := peakOf(func() {
		if _, err := w.desk.SealRelease(context.Background(), who, casework.NewRelease{Title: "bench", Area: "370305", AsOf: calendar.MustDate("2026-11-23"), Public: true}); err != nil {
			b.Fatal(err)
		}
	})
	r, err := w.desk.SealRelease(context.Background(), who, casework.NewRelease{Title: "bench", Area: "370305", AsOf: calendar.MustDate("2026-11-23")})
	if err != nil {
		b.Fatal(err)
	}
	w.exec(b, "DROP TABLE IF EXISTS copy_release")
	w.exec(b, fmt.Sprintf(`CREATE TABLE copy_release AS SELECT unnest(string_to_array(convert_from(string_agg(piece, ''::bytea ORDER BY seq), 'UTF8'), E'\n')) AS line
		FROM indicator_release_files WHERE release_id = '%s' AND form = 'csv'`, r.ID))
	memory := result{Name: "  memory that sealing takes (MiB) / 100", Value: peak, Reference: 100, Ratio: peak / 100, Min: peak / 100, Max: peak / 100, Rounds: 1, Unit: "MiB"}
	return []result{pairs(b, "release as csv over HTTP / COPY of its lines", "MB/s", w.download(b, r.ID), w.copyLines(b)), printed(memory)}
}

func (w *world) download(b *testing.B, release uuid.UUID) func() float64 {
	face := &httpapi.API{Desk: w.desk, Log: w.desk.Log, IPs: echo.ExtractIPDirect(), NewID: func() string { return uuid.NewString() }}
	handler, err := face.Handler()
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	token := signIn(b, server.URL) // as the reader of files, a town officer of the whole district
	return func() float64 {
		began, total := time.Now(), int64(0)
		for range downloads {
			req, err := http.NewRequest("GET", server.URL+"/api/v1/indicator-releases/"+release.String()+"/file?format=csv", nil)
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := client.Do(req)
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Fatalf("a release: %v %v", resp, err)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if total += n; err != nil {
				b.Fatal(err)
			}
		}
		return float64(total) / 1e6 / time.Since(began).Seconds()
	}
}

func (w *world) copyLines(b *testing.B) func() float64 {
	return func() float64 {
		began, total := time.Now(), int64(0)
		for range downloads {
			err := w.pool.AcquireFunc(context.Background(), func(c *pgxpool.Conn) error {
				counted := &counter{}
				_, err := c.Conn().PgConn().CopyTo(context.Background(), counted, "COPY copy_release TO STDOUT")
				total += counted.n
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		return float64(total) / 1e6 / time.Since(began).Seconds()
	}
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

// peakOf is how much the heap grows at the most while something is done, in MiB.
func peakOf(do func()) float64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				runtime.ReadMemStats(&now)
				peak.Store(max(peak.Load(), now.HeapInuse))
			}
		}
	}()
	do()
	close(done)
	return float64(peak.Load()-min(peak.Load(), before.HeapInuse)) / (1 << 20)
}
