package names

import (
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestKeysOfOneName(t *testing.T) {
	t.Parallel()
	for _, tt := range [][]string{
		{"于昇", "於升", " 于 昇", "于　昇", "于\u200b升"},
		{"张堃", "張坤"},
		{"刘甦", "劉苏", "劉蘇"},
		{"李㛃", "李洁", "李潔"},
		{"买买提·艾力", "买买提•艾力", "买买提・艾力", "买买提.艾力", "买买提．艾力", "买买提‧艾力", "买买提艾力"},
		{"李\uE863", "李䶮", "李龑"},
		{"李\uE81E", "李龴"},
		{"王\uE864", "王龻"},
		{"周\uE816", "周𠂇"},
		{"李Ａmy", "李AMY", "李amy"},
		{"金\uF9FF", "金刺"},    // a compatibility ideograph
		{"\u2F26文", "子文"},    // a Kangxi radical
		{"葛\U000E0100", "葛"}, // a variation selector
		{"峯", "峰"},
		{"Jos\u00e9", "JOSE\u200b\u0301"}, // what combines after a blank was left out
	} {
		for _, other := range tt[1:] {
			if Key(other) != Key(tt[0]) {
				t.Errorf("%q and %q have the keys %q and %q", tt[0], other, Key(tt[0]), Key(other))
			}
		}
	}
}

func TestKeysOfTwoNames(t *testing.T) {
	t.Parallel()
	for _, tt := range [][2]string{{"王喆", "王哲"}, {"张淼", "张渺"}, {"李赟", "李斌"}, {"张三", "张三丰"}, {"张三", "三张"}, {"王萍", "王平"}, {"", "王"}, {"张玥", "张月"}} {
		if Key(tt[0]) == Key(tt[1]) {
			t.Errorf("%q and %q have one key, %q", tt[0], tt[1], Key(tt[0]))
		}
	}
}

// TestVariantsAreGroups: every character is in one group, every group has one key, and what stands for a group stands as itself.
func TestVariantsAreGroups(t *testing.T) {
	t.Parallel()
	seen := map[rune]bool{}
	if len(groups) < 400 || len(private) != 80 || len(between) < 10 {
		t.Errorf("%d groups, %d of private use, %d signs", len(groups), len(private), len(between))
	}
	for _, forms := range groups {
		if len(forms) < 2 {
			t.Errorf("%q is alone", string(forms))
		}
		for _, r := range forms {
			if seen[r] {
				t.Errorf("%c stands in two groups", r)
			}
			if seen[r] = true; Key(string(r)) != string(forms[0]) {
				t.Errorf("the key of %c is %s, not %c", r, Key(string(r)), forms[0])
			}
			if one := norm.NFKC.String(string(r)); one != string(r) {
				t.Errorf("%c never comes here: it is %s before", r, one)
			}
		}
	}
}

// TestKeyIsOfAClass: the key of a key is itself, and any other form of any character, or a blank or sign anywhere, leaves it.
func TestKeyIsOfAClass(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("王李张买提ＡbC·• 　\u200b\uE863\uF9FF①㈱ﬁ")
	for _, forms := range groups {
		alphabet = append(alphabet, forms...)
	}
	for _, r := range private {
		alphabet = append(alphabet, r)
	}
	for range 20_000 {
		var name []rune
		for range random.IntN(6) {
			name = append(name, alphabet[random.IntN(len(alphabet))])
		}
		key := Key(string(name))
		if again := Key(key); again != key {
			t.Fatalf("%q has the key %q, and that the key %q", string(name), key, again)
		}
		if other := disguised(random, name); Key(other) != key {
			t.Fatalf("%q has the key %q, and %q %q", string(name), key, other, Key(other))
		}
	}
}

// disguised is a name in other forms.
func disguised(random *rand.Rand, name []rune) string {
	var b strings.Builder
	for _, r := range name {
		if forms := groups[random.IntN(len(groups))]; random.IntN(4) == 0 && strings.ContainsRune(string(forms), r) {
			r = forms[random.IntN(len(forms))]
		}
		for _, forms := range groups {
			if random.IntN(2) == 0 && strings.ContainsRune(string(forms), r) {
				r = forms[random.IntN(len(forms))]
				break
			}
		}
		b.WriteRune(r)
		if random.IntN(4) == 0 {
			b.WriteRune([]rune(" ·．　\u200d")[random.IntN(5)])
		}
	}
	return b.String()
}

func FuzzKey(f *testing.F) {
	f.Add("于昇")
	f.Fuzz(func(t *testing.T, name string) {
		if key := Key(name); Key(key) != key {
			t.Errorf("%q has the key %q, and that %q", name, key, Key(key))
		}
	})
}
