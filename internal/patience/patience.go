// Package patience bounds how long a request may take. It has a fixed time; while a file goes out, or a body comes in, the time begins anew with each
// piece that is taken or arrives, so that a long one does not end under somebody who is slow but there, and who has gone is not waited for.
package patience

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// bound is a context that ends after a while, as one with a timeout, but that the while may begin anew.
type bound struct {
	context.Context // of the connection
	limit           time.Duration
	head            bool // nobody reads more of the answer than its head
	timer           *time.Timer
	ended           chan struct{}

	mu  sync.Mutex
	err error
}

type boundKey struct{}

// Bound ends a context after a time, unless a file goes out under it.
func Bound(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	b := &bound{Context: ctx, limit: limit, ended: make(chan struct{})}
	b.timer = time.AfterFunc(limit, func() { b.end(context.DeadlineExceeded) })
	forget := context.AfterFunc(ctx, func() { b.end(ctx.Err()) })
	return b, func() {
		forget()
		b.timer.Stop()
		b.end(context.Canceled)
	}
}

// Requests ends the work on each request after a time, which does not run while its body is read.
func Requests(limit time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			ctx, cancel := Bound(c.Request().Context(), limit)
			defer cancel()
			ctx.(*bound).head = c.Request().Method == http.MethodHead
			in := c.Request().WithContext(ctx)
			Receive(c.Response(), in)
			c.SetRequest(in)
			return next(c)
		}
	}
}

func (b *bound) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
		close(b.ended)
	}
}

func (b *bound) Done() <-chan struct{} { return b.ended }

func (b *bound) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

func (b *bound) Value(key any) any {
	if key == (boundKey{}) {
		return b
	}
	return b.Context.Value(key)
}

// pieceSize is how many bytes of a file have to be taken in the time of a request: less than two kilobytes a second. It is also how much
// is sent at a time: in the few thousand bytes that a connection gathers by itself, the reader was woken up each time and took the
// processor.
const pieceSize = 64 << 10

// pieces writes to a reader who has the time of his request for each of them.
type pieces struct {
	to    http.ResponseWriter
	bound *bound
	began bool
}

// Send writes a file to a reader while it is made, under the context of his request, which Bound gave. began says whether any of it has
// gone out: an error after that can only break the connection. For a HEAD request the file is not made.
func Send(ctx context.Context, to http.ResponseWriter, write func(io.Writer) error) (began bool, err error) {
	p := &pieces{to: to, bound: ctx.Value(boundKey{}).(*bound)}
	if p.bound.head {
		return true, nil
	}
	out := bufio.NewWriterSize(p, pieceSize)
	if err = write(out); err == nil {
		err = out.Flush()
	}
	return p.began, err
}

func (p *pieces) Write(content []byte) (n int, err error) {
	p.began = true
	for n < len(content) && err == nil {
		var taken int
		taken, err = p.put(content[n:min(n+pieceSize, len(content))])
		n += taken
	}
	return n, err
}

// put writes one piece. Meanwhile the reader is waited for, and then whoever makes the next.
func (p *pieces) put(content []byte) (int, error) {
	p.bound.timer.Stop()
	defer p.bound.timer.Reset(p.bound.limit)
	// where the connection knows no time the server has none either
	_ = http.NewResponseController(p.to).SetWriteDeadline(time.Now().Add(p.bound.limit))
	return p.to.Write(content)
}
