package web

import (
	"strings"

	"zhucan/internal/store"
)

// successionData is the ended divisions in which somebody still stands.
type successionData struct {
	Lines  []successionLine
	Follow *Form // nil: none of them says which division follows it
}

type successionLine struct {
	Code, Name, Ended, Successor, Left string
	Stays                              []string // accounts and webhooks, which an administrator gives another area
}

func showSuccession(v *visit) (any, error) {
	list, err := v.desk.LeftBehind(v.ctx, v.who, v.who.Area)
	if err != nil {
		return nil, err
	}
	data, where := successionData{}, v.placeNames()
	var known []Option
	for _, f := range list {
		line := successionLine{Code: string(f.Division.Code), Name: f.Division.Name, Ended: f.Division.ValidTo.String(), Successor: v.t("succession.unnamed"),
			Left: v.leftText(f.Left)}
		if len(f.Accounts) > 0 {
			line.Stays = append(line.Stays, v.t("succession.accounts", strings.Join(f.Accounts, v.t("merge.comma"))))
		}
		if n := len(f.Webhooks); n > 0 {
			line.Stays = append(line.Stays, v.t("succession.webhooks", n))
		}
		if next := f.Division.Successor; next != "" {
			line.Successor = where(next) + " " + string(next)
		}
		if f.Division.Successor != "" && f.Left.Sum() > 0 {
			known = append(known, Option{Value: line.Code, Label: line.Name + " " + line.Code + "，" + line.Left})
		}
		data.Lines = append(data.Lines, line)
	}
	if len(known) > 0 {
		data.Follow = v.newForm("follow", "succession.follow", &Field{Name: "code", Label: v.t("succession.which"), Kind: "select", Need: true, Options: known, Value: onlyOne(known)})
	}
	return data, nil
}

// leftText is what still stands in an ended division.
func (v *visit) leftText(n store.Placed) string {
	if n.Sum() == 0 {
		return v.t("choice.none")
	}
	text := v.t("succession.counts", n.Persons, n.Households)
	if n.Tickets+n.Facilities > 0 {
		text += v.t("succession.more", n.Tickets, n.Facilities)
	}
	return text
}

// followSuccession moves the people of one ended division, or says why they cannot be.
func followSuccession(v *visit) (string, error) {
	r := v.reader()
	code := r.place("code", true)
	if err := r.err(); err != nil {
		return "", err
	}
	list, err := v.desk.FollowSuccession(v.ctx, v.who, code)
	if err != nil {
		return "", err
	}
	for _, f := range list {
		if f.Division.Code == code && f.Refused != nil {
			return "", f.Refused
		}
	}
	return v.path + "?done=succession", nil
}
