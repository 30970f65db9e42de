package web_test

import "testing"

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
