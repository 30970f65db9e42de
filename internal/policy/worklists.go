package policy

import (
	"fmt"
	"time"

	"zhucan/internal/calendar"
	"zhucan/internal/lead"
)

// Worklist is how long there is for a lead of one worklist.
type Worklist struct {
	Due    int            `yaml:"due"`     // working days from the day on which it came onto the list
	DueFor map[string]int `yaml:"due_for"` // the same for single reasons
	From   *DayOfYear     `yaml:"from"`    // of the yearly survey: when the year's window begins
	Note   string         `yaml:"note"`    // what the choice rests on
}

// DayOfYear is a day that comes every year.
type DayOfYear struct {
	Month int `yaml:"month"`
	Day   int `yaml:"day"`
}

// defaultDue is for packs that say nothing of a worklist (choice).
const defaultDue = 5

// defaultSurveyFrom is when the window of a survey begins where a pack does not say (烟台市2025: July to September).
var defaultSurveyFrom = DayOfYear{Month: 7, Day: 1}

func (p *Pack) checkWorklists() error {
	for name, w := range p.Worklists {
		list := lead.Find(name)
		if list == nil {
			return fmt.Errorf("worklist %s is not known", name)
		}
		if w.Due < 1 || w.Note == "" {
			return fmt.Errorf("worklist %s: due is one working day or more, and a note says what it rests on", name)
		}
		for reason, due := range w.DueFor {
			if due < 1 || len(list.Reasons) > 0 && list.Reason(reason) == nil {
				return fmt.Errorf("worklist %s, due_for %s: there is no such reason, or no working day", name, reason)
			}
		}
		if w.From == nil {
			continue
		}
		if _, err := calendar.NewDate(2001, time.Month(w.From.Month), w.From.Day); err != nil || name != lead.NoSurvey {
			return fmt.Errorf("worklist %s: from is a day of every year, and only of %s", name, lead.NoSurvey)
		}
	}
	return nil
}

// DueIn is how many working days there are for a lead with a reason.
func (p *Pack) DueIn(worklist, reason string) int {
	w, ok := p.Worklists[worklist]
	if !ok {
		return defaultDue
	}
	if due, own := w.DueFor[reason]; own {
		return due
	}
	return w.Due
}

// SurveyFrom is the first day of a year's survey window.
func (p *Pack) SurveyFrom(year int) calendar.Date {
	from := defaultSurveyFrom
	if w := p.Worklists[lead.NoSurvey]; w.From != nil {
		from = *w.From
	}
	return calendar.NewMonth(year, time.Month(from.Month)).First().Add(from.Day - 1)
}
