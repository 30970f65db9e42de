package policy

import "errors"

// Lists says when a list of another department is not believed at once.
type Lists struct {
	// A list that claims to name everybody waits for somebody to confirm it where it leaves out more than MissingPercent of those whom
	// it should still name, and at least MissingFrom of them: a file that was cut off looks like a list on which few are left.
	MissingPercent int    `yaml:"missing_percent"`
	MissingFrom    int    `yaml:"missing_from"`
	Note           string `yaml:"note"` // what the choice rests on
}

// defaultLists is for packs that say nothing of lists (choice).
var defaultLists = Lists{MissingPercent: 20, MissingFrom: 5, Note: "choice"}

func (l *Lists) check() error {
	if l.MissingPercent < 0 || l.MissingPercent > 100 || l.MissingFrom < 1 || l.Note == "" {
		return errors.New("lists: missing_percent is 0 to 100, missing_from 1 or more, and a note says what they rest on")
	}
	return nil
}

// TooMany reports whether so many of those known are missing that the list is not believed at once.
func (l *Lists) TooMany(known, missing int) bool {
	return missing >= l.MissingFrom && missing*100 > known*l.MissingPercent
}
