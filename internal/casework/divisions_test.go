package casework_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

const divisionHeading = "code,name,level,parent_code,urban_rural_class,valid_from,valid_to,successor_code\n"

// divisionFile takes in a file of divisions and says how many changed, or the codes and texts of its refusal.
func (o *office) divisionFile(from, rows string) string {
	o.t.Helper()
	taken, err := o.desk.ImportDivisionFile(o.t.Context(), access.SystemActor(), []byte(divisionHeading+rows), calendar.MustDate(from), false)
	var f *fault.Error
	switch {
	case err == nil:
		return fmt.Sprint(taken.Changed())
	case !errors.As(err, &f):
		o.t.Fatal(err)
	}
	if len(f.Fields) == 0 {
		return f.Code
	}
	var said []string
	for _, field := range f.Fields {
		said = append(said, field.Code+" "+field.EN)
	}
	return strings.Join(said, "; ")
}

// TestDivisionsInsideTheirParents: a division is there only as long as what it lies in, whichever of the two the file brings and whichever is
// there already. The tree that comes with the service is taken, and again without a change.
func TestDivisionsInsideTheirParents(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 0, calendar.MustDate("2026-10-12"))
	if n, err := o.desk.ImportDivisions(t.Context(), access.SystemActor(), divisions.Tree()); n != 0 || err != nil {
		t.Errorf("the tree again: %d changed (%v)", n, err)
	}
	const town = "370305601,旧镇,town,370305,,2016-01-01,2020-12-31,370305602\n"
	for _, tt := range []struct{ name, rows, want string }{
		{"open below an ended one of the file", town + "370305601001,甲,village,370305601,,2016-01-01,,\n",
			"OUTLIVES_PARENT row 3, column valid_to: it outlives the division above: 370305601 is not there from 2021-01-01 on, so this one ends the day before at the latest"},
		{"ended later, and before it in the file", "370305601001,甲,village,370305601,,2016-01-01,2021-01-01,\n" + town, "OUTLIVES_PARENT row 2, column valid_to: it outlives the division above: 370305601 is not there from 2021-01-01 on, so this one ends the day before at the latest"},
		{"ended with it", town + "370305601001,甲,village,370305601,,2016-01-01,2020-12-31,\n", "2"},
		{"below one that is there", "370305601002,乙,village,370305601,,2017-01-01,,\n", "OUTLIVES_PARENT row 2, column valid_to: it outlives the division above: 370305601 is not there from 2021-01-01 on, so this one ends the day before at the latest"},
		{"founded after its end", "370305601002,乙,village,370305601,,2021-01-01,,\n", "NO_PARENT_DIVISION row 2, column parent_code: the division above, 370305601, is not there on its first day"},
		{"a town that outlives its district", "370399,他区,district,3703,,2016-01-01,2020-12-31,\n370399001,他镇,town,370399,,2016-01-01,,\n", "OUTLIVES_PARENT row 3, column valid_to: it outlives the division above: 370399 is not there from 2021-01-01 on, so this one ends the day before at the latest"},
		{"a district that outlives its city", "3799,他市,city,37,,2016-01-01,2020-12-31,\n379901,他区,district,3799,,2016-01-01,,\n", "OUTLIVES_PARENT row 3, column valid_to: it outlives the division above: 3799 is not there from 2021-01-01 on, so this one ends the day before at the latest"},
		{"a gap between two times of the town", "370305603,甲镇,town,370305,,2016-01-01,2017-12-31,\n370305603,乙镇,town,370305,,2019-01-01,,\n370305603001,村,village,370305603,,2016-01-01,,\n", "OUTLIVES_PARENT row 4, column valid_to: it outlives the division above: 370305603 is not there from 2018-01-01 on, so this one ends the day before at the latest"},
		{"one time of the town after another", "370305603,甲镇,town,370305,,2016-01-01,2018-12-31,\n370305603,乙镇,town,370305,,2019-01-01,,\n370305603001,村,village,370305603,,2016-01-01,,\n", "3"},
		{"an open one, and then", "370305604,丙镇,town,370305,,2016-01-01,,\n370305604001,村,village,370305604,,2016-01-01,,\n", "2"},
		{"its town ends", "370305604,丙镇,town,370305,,2016-01-01,2020-12-31,\n", "DIVISION_NOT_EMPTY"},
		{"it ends later than its town", "370305604,丙镇,town,370305,,2016-01-01,2020-12-31,\n370305604001,村,village,370305604,,2016-01-01,2021-06-30,\n", "DIVISION_NOT_EMPTY"},
		{"the town goes on under its code", "370305604,丙镇,town,370305,,2016-01-01,2020-12-31,370305604\n370305604,丁街道,town,370305,,2021-01-01,,\n", "2"},
		{"both end", "370305604,丁街道,town,370305,,2021-01-01,2022-12-31,\n370305604001,村,village,370305604,,2016-01-01,2022-12-31,\n", "2"},
		{"an older file undoes nothing", "370305604,丙镇,town,370305,,2016-01-01,,\n370305604001,村,village,370305604,,2016-01-01,,\n", "0"},
	} {
		if got := o.divisionFile("2016-01-01", tt.rows); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestDivisionsCorrected: a later file corrects a name or a class, the entry of the audit says so, and what was known before keeps what it
// was called. A file that is about other days, or says less, changes nothing.
func TestDivisionsCorrected(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 0, calendar.MustDate("2026-10-12"))
	before := o.clock()
	o.on(calendar.MustDate("2026-10-13"))
	const open, of = "370305001005,", ",village,370305001,"
	for _, tt := range []struct{ name, from, rows, want, audit string }{
		{"a name and a class", "2016-01-01", open + "甲社区" + of + "121,,\n", "1", `{"added": 0, "ended": 0, "corrected": 1}`},
		{"again", "2016-01-01", open + "甲社区" + of + "121,,\n", "0", `{"added": 0, "ended": 0, "corrected": 0}`},
		{"a name without a class, of a file that says no day", "2026-10-01", open + "乙社区" + of + ",,\n", "1", `{"added": 0, "ended": 0, "corrected": 1}`},
		{"other days", "2016-01-01", open + "丙社区" + of + ",2020-01-01,\n", "0", ""},
		{"a name from a day on, before its end in the file", "2016-01-01", open + "丁社区" + of + "111,2024-01-01,\n" + open + "乙社区" + of + ",2016-01-01,2023-12-31,\n", "2", `{"added": 1, "ended": 1, "corrected": 0}`},
		{"both times of a code", "2016-01-01", open + "戊社区" + of + "112,2016-01-01,2023-12-31,370305001009\n" + open + "己社区" + of + ",2024-01-01,\n", "2", `{"added": 0, "ended": 0, "corrected": 2}`},
		{"an end is not undone", "2016-01-01", open + "戊社区" + of + ",2016-01-01,\n", "0", ""},
	} {
		if got := o.divisionFile(tt.from, tt.rows); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if tt.audit != "" {
			o.wantAudit(tt.name, tt.audit)
		}
	}
	for _, c := range []struct {
		m    store.Moment
		want string
	}{
		{store.Moment{On: calendar.MustDate("2020-01-01")}, "戊社区 112 2016-01-01..2023-12-31 370305001009"},
		{store.Moment{On: calendar.MustDate("2026-10-13")}, "己社区 111 2024-01-01.. "},
		{store.Moment{On: calendar.MustDate("2020-01-01"), KnownAt: before}, "辛东社区居委会  2016-01-01.. "},
	} {
		list, err := o.desk.DB.TreeOf(t.Context(), "370305001005", c.m)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v (%v)", list, err)
		}
		d := list[0]
		if got := fmt.Sprintf("%s %s %s..%s %s", d.Name, d.UrbanRuralClass, d.ValidFrom, d.ValidTo, d.Successor); got != c.want {
			t.Errorf("on %s, known at %v: %s, want %s", c.m.On, c.m.KnownAt, got, c.want)
		}
	}
}

// wantAudit compares what the last entry of the audit about divisions says.
func (o *office) wantAudit(name, want string) {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.db.OwnerURL)
	if err != nil {
		o.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var got string
	var same bool
	if err := conn.QueryRow(o.t.Context(), "SELECT detail::text, detail = $1::jsonb FROM audit_entries WHERE action = 'divisions.import' ORDER BY seq DESC LIMIT 1", want).Scan(&got, &same); err != nil || !same {
		o.t.Errorf("%s: the audit says %s, want %s (%v)", name, got, want, err)
	}
}
