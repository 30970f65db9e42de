package patience

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"zhucan/internal/fault"
)

// wholeLimits bounds how long a sender is waited for, in limits of a request: half a limit for the next piece, on the average one limit
// for pieceSize bytes (as for readers), and wholeLimits for everything. So a photo may come over a line of two kilobytes a second, and a
// sender of a byte now and then holds a connection no longer than one who sends nothing.
const wholeLimits = 16

// toAnswer is how long after the time of the request the answer may still be written.
const toAnswer = 5 * time.Second

var (
	brokeOff = fault.New(fault.BrokenOff, "BROKE_OFF", "内容没有传完，请检查网络后重新提交", "what was sent did not arrive whole; look at the network and send it again")
	badBody  = fault.New(fault.Malformed, "BAD_BODY", "请求内容无法读取", "the body cannot be read")
)

// Gone answers a request whose sender has gone before it was answered: nobody reads that, and nothing has failed here.
var Gone = fault.New(brokeOff.Kind, brokeOff.Code, "请求办理中连接已断开，请查看是否已办成", "the connection ended before the answer; look whether it was done")

// BrokeOff reports whether a body did not arrive whole.
func BrokeOff(err error) bool { return fault.Is(err, brokeOff.Code) }

// arriving is the body of a request that is waited for as long as its pieces come.
type arriving struct {
	io.ReadCloser
	conn   *http.ResponseController
	bound  *bound
	read   int64
	waited time.Duration
	ended  error
}

// Receive has the body of a request, whose context Bound gave, waited for while it comes. A request without one stays as it is: the server watches
// its connection already, and a deadline would look as if the client had gone.
func Receive(to http.ResponseWriter, in *http.Request) {
	if in.Body == nil || in.Body == http.NoBody || in.ContentLength == 0 {
		return
	}
	in.Body = &arriving{ReadCloser: in.Body, conn: http.NewResponseController(to), bound: in.Context().Value(boundKey{}).(*bound)}
}

func (a *arriving) Read(piece []byte) (n int, err error) {
	if a.ended != nil {
		return 0, a.ended // and not asked again: behind its end the server reads by itself
	}
	a.bound.timer.Stop()
	defer a.bound.timer.Reset(a.bound.limit)
	began := time.Now()
	_ = a.conn.SetReadDeadline(began.Add(a.patience())) // where the connection knows no time the server has none either
	n, err = a.ReadCloser.Read(piece)
	a.read, a.waited = a.read+int64(n), a.waited+time.Since(began)
	_ = a.conn.SetWriteDeadline(time.Now().Add(a.bound.limit + toAnswer))
	a.ended = explained(err)
	return n, a.ended
}

// patience is how long the next piece is waited for.
func (a *arriving) patience() time.Duration {
	limit := a.bound.limit
	onAverage := limit/2 + time.Duration(a.read/pieceSize)*limit + time.Duration(a.read%pieceSize)*limit/pieceSize
	return min(limit/2, min(onAverage, wholeLimits*limit)-a.waited)
}

// explained says why a body ended: whole, refused by somebody who reads it before us, broken off, or not to be understood.
func explained(err error) error {
	var line net.Error
	var refused *echo.HTTPError
	switch {
	case err == nil, err == io.EOF: //nolint:errorlint // the end itself, as readers want it
		return err
	case errors.As(err, &line), errors.Is(err, io.ErrUnexpectedEOF):
		return brokeOff.Wrap(err)
	case errors.As(err, &refused):
		return err
	}
	return badBody.Wrap(err)
}
