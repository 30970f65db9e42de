package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

var (
	loopback = netip.MustParsePrefix("127.0.0.0/8")
	secret   = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	message  = uuid.MustParse("01a20a63-7168-7056-b276-4c563bc9a280")
	noon     = time.Unix(1679968800, 0)
)

// TestSign compares with what Python's hmac makes of the bytes 0 to 31 as the key.
func TestSign(t *testing.T) {
	t.Parallel()
	got, err := Sign(secret, message, noon, []byte(`{"type":"person.created"}`))
	if want := "v1,A5IErXgnwAr3LHTDoVZ6CIA9uG6A60B+wDwlVUoPzj8="; err != nil || got != want {
		t.Errorf("Sign = %s, %v; want %s", got, err, want)
	}
	for _, bad := range []string{"", "whsec_", "whsec_AAEC", "whsec_!!!!"} {
		if _, err := Sign(bad, message, noon, nil); err == nil {
			t.Errorf("signed with %q", bad)
		}
	}
	made, err := NewSecret(bytes.NewReader(bytes.Repeat([]byte{1, 2}, 16)))
	if err != nil || made != "whsec_AQIBAgECAQIBAgECAQIBAgECAQIBAgECAQIBAgECAQI=" {
		t.Errorf("NewSecret = %s, %v", made, err)
	}
	if _, err := NewSecret(strings.NewReader("short")); err == nil {
		t.Error("a secret of five bytes")
	}
}

func TestAllows(t *testing.T) {
	t.Parallel()
	named := NewSender(netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/32"))
	for _, tt := range []struct {
		address string
		want    bool
	}{
		{"8.8.8.8", true}, {"223.5.5.5", true}, {"2400:3200::1", true}, {"::ffff:8.8.8.8", true}, {"172.15.255.255", true}, {"172.32.0.1", true}, {"100.128.0.1", true},
		{"127.0.0.1", false}, {"127.255.255.254", false}, {"0.0.0.0", false}, {"0.1.2.3", false}, {"10.0.0.1", false}, {"172.16.0.1", false}, {"172.31.255.255", false},
		{"192.168.1.1", false}, {"169.254.169.254", false}, {"100.64.0.1", false}, {"192.0.0.8", false}, {"198.19.255.255", false}, {"224.0.0.1", false}, {"255.255.255.255", false},
		{"::", false}, {"::1", false}, {"::ffff:127.0.0.1", false}, {"::ffff:10.0.0.1", false}, {"::ffff:169.254.169.254", false}, {"::127.0.0.1", false},
		{"fe80::1", false}, {"fe80::1%eth0", false}, {"fc00::1", false}, {"fd12:3456::1", false}, {"fec0::1", false}, {"ff02::1", false},
		{"64:ff9b::7f00:1", false}, {"64:ff9b::808:808", false}, {"2002:7f00:1::1", false}, {"2001::1", false}, {"2001:db8::1", false}, {"100::1", false},
		{"10.1.2.3", true}, {"::ffff:10.1.2.3", true}, {"10.2.0.1", false}, {"fd00:1::5", true}, {"fd00:1::5%eth0", false},
	} {
		if got := named.Allows(netip.MustParseAddr(tt.address)); got != tt.want {
			t.Errorf("Allows(%s) = %v, want %v", tt.address, got, tt.want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	s := NewSender(netip.MustParsePrefix("10.1.0.0/16"))
	for _, tt := range []struct {
		url  string
		want error
	}{
		{"https://partner.example/hook?v=1", nil}, {"http://partner.example", nil}, {"https://10.1.0.9:8443/x", nil}, {"https://[2400:3200::1]/x", nil},
		{"https://localhost/x", nil}, // a name is looked up when something is sent
		{"https://127.0.0.1/x", ErrAddress}, {"http://[::1]:80/", ErrAddress}, {"https://[::ffff:192.168.0.1]/", ErrAddress}, {"https://169.254.169.254/latest", ErrAddress},
		{"https://[fe80::1%25eth0]/", ErrAddress},
		{"", ErrURL}, {"partner.example", ErrURL}, {"ftp://partner.example", ErrURL}, {"file:///etc/passwd", ErrURL}, {"https://", ErrURL}, {"https:///x", ErrURL},
		{"https://user:secret@partner.example", ErrURL}, {"https://partner.example/#x", ErrURL}, {"https:partner.example", ErrURL}, {"https://partner.example:0/", ErrURL},
		{"https://partner.example:99999/", ErrURL}, {"https://par tner.example/", ErrURL}, {"//partner.example", ErrURL}, {"https://%zz/", ErrURL},
	} {
		if got := s.CheckURL(tt.url); !errors.Is(got, tt.want) {
			t.Errorf("CheckURL(%s) = %v, want %v", tt.url, got, tt.want)
		}
	}
}

func send(t *testing.T, s *Sender, url string) Result {
	t.Helper()
	return s.Send(t.Context(), Message{ID: message, URL: url, Secret: secret, At: noon, Body: []byte(`{"type":"person.created"}`)})
}

// TestSend sends to receivers that behave in every way.
func TestSend(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	for _, tt := range []struct {
		name string
		do   http.HandlerFunc
		want Result
	}{
		{"takes it", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			want, _ := Sign(secret, message, noon, body)
			if r.Method != http.MethodPost || r.Header.Get("webhook-id") != message.String() || r.Header.Get("webhook-timestamp") != "1679968800" ||
				r.Header.Get("webhook-signature") != want || r.Header.Get("Content-Type") != "application/json" {
				w.WriteHeader(http.StatusBadRequest)
			}
		}, Result{Status: 200}},
		{"takes it without a word", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, Result{Status: 204}},
		{"is broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, Result{500, BadStatus}},
		{"refuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, Result{410, BadStatus}},
		{"sends on", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, Result{307, Redirected}},
		{"sends on to nowhere", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }, Result{302, Redirected}},
		{"says nothing for too long", func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); <-r.Context().Done() }, Result{Error: TimedOut}},
		{"talks for too long", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				w.Write([]byte("."))
				w.(http.Flusher).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		}, Result{200, TimedOut}},
		{"talks without end", func(w http.ResponseWriter, r *http.Request) {
			for line := bytes.Repeat([]byte("x"), 4096); r.Context().Err() == nil; {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		}, Result{Status: 200}},
		{"has endless headers", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 64<<10)) }, Result{Error: BrokenAnswer}},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Result{Error: BrokenAnswer}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tt.do)
			t.Cleanup(server.Close)
			s := NewSender(loopback)
			if strings.HasSuffix(tt.name, "too long") {
				s.Timeout = 300 * time.Millisecond
			}
			if got := send(t, s, server.URL); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if elsewhere.Load() > 0 {
				t.Error("a redirect was followed")
			}
		})
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	if got := send(t, NewSender(loopback), closed.URL); got != (Result{Error: NoConnection}) {
		t.Errorf("nobody there: %+v", got)
	}
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	if got := send(t, NewSender(loopback), tls.URL); got != (Result{Error: BadCertificate}) {
		t.Errorf("a certificate that nobody vouches for: %+v", got)
	}
}

