package httpapi

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// loud is a handler that counts warnings and errors by their texts. These are fixed, and what differs stands beside them.
type loud struct {
	slog.Handler
	lines *prometheus.CounterVec
}

// CountLoud is a log of which the metrics know how often something went wrong, also where nobody was answered: API.Loud shows it.
func CountLoud(log *slog.Logger) (*slog.Logger, prometheus.Collector) {
	lines := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zhucan_log_lines_total", Help: "Warnings and errors logged, by their text."}, []string{"level", "message"})
	return slog.New(loud{log.Handler(), lines}), lines
}

// Handle counts a line and passes it on.
func (l loud) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		l.lines.WithLabelValues(r.Level.String(), r.Message).Inc()
	}
	return l.Handler.Handle(ctx, r)
}

// WithAttrs counts the same.
func (l loud) WithAttrs(attrs []slog.Attr) slog.Handler {
	return loud{l.Handler.WithAttrs(attrs), l.lines}
}

// WithGroup counts the same.
func (l loud) WithGroup(name string) slog.Handler { return loud{l.Handler.WithGroup(name), l.lines} }
