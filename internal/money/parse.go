package money

import (
	"regexp"
	"strconv"
	"strings"
)

// written is an amount as people and banks write it: commas stand between thousands or nowhere.
var written = regexp.MustCompile(`^[￥¥]?(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d{1,2}))?$`)

// ParseYuan reads an amount in yuan exactly, never through a float. "1,67" is none: whoever means 1.67 would pay a hundredfold.
func ParseYuan(text string) (Fen, bool) {
	m := written.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	whole, err := strconv.ParseInt(strings.ReplaceAll(m[1], ",", ""), 10, 64)
	part, _ := strconv.Atoi((m[2] + "00")[:2])
	return Fen(whole*100 + int64(part)), err == nil
}
