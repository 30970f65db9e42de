package httpapi_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"zhucan/internal/httpapi"
)

// TestMethodsAreBounded: whatever word a stranger sends in the place of a method, metrics and log get none of it.
func TestMethodsAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t)
	var log bytes.Buffer
	face := &httpapi.API{Desk: s.desk, Log: slog.New(slog.NewJSONHandler(&log, nil)), IPs: echo.ExtractIPDirect(), NewID: func() string { return "request" }}
	handler, err := face.Handler()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w.Body.String()
	}
	for _, path := range []string{"/api/v1/persons", "/nowhere"} {
		for _, method := range []string{number(940), "PROPFIND", "get"} {
			ask(method, path)
		}
		ask("GET", path)
	}
	for name, text := range map[string]string{"metrics": ask("GET", "/metrics"), "log": log.String()} {
		for _, method := range []string{number(940), "PROPFIND", `"get"`} {
			if strings.Contains(text, method) {
				t.Errorf("the %s tell of %s", name, method)
			}
		}
		if !strings.Contains(text, `"other"`) || !strings.Contains(text, `"GET"`) {
			t.Errorf("the %s name no methods: %s", name, text)
		}
	}
}
