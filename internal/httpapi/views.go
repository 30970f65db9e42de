package httpapi

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
)

// some is a pointer to v, or nil for the zero value: an absent member of an answer.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// value is what a pointer points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func text[T ~string](p *T) string { return string(value(p)) }

// titles are the texts of statuses in Chinese; in English they are those of HTTP.
var titles = map[int]string{
	http.StatusBadRequest: "请求有误", http.StatusUnauthorized: "未登录", http.StatusForbidden: "无权操作", http.StatusNotFound: "未找到", http.StatusMethodNotAllowed: "不支持的请求方法",
	http.StatusRequestTimeout: "请求超时", http.StatusConflict: "与现状冲突", http.StatusPreconditionFailed: "版本已变", http.StatusRequestEntityTooLarge: "内容过大",
	http.StatusUnsupportedMediaType: "类型不支持", http.StatusUnprocessableEntity: "内容有误", http.StatusPreconditionRequired: "缺少版本", http.StatusTooManyRequests: "请求过多",
	http.StatusInternalServerError: "系统内部错误", http.StatusServiceUnavailable: "系统繁忙",
}

func problemOf(f *fault.Error, english bool, requestID string) api.Problem {
	status := f.Kind.Status()
	title := titles[status]
	if english {
		title = http.StatusText(status)
	}
	p := api.Problem{Type: "about:blank", Title: title, Status: status, Detail: f.Message(english), Code: f.Code, RequestID: some(requestID), Existing: f.Existing}
	for _, field := range f.Fields {
		message := field.ZH
		if english {
			message = field.EN
		}
		p.Errors = append(p.Errors, api.FieldError{Field: field.Name, Code: field.Code, Message: message, Allowed: field.Allowed})
	}
	return p
}

func ageOn(birth, day calendar.Date) *int {
	if birth.IsZero() || day.Before(birth) {
		return nil
	}
	age := calendar.Age(birth, day)
	return &age
}

func maskedNumber(p casefile.Person) string {
	if p.InvalidID != "" {
		return idnum.MaskID(p.InvalidID)
	}
	if p.IDNumber.IsZero() {
		return ""
	}
	return p.IDNumber.Masked()
}

func guardianView(g *casefile.Guardian) *api.Guardian {
	if g == nil {
		return nil
	}
	v := &api.Guardian{Name: g.Name, Relation: g.Relation, Phone: some(idnum.MaskPhone(g.Phone))}
	if !g.IDNumber.IsZero() {
		v.IDNumber = some(g.IDNumber.Masked())
	}
	return v
}

func (a *API) personView(d store.Dossier, r *Request) api.Person {
	p := d.File.Person
	v := api.Person{ID: p.ID, Version: p.Version, RecordType: api.RecordType(p.RecordType), Name: p.Name, Sex: some(api.Sex(p.Sex)),
		BirthDate: some(p.BirthDate), Age: ageOn(p.BirthDate, r.Today), IDNumber: some(maskedNumber(p)), IDNumberInvalid: some(p.InvalidID != ""),
		Phone: some(idnum.MaskPhone(p.Phone)), HukouAreaCode: some(api.AreaCode(p.Hukou)), ResidenceAreaCode: some(api.AreaCode(p.Residence)),
		ManagingAreaCode: api.AreaCode(p.Managing), HukouType: some(api.HukouType(p.HukouType)), Guardian: guardianView(p.Guardian),
		Diagnosis: some(p.Diagnosis), MergedInto: some(p.MergedInto), Certificates: []api.Certificate{}, CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC()}
	for _, c := range d.File.Certificates {
		v.Certificates = append(v.Certificates, certificateView(d.File, c, r.Today))
	}
	for _, w := range a.Desk.Warnings(d.File) {
		v.Warnings = append(v.Warnings, warningView(w, r.English))
	}
	return v
}

func warningView(w fault.Field, english bool) api.Warning {
	if english {
		return api.Warning{Code: w.Code, Message: w.EN}
	}
	return api.Warning{Code: w.Code, Message: w.ZH}
}

func certificateView(file casefile.File, c casefile.Certificate, today calendar.Date) api.Certificate {
	v := api.Certificate{ID: c.ID, Version: c.Version, Number: c.Number.Masked(), Category: api.Category(c.Category), Level: api.Level(c.Level),
		Components: []api.Component{}, IssuedOn: c.IssuedOn, ExpiresOn: c.ExpiresOn, Status: api.CertificateStatus(file.StatusOn(c, today))}
	for _, part := range c.Components {
		v.Components = append(v.Components, api.Component{Category: part.Category, Level: api.Level(part.Level)})
	}
	return v
}

