package demo

import (
	"bytes"
	"time"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
)

// MakeHandover makes up the two files of an office that takes up the service: the roster, and the records beside it.
func MakeHandover(seed uint64, people int, tree []area.Division, now time.Time) (casework.Handover, error) {
	today := calendar.DateOf(now)
	rows := population.Generate(seed, people, tree, today)
	var roster, records bytes.Buffer
	if err := exchange.WriteRosterCSV(&roster, rows); err != nil {
		return casework.Handover{}, err
	}
	err := exchange.WriteRecords(&records, population.Records(seed, rows, tree, today))
	return casework.Handover{Roster: roster.Bytes(), Records: records.Bytes()}, err
}
