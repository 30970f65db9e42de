package money

import "strings"

const digits = "零壹贰叁肆伍陆柒捌玖"

// Capitals is the amount in Chinese capitals as vouchers want it (大写金额; 支付结算办法 附件一: 正确填写票据和结算凭证的基本规定).
// 整 follows when there are no fen; a run of zeros inside is one 零; an amount below one yuan begins with its jiao or fen.
func (f Fen) Capitals() string {
	if f < 0 {
		return "负" + (-f).Capitals()
	}
	yuan, jiao, fen := int64(f/100), int(f/10%10), int(f%10)
	digit := []rune(digits)
	var b strings.Builder
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

// wholeCapitals writes groups of four digits, each with its own unit.
func wholeCapitals(n int64) string {
	if n == 0 {
		return "零"
	}
	var groups []string
	for _, unit := range []string{"", "万", "亿", "万亿", "亿亿"} {
		if group := n % 10000; group > 0 {
			text := groupCapitals(int(group))
			if n >= 10000 && group < 1000 {
				text = "零" + text
			}
			groups = append(groups, text+unit)
		} else if n >= 10000 && len(groups) > 0 && !strings.HasPrefix(groups[len(groups)-1], "零") {
			groups[len(groups)-1] = "零" + groups[len(groups)-1]
		}
		if n /= 10000; n == 0 {
			break
		}
	}
	var b strings.Builder
	for i := len(groups) - 1; i >= 0; i-- {
		b.WriteString(groups[i])
	}
	return b.String()
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
