// Package money counts in fen, the hundredth of a yuan. There are no fractions of a fen and no floats.
package money

import "strconv"

// Fen is an amount in fen (分).
type Fen int64

// Yuan is the amount in yuan with two decimals.
func (f Fen) Yuan() string {
	text := make([]byte, 0, 24) // written by hand: a roster has six amounts a line
	if f < 0 {
		text, f = append(text, '-'), -f
	}
	text = strconv.AppendInt(text, int64(f/100), 10)
	return string(append(text, '.', byte('0'+f%100/10), byte('0'+f%10)))
}
