package web_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"zhucan/internal/store"
)

// TestFreeText: a number that is masked elsewhere, and characters that nobody sees, are not taken into words; the form comes back with what was
// entered, and says at which field.
func TestFreeText(t *testing.T) {
	t.Parallel()
	s := start(t)
	at, b := "/persons/"+s.person(21, 3, villageA).String()+"/facts/new?kind=dibao", s.as("liaison.a")
	for text, says := range map[string]string{"父亲" + number(22): "文字中不要写身份证号", "卡6222021234567890128": "银行卡号", "名\u202Egnp": "看不见的控制字符", "a\x1bb": "看不见的控制字符"} {
		for _, field := range []string{"source", "source_doc"} {
			sh := b.get(at).form("add").set("value", "yes", "value.sort", "single", "valid_from", "2022-01-01", "source", "区民政局").set(field, text).send().want(422).says(says)
			if kept := sh.form("add").values.Get(field); text[0] != 'a' && kept != text {
				t.Errorf("%q came back as %q", text, kept)
			}
			if attr(byID(t, sh, "f-"+field), "aria-invalid") != "true" {
				t.Errorf("%q: %s is not said to be wrong", text, field)
			}
		}
	}
	b.get(at).form("add").set("value", "yes", "value.sort", "single", "valid_from", "2022-01-01", "source", "区民政局", "source_doc", "第2号，电话13800000000").send().want(303)
}

// TestFreeTextSentAgain: what was taken before such texts were refused, and is sent once more because its answer was lost, gets that answer.
func TestFreeTextSentAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	b, e := s.as("liaison.a"), newCase(23)
	e.photos = nil
	e.values["diagnosis"] = "父亲" + number(24)
	sum := sha256.New()
	fmt.Fprintln(sum, "/offline/items")
	for _, name := range slices.Sorted(maps.Keys(e.values)) {
		fmt.Fprintf(sum, "%q %q\n", name, []string{e.values[name]})
	}
	b.send(e).want(t, 422, "NUMBER_IN_TEXT")
	_, err := s.desk.DB.Once(t.Context(), s.actor("liaison.a"), e.key, sum.Sum(nil), func(context.Context) (store.Answer, error) {
		return store.Answer{Status: http.StatusSeeOther, Body: []byte("/applications/1")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.send(e).want(t, 200, "")
}
