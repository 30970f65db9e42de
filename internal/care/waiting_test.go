package care_test

import (
	"fmt"
	"slices"
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/care"
)

// TestWaitsFor: a service waits for the office that leads it on, and not for everybody who could record that it was refused.
func TestWaitsFor(t *testing.T) {
	t.Parallel()
	village, town, district := access.VillageLiaison, access.TownOfficer, access.CDPFReviewer
	everyone := []access.Role{village, town, district}
	for at, want := range map[care.Standing][]access.Role{
		{Kind: care.Device, State: "NEED"}: {village}, {Kind: care.Device, State: "VILLAGE_CHECKED"}: {town},
		{Kind: care.Device, State: "TOWN_REVIEWED"}: {district}, {Kind: care.Device, State: "ASSESSED"}: {district}, {Kind: care.Device, State: "FITTED"}: everyone,
		{Kind: care.Device, State: "FOLLOWED_UP"}: nil, {Kind: care.Device, State: "REFUSED"}: nil, {Kind: care.Rehab, State: "NEED"}: everyone, {Kind: care.Rehab, State: "EVALUATED"}: nil,
		{Kind: care.Retrofit, State: "NEED"}: {village, town}, {Kind: care.Retrofit, State: "PLANNED"}: {district}, {Kind: care.Retrofit, State: "ACCEPTANCE"}: {district},
		{Kind: care.Retrofit, State: "DONE"}: {district}, {Kind: care.Retrofit, State: "NOT_ALTERABLE"}: nil,
	} {
		var got []access.Role
		for _, role := range access.Roles {
			if slices.Contains(care.WaitsFor(role), at) {
				got = append(got, role)
			}
		}
		slices.Sort(got)
		if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
			t.Errorf("%v waits for %v, want %v", at, got, want)
		}
	}
	for _, at := range care.OpenStandings() {
		if !slices.ContainsFunc(everyone, func(role access.Role) bool { return slices.Contains(care.WaitsFor(role), at) }) {
			t.Error(fmt.Sprint(at, " is open and waits for nobody"))
		}
	}
}