func summaryView(l store.Listed, today calendar.Date) api.PersonSummary {
	p := l.Person
	return api.PersonSummary{ID: p.ID, Version: p.Version, RecordType: api.RecordType(p.RecordType), Name: p.Name, Sex: some(api.Sex(p.Sex)),
		BirthDate: some(p.BirthDate), Age: ageOn(p.BirthDate, today), IDNumber: some(maskedNumber(p)), Phone: some(idnum.MaskPhone(p.Phone)),
		HukouAreaCode: some(api.AreaCode(p.Hukou)), ResidenceAreaCode: some(api.AreaCode(p.Residence)), ManagingAreaCode: api.AreaCode(p.Managing),
		Category: some(api.Category(l.Category)), Level: some(api.Level(l.Level))}
}

func circumstanceView(c casefile.Circumstance) api.Circumstance {
	v := api.Circumstance{ID: c.ID, Version: 1, PersonID: c.PersonID, Kind: c.Kind, Value: api.CircumstanceValue(c.Raw), ValidFrom: c.ValidFrom,
		ValidTo: some(c.ValidTo), Source: c.Source, SourceDoc: some(c.SourceDoc), RecordedAt: c.RecordedAt.UTC(), RecordedBy: some(c.RecordedBy)}
	if !c.SupersededAt.IsZero() {
		v.Version = 2
		at := c.SupersededAt.UTC()
		v.SupersededAt = &at
	}
	return v
}

