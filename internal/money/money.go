// Package money counts in fen, the hundredth of a yuan. There are no fractions of a fen and no floats.
package money

import "fmt"

// Fen is an amount in fen (分).
type Fen int64

// Yuan is the amount in yuan with two decimals.
func (f Fen) Yuan() string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	return fmt.Sprintf("%s%d.%02d", sign, f/100, f%100)
}