// TestNamesLeadNowhereElse answers the look-up of a name in a hostile way; nothing may arrive at the server on this machine.
func TestNamesLeadNowhereElse(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		answers []string
		allowed bool
		want    Result
		arrives int64
	}{
		{"to this machine", []string{"127.0.0.1"}, false, Result{Error: AddressRefused}, 0},
		{"to this machine, mapped", []string{"::ffff:127.0.0.1"}, false, Result{Error: AddressRefused}, 0},
		{"to a public address and this machine", []string{"8.8.8.8", "127.0.0.1"}, false, Result{Error: AddressRefused}, 0},
		{"to no address", nil, false, Result{Error: NoConnection}, 0},
		{"to this machine, which is named", []string{"127.0.0.1"}, true, Result{Status: 200}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewSender()
			if tt.allowed {
				s = NewSender(loopback)
			}
			lookups := 0
			s.resolve = func(context.Context, string) (list []netip.Addr, err error) {
				lookups++
				for _, a := range tt.answers {
					list = append(list, netip.MustParseAddr(a))
				}
				return list, nil
			}
			before := arrived.Load()
			if got := send(t, s, "http://partner.example:"+port+"/"); got != tt.want || arrived.Load()-before != tt.arrives || lookups != 1 {
				t.Errorf("got %+v, %d arrived, %d look-ups; want %+v, %d, 1", got, arrived.Load()-before, lookups, tt.want, tt.arrives)
			}
		})
	}
	s := NewSender()
	s.resolve = func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such host") }
	if got := send(t, s, "http://partner.example/"); got != (Result{Error: NoConnection}) {
		t.Errorf("a name that is not there: %+v", got)
	}
	if got := send(t, NewSender(), server.URL); got != (Result{Error: AddressRefused}) || arrived.Load() != 1 {
		t.Errorf("an address as it stands: %+v", got)
	}
}
