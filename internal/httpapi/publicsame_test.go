package httpapi_test

import (
	"slices"
	"testing"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// TestChildrenWithoutACardAreOneGroup: they have no level and no category. Beside 3 others in a level they are the smallest group to hide
// them behind, but not one of which the same numbers stand in the clear elsewhere.
func TestChildrenWithoutACardAreOneGroup(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 30} { // of level 2; without them there are no others to hide behind
		s := start(t)
		d := &district{s: s}
		var list []resident
		d.add(&list, 9, resident{village: villageA, level: 1, category: 4, born: 1960})
		d.add(&list, others, resident{village: villageA, level: 2, category: 4, born: 1960})
		d.bring(list)
		d.children(villageA, 18)                           // of whom 6 are insured
		uninsured := map[any]int{1.0: 3, 2.0: 20, nil: 12} // of each level
		for _, item := range items(s.do("cdpf", "GET", "/indicators/medical_enrolment/persons?limit=200", nil).want(200), "items") {
			if uninsured[item["level"]]--; uninsured[item["level"]] < 0 {
				s.fact(item["person_id"].(string), "insurance_medical", "resident", "2022-01-01", "")
			}
		}
		p := s.publish("2023-03-28")
		p.wantSound(t)
		wantNothingTold(t, []published{p})
	}
}

// found begins a village on a day.
func (d *district) found(code, day string) {
	d.s.t.Helper()
	village := area.Division{Code: area.Code(code), Name: "新村", ValidFrom: calendar.MustDate(day)}
	if _, err := d.s.desk.ImportDivisions(d.s.t.Context(), systemActor, []area.Division{village}); err != nil {
		d.s.t.Fatal(err)
	}
}

// end has a village of town A go on in another one from a day on, and moves some of its people.
func (d *district) end(from, to, day string, move int) {
	d.s.t.Helper()
	village := area.Division{Code: area.Code(from), Name: "旧村", ValidFrom: calendar.MustDate("2016-01-01"), ValidTo: calendar.MustDate(day).Add(-1), Successor: area.Code(to)}
	if _, err := d.s.desk.ImportDivisions(d.s.t.Context(), systemActor, []area.Division{village}); err != nil {
		d.s.t.Fatal(err)
	}
	for _, id := range d.livingIn(from)[:move] {
		d.s.moved(id, to, day)
	}
}

// livingIn are those of a village who should receive the nursing subsidy and do not.
func (d *district) livingIn(village string) (ids []string) {
	d.s.t.Helper()
	for _, item := range items(d.s.do("cdpf", "GET", "/indicators/"+coverage+"/persons?list=gap&limit=200&area="+village, nil).want(200), "items") {
		ids = append(ids, item["person_id"].(string))
	}
	return ids
}

// TestVillagesAreKnownUnderNewCodes: what was shown of a village is known of it under its next code too, and of one that it has gone into;
// and who has not been moved yet is known to be from there.
func TestVillagesAreKnownUnderNewCodes(t *testing.T) {
	t.Parallel()
	settled := villages(t)[townA]
	const fresh, meanwhile = "370305001899", "370305001898" // of which the second is entered before the end of the first is
	a, b := settled[0], settled[1]
	for _, tt := range []struct {
		name          string
		before        []int // gaps of villages; others receive
		to            string
		move, receive int // how many of the people are moved, and how many of the first village begin to receive
		more          int // how many come to the third
		codes         codes
		ends, day     string // of the code, and of the second table
	}{
		{"another code", []int{8, 12, 25}, fresh, 12, 5, 5, codes{renamed: map[string]string{b: fresh}}, "2023-04-01", "2023-04-28"},
		{"another code that is entered late", []int{8, 12, 25}, fresh, 12, 5, 5, codes{renamed: map[string]string{b: fresh}}, "2023-03-01", "2023-03-28"},
		{"not all are moved", []int{8, 12, 25}, fresh, 7, 5, 5, codes{renamed: map[string]string{b: fresh}}, "2023-04-01", "2023-04-28"},
		{"nobody is moved", []int{8, 12, 25}, fresh, 0, 5, 5, codes{renamed: map[string]string{b: fresh}}, "2023-04-01", "2023-04-28"},
		{"both codes are there meanwhile", []int{8, 12, 25}, meanwhile, 12, 5, 5, codes{merged: map[string]string{b: meanwhile}}, "2023-03-01", "2023-03-28"},
		{"a merger", []int{9, 3, 7}, a, 3, 0, 0, codes{merged: map[string]string{b: a}}, "2023-04-01", "2023-04-28"},
		{"a merger that makes another one small", []int{9, 12, 25}, a, 12, 0, -22, codes{merged: map[string]string{b: a}}, "2023-04-01", "2023-04-28"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.at("2023-04-28")
			d := &district{s: s}
			var list []resident
			for i, n := range tt.before {
				d.add(&list, n, plain(settled[i], false))
				d.add(&list, 100, plain(settled[i], true))
			}
			d.bring(list)
			if tt.to == meanwhile {
				d.found(tt.to, tt.ends)
			}
			series := []published{s.publish("2023-03-28")}
			for i := range list[:tt.receive] {
				list[i].nursing = true
			}
			last := slices.IndexFunc(list, func(r resident) bool { return r.village == settled[2] })
			for i := range max(0, -tt.more) {
				list[last+i].nursing = true
			}
			if d.add(&list, max(0, tt.more), plain(settled[2], false)); tt.more != 0 {
				d.bring(list)
			}
			if tt.to == fresh {
				d.found(tt.to, tt.ends)
			}
			d.end(b, tt.to, tt.ends, tt.move)
			series = append(series, s.publish(tt.day))
			for i := range series {
				series[i].wantSound(t)
				series[i].public.codes = tt.codes
			}
			if row := series[1].public.at[cell{coverage, "tree", b, ""}]; row != nil {
				t.Errorf("a village that has ended has the row %v", row)
			}
			wantNothingTold(t, series)
		})
	}
}
