// Package supervision is the arithmetic of the supervision board (监督评价): what units took in, did in time and left lying. Counts
// add up the tree; rates and averages are made from sums and never averaged.
package supervision

import "fmt"

// Tally is what is counted of a unit in a period. Overdue are those of today.
type Tally struct {
	Received    int64 // applications first handed in
	Decided     int64 // approved or rejected
	InTime      int64 // of the decided: no stage took longer than its limit
	Overdue     int64
	WorkingDays int64 // that the offices took for the decided; days with the applicant are not theirs
	MostDays    int64 // for one of them
	Returned    int64 // returns
	Rejected    int64
	Withdrawn   int64

	TicketsReceived int64
	TicketsClosed   int64
	TicketsOverdue  int64
	CalledBack      int64
	Satisfied       int64 // of the called back: 满意 or 基本满意

	ServicesOpened    int64
	ServicesCompleted int64

	Ratings int64
	Scores  int64 // their sum
}

// Add sums tallies up the tree.
func (t Tally) Add(o Tally) Tally {
	return Tally{t.Received + o.Received, t.Decided + o.Decided, t.InTime + o.InTime, t.Overdue + o.Overdue, t.WorkingDays + o.WorkingDays,
		max(t.MostDays, o.MostDays), t.Returned + o.Returned, t.Rejected + o.Rejected, t.Withdrawn + o.Withdrawn,
		t.TicketsReceived + o.TicketsReceived, t.TicketsClosed + o.TicketsClosed, t.TicketsOverdue + o.TicketsOverdue, t.CalledBack + o.CalledBack, t.Satisfied + o.Satisfied,
		t.ServicesOpened + o.ServicesOpened, t.ServicesCompleted + o.ServicesCompleted, t.Ratings + o.Ratings, t.Scores + o.Scores}
}

// InTimeRate is how many of a hundred decisions came in time; empty where there was none (不适用).
func (t Tally) InTimeRate() string { return truncated(100*t.InTime, t.Decided) }

// SatisfiedRate is how many of a hundred that were called back were satisfied; empty where nobody was.
func (t Tally) SatisfiedRate() string { return truncated(100*t.Satisfied, t.CalledBack) }

// AverageDays is how many working days a decision took; empty where there was none.
func (t Tally) AverageDays() string { return truncated(t.WorkingDays, t.Decided) }

// AverageScore is the mean of the ratings; empty where there was none.
func (t Tally) AverageScore() string { return truncated(t.Scores, t.Ratings) }

// truncated is n / of as decimal text, cut after two places, as the indicators are.
func truncated(n, of int64) string {
	if of == 0 {
		return ""
	}
	hundredths := 100 * n / of
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}
