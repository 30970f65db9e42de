// Package scenario runs the cases that officers agree on against a policy pack: facts in, expected answer out. The files
// are the reviewable tests of the rules; an officer adds a case without writing code.
package scenario

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/idnum"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
)

//go:embed files/*.yaml
var builtin embed.FS

// BuiltinFiles are the scenarios that come with the built-in pack.
func BuiltinFiles() fs.FS {
	sub, err := fs.Sub(builtin, "files")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}

// Scenario is one case.
type Scenario struct {
	ID       string
	Title    string
	Source   string
	Switches map[string]bool   // of every rule set, over those of the pack
	Pack     map[string]string // texts of the pack to replace, for rules that a scenario changes
	Facts    Facts
	Number   *Number       // a check of numbers alone
	Date     calendar.Date // judge on this day
	Applied  calendar.Date // months before this one are not owed
	Expect   map[string]Answer
	Months   map[string]map[string]int64 // programme, month: fen
	Status   map[string]string           // day: status of the card held then
	Stands   map[string]string           // indicator or benefit: covered, gap or excluded on the day; none outside its population
}

// Facts is a file, briefly.
type Facts struct {
	Birth         calendar.Date
	Hukou         string // 370305001005 where empty
	Moves         []Move // of the hukou
	Certificates  []Card
	Events        []Event
	Circumstances []Fact
}

// Move is a hukou move: its day still belongs to the old place.
type Move struct {
	On calendar.Date
	To string
}

// Card is a certificate. A later card ends the one before.
type Card struct {
	Category, Level int
	Components      []string // "5-3": category and level
	Issued, Expires calendar.Date
}

// Event is what happened to a card, the first where none is said.
type Event struct {
	Card  int
	Event string
	On    calendar.Date
}

// Fact is a circumstance.
type Fact struct {
	Kind     string
	Value    any
	From, To calendar.Date
}

// Number is an ID or certificate number and what to expect of it.
type Number struct {
	ID, Certificate string
	Refused         string // code; accepted where empty
	Born            calendar.Date
	Sex             string
	Becomes         string // the number after normalising
	Category, Level int
	Reissue         int
}

// Answer is what a programme should say.
type Answer struct {
	Outcome string
	Fen     int64
	Reason  string // code of the first condition that does not pass
}

// RunAll runs every file of a folder against a pack and says what failed.
func RunAll(files fs.FS, pack []byte) (passed int, failures []string, err error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil || len(names) == 0 {
		return 0, nil, errors.Join(err, errors.New("there are no scenario files (*.yaml)"))
	}
	seen := map[string]bool{}
	for _, name := range names {
		list, err := Load(files, name)
		if err != nil {
			return passed, failures, err
		}
		for _, s := range list {
			if seen[s.ID] {
				return passed, failures, fmt.Errorf("%s: scenario %s is there twice", name, s.ID)
			}
			seen[s.ID] = true
			if err := s.Run(pack); err != nil {
				failures = append(failures, fmt.Sprintf("%s %s: %v", path.Base(name), s.ID, err))
				continue
			}
			passed++
		}
	}
	return passed, failures, nil
}

// Load reads a file of scenarios. Unknown members and scenarios that expect nothing are refused.
func Load(files fs.FS, name string) ([]Scenario, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("read scenarios: %w", err)
	}
	var list []Scenario
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("read scenarios %s: %w", name, err)
	}
	for _, s := range list {
		if s.ID == "" || s.Source == "" || s.Number == nil && len(s.Expect)+len(s.Months)+len(s.Status)+len(s.Stands) == 0 {
			return nil, fmt.Errorf("%s: scenario %q needs an id, a source and an expectation", name, s.ID)
		}
	}
	return list, nil
}

// Run holds one scenario against a pack.
func (s Scenario) Run(document []byte) error {
	if s.Number != nil {
		return s.Number.check()
	}
	for old, changed := range s.Pack {
		if !bytes.Contains(document, []byte(old)) {
			return fmt.Errorf("the pack does not hold %q", old)
		}
		document = bytes.ReplaceAll(document, []byte(old), []byte(changed))
	}
	pack, err := policy.Load(document)
	if err != nil {
		return err
	}
	pack.SetSwitches(s.Switches)
	file, err := s.Facts.file()
	if err != nil {
		return err
	}
	return errors.Join(s.checkDay(pack, file), s.checkMonths(pack, file), s.checkStatus(file), s.checkStands(pack, file))
}

func (s Scenario) checkDay(pack *policy.Pack, file casefile.File) error {
	for programme, want := range s.Expect {
		v, err := pack.Judge(programme, file.On(s.Date, pack.Transitions))
		if err != nil {
			return err
		}
		got := Answer{string(v.Outcome), int64(v.Amount), v.FirstCode()}
		if want.Reason == "" {
			got.Reason = ""
		}
		if got != want {
			return fmt.Errorf("%s on %s: got %+v, want %+v", programme, s.Date, got, want)
		}
	}
	return nil
}

// checkMonths compares what a programme is worth in each month, from the month of application on.
func (s Scenario) checkMonths(pack *policy.Pack, file casefile.File) error {
	for programme, months := range s.Months {
		good, err := standing.MonthsOf(file, pack, programme)
		if err != nil {
			return err
		}
		for text, want := range months {
			month, err := calendar.ParseMonth(text)
			if err != nil {
				return err
			}
			var got int64
			for _, run := range good.Runs {
				if run.Contains(month) && (s.Applied.IsZero() || !month.Before(s.Applied.Month())) {
					fen, _ := pack.Programme(programme).Amount(run.Level, month)
					got = int64(fen)
				}
			}
			if got != want {
				return fmt.Errorf("%s in %s: got %d fen, want %d", programme, month, got, want)
			}
		}
	}
	return nil
}

