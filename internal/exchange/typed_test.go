package exchange

import "testing"

// TestBlanksBetweenDigits: a blank between two digits parts them. What stood on its sides is not read as one number: that made the 21st of the 2nd.
func TestBlanksBetweenDigits(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"2026-3-2 1": "", "2026-3-1 8日": "", "2026-1 2-3": "", "2026 3 2": "2026-03-02", "2026 03 02": "2026-03-02", "２０２６　３　２": "2026-03-02",
		"2026 0302": "2026-03-02", "2026 年 3 月 2 日": "2026-03-02", "2026 - 3 - 2": "2026-03-02", "3.2.2026": "", "26.3.2": "", "2026.13.2": ""} {
		d, ok := TypedDay(typed)
		if d.String() != want || ok != (want != "") {
			t.Errorf("%s is read as the day %s", typed, d)
		}
	}
	for typed, want := range map[string]string{"2026 1 2": "", "2026-1 2": "", "２０２６　１　２": "", "2026 3": "2026-03", "2026 12": "2026-12", "2026 年 3 月": "2026-03", "2026.13": "",
		"20261": "", "20260": "", "20261月": "", "２０２６１": "", "202612": "2026-12", "2026-1": "2026-01", "2026年1": "2026-01"} {
		m, ok := TypedMonth(typed)
		if got := m.String(); ok && got != want || ok != (want != "") {
			t.Errorf("%s is read as the month %s", typed, got)
		}
	}
	for _, written := range []string{"2026-3-2 1", "2026 1 2 3"} {
		if d, ok := readDay(Cell{Text: written}, 0); ok {
			t.Errorf("the cell %s is read as %s", written, d)
		}
	}
}
