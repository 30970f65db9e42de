package demo

import (
	"io"
	"time"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
)

// WritePopulation writes made-up people as the roster file that an office would send.
func WritePopulation(w io.Writer, seed uint64, people int, tree []area.Division, now time.Time) error {
	return exchange.WriteRoster(w, population.Generate(seed, people, tree, calendar.DateOf(now)))
}
