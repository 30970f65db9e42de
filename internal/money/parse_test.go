package money

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParseYuan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Fen{"0": 0, "167": 16700, "1.6": 160, "1.67": 167, "¥167.00": 16700, "￥0.05": 5, "1,234.50": 123450, "12,345,678": 1234567800, "999999999999.99": 99999999999999} {
		if got, ok := ParseYuan(text); !ok || got != want {
			t.Errorf("%q is %d fen (%v), want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "1,67", "1,6,7", "12,34", "1234,567", "1,2345", "1.234", "-1", "+1", "1e3", "1 000", "１", "1,234,567,890,123", "9999999999999", "1,000.0.0", "abc", "1元"} {
		if got, ok := ParseYuan(text); ok {
			t.Errorf("%q is taken as %d fen", text, got)
		}
	}
}

// TestYuanComesBack: what is written is read as what it was.
func TestYuanComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := Fen(rapid.Int64Range(0, 99_999_999_999_999).Draw(t, "fen"))
		if got, ok := ParseYuan(f.Yuan()); !ok || got != f {
			t.Fatalf("%s is read as %d fen (%v)", f.Yuan(), got, ok)
		}
	})
}
