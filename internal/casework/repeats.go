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
	forgottenAtOnce = 1000 // answers, so that no statement takes long
)

// ForgetAnswers removes the answers whose time is over, batch after batch, and says how many there were.
func (d *Desk) ForgetAnswers(ctx context.Context) (forgotten int64, err error) {
	for {
		n, err := d.DB.ForgetAnswers(ctx, d.Now().Add(-keepAnswers), forgottenAtOnce)
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
	})
}
