package idnum_test

import (
	"strings"
	"testing"

	"zhucan/internal/idnum"
)

func TestCheckText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "县残联2023年第12号文件": "", "两行\r\n文字\t与制表符": "", "电话13800000000或0533-7212345，2023-05-06上午": "",
		"文号370305201801010012": "", "01998e5c-1234-7000-8123-123456789012": "", "𠮷田\uE000": "", "zero\u200bwidth and \u200emark": "",
		"父亲王某，37999919750510007x": "NUMBER_IN_TEXT", "３７９９９９１９７００１０１００１１": "NUMBER_IN_TEXT", "证号37999919700101001143。": "NUMBER_IN_TEXT",
		"379999 19700101 0011": "NUMBER_IN_TEXT", "379999\u200b197001010011": "NUMBER_IN_TEXT", "2026-11-23 379999-19700101-0011": "NUMBER_IN_TEXT",
		"379999197001010012": "", "卡6222021234567890127": "", "卡6222 0212 3456 7890 128": "NUMBER_IN_TEXT", "6222021234567890128X": "",
		"2018-01-03 2019-01-03 2020-01-03": "", "2024-01-01 2024-12-31 1000元": "", "18300419720 18012571561": "", "6212345 13800000005": "", "123456789020211201000000": "",
		"鲁残联发〔2026〕12号 91370303MA3N0WXX1X": "",
		"卡6222021234567890128 2026-11-23":  "NUMBER_IN_TEXT", "6222 0212 3456 7890 128 13800000000": "NUMBER_IN_TEXT", "13800000000 379999 19700101 0011": "NUMBER_IN_TEXT",
		"卡号622202 1234567890128": "NUMBER_IN_TEXT", "6222021234567890 128": "NUMBER_IN_TEXT", "6222 0212 3456 7890128": "NUMBER_IN_TEXT", "622202-1234567890128 13800000000": "NUMBER_IN_TEXT",
		"6222021234567894 2026-11-23": "NUMBER_IN_TEXT", "6222 0212 3456 7894 2026-11-23": "NUMBER_IN_TEXT",
		"a\x00b": "TEXT_CHARACTERS", "a\x0bb": "TEXT_CHARACTERS", "a\x1b[2J": "TEXT_CHARACTERS", "a\u0085b": "TEXT_CHARACTERS", "a\u2028b": "TEXT_CHARACTERS",
		"名\u202Egnp.exe": "TEXT_CHARACTERS", "\u2067a": "TEXT_CHARACTERS", "a\uFFFEb": "TEXT_CHARACTERS", "a\x7f": "TEXT_CHARACTERS",
	} {
		got := ""
		if wrong := idnum.CheckText(text); wrong != nil {
			got = wrong.Code
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if seen := idnum.WithoutUnseen(text); strings.ContainsFunc(seen, idnum.Unseen) || want != "TEXT_CHARACTERS" && seen != text {
			t.Errorf("%q without what nobody sees is %q", text, seen)
		}
	}
}
