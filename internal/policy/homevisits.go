package policy

import (
	"encoding/binary"
	"fmt"
	"time"

	"zhucan/internal/calendar"
)

// HomeVisits is how many of those in pay are drawn in each period to be looked at at home.
type HomeVisits struct {
	Percent int           `yaml:"percent"`
	Months  int           `yaml:"months"` // of a period; the first of a year begins with it
	Since   calendar.Date `yaml:"since"`  // the first day of the first period
}

func (h *HomeVisits) check() error {
	if h != nil && (h.Percent < 1 || h.Percent > 50 || h.Months < 1 || 12%h.Months != 0 || h.Since.IsZero() || h.From(h.Since) != h.Since) {
		return fmt.Errorf("home_visits draw 1 to 50 percent in periods into which a year is divided, since the first day of one")
	}
	return nil
}

// From is the first day of the period in which a day lies.
func (h *HomeVisits) From(day calendar.Date) calendar.Date {
	year, month, _ := day.YMD()
	return calendar.NewMonth(year, time.Month((int(month)-1)/h.Months*h.Months+1)).First()
}

// Below are the bytes below which a hash begins that is drawn.
func (h *HomeVisits) Below() []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(uint64(h.Percent)<<32/100))
}
