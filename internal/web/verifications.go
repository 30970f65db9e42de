package web

import (
	"slices"
	"strconv"

	"zhucan/internal/area"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// lookedAtData is the looks at whether a person still meets the conditions (定期复核), the latest first.
type lookedAtData struct {
	Name   string
	Lines  []verificationLine
	Record *Form
}

type verificationLine struct{ On, Method, Outcome, Tone, Findings, Recorded string }

func showPersonVerifications(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	d, err := v.desk.Person(v.ctx, v.who, id)
	if err != nil {
		return nil, err
	}
	data := lookedAtData{Name: d.File.Person.Name}
	for _, one := range slices.Backward(d.File.Verifications) {
		data.Lines = append(data.Lines, v.verificationLine(one))
	}
	if v.acts("record") {
		data.Record = v.newForm("record", "verify.record", &Field{Name: "on", Label: v.t("verify.on"), Kind: "date", Need: true, Value: v.today.String()},
			&Field{Name: "method", Label: v.t("verify.method"), Kind: "radio", Need: true, Options: v.options("verified_by", verifyMethods...)},
			&Field{Name: "outcome", Label: v.t("verify.outcome"), Kind: "radio", Need: true, Options: v.options("verify_outcome", verifyOutcomes...)},
			&Field{Name: "findings", Label: v.t("verify.findings"), Hint: v.t("verify.findings.hint"), Kind: "textarea", Max: 500})
	}
	return data, nil
}

var (
	verifyMethods  = []string{"visit", "video", "data"}
	verifyOutcomes = []string{"passed", "failed"}
	verifyStates   = []string{"due", "done", "failed", "missed"}
	verifyTones    = map[string]string{"done": "good", "failed": "bad", "missed": "bad", "due": "warn"}
)

func (v *visit) verificationLine(one casefile.Verification) verificationLine {
	line := verificationLine{On: one.On.String(), Method: v.t("verified_by." + one.Method), Outcome: v.t("passed.yes"), Tone: "good", Findings: one.Findings, Recorded: one.RecordedAt.In(china).Format("2006-01-02")}
	if !one.Passed {
		line.Outcome, line.Tone = v.t("passed.no"), "bad"
	}
	return line
}

func recordVerification(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	in := casefile.Verification{PersonID: id, On: r.day("on", true), Method: r.choice("method", true, verifyMethods...), Passed: r.choice("outcome", true, verifyOutcomes...) == "passed", Findings: r.text("findings", 500, false)}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.Verify(v.ctx, v.who, in)
	return v.path + "?done=verified", err
}

// verificationsData is who has to be verified in a year, and how far each place is.
type verificationsData struct {
	filters
	Year   int
	None   string // why there is nothing to verify
	Places []progressLine
	Sum    progressLine
	Lines  []toVerifyLine
	More   string
	ByData *Form
}

type progressLine struct {
	Path, Place                                string
	Asked, Data, Visit, Video, Failed, Waiting int
}

type toVerifyLine struct{ Path, Name, Place, Planned, State, Tone, Done string }

// verifyYear is the year that an address asks for.
func (v *visit) verifyYear() int {
	if n, err := strconv.Atoi(v.query.Get("year")); err == nil && n > 0 && n < 10000 {
		return n
	}
	return v.today.Year()
}

func showVerifications(v *visit) (any, error) {
	year := v.verifyYear()
	places, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	data := verificationsData{Year: year, filters: v.verifyFilters(year)}
	data.Filters = append(data.Filters, places...)
	counts, err := v.desk.VerificationCounts(v.ctx, v.who, year, in)
	if fault.Is(err, "NO_REVERIFICATION") {
		data.None = v.refusal(err)
		return &data, nil
	}
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	data.Places, data.Sum = v.progress(year, counts, in, place)
	if v.acts("by_data") {
		data.ByData = v.newForm("by_data", "verify.by_data")
	}
	return &data, v.fillToVerify(&data, year, in, place)
}

func (v *visit) verifyFilters(year int) filters {
	states := v.options("verify_state", verifyStates...)
	asked(states, v.query.Get("state"))
	var years []Option
	if rule := v.desk.Pack().Reverification; rule != nil {
		for y := max(v.today.Year(), rule.Since); y >= rule.Since; y-- {
			years = append(years, Option{Value: strconv.Itoa(y), Label: strconv.Itoa(y), Chosen: y == year})
		}
		if chosenOf(years) == "" { // what narrows a list is not to be shown as something else
			years = append(years, Option{Value: strconv.Itoa(year), Label: strconv.Itoa(year), Chosen: true})
		}
	}
	return filters{Filters: []filter{{"year", v.t("record.year"), "", years}, {"state", v.t("case.stage"), v.t("persons.all"), states}}}
}

// progress adds the counts of villages up to the level below the area that is looked at: a district's towns, a town's villages.
func (v *visit) progress(year int, counts []store.VerificationCount, in area.Code, place func(area.Code) string) (lines []progressLine, sum progressLine) {
	at := map[area.Code]int{}
	for _, c := range counts {
		code := c.Area
		for code.Parent() != in && len(code) > len(in) {
			code = code.Parent()
		}
		i, known := at[code]
		if !known {
			i = len(lines)
			at[code] = i
			lines = append(lines, progressLine{Place: place(code)})
			if code.Level() == "town" {
				lines[i].Path = "/verifications?year=" + strconv.Itoa(year) + "&area=" + string(code)
			}
		}
		lines[i].add(c)
		sum.add(c)
	}
	sum.Place = v.t("board.sum")
	return lines, sum
}

func (l *progressLine) add(c store.VerificationCount) {
	l.Asked += c.Asked
	l.Data += c.Data
	l.Visit += c.Visit
	l.Video += c.Video
	l.Failed += c.Failed
	l.Waiting += c.Asked - c.Data - c.Visit - c.Video - c.Failed
}

func (v *visit) fillToVerify(data *verificationsData, year int, in area.Code, place func(area.Code) string) error {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return err
	}
	f := casework.VerificationFilter{Year: year, Area: in, After: after, Limit: pageSize}
	if state := v.query.Get("state"); slices.Contains(verifyStates, state) {
		f.States = []string{state}
	}
	found, err := v.desk.Verifications(v.ctx, v.who, f)
	if err != nil {
		return err
	}
	for _, p := range found {
		line := toVerifyLine{Path: "/persons/" + p.PersonID.String() + "/verifications", Name: p.Name, Place: place(p.Area), Planned: p.On.String(), State: v.t("verify_state." + p.State), Tone: verifyTones[p.State]}
		if p.Verified != nil {
			line.Done = p.Verified.On.String() + " " + v.t("verified_by."+p.Verified.Method)
		}
		data.Lines = append(data.Lines, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{Area: found[n-1].Area, ID: found[n-1].PersonID}.String())
	}
	return nil
}

// verifyByData verifies everybody of the place that is looked at whom lists have confirmed. Done again it finds who was confirmed since.
func verifyByData(v *visit) (string, error) {
	_, err := v.desk.VerifyByData(v.ctx, v.who, v.areaAsked())
	return addQuery(v.here(), "done", "verified_by_data"), err
}
