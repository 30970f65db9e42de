package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/money"
	"zhucan/internal/standing"
)

// Today is what the queries of the worklists have to know beside the register.
type Today struct {
	On         calendar.Date
	Now        time.Time
	Programmes []ProgrammeKeys
	// Transitions are the windows in which a card may run out, each with the day until which it then counts.
	Transitions []Transition
	Surveyed    string // the indicator whose population is surveyed
	// SurveyYear is the year whose answers are collected today; 0: none is.
	SurveyYear                   int
	SurveyFrom, SurveyPopulation calendar.Date
	Window                       calendar.Interval // of the last verification that has begun; zero: none has
	DrawnSince                   calendar.Date     // when the period began in which people are drawn to be visited; zero: nobody is
	DrawnBelow                   []byte            // and below what the hash begins of who is
}

// ProgrammeKeys are a programme and the indicator that counts its coverage.
type ProgrammeKeys struct{ ID, Coverage string }

// Transition is a window of days and until when a card counts that runs out in it.
type Transition struct{ From, To, Until calendar.Date }

// Late is, by reason, the last day on which a lead that is overdue by now came onto its list. Other is for all other reasons.
type Late struct {
	Reasons []string
	Days    []calendar.Date
	Other   calendar.Date
}

// LeadKey names a lead on its list, in the order of the list.
type LeadKey struct {
	Area      area.Code
	PersonID  uuid.UUID
	Programme string
	Reason    string
}

// String is the key as a cursor; empty for the beginning.
func (k LeadKey) String() string {
	if k.PersonID == uuid.Nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{string(k.Area), k.PersonID.String(), k.Programme, k.Reason}, "|")))
}

