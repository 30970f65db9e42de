package patience_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"zhucan/internal/fault"
	"zhucan/internal/patience"
)

// came is how a body came.
type came struct {
	content string
	err     error
	working error // of the context, afterwards
}

// receive takes bodies under a limit that is also that of the server.
func receive(t *testing.T) (address string, done chan came) {
	t.Helper()
	done = make(chan came, 1)
	e := echo.New()
	e.Use(patience.Requests(limit))
	e.Any("/", func(c echo.Context) error {
		content, err := io.ReadAll(c.Request().Body)
		time.Sleep(limit / 3) // the work
		done <- came{string(content), err, c.Request().Context().Err()}
		if f, ok := fault.Of(err); ok {
			return c.String(f.Kind.Status(), f.Code)
		}
		return c.String(http.StatusOK, "thanks")
	})
	server := httptest.NewUnstartedServer(e)
	server.Config.ReadTimeout, server.Config.WriteTimeout = limit, limit
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), done
}

// begin sends the head of a request.
func begin(t *testing.T, address, head string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\n"+head+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func answered(t *testing.T, conn net.Conn, status int, want string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != status || string(text) != want {
		t.Errorf("answered %d %s, %v; want %d %s", resp.StatusCode, text, err, status, want)
	}
}

// TestSlowSender: what comes slowly comes whole, long after the time of a request is over, and the work has its own time afterwards.
func TestSlowSender(t *testing.T) {
	t.Parallel()
	address, done := receive(t)
	piece := strings.Repeat("x", 32<<10)
	for _, chunked := range []bool{false, true} {
		head, before, after := fmt.Sprintf("Content-Length: %d", 16*len(piece)), "", ""
		if chunked {
			head, before, after = "Transfer-Encoding: chunked", "8000\r\n", "\r\n"
		}
		conn := begin(t, address, head)
		for range 16 {
			time.Sleep(limit / 6)
			if _, err := io.WriteString(conn, before+piece+after); err != nil {
				t.Fatal(err)
			}
		}
		if chunked {
			if _, err := io.WriteString(conn, "0\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		if got := <-done; got.err != nil || len(got.content) != 16*len(piece) || got.working != nil {
			t.Errorf("%d bytes came, %v; the work: %v", len(got.content), got.err, got.working)
		}
		answered(t, conn, 200, "thanks")
	}
}

// TestSenderWhoIsGone: nobody waits for who sends nothing more, whether he says so or not, nor for who sends a byte now and then; and none of it
// is a failure of ours.
func TestSenderWhoIsGone(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(*net.TCPConn){
		"stops":         func(c *net.TCPConn) { _, _ = io.WriteString(c, "0123456789") },
		"sends nothing": func(*net.TCPConn) {},
		"closes":        func(c *net.TCPConn) { _, _ = io.WriteString(c, "0123456789"); _ = c.CloseWrite() },
		"trickles": func(c *net.TCPConn) {
			for range 100 {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
				time.Sleep(limit / 10)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, done := receive(t)
			conn := begin(t, address, "Content-Length: 100000")
			go send(conn)
			select {
			case got := <-done:
				if !patience.BrokeOff(got.err) {
					t.Errorf("ended with %v", got.err)
				}
				answered(t, conn, 408, "BROKE_OFF")
			case <-time.After(4 * limit):
				t.Error("still waiting")
			}
		})
	}
}

// TestNoBodyHasNoEnd: who sends fast enough is not waited for without end either.
func TestNoBodyHasNoEnd(t *testing.T) {
	t.Parallel()
	address, done := receive(t)
	conn := begin(t, address, "Transfer-Encoding: chunked")
	go func() {
		for {
			if _, err := io.WriteString(conn, "8000\r\n"+strings.Repeat("x", 32<<10)+"\r\n"); err != nil {
				return
			}
			time.Sleep(limit / 6)
		}
	}()
	select {
	case got := <-done:
		if !patience.BrokeOff(got.err) || len(got.content) < 40*(32<<10) {
			t.Errorf("after %d bytes: %v", len(got.content), got.err)
		}
	case <-time.After(25 * limit):
		t.Error("still waiting")
	}
}

// TestBodyThatIsNone is the sender's mistake, and what somebody else refuses of a body stays what he says.
func TestBodyThatIsNone(t *testing.T) {
	t.Parallel()
	address, done := receive(t)
	conn := begin(t, address, "Transfer-Encoding: chunked")
	if _, err := io.WriteString(conn, "no number\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-done; !fault.Is(got.err, "BAD_BODY") {
		t.Errorf("ended with %v", got.err)
	}
	answered(t, conn, 400, "BAD_BODY")

	in := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("x"), refusing{}))
	ctx, cancel := patience.Bound(t.Context(), limit)
	defer cancel()
	in = in.WithContext(ctx)
	patience.Receive(httptest.NewRecorder(), in)
	if _, err := io.ReadAll(in.Body); !errors.Is(err, echo.ErrStatusRequestEntityTooLarge) {
		t.Errorf("refused with %v", err)
	}
}

type refusing struct{}

func (refusing) Read([]byte) (int, error) { return 0, echo.ErrStatusRequestEntityTooLarge }
