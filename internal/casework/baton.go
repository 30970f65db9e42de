package casework

import "context"

// baton is had by one at a time.
type baton chan struct{}

// take waits for the baton as long as somebody still wants an answer; done hands it on.
func (b baton) take(ctx context.Context) (done func(), err error) {
	select {
	case b <- struct{}{}:
		return func() { <-b }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
