package store

import (
	"context"
	"time"

	"gorm.io/gorm/logger"

	"zhucan/internal/fault"
)

// statementLog leaves out errors that are answers: that an application is open already is what its sender is told, and no failure for whoever
// watches the log.
type statementLog struct{ logger.Interface }

// LogMode is the same at another level.
func (l statementLog) LogMode(level logger.LogLevel) logger.Interface {
	return statementLog{l.Interface.LogMode(level)}
}

// Trace is told of every statement when it is over.
func (l statementLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	if f, ok := fault.Of(translate(err)); ok && f.Kind != fault.Unavailable {
		err = nil
	}
	l.Interface.Trace(ctx, begin, statement, err)
}
