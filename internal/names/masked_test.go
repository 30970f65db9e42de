package names

import (
	"testing"

	"pgregory.net/rapid"
)

func TestFits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		written, name string
		want          bool
	}{
		{"张三", "张三", true}, {"張三", "张三", true}, {"张三", "张四", false}, {"张三", "张三丰", false},
		{"张*", "张三", true}, {"张＊＊", "张三", true}, {"张*", "张三丰", true}, {"張某某", "张三", true}, {"张○○", "张三", true}, {"张*丰", "张三丰", true}, {"*三", "张三", true}, {"欧阳*", "欧阳修", true},
		{"张*", "李三", false}, {"张*丰", "张三", false}, {"张*", "张", false}, {"张*丰", "张丰", false}, {"*三", "张四", false}, {"**", "张三", true}, {"张(*", "张三", false}, {"张.*", "张三", true},
	} {
		if got := Fits(tt.written, tt.name); got != tt.want {
			t.Errorf("%s fits %s: %v", tt.written, tt.name, got)
		}
	}
}

// TestFitsWhatWasWithheld: a name fits what was written of it whatever part of it was withheld, and no name of another first character does.
func TestFitsWhatWasWithheld(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := []rune(rapid.StringMatching("[甲乙丙丁戊]{2,6}").Draw(t, "name"))
		from := rapid.IntRange(1, len(name)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(name)).Draw(t, "to")
		written := string(name[:from]) + rapid.StringMatching(`[*＊某○]{1,3}`).Draw(t, "signs") + string(name[to:])
		if !Fits(written, string(name)) || Fits(written, "己"+string(name[1:])) {
			t.Fatalf("%s of %s", written, string(name))
		}
	})
}
