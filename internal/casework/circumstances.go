package casework

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// NewCircumstance is a dated fact as entered.
type NewCircumstance struct {
	Kind      string
	Value     json.RawMessage
	ValidFrom calendar.Date
	ValidTo   calendar.Date // last day; zero: open
	Source    string
	SourceDoc string
}

func (d *Desk) circumstance(person uuid.UUID, in NewCircumstance) (casefile.Circumstance, error) {
	kind, ok := casefile.KindOf(in.Kind)
	if !ok || kind.Place {
		return casefile.Circumstance{}, field("kind", "UNKNOWN_KIND", "没有这种情况类别", "no circumstance is of this kind")
	}
	return d.factOf(kind, person, in)
}

func (d *Desk) factOf(kind casefile.Kind, person uuid.UUID, in NewCircumstance) (casefile.Circumstance, error) {
	value, err := casefile.ParseValue(kind, in.Value)
	if err != nil {
		return casefile.Circumstance{}, err
	}
	if !in.ValidTo.IsZero() && in.ValidTo.Before(in.ValidFrom) {
		return casefile.Circumstance{}, field("valid_to", "DATES_REVERSED", "结束日期早于开始日期", "valid_to is before valid_from")
	}
	return casefile.Circumstance{ID: d.NewID(), PersonID: person, Kind: in.Kind, Raw: in.Value, Value: value, ValidFrom: in.ValidFrom,
		ValidTo: in.ValidTo, Source: in.Source, SourceDoc: in.SourceDoc}, nil
}

// earliestFact is before anybody was born who has an ID number: what is older has a wrong digit in its year.
var earliestFact = calendar.NewYear(1900)

// farthestFact is how many years ahead a fact may begin: what is known of the future is known of the next few, and a wrong digit is farther. (choice)
const farthestFact = 10

// checkBegin refuses a day on which a fact cannot have begun, as somebody enters it; of a household there is no birth.
func (d *Desk) checkBegin(from, birth calendar.Date) error {
	switch {
	case from.Before(earliestFact) || from.Year() > d.today().Year()+farthestFact:
		return field("valid_from", "DATE_OUT_OF_RANGE", "开始日期应在1900年以后、今后十年以内，请核对年份", "a fact begins after 1900 and not more than ten years from now; look at its year")
	case from.Before(birth):
		return field("valid_from", "BEFORE_BIRTH", "开始日期早于出生日期", "the fact begins before the person was born")
	}
	return nil
}

// AddCircumstance records a dated fact.
func (d *Desk) AddCircumstance(ctx context.Context, who access.Actor, person uuid.UUID, in NewCircumstance) (casefile.Circumstance, error) {
	fact, err := d.circumstance(person, in)
	if err != nil {
		return fact, err
	}
	err = d.write(ctx, who, "circumstance.add", func(tx *store.Tx) error {
		dossier, err := tx.LockDossier(ctx, person)
		if err == nil {
			err = d.checkBegin(fact.ValidFrom, dossier.File.Person.BirthDate)
		}
		if err != nil {
			return err
		}
		return d.putFact(ctx, tx, dossier, factRecorded, &fact)
	})
	return fact, err
}

// putFact inserts a fact into a locked file, derives again, and fills in what the store added. Partners hear of it as a new fact, an ended
// or a corrected one.
func (d *Desk) putFact(ctx context.Context, tx *store.Tx, dossier store.Dossier, told string, fact *casefile.Circumstance) error {
	if told != factEnded {
		if err := electedOtherwise(dossier.File, *fact); err != nil {
			return err
		}
	}
	if err := tx.InsertCircumstances(ctx, *fact); err != nil {
		return err
	}
	emitFact(tx, told, *fact)
	fact.RecordedAt, fact.RecordedBy = tx.Now, tx.Who.AccountID
	dossier.File = dossier.File.With(*fact)
	return d.savedAs(ctx, tx, dossier)
}

// electedOtherwise refuses the opposite of an election of the same day: the rules take the last one, and of two of one day nobody could say which
// that is.
func electedOtherwise(file casefile.File, fact casefile.Circumstance) error {
	side, _, _ := strings.Cut(fact.Value.Sort, "_")
	for _, c := range file.Circumstances {
		of, _, _ := strings.Cut(c.Value.Sort, "_")
		if fact.Kind != "elected_benefit" || c.Kind != fact.Kind || of != side || c.Value.Sort == fact.Value.Sort || c.ValidFrom != fact.ValidFrom {
			continue
		}
		if c.SupersededAt.IsZero() && c.Value.Answer == casefile.Yes && fact.Value.Answer == casefile.Yes {
			f := fault.New(fault.Conflict, "ELECTED_OTHERWISE", "同一天已登记相反的选择，请核对签字材料；原登记有误的请更正原登记，改选的请填写改选的日期",
				"the opposite was elected on the same day: compare what was signed, and correct the other record, or give the day of the later choice")
			return atMember("valid_from", f)
		}
	}
	return nil
}

