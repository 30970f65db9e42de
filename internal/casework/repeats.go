package casework

import (
	"context"
	"time"
)

// keepAnswers is how long the answer to a request with a key is kept (choice). The longer, the more is kept that nobody asks for again; a
// repeat that comes later is done once more. A phone may come back after weeks of leave or repair and not know which of its entries have
// arrived; three months are longer than that.
const (
	keepAnswers     = 90 * 24 * time.Hour
	keepAttempts    = 24 * time.Hour // of signing in: after two hours they no longer count
	forgottenAtOnce = 1000           // so that no statement takes long
)

// ForgetAnswers removes the answers whose time is over, batch after batch, and says how many there were.
func (d *Desk) ForgetAnswers(ctx context.Context) (forgotten int64, err error) {
	return forget(ctx, d.DB.ForgetAnswers, d.Now().Add(-keepAnswers))
}

// ForgetAttempts does so with the records of sign-ins. Anybody may leave as many of them as he sends names.
func (d *Desk) ForgetAttempts(ctx context.Context) (forgotten int64, err error) {
	return forget(ctx, d.DB.ForgetAttempts, d.Now().Add(-keepAttempts))
}

func forget(ctx context.Context, some func(context.Context, time.Time, int) (int64, error), before time.Time) (forgotten int64, err error) {
	for {
		n, err := some(ctx, before, forgottenAtOnce)
		if forgotten += n; err != nil || n < forgottenAtOnce {
			return forgotten, err
		}
	}
}

// KeepAnswers removes from time to time what is kept long enough, until ctx ends.
func (d *Desk) KeepAnswers(ctx context.Context, every time.Duration) {
	repeatedly(ctx, every, func() {
		if _, err := d.ForgetAnswers(ctx); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "old answers could not be removed", "err", err)
		}
		if _, err := d.ForgetAttempts(ctx); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "old sign-in attempts could not be removed", "err", err)
		}
	})
}
