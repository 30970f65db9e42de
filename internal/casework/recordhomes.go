package casework

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
)

// household plans one household's line. A known household with all that the line says of it counts as the same.
func (r *recorder) household(in *exchange.HouseholdRecord) error {
	if !r.at.Contains(in.Area) || !r.villages[in.Area] {
		return field("area_code", "UNKNOWN_AREA", "没有这个村居，或超出管辖区域", "there is no such village, or not in your area")
	}
	h := casefile.HouseholdFile{Household: casefile.Household{ID: r.NewID(), Version: 1, Area: in.Area, Address: in.Address, CreatedAt: r.Now(), UpdatedAt: r.Now()},
		Files: map[uuid.UUID]casefile.File{}}
	known, err := r.members(&h, in.Members)
	switch {
	case err != nil:
		return err
	case known == 0:
	case r.isKnown(h, in):
		return nil
	case known == len(in.Members):
		return fault.New(fault.Conflict, "IN_A_HOUSEHOLD", "成员已在册内家庭中，该行另有在册没有的内容，未采用，请在该家庭中登记", "the members are in households already, and the line says more than is recorded of one; record that with the household")
	default:
		return fault.New(fault.Conflict, "IN_A_HOUSEHOLD", "有成员已在其他家庭中", "a member is in another household already")
	}
	if err := r.homeFacts(&h, in.Facts); err != nil {
		return err
	}
	services, err := r.homeServices(&h, in.Services)
	if err != nil {
		return err
	}
	for _, m := range h.Members {
		r.homesOf[m.PersonID] = append(r.homesOf[m.PersonID], h.Household.ID)
		r.touch(m.PersonID)
	}
	r.known[h.Household.ID], r.given[h.Household.ID] = h, services
	r.homes, r.services = append(r.homes, h), append(r.services, services...)
	return nil
}

// members fills in who lives there, and says how many of them are in a household already.
func (r *recorder) members(h *casefile.HouseholdFile, list []exchange.MemberRecord) (known int, err error) {
	for i, in := range list {
		dossier := r.byNumber[in.ID.Reveal()]
		switch {
		case dossier == nil:
			return 0, at(errNotRegistered, "members.%d.", i)
		case !slices.Contains(casefile.Relations, in.Relation):
			return 0, at(field("relation", "NOT_A_CHOICE", "与户主关系不正确", "no such relation"), "members.%d.", i)
		case in.From.IsZero() || in.From.After(r.today()):
			return 0, at(field("from", "IN_FUTURE", "日期为空或晚于今天", "the day is missing or lies in the future"), "members.%d.", i)
		}
		person := dossier.File.Person.ID
		if _, twice := h.Files[person]; twice {
			return 0, at(field("id_number", "MEMBER_TWICE", "成员重复", "the member is there twice"), "members.%d.", i)
		}
		if len(r.homesOf[person]) > 0 {
			known++
		}
		h.Files[person] = dossier.File
		h.Members = append(h.Members, casefile.Member{ID: r.NewID(), HouseholdID: h.Household.ID, PersonID: person, Relation: in.Relation, From: in.From, RecordedAt: r.Now()})
	}
	return known, nil
}

// isKnown reports whether one household has all members of a line, and all that it says.
func (r *recorder) isKnown(line casefile.HouseholdFile, in *exchange.HouseholdRecord) bool {
	return slices.ContainsFunc(r.homesOf[line.Members[0].PersonID], func(id uuid.UUID) bool {
		for _, m := range line.Members {
			if !slices.Contains(r.homesOf[m.PersonID], id) {
				return false
			}
		}
		for _, s := range in.Services {
			if !recorded(r.given[id], care.Service{Kind: care.Kind(s.Kind), HouseholdID: id}, s) {
				return false
			}
		}
		for _, f := range in.Facts {
			fact, err := r.householdFact(newFact(f))
			kind, _ := casefile.HouseholdKindOf(f.Kind)
			if err != nil || !errors.Is(stands(f, kind, fact, r.known[id].Circumstances), errSame) {
				return false
			}
		}
		return true
	})
}

func (r *recorder) homeFacts(h *casefile.HouseholdFile, list []exchange.FactRecord) error {
	for i, in := range list {
		fact, err := r.householdFact(newFact(in))
		if err != nil {
			return at(err, "facts.%d.", i)
		}
		kind, _ := casefile.HouseholdKindOf(in.Kind)
		if err := stands(in, kind, fact, h.Circumstances); errors.Is(err, errSame) {
			continue
		} else if err != nil {
			return at(err, "facts.%d.", i)
		}
		h.Circumstances = append(h.Circumstances, fact)
	}
	return nil
}

func (r *recorder) homeServices(h *casefile.HouseholdFile, list []exchange.ServiceRecord) (services []care.Service, err error) {
	var others []care.Service
	for _, m := range h.Members {
		others = append(others, r.given[m.PersonID]...)
	}
	slices.SortStableFunc(list, func(a, b exchange.ServiceRecord) int { return a.OpenedOn.Compare(b.OpenedOn) })
	for i, in := range list {
		s := care.Service{ID: r.NewID(), Kind: care.Kind(in.Kind), HouseholdID: h.Household.ID, Area: string(h.Household.Area)}
		s, err := r.walk(care.Case{Service: s, Others: others}, in, func(c *care.Case, day calendar.Date) {
			c.Household = h.On(day, r.Pack().Transitions)
		})
		if err != nil {
			return nil, at(err, "services.%d.", i)
		}
		h.Retrofits = append(h.Retrofits, casefile.RetrofitDay{ServiceID: s.ID, On: s.OpenedOn, State: care.ChainOf(s.Kind).States[0].Code})
		for _, done := range s.Steps {
			h.Retrofits = append(h.Retrofits, casefile.RetrofitDay{ServiceID: s.ID, On: done.On, State: done.To, Done: slices.Contains(done.Counts, casefile.Retrofit)})
		}
		services, others = append(services, s), append(others, s)
	}
	return services, nil
}

// newHomes are the households of which every member is new: their files are at hand. The others are derived with their members.
func (c *change) newHomes() []casefile.HouseholdFile {
	return slices.DeleteFunc(slices.Clone(c.homes), func(h casefile.HouseholdFile) bool {
		return slices.ContainsFunc(h.Members, func(m casefile.Member) bool { return !c.isNew[m.PersonID] })
	})
}
