package money

import "strings"

const digits = "零壹贰叁肆伍陆柒捌玖"

// Capitals is the amount in Chinese capitals as vouchers want it (大写金额; 支付结算办法 附件一: 正确填写票据和结算凭证的基本规定).
// 整 follows when there are no fen; a run of zeros inside is one 零; an amount below one yuan begins with its jiao or fen.
func (f Fen) Capitals() string {
	var b strings.Builder
	n := uint64(f)
	if f < 0 {
		b.WriteString("负")
		n = -n // also of the smallest amount, which has no positive of its own type
	}
	yuan, jiao, fen := n/100, n/10%10, n%10
	digit := []rune(digits)
	if yuan > 0 || jiao == 0 && fen == 0 {
		b.WriteString(wholeCapitals(yuan) + "圆")
	}
	if jiao > 0 {
		b.WriteString(string(digit[jiao]) + "角")
	} else if yuan > 0 && fen > 0 {
		b.WriteString("零")
	}
	if fen > 0 {
		b.WriteString(string(digit[fen]) + "分")
	} else {
		b.WriteString("整")
	}
	return b.String()
}

// wholeCapitals splits at 亿 and then at 万; what stands before a unit is a number of its own.
func wholeCapitals(n uint64) string {
	for _, unit := range []struct {
		name  string
		worth uint64
	}{{"亿", 100_000_000}, {"万", 10_000}} {
		if n < unit.worth {
			continue
		}
		text, rest := wholeCapitals(n/unit.worth)+unit.name, n%unit.worth
		if rest == 0 {
			return text
		}
		if rest < unit.worth/10 {
			text += "零"
		}
		return text + wholeCapitals(rest)
	}
	if n == 0 {
		return "零"
	}
	return groupCapitals(int(n))
}

func groupCapitals(n int) string {
	digit := []rune(digits)
	var b strings.Builder
	zero := false
	for i, unit := range []string{"仟", "佰", "拾", ""} {
		d := n / [...]int{1000, 100, 10, 1}[i] % 10
		if d == 0 {
			zero = b.Len() > 0
			continue
		}
		if zero {
			b.WriteString("零")
			zero = false
		}
		b.WriteString(string(digit[d]) + unit)
	}
	return b.String()
}
