package casework_test

import (
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
)

// TestAccountsOfNoArea: an account belongs to an area in which divisions of the register lie.
func TestAccountsOfNoArea(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 1, calendar.MustDate("2026-10-12"))
	nowhere := area.Code("370305001999")
	for code, known := range map[area.Code]bool{"37": true, "370305": true, "370305001": true, "370305001005": true, "999999": false, "370306": false, nowhere: false} {
		account, err := o.desk.CreateAccount(t.Context(), access.SystemActor(), casework.NewAccount{Username: "of." + string(code), Name: "测试", Password: "a long enough secret",
			Role: access.Auditor, Area: code})
		if known && err != nil || !known && !fault.Is(err, "UNKNOWN_AREA") {
			t.Errorf("%s: %v", code, err)
		}
		if !known {
			continue
		}
		if _, err = o.desk.UpdateAccount(t.Context(), access.SystemActor(), account.ID, account.Version, casework.AccountPatch{Area: &nowhere}); !fault.Is(err, "UNKNOWN_AREA") {
			t.Errorf("%s moved to a division that is not there: %v", code, err)
		}
	}
}