// EndCircumstance says on which day a fact last held.
func (d *Desk) EndCircumstance(ctx context.Context, who access.Actor, id uuid.UUID, version int, lastDay calendar.Date) (casefile.Circumstance, error) {
	return d.rewrite(ctx, who, "circumstance.end", factEnded, id, version, nil, func(_ casefile.Person, old casefile.Circumstance) (casefile.Circumstance, error) {
		next := old
		next.ValidTo = lastDay
		if lastDay.Before(old.ValidFrom) {
			return next, field("valid_to", "DATES_REVERSED", "结束日期早于开始日期", "valid_to is before valid_from")
		}
		return next, nil
	})
}

// Correction is what was wrong about a recorded fact. Nil members were right.
type Correction struct {
	Value     json.RawMessage
	ValidFrom *calendar.Date
	ValidTo   *calendar.Date
	Source    string
	SourceDoc string
	Reason    string
}

var errSuperseded = fault.New(fault.Conflict, "SUPERSEDED", "该记录已被更新的记录取代", "a later record has taken the place of this one")

// CorrectCircumstance replaces a fact that was recorded wrongly; what was believed before stays readable.
func (d *Desk) CorrectCircumstance(ctx context.Context, who access.Actor, id uuid.UUID, version int, in Correction) (casefile.Circumstance, error) {
	return d.rewrite(ctx, who, "circumstance.correct", factCorrected, id, version, map[string]any{"reason": in.Reason}, func(p casefile.Person, old casefile.Circumstance) (casefile.Circumstance, error) {
		if in.ValidFrom != nil && *in.ValidFrom != old.ValidFrom { // what a list has said may be older
			if err := d.checkBegin(*in.ValidFrom, p.BirthDate); err != nil {
				return old, err
			}
		}
		return d.circumstance(old.PersonID, in.over(old))
	})
}

// over is the old fact with what was wrong about it put right.
func (in Correction) over(old casefile.Circumstance) NewCircumstance {
	entered := NewCircumstance{Kind: old.Kind, Value: old.Raw, ValidFrom: old.ValidFrom, ValidTo: old.ValidTo, Source: in.Source, SourceDoc: in.SourceDoc}
	if in.Value != nil {
		entered.Value = in.Value
	}
	if in.ValidFrom != nil {
		entered.ValidFrom = *in.ValidFrom
	}
	if in.ValidTo != nil {
		entered.ValidTo = *in.ValidTo
	}
	return entered
}

// rewrite supersedes a fact by another made from it, and says in the audit what else is known of the change.
func (d *Desk) rewrite(ctx context.Context, who access.Actor, action, told string, id uuid.UUID, version int, detail map[string]any,
	make func(casefile.Person, casefile.Circumstance) (casefile.Circumstance, error)) (next casefile.Circumstance, err error) {
	err = d.write(ctx, who, action, func(tx *store.Tx) error {
		dossier, err := tx.LockPersonOf(ctx, "circumstance", id)
		if err != nil {
			return err
		}
		facts := dossier.File.Circumstances
		at := slices.IndexFunc(facts, func(c casefile.Circumstance) bool { return c.ID == id })
		old := facts[at]
		if !old.SupersededAt.IsZero() {
			return errSuperseded
		}
		if kind, _ := casefile.KindOf(old.Kind); kind.Place {
			return fault.New(fault.Conflict, "PLACE", "地址变动请在人员信息中登记", "a place is changed with the person")
		}
		if err := stale(1, version); err != nil {
			return err
		}
		if next, err = make(dossier.File.Person, old); err != nil {
			return err
		}
		next.ID = d.NewID()
		if err := tx.Supersede(ctx, id); err != nil {
			return err
		}
		facts[at].SupersededAt = tx.Now
		if err := d.putFact(ctx, tx, dossier, told, &next); err != nil {
			return err
		}
		return tx.Describe(ctx, next.PersonID, detail)
	})
	return next, err
}
