package population

import (
	"encoding/json"
	"math/rand/v2"
	"slices"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
)

// life is a person of the roster with what hangs together: who is severely disabled and hard up needs more and is reached less.
type life struct {
	exchange.RosterRow
	age                         int
	severe, hardUp, poor        bool
	pension, medical, schooling string
	care                        string
	needsRehab, needsDevice     bool // as last year's survey found
	needsRetrofit, retrofitted  bool
	record                      exchange.PersonRecord
}

// village is where the person is counted.
func (l *life) village() area.Code { return l.Hukou }

// has reports whether a category is one of the person's disabilities.
func (l *life) has(category int) bool {
	return l.Category == category || slices.ContainsFunc(l.Components, func(c casefile.Component) bool { return c.Category == category })
}

func (l *life) on(hardship string) bool { return slices.Contains(l.Hardships, hardship) }

// fact records that something was so since a day, which for who is younger is the birth.
func (l *life) fact(kind, value string, from calendar.Date, source string) {
	if from.Before(l.BirthDate) {
		from = l.BirthDate
	}
	l.record.Facts = append(l.record.Facts, exchange.FactRecord{Kind: kind, Value: text(value), From: from, Source: source})
}

// until ends the last fact before a day on which another begins.
func (l *life) until(day calendar.Date) {
	last := &l.record.Facts[len(l.record.Facts)-1]
	last.To = day.Add(-1)
}

func text(value any) json.RawMessage {
	raw, _ := json.Marshal(value) // texts, numbers and lists of them
	return raw
}

// recorder makes up records, one person after another.
type recorder struct {
	random *rand.Rand
	today  calendar.Date
	towns  towns
	places map[area.Code]string
}

// Records makes up what an office has on the people of a roster beside it: insurance, school, poverty, other benefits, two
// years' surveys, households, and the services of this year so far.
func Records(seed uint64, rows []exchange.RosterRow, divisions []area.Division, today calendar.Date) []exchange.Record {
	m := &recorder{random: rand.New(rand.NewPCG(seed, 710)), today: today, towns: newTowns(seed, divisions), places: map[area.Code]string{}}
	for _, d := range divisions {
		m.places[d.Code] = d.Name
	}
	lives := make([]*life, len(rows))
	for i, row := range rows {
		lives[i] = m.life(row)
	}
	homes := m.homes(lives)
	records := make([]exchange.Record, 0, len(lives)+len(homes))
	for _, l := range lives {
		m.lastSurvey(l)
		m.services(l)
		m.thisSurvey(l)
		records = append(records, exchange.Record{Person: &l.record})
	}
	for _, h := range homes {
		records = append(records, exchange.Record{Household: h})
	}
	return records
}

func (m *recorder) life(row exchange.RosterRow) *life {
	l := &life{RosterRow: row, age: calendar.Age(row.BirthDate, m.today), severe: casefile.Severe(row.Level)}
	l.record.IDNumber = row.ID.Reveal()
	l.hardUp = len(row.Hardships) > 0 && !l.on("orphan") && !l.on("defacto")
	if row.Certificate.IsZero() {
		l.record.Diagnosis = pick(m, "孤独症谱系障碍", "脑性瘫痪", "听力障碍", "全面发育迟缓", "语言发育迟缓")
	}
	m.school(l)
	m.poverty(l)
	m.insurance(l)
	m.welfare(l)
	m.needs(l)
	return l
}

// chance is true in so many of a thousand cases.
func (m *recorder) chance(permille int) bool { return m.random.IntN(1000) < permille }

// usually is chance, moved by how well the person's town does.
func (m *recorder) usually(l *life, permille, spread int) bool {
	return m.chance(m.towns.share(permille, spread, l.village()))
}

func (m *recorder) between(from, to calendar.Date) calendar.Date {
	return from.Add(m.random.IntN(max(1, to.Sub(from)+1)))
}

// days draws days of a stretch in their order.
func (m *recorder) days(from, to calendar.Date, n int) []calendar.Date {
	list := make([]calendar.Date, n)
	for i := range list {
		list[i] = m.between(from, to)
	}
	slices.SortFunc(list, calendar.Date.Compare)
	return list
}

func (m *recorder) year() calendar.Date { return calendar.NewYear(m.today.Year()) }

func pick[T any](m *recorder, from ...T) T { return from[m.random.IntN(len(from))] }

func later(a, b calendar.Date) calendar.Date {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b calendar.Date) calendar.Date {
	if a.Before(b) {
		return a
	}
	return b
}