// ParseLeadKey reads a cursor that a client handed back.
func ParseLeadKey(text string) (k LeadKey, err error) {
	if text == "" {
		return k, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	parts := strings.Split(string(raw), "|")
	if err == nil && len(parts) == 4 && strings.Trim(parts[0], "0123456789") == "" && !strings.ContainsRune(parts[2]+parts[3], 0) {
		k = LeadKey{Area: area.Code(parts[0]), Programme: parts[2], Reason: parts[3]}
		if k.PersonID, err = uuid.Parse(parts[1]); err == nil {
			return k, nil
		}
	}
	return LeadKey{}, BadCursor
}

// LeadFilter narrows a worklist. Zero members do not narrow.
type LeadFilter struct {
	Worklist  string
	Area      area.Code
	Programme string
	Reason    string
	Overdue   *bool
	Late      Late
	Soon      Late // Late of a few days ahead, for counts
	After     LeadKey
	Limit     int
}

// Lead is one line of a worklist.
type Lead struct {
	LeadKey
	Name        string
	Since       time.Time
	Level       int
	Underpaid   money.Fen
	Overpaid    money.Fen
	Undelivered money.Fen
	On          calendar.Date // what it is about: the last day of a card, a birthday
	Detail      string        // the words of a bank or of who verified
	Others      []uuid.UUID   // files that may be of the same person
	Last        *LeadAction
}

// LeadAction is what somebody did about a lead.
type LeadAction struct {
	ID         uuid.UUID
	Worklist   string
	PersonID   uuid.UUID
	Programme  string
	Outcome    string
	Note       string
	On         calendar.Date // when it was done
	FollowUpOn calendar.Date
	RecordedAt time.Time
	RecordedBy uuid.UUID
	ByName     string
	ActingFor  uuid.UUID
}

// args are the parameters of a worklist's query.
func (t Today) args(in area.Code, after LeadKey) pgx.NamedArgs {
	lo, hi := in.Range()
	var programmes, coverages, from, to, until []string
	for _, p := range t.Programmes {
		programmes, coverages = append(programmes, p.ID), append(coverages, p.Coverage)
	}
	for _, w := range t.Transitions {
		from, to, until = append(from, w.From.String()), append(to, w.To.String()), append(until, w.Until.String())
	}
	given := func(d calendar.Date) string {
		if d.IsZero() {
			return t.On.String()
		}
		return d.String()
	}
	return pgx.NamedArgs{"lo": lo, "hi": hi, "after_area": string(after.Area), "after_id": after.PersonID, "today": t.On.String(), "now": t.Now,
		"programmes": programmes, "coverages": coverages, "transition_from": from, "transition_to": to, "transition_until": until, "surveyed": t.Surveyed,
		"survey_year": t.SurveyYear, "survey_from": given(t.SurveyFrom), "survey_population": given(t.SurveyPopulation),
		"window": given(t.Window.From), "window_ends": given(t.Window.To), "window_began": !t.Window.From.IsZero(), "covered": int(standing.Covered), "settled": care.SettledStates(),
		"drawn_since": given(t.DrawnSince), "drawn_below": append([]byte{}, t.DrawnBelow...), "gap": int(standing.Gap)}
}

// overdue goes into a SELECT: whether a lead's time has run out; soon, whether it has or will within a few days. Working days are counted
// beforehand, and come in as one day for each reason.
const (
	overdue = `((since AT TIME ZONE 'Asia/Shanghai')::date <= coalesce((@late_days::date[])[array_position(@late_reasons::text[], reason)], @late::date))`
	soon    = `((since AT TIME ZONE 'Asia/Shanghai')::date <= coalesce((@soon_days::date[])[array_position(@soon_reasons::text[], reason)], @soon::date))`
)

func (l Late) into(args pgx.NamedArgs, name string) pgx.NamedArgs {
	days := make([]string, len(l.Days))
	for i, d := range l.Days {
		days[i] = d.String()
	}
	args[name+"_reasons"], args[name+"_days"], args[name] = append([]string{}, l.Reasons...), days, l.Other.String()
	return args
}

// readLeads reads in the area of who, and what is derived or paid also where it is kept under another area: it is only
// reached from a person that was seen. A plan that was kept from villages looks each of a district's persons up by itself: five times as slow.
func (db *DB) readLeads(ctx context.Context, who access.Actor, list string, in area.Code, query Query) error {
	queries := []Query{query}
	if in.Level() != "village" {
		queries = []Query{counting, query}
	}
	inside := boundsOf(who)
	inside.counts = everything
	if list == acrossAreas && inside.persons != "" {
		inside.persons = everything
	}
	return db.readIn(ctx, who, inside, queries...)
}

// acrossAreas is the list that has to see homes which stand in another village than where their members are managed. It is read without the bounds
// of row security; its persons are still those of the area asked for, which lies in the actor's.
const acrossAreas = "retrofit_need"

// widestLast are the indexes of the filters, with acrossAreas behind all others: what follows it in a transaction has no bounds, either.
func widestLast(filters []LeadFilter) (places []int) {
	var last []int
	for i, f := range filters {
		if f.Worklist == acrossAreas {
			last = append(last, i)
		} else {
			places = append(places, i)
		}
	}
	return append(places, last...)
}

// LeadCount is how many leads a worklist has, and of them how many are overdue, or will be soon.
type LeadCount struct {
	Worklist             string
	Count, Overdue, Soon int64
}

// CountLeads counts worklists of one area in one round trip.
func (db *DB) CountLeads(ctx context.Context, who access.Actor, t Today, filters []LeadFilter) ([]LeadCount, error) {
	if len(filters) == 0 {
		return nil, nil
	}
	counts := make([]LeadCount, len(filters))
	err := db.readLeads(ctx, who, "", filters[0].Area, func(b *pgx.Batch) {
		for _, i := range widestLast(filters) {
			f := filters[i]
			counts[i].Worklist = f.Worklist
			if f.Worklist == acrossAreas && boundsOf(who).persons != "" {
				b.Queue("SELECT set_config('zhucan.area', ':', true)")
			}
			b.Queue("SELECT count(*), count(*) FILTER (WHERE "+overdue+"), count(*) FILTER (WHERE "+soon+" AND NOT "+overdue+") FROM ("+leads[f.Worklist]+") l",
				f.Soon.into(f.Late.into(t.args(f.Area, LeadKey{}), "late"), "soon")).
				QueryRow(func(row pgx.Row) error { return row.Scan(&counts[i].Count, &counts[i].Overdue, &counts[i].Soon) })
		}
	})
	if err != nil {
		return nil, fmt.Errorf("count worklists: %w", err)
	}
	return counts, nil
}

// Leads lists a worklist in order of village, person, programme and reason, each with what was done last about it.
func (db *DB) Leads(ctx context.Context, who access.Actor, t Today, f LeadFilter) (list []Lead, err error) {
	args := f.Late.into(t.args(f.Area, f.After), "late")
	for name, value := range map[string]any{"worklist": f.Worklist, "programme": f.Programme, "reason": f.Reason, "overdue": f.Overdue, "after_programme": f.After.Programme,
		"after_reason": f.After.Reason, "limit": f.Limit} {
		args[name] = value
	}
	const page = `SELECT ` + leadColumns + ` FROM (%s) l
		WHERE (area_code, person_id, programme COLLATE "C", reason COLLATE "C") > (@after_area, @after_id::uuid, @after_programme, @after_reason)
		  AND (@programme = '' OR programme = @programme) AND (@reason = '' OR reason = @reason) AND (@overdue::boolean IS NULL OR ` + overdue + ` = @overdue)
		ORDER BY area_code, person_id, programme COLLATE "C", reason COLLATE "C" LIMIT @limit`
	const withLast = `SELECT l.*, (SELECT jsonb_build_object('ID', a.id, 'Outcome', a.outcome, 'Note', a.note, 'On', a.day, 'FollowUpOn', a.follow_up_on, 'RecordedAt', a.recorded_at,
			'RecordedBy', a.recorded_by, 'ByName', u.name)
		FROM (SELECT *, coalesce(done_on, (recorded_at AT TIME ZONE 'Asia/Shanghai')::date) AS day FROM worklist_actions) a JOIN accounts u ON u.id = a.recorded_by
		WHERE a.person_id = l.person_id AND a.worklist = @worklist AND a.programme IN ('', l.programme) ORDER BY a.day DESC, a.recorded_at DESC, a.id DESC LIMIT 1)
		FROM (` + page + `) l ORDER BY area_code, person_id, programme COLLATE "C", reason COLLATE "C"`
	err = db.readLeads(ctx, who, f.Worklist, f.Area, func(b *pgx.Batch) {
		b.Queue(fmt.Sprintf(withLast, leads[f.Worklist]), args).Query(into(&list, scanLead))
	})
	if err != nil {
		return nil, fmt.Errorf("list the worklist %s: %w", f.Worklist, err)
	}
	db.Told(ctx, who, idsBy(list, func(l Lead) uuid.UUID { return l.PersonID }))
	return list, nil
}

func scanLead(row pgx.CollectableRow) (l Lead, err error) {
	var last []byte
	err = row.Scan(&l.PersonID, &l.Name, &l.Area, &l.Programme, &l.Reason, &l.Since, &l.Level, &l.Underpaid, &l.Overpaid, &l.Undelivered, &l.On, &l.Detail, &l.Others, &last)
	if err != nil || last == nil {
		return l, err
	}
	l.Last = &LeadAction{PersonID: l.PersonID, Programme: l.Programme}
	return l, json.Unmarshal(last, l.Last)
}

// InsertLeadAction records what somebody did about a lead.
func (tx *Tx) InsertLeadAction(ctx context.Context, a LeadAction) error {
	return tx.insert(ctx, table{"worklist_actions", []string{"id uuid", "worklist", "person_id uuid", "programme text", "outcome", "note text", "done_on date", "follow_up_on date",
		"recorded_at timestamptz", "recorded_by uuid", "acting_for uuid"}},
		[]row{{a.ID, a.Worklist, a.PersonID, a.Programme, a.Outcome, a.Note, a.On, a.FollowUpOn, tx.Now, tx.Who.AccountID, tx.Who.ActingFor}})
}
