package httpapi_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/store"
)

// formsOfNames are names as they are registered, each with forms in which somebody may seek them.
var formsOfNames = map[string][]string{
	"阿卜杜拉•艾山":    {"阿卜杜拉·艾山", "阿卜杜拉艾山", "阿卜杜拉．艾山"},
	"张　三丰":       {"张三丰", "张 三丰", "張三丰"},
	"Jose\u0301": {"Jos\u00e9", "JOSÉ"},
}

// called brings somebody of a name into the register.
func (s *service) called(n int, name string) answer {
	return s.do("liaison.a", "POST", "/persons", map[string]any{"name": name, "id_number": number(n), "hukou_area_code": villageA, "hukou_type": "agricultural",
		"certificate": map[string]any{"number": number(n) + "41", "category": 4, "level": 1, "issued_on": "2020-01-06"}})
}

// TestNamesFoundInAnyForm: who is sought by another form of his name is found, whole or by a part; and so is who was registered before keys
// of names were kept, once the schema is brought up to date.
func TestNamesFoundInAnyForm(t *testing.T) {
	t.Parallel()
	s := start(t)
	n := 0
	for name := range formsOfNames {
		s.called(n, name).want(201)
		n++
	}
	s.called(n, "张三").want(201)
	owner, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(t.Context())
	for _, before := range []string{"", "ALTER TABLE persons DISABLE TRIGGER USER", "UPDATE persons SET name_key = NULL", "ALTER TABLE persons ENABLE TRIGGER USER"} {
		if _, err := owner.Exec(t.Context(), before); err != nil {
			t.Fatal(err)
		}
	}
	if _, wrong, err := s.desk.RebuildStandings(t.Context(), systemActor, true); err != nil || wrong != n+1 {
		t.Errorf("%d persons have no keys, and %d are said to differ (%v)", n+1, wrong, err)
	}
	if _, err := store.Migrate(t.Context(), s.db.OwnerURL); err != nil {
		t.Fatal(err)
	}
	if _, wrong, err := s.desk.RebuildStandings(t.Context(), systemActor, true); err != nil || wrong != 0 {
		t.Errorf("%d persons differ (%v)", wrong, err)
	}
	found := func(a answer) (names []string) {
		for _, item := range items(a.want(200), "items") {
			names = append(names, item["name"].(string))
		}
		return names
	}
	for name, forms := range formsOfNames {
		for _, form := range append(forms, name) {
			if got := found(s.do("town.a", "POST", "/persons/search", map[string]any{"name": form})); len(got) != 1 {
				t.Errorf("%q, sought as %q, finds %q", name, form, got)
			}
			part := form[:strings.LastIndexAny(form, "艾丰SsÉ\u00e9")]
			if got := found(s.do("town.a", "GET", "/persons?q="+url.QueryEscape(part), nil)); len(got) == 0 {
				t.Errorf("%q, sought by the part %q, finds nobody", name, part)
			}
		}
	}
	if got := found(s.do("town.c", "POST", "/persons/search", map[string]any{"name": "张三"})); len(got) != 0 {
		t.Errorf("another town finds %q", got)
	}
	for _, nobody := range []string{"·", "张", "三"} {
		if got := found(s.do("town.a", "POST", "/persons/search", map[string]any{"name": nobody})); len(got) != 0 {
			t.Errorf("%q finds %q", nobody, got)
		}
	}
}

// TestWhatIsNoName: characters that nobody sees, and numbers that lists mask elsewhere, are refused wherever a name is entered; blanks are
// folded.
func TestWhatIsNoName(t *testing.T) {
	t.Parallel()
	s := start(t)
	if kept := s.called(0, " 张　三 ").want(201).json()["name"]; kept != "张三" {
		t.Errorf("kept as %q", kept)
	}
	known := s.called(1, "金丝雀一").want(201)
	at, version := "/persons/"+known.text("id"), known.version()
	for name, code := range map[string]string{"张\n三": "NAME_CHARACTERS", "张\t三": "NAME_CHARACTERS", "张\u202e三": "NAME_CHARACTERS", "张\u200b三": "NAME_CHARACTERS", number(77): "NAME_NUMBER", "　": "REQUIRED"} {
		for _, a := range []answer{s.called(2, name), s.do("liaison.a", "PATCH", at, map[string]any{"name": name, "reason": "更正"}, "If-Match", version)} {
			if !strings.Contains(string(a.want(422).body), `"`+code+`"`) {
				t.Errorf("%q: %s, want %s", name, a.body, code)
			}
		}
		if code == "REQUIRED" {
			continue
		}
		s.do("liaison.a", "PATCH", at, map[string]any{"guardian": map[string]any{"name": name, "relation": "母亲"}}, "If-Match", version).want(422, code)
		s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": known.text("id"), "programme": "nursing_subsidy", "applied_on": "2023-03-20",
			"applicant": map[string]any{"relation": "guardian", "name": name}}).want(422, code)
		s.do("liaison.a", "POST", at+"/payees", map[string]any{"holder": name, "relation": "self", "account": "6222000011112222", "reason": "x"}).want(422, code)
	}
}
