package policy_test

import (
	"testing"

	"zhucan/internal/policy"
)

// TestPays: what the conditions of the two subsidies ask about may take money from somebody, also by what has to be asked for first; what
// only other offices' benefits and indicators ask about may not.
func TestPays(t *testing.T) {
	t.Parallel()
	pack := policy.MustLoadBuiltin()
	for kind, want := range map[string]bool{
		"dibao": true, "tekun": true, "orphan_support": true, "welfare_home": true, "injury_care_fee": true, "imprisonment": true, "missing": true,
		"dibao_edge": true, "employment": true, // by a switch of the rule sets; because public staff are asked for the fee
		"death": true, "other_benefit": true, "elected_benefit": true, "hukou_area": true, "registered_poor": true, // under other names, so they always may
		"insurance_medical": false, "insurance_pension": false, "school": false, "care_programme": false, "disabled_driver": false, "fuel_subsidy": false,
		"medical_assistance": false, "information_subsidy": false,
	} {
		if got := pack.Pays(kind); got != want {
			t.Errorf("%s may decide about money: %v, want %v", kind, got, want)
		}
	}
}
