package web_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"zhucan/internal/web"
)

// TestMethodsAreBounded: whatever word a stranger sends in the place of a method, who counts and the log get none of it.
func TestMethodsAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t)
	var log bytes.Buffer
	var counted []string
	face := &web.Site{Desk: s.desk, Log: slog.New(slog.NewJSONHandler(&log, nil)), IPs: echo.ExtractIPDirect(), NewID: func() string { return "request" },
		Count: func(method, _ string, _ int, _ time.Duration) { counted = append(counted, method) }}
	handler, err := face.Handler()
	must(t, err)
	for _, method := range []string{"379999197001010018", "get", "GET", "HEAD"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/sign-in", nil))
	}
	if want := []string{"other", "other", "GET", "HEAD"}; !slices.Equal(counted, want) {
		t.Errorf("counted as %v, want %v", counted, want)
	}
	if strings.Contains(log.String(), "379999") || strings.Count(log.String(), `"method":"other"`) != 2 {
		t.Errorf("logged: %s", log.String())
	}
}
