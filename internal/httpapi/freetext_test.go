package httpapi_test

import (
	"context"
	"crypto/sha256"
	"strings"
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/store"
)

// TestFreeText: what somebody writes into a text is shown as it stands to all who see the text, also where the same number is masked.
func TestFreeText(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 1, 1).want(201).text("id")
	texts := []struct{ text, code string }{
		{"父亲" + number(2), "NUMBER_IN_TEXT"}, {"证" + number(2) + "41", "NUMBER_IN_TEXT"}, {"卡6222 0212 3456 7890 128", "NUMBER_IN_TEXT"},
		{"a\x1bb", "TEXT_CHARACTERS"}, {"a\u0085b", "TEXT_CHARACTERS"}, {"a\u2028b", "TEXT_CHARACTERS"}, {"a\u202Eb", "TEXT_CHARACTERS"}, {"a\uFFFFb", "TEXT_CHARACTERS"},
	}
	for _, member := range []struct {
		user, path, body, field string
	}{
		{"liaison.a", "/persons/" + person + "/circumstances", `{"kind":"dibao","value":true,"valid_from":"2020-01-01","source":"#"}`, "source"},
		{"liaison.a", "/persons/" + person + "/circumstances", `{"kind":"dibao","value":true,"valid_from":"2020-01-01","source":"民政","source_doc":"#"}`, "source_doc"},
		{"liaison.a", "/persons/" + person + "/circumstances", `{"kind":"other_benefit","value":{"other":"#"},"valid_from":"2020-01-01","source":"民政"}`, "value.other"},
		{"cdpf", "/persons/" + person + "/reveal", `{"fields":["phone"],"reason":"#"}`, "reason"},
		{"hotline", "/tickets", `{"channel":"12385","kind":"complaint","topic":"card","text":"#"}`, "text"},
		{"hotline", "/tickets", `{"channel":"12385","kind":"complaint","topic":"card","text":"a","caller":{"name":"#"}}`, "caller.name"},
		{"cdpf", "/facilities", `{"name":"#","kind":"government","address":"a","area_code":"` + villageA + `"}`, "name"},
	} {
		for _, one := range texts {
			body := strings.Replace(member.body, "#", escape(one.text), 1)
			s.do(member.user, "POST", member.path, body).want(422, one.code).wrong(member.field, one.code)
		}
	}
	s.do("liaison.a", "POST", "/persons/"+person+"/circumstances", map[string]any{"kind": "dibao", "value": true, "valid_from": "2020-01-01",
		"source": "低保系统\r\n\t第二行", "source_doc": "文号〔2020〕12号，电话13800000000"}).want(201)
	if a := s.do("hotline", "POST", "/tickets", `{"channel":"12385","kind":"complaint","topic":"card","text":"`+number(2)+`"}`, "Accept-Language", "en"); strings.Contains(string(a.body), number(2)) || !strings.Contains(string(a.body), "bank card number") {
		t.Errorf("what is refused is said as %s", a.body)
	}
}

// escape writes a text as the inside of a JSON string, in which no control stands as it is.
func escape(text string) string {
	return strings.NewReplacer("\x1b", `\u001b`).Replace(text)
}

// TestKeptAnswerBeforeTexts: a request that was done is answered again as it was, also by a version that would not take its text any more.
func TestKeptAnswerBeforeTexts(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := `{"area_code":"370305001005","address":"身份证` + number(1) + `"}`
	s.do("liaison.a", "POST", "/households", body, "Idempotency-Key", "later").want(422, "NUMBER_IN_TEXT")
	who, found, err := s.desk.DB.AccountByUsername(t.Context(), "liaison.a")
	if err != nil || !found {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("createHousehold\n/api/v1/households\n\n0\n" + body))
	_, err = s.desk.DB.Once(t.Context(), access.Actor{AccountID: who.ID, Role: who.Role, Area: who.AreaCode}, "earlier", sum[:], func(context.Context) (store.Answer, error) {
		return store.Answer{Status: 201, ETag: `"1"`, Body: []byte(`{"id":"` + someID + `","version":1,"area_code":"370305001005","members":[],"superseded_members":[],"circumstances":[]}`)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.do("liaison.a", "POST", "/households", body, "Idempotency-Key", "earlier").want(201); got.text("id") != someID {
		t.Errorf("the kept answer: %s", got.body)
	}
}
