package idnum_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"zhucan/internal/calendar"
	"zhucan/internal/idnum"
)

var today = calendar.MustDate("2026-11-23")

func TestParseResident(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ raw, want, code string }{
		{"11010519491231002X", "11010519491231002X", ""}, {"440524188001010014", "", "ID_BIRTH_DATE"}, // before 1900
		{"34052419800101001X", "34052419800101001X", ""}, {"370101190102039973", "370101190102039973", ""},
		{"379999197001010011", "379999197001010011", ""}, {"379999198807170027", "379999198807170027", ""}, {"379999200002290048", "379999200002290048", ""},
		{"379999201506200039", "379999201506200039", ""}, {"37999919750510007X", "37999919750510007X", ""}, {"37999919920229008X", "37999919920229008X", ""},
		{" 37999919750510007x\u3000", "37999919750510007X", ""}, {"３７９９９９１９７５０５１０００７Ｘ", "37999919750510007X", ""},
		{"379999\u200b197001010011", "379999197001010011", ""},
		{"379999197001010012", "", "ID_CHECK"}, {"379999190002290017", "", "ID_BIRTH_DATE"}, {"379999202302290014", "", "ID_BIRTH_DATE"}, {"379999201913010013", "", "ID_BIRTH_DATE"},
		{"110105491231002", "11010519491231002X", ""}, {"", "", "ID_EMPTY"}, {"37999919700101001", "", "ID_LENGTH"}, {"3799991970010100111", "", "ID_LENGTH"},
		{"X79999197001010011", "", "ID_CHARACTERS"}, {"37999919700101001Y", "", "ID_CHARACTERS"}, {"3.70305E+17", "", "ID_SCIENTIFIC"}, {"3.70305e17", "", "ID_SCIENTIFIC"},
		{"379999197001010000", "", "ID_ROUNDED"}, {"379999209901010016", "", ""},
	} {
		got, err := idnum.ParseResident(tt.raw, today)
		var wrong *idnum.Error
		code := ""
		if errors.As(err, &wrong) {
			code = wrong.Code
		}
		if tt.want == "" && tt.code == "" {
			if err == nil {
				t.Errorf("%q taken", tt.raw)
			}
			continue
		}
		if code != tt.code || got.Reveal() != tt.want {
			t.Errorf("%q: %v %q, want %q %q", tt.raw, got.Reveal(), code, tt.want, tt.code)
		}
		if err != nil && tt.raw != "" && strings.Contains(err.Error(), tt.raw) {
			t.Errorf("the error for %q holds the number", tt.raw)
		}
	}
}

func TestParseCertificate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		raw, want                string
		category, level, reissue int
		code                     string
	}{
		{"37999919700101001143", "37999919700101001143", 4, 3, 0, ""}, {"37999919700101001143B", "37999919700101001143B1", 4, 3, 1, ""},
		{"37999919700101001143B1", "37999919700101001143B1", 4, 3, 1, ""}, {"37999919700101001143b12", "37999919700101001143B12", 4, 3, 12, ""},
		{"37999919700101001183", "", 0, 0, 0, "CERT_CATEGORY"}, {"37999919700101001103", "", 0, 0, 0, "CERT_CATEGORY"}, {"37999919700101001145", "", 0, 0, 0, "CERT_LEVEL"},
		{"37999919700101001143B0", "", 0, 0, 0, "CERT_SUFFIX"}, {"37999919700101001143C", "", 0, 0, 0, "CERT_SUFFIX"}, {"37999919700101001143B100", "", 0, 0, 0, "CERT_SUFFIX"},
		{"379999197001010011", "", 0, 0, 0, "CERT_LENGTH"}, {"37999919700101001243", "", 0, 0, 0, "ID_CHECK"}, {"", "", 0, 0, 0, "CERT_EMPTY"},
	} {
		got, err := idnum.ParseCertificate(tt.raw, today)
		var wrong *idnum.Error
		code := ""
		if errors.As(err, &wrong) {
			code = wrong.Code
		}
		if code != tt.code || got.Reveal() != tt.want || code == "" && (got.Category() != tt.category || got.Level() != tt.level || got.Reissue() != tt.reissue) {
			t.Errorf("%q: %q %q, want %q %q", tt.raw, got.Reveal(), code, tt.want, tt.code)
		}
	}
}

func TestMasks(t *testing.T) {
	t.Parallel()
	id, _ := idnum.ParseResident("379999197001010011", today)
	card, _ := idnum.ParseCertificate("37999919700101001143", today)
	for _, shown := range []string{fmt.Sprint(id), fmt.Sprintf("%v %+v %#v %s", id, id, id, id), fmt.Sprint(card), fmt.Sprintf("%#v", card), id.LogValue().String(), card.LogValue().String()} {
		if strings.Contains(shown, "19700101") || strings.HasSuffix(shown, "43") {
			t.Errorf("shown in clear: %s", shown)
		}
	}
	for got, want := range map[string]string{idnum.MaskName("张三"): "张*", idnum.MaskName("欧阳修文"): "欧阳**", idnum.MaskName("王"): "王", idnum.MaskName("𠮷田"): "𠮷*",
		idnum.MaskPhone("13812345678"): "138****5678", idnum.MaskAccount("6222000011112222"): "****2222", id.Masked(): "3799**********0011",
		idnum.MaskNumbers("核对37999919750510007x，电话138 1234 5678，卡６２２２００００１１１１，2023-05-06第12号"): "核对****，电话****，卡****，2023-05-06第12号"} {
		if got != want {
			t.Errorf("masked %s, want %s", got, want)
		}
	}
}

func FuzzParseResident(f *testing.F) {
	for _, seed := range []string{"379999197001010011", "37999919750510007x", "110105491231002", "3.70305E+17", "", "３７９９"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		id, err := idnum.ParseResident(raw, today)
		if err != nil {
			return
		}
		again, err := idnum.ParseResident(id.Reveal(), today)
		if err != nil || again != id || len(id.Reveal()) != 18 || id.BirthDate().After(today) || strings.Contains(id.Masked(), id.Reveal()[6:14]) {
			t.Errorf("%q became %q, which is not stable", raw, id.Reveal())
		}
	})
}

func FuzzParseCertificate(f *testing.F) {
	for _, seed := range []string{"37999919700101001143", "37999919700101001143B", "37999919700101001143B99", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		card, err := idnum.ParseCertificate(raw, today)
		if err != nil {
			return
		}
		if again, err := idnum.ParseCertificate(card.Reveal(), today); err != nil || again != card {
			t.Errorf("%q became %q, which is not stable", raw, card.Reveal())
		}
	})
}
