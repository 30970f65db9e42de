package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zhucan/internal/httpapi"
)

// withLog is the same service with a log that the test reads.
func (s *service) withLog() (url string, log *bytes.Buffer) {
	s.t.Helper()
	log = &bytes.Buffer{}
	face := &httpapi.API{Desk: s.desk, Log: slog.New(slog.NewTextHandler(log, nil)), Clock: s.clock, IPs: echo.ExtractIPDirect(), NewID: uuid.NewString}
	handler, err := face.Handler()
	if err != nil {
		s.t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	s.t.Cleanup(server.Close)
	return server.URL, log
}

// TestBodyThatBreaksOff is the sender's trouble, said so, and no failure of ours: nothing is done, and no error stands in the log.
func TestBodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, c := s.withService(1)
	address, log := s.withLog()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, _ := w.CreateFormFile("file", "photo.jpg")
	part.Write(snapshot(t, 1))
	w.Close()
	for _, tt := range []struct {
		path, kind, body string
		missing          int
		status           int
		code             string
	}{
		{"/persons", "application/json", `{"name":"x"` + strings.Repeat(" ", 89), 90, 408, "BROKE_OFF"},
		{"/persons", "application/json", strings.Repeat(" ", 100), 100, 408, "BROKE_OFF"},
		{c.path + "/attachments", w.FormDataContentType(), form.String(), 100, 408, "BROKE_OFF"},
		{c.path + "/attachments", w.FormDataContentType(), form.String()[:form.Len()-100], 0, 400, "BAD_UPLOAD"},
	} {
		req, err := http.NewRequest("POST", address+"/api/v1"+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", tt.kind)
		req.Header.Set("Authorization", "Bearer "+s.login("liaison.a"))
		var whole bytes.Buffer
		if err := req.Write(&whole); err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", req.URL.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.Write(whole.Bytes()[:whole.Len()-tt.missing])
		conn.(*net.TCPConn).CloseWrite()
		resp, err := http.ReadResponse(bufio.NewReader(conn), req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		got := answer{t: t, status: resp.StatusCode, header: resp.Header, body: text}.want(tt.status, tt.code)
		if err := s.fitsContract(req, got); err != nil {
			t.Errorf("%s: %v", tt.path, err)
		}
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("the log says %s", log)
	}
	if kept := s.kept(); len(kept) != 0 {
		t.Errorf("%d contents were kept", len(kept))
	}
}

// TestSenderWhoGoes has a phone lose its network while its change waits for another one: that is no failure of the service, which neither logs nor
// counts one.
func TestSenderWhoGoes(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 1, 1).want(201)
	log := &bytes.Buffer{}
	face := &httpapi.API{Desk: s.desk, Log: slog.New(slog.NewTextHandler(log, nil)), Clock: s.clock, IPs: echo.ExtractIPDirect(), NewID: uuid.NewString}
	handler, err := face.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	other, err := s.owner().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), "SELECT FROM persons WHERE id = $1 FOR UPDATE", person.text("id")); err != nil {
		t.Fatal(err)
	}
	ctx, goes := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "PATCH", server.URL+"/api/v1/persons/"+person.text("id"), strings.NewReader(`{"phone":"19900001234"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + s.login("liaison.a"), "If-Match": person.version()} {
		req.Header.Set(name, value)
	}
	gone := make(chan error)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		gone <- err
	}()
	watch := s.owner()
	for waits := 0; waits == 0; {
		if err := watch.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waits); err != nil {
			t.Fatal(err)
		}
	}
	goes()
	if err := <-gone; err == nil {
		t.Error("the change was answered")
	}
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Close() // when all has been answered
	if text := log.String(); strings.Contains(text, "level=ERROR") || !strings.Contains(text, "status=408") {
		t.Errorf("the log says %s", text)
	}
}
