package web

import (
	"net/url"
	"strconv"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/money"
)

// What several pages of the offices share.

func yuan(fen int64) string { return money.Fen(fen).Yuan() }

func numberText(n int) string { return strconv.Itoa(n) }

// addQuery adds a value to an address of this site.
func addQuery(address, name, value string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// longDay is a day as the officers' papers write it.
func longDay(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	y, m, day := d.YMD()
	return numberText(y) + "年" + numberText(int(m)) + "月" + numberText(day) + "日"
}

// places names the divisions of one's own area, all read at once: a village with its town.
func (v *visit) places() (func(area.Code) string, error) {
	tree, err := v.desk.DB.Divisions(v.ctx, v.who.Area, v.today)
	if err != nil {
		return nil, err
	}
	names := map[area.Code]string{}
	for _, d := range tree {
		names[d.Code] = d.Name
	}
	return func(c area.Code) string {
		switch {
		case names[c] == "":
			return string(c)
		case c.Level() == "village" && names[c.Parent()] != "":
			return names[c.Parent()] + " " + names[c]
		}
		return names[c]
	}, nil
}
