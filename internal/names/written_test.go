package names

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, want, code string }{
		{"张三", "张三", ""}, {" 张　　三 ", "张三", ""}, {"张\u00a0三\t", "张三", ""}, {"阿 · 山", "阿·山", ""}, {"John  Smith", "John Smith", ""}, {"阿卜杜拉·艾山", "阿卜杜拉·艾山", ""}, {"葛\U000E0100", "葛\U000E0100", ""}, {"李\uE863", "李\uE863", ""},
		{"Jose\u0301", "Jose\u0301", ""}, {"金丝雀1234567", "金丝雀1234567", ""}, {"", "", ""}, {"　", "", ""},
		{"张\n三", "", "NAME_CHARACTERS"}, {"张\t三", "", "NAME_CHARACTERS"}, {"张\u202e三", "", "NAME_CHARACTERS"}, {"张\u200b三", "", "NAME_CHARACTERS"}, {"\ufeff张三", "", "NAME_CHARACTERS"},
		{"张\u2028三", "", "NAME_CHARACTERS"}, {"张\x00", "", "NAME_CHARACTERS"}, {"张\ufffd", "", "NAME_CHARACTERS"},
		{"379999197001010011", "", "NAME_NUMBER"}, {"37999919700101001X", "", "NAME_NUMBER"}, {"张三 1990 0000 031", "", "NAME_NUMBER"}, {"张三１９７００１０１", "", "NAME_NUMBER"}, {"1970-01-01", "", "NAME_NUMBER"}, {"3中1234 5中678", "3中1234 5中678", ""}, {"1970\n0101", "", "NAME_CHARACTERS"},
	} {
		got, err := Written(tt.name)
		var wrong *Error
		if errors.As(err, &wrong); got != tt.want || (wrong == nil) != (tt.code == "") || wrong != nil && wrong.Code != tt.code {
			t.Errorf("%q is written %q (%v), want %q %s", tt.name, got, err, tt.want, tt.code)
		}
	}
}

// TestWrittenAgain: what is kept is taken as it is, and means the same name.
func TestWrittenAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		kept, err := Written(name)
		if err != nil {
			return
		}
		if again, err := Written(kept); again != kept || err != nil {
			t.Fatalf("%q is kept as %q, and that as %q (%v)", name, kept, again, err)
		}
		if Key(kept) != Key(name) {
			t.Fatalf("%q and %q have two keys", name, kept)
		}
	})
}
