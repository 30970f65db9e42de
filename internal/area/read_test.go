package area_test

import (
	"testing"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

const heading = "code,name,level,parent_code,urban_rural_class,valid_from,valid_to,successor_code\n"

// TestReadCSV: a division ends on its last day and says what it was merged into; without dates it is from the day given.
func TestReadCSV(t *testing.T) {
	t.Parallel()
	from := calendar.MustDate("2016-01-01")
	got, err := area.ReadCSV([]byte("\uFEFF"+heading+"370305001005,甲,village,370305001\n370305001009,乙,village,370305001,121,2017-02-01,2023-08-31,370305001005\n"), from)
	want := []area.Division{{Code: "370305001005", Name: "甲", ValidFrom: from},
		{Code: "370305001009", Name: "乙", UrbanRuralClass: "121", ValidFrom: calendar.MustDate("2017-02-01"), ValidTo: calendar.MustDate("2023-08-31"), Successor: "370305001005"}}
	if err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v (%v), want %+v", got, err, want)
	}
	for name, row := range map[string]string{"no date": "370305001005,甲,village,370305001,,x", "it ends first": "370305001005,甲,village,370305001,,2020-01-01,2019-12-31",
		"no code": "370305001005,甲,village,370305001,,,2023-08-31,37x", "wrong level": "370305001005,甲,town,370305001"} {
		if _, err := area.ReadCSV([]byte(heading+row+"\n"), from); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}
