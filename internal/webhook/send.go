package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Timeout is how long a receiver has for one message, from the look-up of its name to the end of its answer.
const Timeout = 10 * time.Second

// Bounds of what is read of an answer, which nobody looks at.
const (
	maxAnswer  = 16 << 10
	maxHeaders = 16 << 10
)

// Sender sends messages. It follows no redirect and no proxy, and connects to no address but those it has checked.
type Sender struct {
	Networks []netip.Prefix // beside public addresses
	Timeout  time.Duration  // for one message
	resolve  func(ctx context.Context, host string) ([]netip.Addr, error)
	client   *http.Client
}

// NewSender makes a sender that also sends to these networks.
func NewSender(networks ...netip.Prefix) *Sender {
	s := &Sender{Networks: networks, Timeout: Timeout}
	s.resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	s.client = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: s.dial, TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: maxHeaders,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true},
	}
	return s
}

// Message is what is sent once.
type Message struct {
	ID     uuid.UUID // the same at every attempt
	URL    string
	Secret string
	At     time.Time // of this attempt
	Body   []byte
}

// The codes of what went wrong. They say no more, so that nobody can feel his way through a network by what comes back.
const (
	AddressRefused = "ADDRESS_REFUSED" // the receiver's name leads to an address that is not allowed
	NoConnection   = "NO_CONNECTION"   // no such name, or nobody answers there
	BadCertificate = "BAD_CERTIFICATE"
	TimedOut       = "TIMED_OUT"
	Redirected     = "REDIRECTED"
	BadStatus      = "BAD_STATUS"
	BrokenAnswer   = "BROKEN_ANSWER"
	NotSent        = "NOT_SENT" // there is nothing to sign it with
)

// Result is what came of a message: the status of the answer if there was one, and what went wrong, if anything.
type Result struct {
	Status int
	Error  string
}

// Send sends a message once. Only an answer of 2xx that came whole in time counts as taken.
func (s *Sender) Send(ctx context.Context, m Message) Result {
	if err := s.CheckURL(m.URL); err != nil {
		return Result{Error: AddressRefused}
	}
	signature, err := Sign(m.Secret, m.ID, m.At, m.Body)
	if err != nil {
		return Result{Error: NotSent}
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Result{Error: AddressRefused}
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "User-Agent": "zhucan-webhook/1", "Webhook-Id": m.ID.String(),
		"Webhook-Timestamp": strconv.FormatInt(m.At.Unix(), 10), "Webhook-Signature": signature} {
		req.Header.Set(name, value)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return Result{Error: codeOf(ctx, err)}
	}
	defer func() { _ = resp.Body.Close() }() // what is left of it is of no interest
	r := Result{Status: resp.StatusCode}
	switch _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)); {
	case r.Status >= 300 && r.Status < 400:
		r.Error = Redirected
	case r.Status < 200 || r.Status >= 300:
		r.Error = BadStatus
	case err != nil:
		r.Error = codeOf(ctx, err)
	}
	return r
}

func codeOf(ctx context.Context, err error) string {
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unverified *tls.CertificateVerificationError
	var noConnection *net.OpError
	switch {
	case errors.Is(err, ErrAddress):
		return AddressRefused
	case ctx.Err() != nil:
		return TimedOut
	case errors.As(err, &unknown), errors.As(err, &wrongHost), errors.As(err, &invalid), errors.As(err, &unverified):
		return BadCertificate
	case errors.Is(err, errNoHost), errors.As(err, &noConnection) && noConnection.Op == "dial":
		return NoConnection
	}
	return BrokenAnswer
}

var errNoHost = errors.New("no such host")

// dial looks the receiver's name up once and connects to what was checked, so that a name cannot lead elsewhere between the two.
// A name that leads to a forbidden address beside allowed ones is refused as a whole.
func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, ErrURL
	}
	addresses := []netip.Addr{}
	if literal, err := netip.ParseAddr(host); err == nil {
		addresses = append(addresses, literal)
	} else if addresses, err = s.resolve(ctx, host); err != nil || len(addresses) == 0 {
		return nil, errNoHost
	}
	for _, a := range addresses {
		if !s.Allows(a) {
			return nil, ErrAddress
		}
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	for _, a := range addresses {
		var conn net.Conn
		if conn, err = dialer.DialContext(ctx, network, net.JoinHostPort(a.Unmap().String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}