func eventView(e casefile.CertificateEvent) api.CertificateEvent {
	return api.CertificateEvent{ID: e.ID, CertificateID: e.CertificateID, Event: e.Event, On: e.On, Reason: some(e.Reason),
		CancelReason: some(api.CancelReason(e.CancelReason)), RecordedAt: e.RecordedAt.UTC()}
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (a *API) applicationView(c store.Case, english bool) api.Application {
	v := api.Application{ID: c.ID, Version: c.Version, CaseNumber: c.CaseNumber, StatusCode: some(c.StatusCode), PersonID: c.PersonID, PersonName: c.PersonName, AreaCode: api.AreaCode(c.Area),
		Programme: api.Programme(c.Programme), Stage: api.Stage(c.Stage), AppliedOn: c.AppliedOn, OwedFromMonth: some(api.Month(c.OwedFrom)),
		Applicant: api.Applicant{Relation: api.Relation(c.Applicant.Relation), Name: some(c.Applicant.Name)}, BankAccount: some(idnum.MaskAccount(c.BankAccount)),
		EnteredBy: c.EnteredBy, SubmittedAt: instant(c.SubmittedAt), ReturnedOn: some(c.ReturnedOn), Steps: []api.ApplicationStep{},
		Explanation: explanationView(c.Explanation, english), AwardID: some(c.AwardID), Clock: a.clockView(c.Application)}
	for _, w := range a.Desk.CaseWarnings(c.Application) {
		v.Warnings = append(v.Warnings, warningView(w, english))
	}
	for _, s := range c.Steps {
		v.Steps = append(v.Steps, api.ApplicationStep{At: s.At.UTC(), Action: api.StepAction(s.Action), FromStage: api.Stage(s.From), ToStage: api.Stage(s.To),
			Actor: api.StepActor{ID: s.ActorID, Name: s.ActorName, Role: api.Role(s.ActorRole)}, Reason: some(s.Reason), ReasonCode: some(s.ReasonCode), Fields: s.Fields,
			ActingFor: some(s.ActingFor), Changes: changeViews(s.Changes)})
	}
	return v
}

func explanationView(e *application.Explanation, english bool) *api.Explanation {
	if e == nil {
		return nil
	}
	v := &api.Explanation{RuleSet: e.RuleSet, PackVersion: e.PackVersion, AsOf: e.AsOf, StartMonth: some(api.Month(e.StartMonth)),
		Outcome: api.Outcome(e.Outcome), MonthlyAmountFen: e.AmountFen, Reasons: []api.Reason{}}
	for _, r := range e.Reasons {
		v.Reasons = append(v.Reasons, reasonView(r.Code, r.Passed, r.ZH, r.EN, r.Cite, english))
	}
	return v
}

func reasonView(code string, passed *bool, zh, en, cite string, english bool) api.Reason {
	message := zh
	if english {
		message = en
	}
	return api.Reason{Code: code, Passed: passed, Text: message, Cite: cite}
}

func changeViews(changes []application.Change) (list []api.FieldChange) {
	for _, c := range changes {
		list = append(list, api.FieldChange{Field: c.Field, Before: c.Before, After: c.After})
	}
	return list
}

func (a *API) clockView(app application.Application) *api.ApplicationClock {
	c := a.Desk.Clock(app)
	if c == nil {
		return nil
	}
	v := &api.ApplicationClock{State: api.ApplicationClockState(a.Desk.ClockState(c)), Paused: c.Paused, DueOn: some(c.DueOn)}
	if !c.Paused {
		v.WorkingDaysLeft = &c.DaysLeft
	}
	return v
}

func (a *API) applicationSummary(c store.Case) api.ApplicationSummary {
	full := a.applicationView(c, false)
	return api.ApplicationSummary{ID: full.ID, Version: full.Version, CaseNumber: full.CaseNumber, PersonID: full.PersonID, PersonName: full.PersonName, AreaCode: full.AreaCode,
		Programme: full.Programme, Stage: full.Stage, AppliedOn: full.AppliedOn, OwedFromMonth: full.OwedFromMonth, SubmittedAt: full.SubmittedAt,
		ReturnedOn: full.ReturnedOn, AwardID: full.AwardID, Clock: full.Clock}
}

func awardView(w award.Award, today calendar.Date) api.Award {
	status := "active"
	v := api.Award{ID: w.ID, Version: w.Version, PersonID: w.PersonID, ApplicationID: some(w.ApplicationID), Programme: api.Programme(w.Programme),
		StartMonth: api.Month(w.StartMonth), EndMonth: some(api.Month(w.EndMonth)), Basis: api.AwardBasis(w.Basis), EndReason: some(w.EndReason), Void: some(w.Void),
		ReinstatedDocument: some(w.Reinstated.Document), ReinstatedReason: some(w.Reinstated.Reason)}
	for _, s := range w.Suspensions {
		if s.To.IsZero() {
			status, v.SuspendedFrom, v.SuspensionReason = "suspended", some(api.Month(s.From)), some(s.Reason)
		}
	}
	if w.Void || !w.EndMonth.IsZero() && w.EndMonth.Before(today.Month()) {
		status = "ended"
	}
	v.Status = api.AwardStatus(status)
	return v
}

func areaView(d area.Division) api.Area {
	return api.Area{Code: api.AreaCode(d.Code), Name: d.Name, Level: api.AreaLevel(d.Code.Level()), ParentCode: some(api.AreaCode(d.Code.Parent())),
		SuccessorCode: some(api.AreaCode(d.Successor)), UrbanRuralClass: some(api.AreaUrbanRuralClass(d.UrbanRuralClass)), ValidFrom: d.ValidFrom, ValidTo: some(d.ValidTo)}
}

func followedView(f casework.Followed, english bool) api.Followed {
	v := api.Followed{Area: areaView(f.Division), Moved: placedView(f.Moved), Left: placedView(f.Left), Accounts: append([]string{}, f.Accounts...), Webhooks: append([]uuid.UUID{}, f.Webhooks...)}
	if f.Refused != nil {
		v.Refused = &api.NotFollowed{Code: api.NotFollowedCode(f.Refused.Code), Detail: f.Refused.Message(english)}
	}
	return v
}

func placedView(p store.Placed) api.Placed {
	return api.Placed{Persons: p.Persons, Households: p.Households, Tickets: p.Tickets, Facilities: p.Facilities}
}

func accountView(acc store.Account) api.Account {
	return api.Account{ID: acc.ID, Version: acc.Version, Username: acc.Username, Name: acc.Name, Role: api.Role(acc.Role), AreaCode: api.AreaCode(acc.AreaCode),
		Disabled: acc.Disabled, SecondFactor: acc.SecondFactorAt != nil, CreatedAt: acc.CreatedAt.UTC(), UpdatedAt: acc.UpdatedAt.UTC()}
}

// next is the cursor after a full page, from its last item; nil when the list has ended.
func next[T any](items []T, limit int, cursor func(T) string) *string {
	if len(items) < limit || limit == 0 {
		return nil
	}
	return some(cursor(items[len(items)-1]))
}

// afterID is a cursor that is the id of the last item.
func (r *Request) afterID() (uuid.UUID, error) {
	c, err := store.ParseCursor(r.Query.Get("cursor"))
	return c.ID, err
}

func idCursor(id uuid.UUID) string { return store.Cursor{ID: id}.String() }

func fieldsOf(fields []api.RevealField) []string {
	var names []string
	for _, f := range fields {
		names = append(names, string(f))
	}
	slices.Sort(names)
	return slices.Compact(names)
}
