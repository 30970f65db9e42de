package store

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm/logger"
)

// TestAnswersAreNoErrors: what is told to the sender is not logged, and what nobody expects is.
func TestAnswersAreNoErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err    error
		logged bool
	}{
		{nil, false}, {&pgconn.PgError{Code: "23505", ConstraintName: "applications_one_open"}, false}, {&pgconn.PgError{Code: "42501"}, false},
		{&pgconn.PgError{Code: "23505", ConstraintName: "nobody_knows"}, true}, {&pgconn.PgError{Code: "42601"}, true}, {&pgconn.PgError{Code: "57P01"}, true}, {errors.New("odd"), true},
	} {
		var out bytes.Buffer
		log := statementLog{logger.NewSlogLogger(slog.New(slog.NewTextHandler(&out, nil)), logger.Config{LogLevel: logger.Info})}.LogMode(logger.Warn)
		log.Trace(context.Background(), time.Now(), func() (string, int64) { return "INSERT", 0 }, tt.err)
		if got := strings.Contains(out.String(), "ERROR"); got != tt.logged {
			t.Errorf("%v is logged: %v, want %v: %s", tt.err, got, tt.logged, out.String())
		}
	}
}
