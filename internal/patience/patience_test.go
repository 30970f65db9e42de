package patience_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"zhucan/internal/patience"
)

const limit = time.Second // a loaded machine stops a test for a third of that

// sent is how a file went.
type sent struct {
	began bool
	err   error
}

// serve hands out a file under a limit that is also that of the server.
func serve(t *testing.T, write func(context.Context, io.Writer) error) (address string, done chan sent) {
	t.Helper()
	done = make(chan sent, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := patience.Bound(r.Context(), limit)
		defer cancel()
		began, err := patience.Send(ctx, w, func(to io.Writer) error { return write(ctx, to) })
		done <- sent{began, err}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}))
	server.Config.WriteTimeout = limit
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), done
}

// ask sends a request and reads nothing yet. Little fits between the two.
func ask(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

const fileSize = 32 << 20

func writeFile(ctx context.Context, to io.Writer) error {
	piece := bytes.Repeat([]byte{'x'}, 1<<20)
	for range fileSize / len(piece) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := to.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// TestSlowReader: who takes a file slowly gets all of it, long after the time of a request is over.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	address, done := serve(t, writeFile)
	conn := ask(t, address)
	began, got := time.Now(), 0
	part := make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(conn, part)
		got += n
		if err != nil {
			break
		}
		time.Sleep(limit / 6)
	}
	if s := <-done; s.err != nil || got < fileSize {
		t.Errorf("broke off at %d of %d bytes: %v", got, fileSize, s.err)
	}
	if took := time.Since(began); took < 3*limit {
		t.Errorf("it took only %v", took)
	}
}

// TestReaderWhoIsGone: nobody waits for a reader who takes nothing.
func TestReaderWhoIsGone(t *testing.T) {
	t.Parallel()
	address, done := serve(t, writeFile)
	ask(t, address)
	select {
	case s := <-done:
		if s.err == nil || !s.began {
			t.Errorf("sent to nobody: %+v", s)
		}
	case <-time.After(20 * limit):
		t.Error("still waiting")
	}
}

// TestNothingIsMade: a file that is not made ends with the time of its request, and so that the answer may be another.
func TestNothingIsMade(t *testing.T) {
	t.Parallel()
	address, done := serve(t, func(ctx context.Context, _ io.Writer) error {
		inner, cancel := context.WithCancel(ctx)
		defer cancel()
		<-inner.Done()
		return inner.Err()
	})
	ask(t, address)
	if s := <-done; !errors.Is(s.err, context.DeadlineExceeded) || s.began {
		t.Errorf("ended with %+v", s)
	}
}

// TestBoundEnds: with its time, with its parent and with its work.
func TestBoundEnds(t *testing.T) {
	t.Parallel()
	parent, gone := context.WithCancel(t.Context())
	ctx, done := patience.Bound(parent, time.Hour)
	defer done()
	gone()
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("ended with its parent: %v", ctx.Err())
	}
	ctx, done = patience.Bound(t.Context(), time.Hour)
	if ctx.Err() != nil {
		t.Errorf("ended before: %v", ctx.Err())
	}
	done()
	if <-ctx.Done(); !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("ended with its work: %v", ctx.Err())
	}
	ctx, done = patience.Bound(t.Context(), time.Nanosecond)
	defer done()
	if <-ctx.Done(); !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("ended with its time: %v", ctx.Err())
	}
}
