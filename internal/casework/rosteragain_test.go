package casework_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// TestRosterSentAgain: a roster of which a row was refused is taken in once more when what it lacked is there, and from then on it is the
// same import. What an officer has put right meanwhile of those who were taken in stays.
func TestRosterSentAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 1, calendar.MustDate("2026-10-12"))
	founded := area.Division{Code: "370305001999", Name: "新设社区", ValidFrom: calendar.MustDate("2016-01-01")}
	rows := bytes.Split(handedOver(t), []byte("\n"))
	rows[2] = bytes.Replace(rows[2], []byte("370305001005"), []byte(founded.Code), 1)
	roster := bytes.Join(rows, []byte("\n"))
	send := func(want string, first bool) {
		t.Helper()
		done, isFirst, err := o.desk.ImportRoster(t.Context(), access.SystemActor(), roster, false)
		if err != nil || taken(done) != want || isFirst != first {
			t.Errorf("%s, first %v, %v; want %s, first %v", taken(done), isFirst, err, want, first)
		}
	}
	send("2 new, 0 changed, 0 same, 1 refused", true)
	phones := o.newPhones("13900001111")
	send("0 new, 0 changed, 2 same, 1 refused", true)
	if _, err := o.desk.ImportDivisions(t.Context(), access.SystemActor(), []area.Division{founded}); err != nil {
		t.Fatal(err)
	}
	send("1 new, 0 changed, 2 same, 0 refused", true)
	send("1 new, 0 changed, 2 same, 0 refused", false)
	for id, phone := range phones {
		if d, err := o.desk.DB.Dossier(t.Context(), access.SystemActor(), id); err != nil || d.File.Person.Phone != phone {
			t.Errorf("the telephone number is that of the roster again (%v)", err)
		}
	}
	o.wantNothingDiffers()
}

// newPhones has an officer give everybody another telephone number.
func (o *office) newPhones(phone string) map[uuid.UUID]string {
	o.t.Helper()
	who, phones := o.officer(access.CDPFReviewer), map[uuid.UUID]string{}
	ids, err := o.desk.DB.PersonIDs(o.t.Context(), access.SystemActor(), uuid.Nil, 10)
	for _, id := range ids {
		var d store.Dossier
		if d, err = o.desk.DB.Dossier(o.t.Context(), who, id); err == nil {
			_, err = o.desk.UpdatePerson(o.t.Context(), who, id, d.File.Person.Version, casework.PersonPatch{Phone: &phone})
		}
		if err != nil {
			break
		}
		phones[id] = phone
	}
	if err != nil || len(phones) != 2 {
		o.t.Fatalf("%d persons have another number (%v)", len(phones), err)
	}
	return phones
}

func (o *office) wantNothingDiffers() {
	o.t.Helper()
	if _, differed, err := o.desk.RebuildStandings(o.t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
		o.t.Errorf("%d standings differ from the facts (%v)", differed, err)
	}
}
