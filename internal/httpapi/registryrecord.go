package httpapi

import (
	"time"

	"zhucan/api"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/idnum"
)

// The levels of the country, 1 the highest, as the lists of the standard have them: of a person (DisabilityLevelEnum) and of an impairment
// (ImpairmentLevel); and the categories 1 visual to 6 mental (ImpairementType). 7, several, has none: each component is told.
var (
	levelLabels      = map[int]string{1: "High Support Needs", 2: "Severe", 3: "Moderate", 4: "Mild"}
	impairmentLabels = map[int]string{1: "Extreme", 2: "Severe", 3: "Moderate", 4: "Mild"}
	impairmentTypes  = map[int]string{1: "Vision", 2: "Hearing", 3: "Speech", 4: "Mobility", 5: "Cognitive", 6: "Mental"}
	genders          = map[string]string{"male": "Male", "female": "Female", "": "Unknown"}
)

// disabledPerson is who was asked for by a number. That number is told again and no other: that of a file which was merged with his is his, too.
func (a *API) disabledPerson(number string, r casework.Registered, today calendar.Date) api.DisabledPerson {
	p := r.File.Person
	v := api.DisabledPerson{DisabilityStatus: registryStatus(r.Status), DisabilityLevel: api.DisabledPersonDisabilityLevel(levelLabels[r.Card.Level]),
		DisabilityDetails: impairments(r.Card), DisabilitySupport: []api.RegistrySupport{a.support(r)}, RegistrationDate: firstIssue(r.File), LastUpdated: p.UpdatedAt.UTC()}
	v.PersonalDetails.Identifier, v.PersonalDetails.DateOfBirth = number, some(p.BirthDate)
	v.PersonalDetails.Gender = api.DisabledPersonPersonalDetailsGender(genders[p.Sex])
	v.PersonalDetails.Name.LastName, v.PersonalDetails.Name.FirstName = idnum.SplitName(p.Name)
	v.ProgramsEnrollments = a.enrolments(r.Awards, today)
	return v
}

func registryStatus(s casefile.CertificateStatus) api.DisabledPersonDisabilityStatus {
	switch s {
	case casefile.Expired:
		return "Expired" // "needs reassessment"
	case casefile.Frozen, casefile.Reassessing:
		return "Pending" // "still under assessment"
	}
	return "Approved"
}

func firstIssue(f casefile.File) time.Time {
	first := f.Certificates[0].IssuedOn
	for _, c := range f.Certificates {
		if c.IssuedOn.Before(first) {
			first = c.IssuedOn
		}
	}
	year, month, day := first.YMD()
	return time.Date(year, month, day, 0, 0, 0, 0, calendar.Civil).UTC()
}

// impairments are the disabilities of a card: each component of several, where they are recorded.
func impairments(c casefile.Certificate) []api.RegistryImpairment {
	parts := c.Components
	if len(parts) == 0 {
		parts = []casefile.Component{{Category: c.Category, Level: c.Level}}
	}
	var list []api.RegistryImpairment
	for _, part := range parts {
		list = append(list, api.RegistryImpairment{ImpairmentType: some(api.RegistryImpairmentImpairmentType(impairmentTypes[part.Category])),
			ImpairmentLevel: api.RegistryImpairmentImpairmentLevel(impairmentLabels[part.Level])})
	}
	return list
}

// support is what was asked for and given, and what the survey names of which nothing was asked for. What came to nothing is not told.
func (a *API) support(r casework.Registered) api.RegistrySupport {
	v := api.RegistrySupport{AssistiveTechnology: []api.RegistryAid{}, HousingSupport: []api.RegistryAid{}, MedicalCare: []api.RegistryAid{}}
	lists := map[care.Kind]*[]api.RegistryAid{care.Device: &v.AssistiveTechnology, care.Retrofit: &v.HousingSupport, care.Rehab: &v.MedicalCare}
	asked := map[care.Kind]bool{}
	for _, s := range r.Services {
		status := aidStatus(s)
		if status == "" {
			continue
		}
		asked[s.Kind] = true
		*lists[s.Kind] = append(*lists[s.Kind], api.RegistryAid{Type: some(a.aidType(s)), Status: status, LastUpdated: some(lastChange(s).UTC())})
	}
	for _, kind := range r.Needs {
		if list, known := lists[care.Kind(kind)]; known && !asked[care.Kind(kind)] {
			*list = append(*list, api.RegistryAid{Status: "Needed"})
		}
	}
	return v
}

func aidStatus(s care.Service) api.RegistryAidStatus {
	chain := care.ChainOf(s.Kind)
	for _, state := range chain.Given {
		if s.State == state {
			return "Received"
		}
	}
	for _, state := range chain.States {
		if state.Code == s.State && !state.Final {
			return "Needed"
		}
	}
	return ""
}

// deviceLabels are the labels that the standard has for devices, by the first four digits of their codes, which GB/T 16432 has from ISO 9999.
var deviceLabels = map[string]string{"1222": "Wheelchairs", "1223": "Wheelchairs", "2206": "Hearing aids", "2221": "Speech-generating devices (SGDs)"}

// aidType is a label of the standard, or of a device that has none its name in the catalogue.
func (a *API) aidType(s care.Service) string {
	switch s.Kind {
	case care.Retrofit:
		return "Home Adaptation"
	case care.Rehab:
		return "Specialized habitation" // as the list spells it
	}
	code := s.Need.Text("item")
	if label := deviceLabels[code[:min(4, len(code))]]; label != "" {
		return label
	}
	for _, item := range a.Desk.Pack().Catalogue.Devices {
		if item.Code == code {
			return item.EN
		}
	}
	return code
}

func lastChange(s care.Service) time.Time {
	if n := len(s.Steps); n > 0 {
		return s.Steps[n-1].RecordedAt
	}
	return s.CreatedAt
}

// enrolments are the benefits that are paid today.
func (a *API) enrolments(awards []award.Award, today calendar.Date) []api.RegistryEnrolment {
	list := []api.RegistryEnrolment{}
	for _, w := range awards {
		if awardView(w, today).Status != "active" || w.StartMonth.After(today.Month()) {
			continue
		}
		e := api.RegistryEnrolment{ProgrammeIdentifier: w.Programme, ProgrammeName: w.Programme}
		if programme := a.Desk.Pack().Programme(w.Programme); programme != nil {
			e.ProgrammeName = programme.ZH
		}
		list = append(list, e)
	}
	return list
}
