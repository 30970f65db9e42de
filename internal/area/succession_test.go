package area_test

import (
	"fmt"
	"testing"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// TestSuccession: A has become B and then C; D and E have become F, and G has gone into F later; X and Y have changed their codes with
// each other; S has ended in nothing, and its code is that of another one now.
func TestSuccession(t *testing.T) {
	t.Parallel()
	var list []area.Division
	for _, d := range [][4]string{{"A", "2016-01-01", "2018-12-31", "B"}, {"B", "2019-01-01", "2020-12-31", "C"}, {"C", "2021-01-01"},
		{"D", "2016-01-01", "2018-12-31", "F"}, {"E", "2016-01-01", "2018-12-31", "F"}, {"F", "2019-01-01"}, {"G", "2016-01-01", "2019-12-31", "F"},
		{"X", "2016-01-01", "2018-12-31", "Y"}, {"Y", "2016-01-01", "2018-12-31", "X"}, {"X", "2019-01-01"}, {"Y", "2019-01-01"},
		{"S", "2016-01-01", "2018-12-31"}, {"S", "2021-01-01"}, {"H", "2016-01-01", "2017-12-31", "G"}} {
		one := area.Division{Code: area.Code(d[0]), ValidFrom: calendar.MustDate(d[1]), Successor: area.Code(d[3])}
		if d[2] != "" {
			one.ValidTo = calendar.MustDate(d[2])
		}
		list = append(list, one)
	}
	s := area.NewSuccession(list)
	for _, tt := range []struct{ code, on, want string }{
		{"A", "2018-12-31", "C [C] true"}, {"A", "2022-01-01", "C [C] true"}, {"B", "2019-06-01", "C [C] true"}, {"C", "2022-01-01", "C [] false"},
		{"D", "2018-01-01", "D [F] true"}, {"G", "2018-01-01", "G [F] true"}, {"H", "2016-01-01", "H [G F] true"}, {"F", "2022-01-01", "F [] false"},
		{"X", "2018-12-31", "Y [Y] true"}, {"Y", "2018-12-31", "X [X] true"}, {"X", "2019-01-01", "X [] false"},
		{"S", "2018-12-31", "S [] true"}, {"S", "2021-01-01", "S [] false"}, {"A", "2015-12-31", "A [] false"}, {"Z", "2022-01-01", "Z [] false"},
	} {
		last, into, ended := s.Last(area.Code(tt.code), calendar.MustDate(tt.on))
		if got := fmt.Sprintf("%s %s %v", last, into, ended); got != tt.want {
			t.Errorf("%s on %s: %s, want %s", tt.code, tt.on, got, tt.want)
		}
	}
}