// checkStands compares where the person stands with indicators and benefits of other offices.
func (s Scenario) checkStands(pack *policy.Pack, file casefile.File) error {
	if len(s.Stands) == 0 {
		return nil
	}
	reading, err := standing.Read(file, nil, pack)
	if err != nil {
		return err
	}
	timeline := reading.Standings(policy.Everything)
	words := map[standing.Status]string{standing.Covered: "covered", standing.Gap: "gap", standing.Excluded: "excluded", standing.Extra: "extra"}
	for key, want := range s.Stands {
		got := "none"
		for _, i := range timeline {
			if i.Indicator == key && i.Days.Contains(s.Date) {
				got = words[i.Status]
			}
		}
		if got != want {
			return fmt.Errorf("%s on %s: got %s, want %s", key, s.Date, got, want)
		}
	}
	return nil
}

func (s Scenario) checkStatus(file casefile.File) error {
	for text, want := range s.Status {
		day, err := calendar.ParseDate(text)
		if err != nil {
			return err
		}
		got := casefile.NoCertificate
		if card, ok := file.Current(day); ok {
			got = file.StatusOn(card, day)
		}
		if string(got) != want {
			return fmt.Errorf("card on %s: got %q, want %q", day, got, want)
		}
	}
	return nil
}

func (f Facts) file() (casefile.File, error) {
	file := casefile.File{Person: casefile.Person{ID: uuid.UUID{1}, BirthDate: f.Birth}}
	for i, c := range f.Certificates {
		card := casefile.Certificate{ID: uuid.UUID{2, byte(i)}, Category: c.Category, Level: c.Level, IssuedOn: c.Issued, ExpiresOn: c.Expires}
		if card.ExpiresOn.IsZero() {
			card.ExpiresOn = casefile.DefaultExpiry(card.IssuedOn)
		}
		if i+1 < len(f.Certificates) {
			card.HeldTo = f.Certificates[i+1].Issued.Add(-1)
		}
		for _, text := range c.Components {
			var part casefile.Component
			if _, err := fmt.Sscanf(text, "%d-%d", &part.Category, &part.Level); err != nil {
				return file, fmt.Errorf("component %q is not category-level", text)
			}
			card.Components = append(card.Components, part)
		}
		file.Certificates = append(file.Certificates, card)
	}
	for _, e := range f.Events {
		file.Events = append(file.Events, casefile.CertificateEvent{CertificateID: uuid.UUID{2, byte(e.Card)}, Event: e.Event, On: e.On})
	}
	facts := slices.Concat(f.places(), f.Circumstances)
	for _, c := range facts {
		kind, ok := casefile.KindOf(c.Kind)
		if !ok {
			return file, fmt.Errorf("no circumstance is of the kind %s", c.Kind)
		}
		raw, err := json.Marshal(c.Value)
		if err != nil {
			return file, fmt.Errorf("value of %s: %w", c.Kind, err)
		}
		value, err := casefile.ParseValue(kind, raw)
		if err != nil {
			return file, fmt.Errorf("value of %s: %w", c.Kind, err)
		}
		file.Circumstances = append(file.Circumstances, casefile.Circumstance{Kind: c.Kind, Value: value, ValidFrom: c.From, ValidTo: c.To})
	}
	return file, nil
}

// places are the hukou intervals that the moves make.
func (f Facts) places() []Fact {
	at := f.Hukou
	if at == "" {
		at = "370305001005"
	}
	current := Fact{Kind: casefile.HukouArea, Value: at, From: calendar.MustDate("1900-01-01")}
	var list []Fact
	for _, m := range f.Moves {
		current.To = m.On
		list = append(list, current)
		current = Fact{Kind: casefile.HukouArea, Value: m.To, From: m.On.Add(1)}
	}
	return append(list, current)
}

// checkedOn is the day on which numbers are checked: births after it are refused.
var checkedOn = calendar.MustDate("2026-01-01")

func (n Number) check() error {
	if n.Certificate != "" {
		card, err := idnum.ParseCertificate(n.Certificate, checkedOn)
		if done, failed := n.refusal(err); done {
			return failed
		}
		got := Number{Category: card.Category(), Level: card.Level(), Reissue: card.Reissue()}
		if want := (Number{Category: n.Category, Level: n.Level, Reissue: n.Reissue}); got != want {
			return fmt.Errorf("got category %d level %d reissue %d", got.Category, got.Level, got.Reissue)
		}
		return nil
	}
	id, err := idnum.ParseResident(n.ID, checkedOn)
	if done, failed := n.refusal(err); done {
		return failed
	}
	if !n.Born.IsZero() && id.BirthDate() != n.Born || n.Sex != "" && id.Sex() != n.Sex || n.Becomes != "" && id.Reveal() != n.Becomes {
		return fmt.Errorf("got born %s, %s, tail %s", id.BirthDate(), id.Sex(), strings.TrimLeft(id.Masked(), "0123456789*"))
	}
	return nil
}

// refusal compares a refusal with the expected one; done says that there is nothing more to compare.
func (n Number) refusal(err error) (done bool, failed error) {
	var wrong *idnum.Error
	code := ""
	if errors.As(err, &wrong) {
		code = wrong.Code
	}
	if code != n.Refused {
		return true, fmt.Errorf("got refusal %q, want %q", code, n.Refused)
	}
	return code != "", nil
}
