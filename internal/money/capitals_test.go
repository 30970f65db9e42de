package money_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/money"
)

// TestCapitals holds the examples of the regulation (支付结算办法 附件一, where they are printed with 元; 圆 is to be taken
// too), and the edges. Before 仟 and 角 that follow a zero at 万 or 元, 零 may be written or not: we do not.
func TestCapitals(t *testing.T) {
	t.Parallel()
	for fen, want := range map[money.Fen]string{
		140950:           "壹仟肆佰零玖圆伍角整",
		600714:           "陆仟零柒圆壹角肆分",
		168032:           "壹仟陆佰捌拾圆叁角贰分",
		10700053:         "壹拾万柒仟圆伍角叁分",
		1640902:          "壹万陆仟肆佰零玖圆零贰分",
		32504:            "叁佰贰拾伍圆零肆分",
		0:                "零圆整",
		1:                "壹分",
		10:               "壹角整",
		11:               "壹角壹分",
		100:              "壹圆整",
		101:              "壹圆零壹分",
		1000:             "壹拾圆整",
		10000:            "壹佰圆整",
		100001:           "壹仟圆零壹分",
		1000000:          "壹万圆整",
		1000100:          "壹万零壹圆整",
		10001000:         "壹拾万零壹拾圆整",
		10000000000:      "壹亿圆整",
		10000000100:      "壹亿零壹圆整",
		10000700000:      "壹亿零柒仟圆整",
		10001000000:      "壹亿零壹万圆整",
		12000700000:      "壹亿贰仟万柒仟圆整",
		100000000000000:  "壹万亿圆整",
		123450000000000:  "壹万贰仟叁佰肆拾伍亿圆整",
		-105600:          "负壹仟零伍拾陆圆整",
		-5:               "负伍分",
		9876543210123456: "玖拾捌万柒仟陆佰伍拾肆亿叁仟贰佰壹拾万壹仟贰佰叁拾肆圆伍角陆分",
	} {
		if got := fen.Capitals(); got != want {
			t.Errorf("%s: %s, want %s", fen.Yuan(), got, want)
		}
	}
}

// TestCapitalsRead reads what was written back, by a reader that knows the numerals and not how they were made. That
// there is always a way back also says that no two amounts are written alike.
func TestCapitalsRead(t *testing.T) {
	t.Parallel()
	amounts := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-100_000, 100_000), sparse())
	rapid.Check(t, func(t *rapid.T) {
		fen := amounts.Draw(t, "fen")
		checkCapitals(t, fen)
	})
	for _, fen := range []int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64} {
		checkCapitals(t, fen)
	}
	for fen := range int64(200_000) {
		checkCapitals(t, fen)
	}
}

// sparse makes numbers with many zeros, where the rules are.
func sparse() *rapid.Generator[int64] {
	return rapid.Custom(func(t *rapid.T) int64 {
		var n int64
		for _, digit := range rapid.SliceOfN(rapid.SampledFrom([]int64{0, 0, 0, 1, 9}), 1, 18).Draw(t, "digits") {
			n = n*10 + digit
		}
		return n
	})
}

func checkCapitals(t interface{ Fatalf(string, ...any) }, fen int64) {
	text := money.Fen(fen).Capitals()
	if got, err := readCapitals(text); err != nil || got.Cmp(big.NewInt(fen)) != 0 {
		t.Fatalf("%d fen became %s, which reads as %v (%v)", fen, text, got, err)
	}
	part, whole := strings.HasSuffix(text, "分"), strings.HasSuffix(text, "整")
	if strings.Contains(text, "零零") || part == whole || part != (fen%10 != 0) {
		t.Fatalf("%d fen: %s", fen, text)
	}
}

func readCapitals(text string) (*big.Int, error) {
	rest, negative := strings.CutPrefix(text, "负")
	rest = strings.TrimSuffix(rest, "整")
	total := new(big.Int)
	if yuan, after, ok := strings.Cut(rest, "圆"); ok {
		n, err := readWhole(yuan)
		if err != nil {
			return nil, err
		}
		total.Mul(n, big.NewInt(100))
		rest = strings.TrimPrefix(after, "零")
	}
	for rest != "" {
		runes := []rune(rest)
		digit := numeral(runes[0])
		if len(runes) < 2 || digit < 1 || runes[1] != '角' && runes[1] != '分' {
			return nil, fmt.Errorf("cannot read %q", rest)
		}
		if runes[1] == '角' {
			digit *= 10
		}
		total.Add(total, big.NewInt(digit))
		rest = string(runes[2:])
	}
	if negative {
		total.Neg(total)
	}
	return total, nil
}

// readWhole splits at the largest unit: what stands before it is a number of its own.
func readWhole(text string) (*big.Int, error) {
	if i := strings.LastIndex(text, "亿"); i >= 0 {
		return splitAt(text[:i], text[i+len("亿"):], 100_000_000)
	}
	if i := strings.LastIndex(text, "万"); i >= 0 {
		return splitAt(text[:i], text[i+len("万"):], 10_000)
	}
	var sum, digit int64
	for _, r := range text {
		if d := numeral(r); d >= 0 {
			digit = d
			continue
		}
		worth := map[rune]int64{'拾': 10, '佰': 100, '仟': 1000}[r]
		if worth == 0 || digit == 0 {
			return nil, fmt.Errorf("cannot read %q", text)
		}
		sum, digit = sum+digit*worth, 0
	}
	return big.NewInt(sum + digit), nil
}

func splitAt(before, after string, worth int64) (*big.Int, error) {
	high, err := readWhole(before)
	if err != nil {
		return nil, err
	}
	low, err := readWhole(after)
	if err != nil || high.Sign() == 0 || low.Cmp(big.NewInt(worth)) >= 0 {
		return nil, fmt.Errorf("cannot read %q before and %q after a unit", before, after)
	}
	return low.Add(low, high.Mul(high, big.NewInt(worth))), nil
}

func numeral(r rune) int64 {
	for i, digit := range []rune("零壹贰叁肆伍陆柒捌玖") {
		if r == digit {
			return int64(i)
		}
	}
	return -1
}
