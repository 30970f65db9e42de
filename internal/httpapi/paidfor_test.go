package httpapi_test

import (
	"fmt"
	"testing"
)

// paidFor are the facts of who pays that are held true of a person.
func (s *service) paidFor(person string) (list []string) {
	s.t.Helper()
	for _, raw := range s.do("cdpf", "GET", "/persons/"+person+"/circumstances", nil).want(200).json()["items"].([]any) {
		if c := raw.(map[string]any); c["kind"] == "insurance_paid" && c["superseded_at"] == nil {
			list = append(list, fmt.Sprint(c["value"], " ", c["valid_from"], " ", c["valid_to"]))
		}
	}
	return list
}

// TestListsSayWhoPays: a list of insured persons says beside the scheme whether the government pays, for its year; one scheme leaves the other
// alone, and taking the list back takes both.
func TestListsSayWhoPays(t *testing.T) {
	t.Parallel()
	s := start(t)
	a, b := s.person1(981, 1), s.person1(982, 1)
	s.at("2023-03-10")
	s.do("cdpf", "POST", "/persons/"+a+"/circumstances", map[string]any{"kind": "insurance_paid", "value": map[string]any{"sort": "medical", "annual_amount_fen": -1}, "valid_from": "2023-01-01", "source": "x"}).
		want(422, "VALUE_NOT_OF_KIND")
	pension := s.list("civil", "kind=pension&sender=x&as_of=2023-03-01", "姓名,身份证号,险种,参保年度,是否政府代缴", "金丝雀981,"+number(981)+",居民,2023,是", "金丝雀982,"+number(982)+",居民,2023,否").
		want(201).wantCounts(2, 0, 0, 0)
	s.list("civil", "kind=medical&sender=x&as_of=2023-03-01", "姓名,身份证号,险种,参保年度,参保状态", "金丝雀981,"+number(981)+",居民,2023,资助参保", "金丝雀982,"+number(982)+",居民,2023,正常").
		want(201).wantCounts(2, 0, 0, 0)
	if got := fmt.Sprint(s.paidFor(a), s.paidFor(b)); got != "[pension 2023-01-01 2023-12-31 medical 2023-01-01 2023-12-31] []" && got != "[medical 2023-01-01 2023-12-31 pension 2023-01-01 2023-12-31] []" {
		t.Errorf("who pays: %s", got)
	}
	row := s.indicatorRow("stats", "indicator=pension_paid_by_government&as_of=2023-03-10")
	if row["numerator"] != 1.0 || row["denominator"] != 2.0 {
		t.Errorf("the benefit counts %v", row)
	}
	s.do("civil", "POST", "/imports/"+pension.text("id")+"/undo", nil, "If-Match", pension.version()).want(200)
	if got := fmt.Sprint(s.paidFor(a)); got != "[medical 2023-01-01 2023-12-31]" {
		t.Errorf("taken back: %s", got)
	}
	s.wantDerived()
}

// TestInsuranceEndsWithinTheYear: who has stopped or broken off his medical insurance is insured until the day that the list gives, or else until
// the day of the list, and not for the rest of the year; who has left it for another scheme is insured there.
func TestInsuranceEndsWithinTheYear(t *testing.T) {
	t.Parallel()
	s := start(t)
	head := "姓名,身份证号,险种,参保年度,参保状态,终止日期"
	rows := []struct{ rest, facts string }{
		{"居民,2023,正常,", "resident 2023-01-01 2023-12-31\n"},
		{"居民,2023,停保,", "resident 2023-01-01 2023-06-09\n"},
		{"居民,2023,欠费,", "resident 2023-01-01 2023-06-09\n"},
		{"居民,2023,终止,", "resident 2023-01-01 2023-06-09\n"},
		{"居民,2023,退保,2023-04-30", "resident 2023-01-01 2023-04-30\n"},
		{"居民,2023,正常,2023-09-30", "resident 2023-01-01 2023-09-30\n"},
		{"居民,2023,正常,2024-03-31", "resident 2023-01-01 2023-12-31\n"},
		{"居民,2023,终止,2022-11-30", ""},
		{"居民,2022,停保,", "resident 2022-01-01 2022-12-31\n"},
	}
	lines, ids := []string{head}, []string{}
	for n, r := range rows {
		ids = append(ids, s.person1(621+n, 1))
		lines = append(lines, fmt.Sprintf("金丝雀%d,%s,%s", 621+n, number(621+n), r.rest))
	}
	s.at("2023-06-10")
	list := s.list("civil", "kind=medical&sender=x&as_of=2023-06-10", lines...).want(201).wantCounts(8, 1, 0, 0)
	for n, r := range rows {
		if got := s.factsOf(ids[n], "insurance_medical"); got != r.facts {
			t.Errorf("%s: %s, want %s", r.rest, got, r.facts)
		}
	}
	if row := s.indicatorRow("stats", "indicator=medical_enrolment&as_of=2023-06-10"); row["numerator"] != 3.0 || row["denominator"] != 9.0 {
		t.Errorf("insured on the day of the list: %v", row)
	}
	lines[2] = fmt.Sprintf("金丝雀622,%s,职工,2023,正常,", number(622))
	s.list("civil", "kind=medical&sender=y&as_of=2023-06-09", lines...).want(201)
	if got := s.factsOf(ids[1], "insurance_medical"); got != "employee 2023-01-01 2023-12-31\n" {
		t.Errorf("insured otherwise: %s", got)
	}
	s.undone(list)
	if got := s.factsOf(ids[3], "insurance_medical"); got != "resident 2023-01-01 2023-06-08\n" {
		t.Errorf("taken back, by the other list: %s", got)
	}
}
