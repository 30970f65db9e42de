package web

import "strconv"

// phonesData is which phones hold entries that the office does not have yet.
type phonesData struct {
	Lines []phoneLine
	More  string
}

type phoneLine struct {
	Name, Place, Since, Heard string
	Waiting                   int
	Late                      bool
}

// lateAfter is after how many days an entry has waited too long; its phone says so, too.
const lateAfter = 14

func showPhones(v *visit) (any, error) {
	list, err := v.desk.WaitingPhones(v.ctx, v.who)
	if err != nil {
		return nil, err
	}
	place, err := v.places()
	if err != nil {
		return nil, err
	}
	from, to := v.part(len(list), pageSize)
	data := phonesData{More: v.more(to < len(list), strconv.Itoa(to))}
	for _, p := range list[from:to] {
		since := p.OldestAt.In(china)
		data.Lines = append(data.Lines, phoneLine{Name: p.Name, Place: place(p.Area), Waiting: p.Waiting, Since: since.Format("2006-01-02"),
			Heard: p.ContactedAt.In(china).Format("2006-01-02 15:04"), Late: v.desk.Now().Sub(since).Hours() > lateAfter*24})
	}
	return data, nil
}

// phonesCard is the line of the start page about them; none where nothing waits.
func (v *visit) phonesCard() ([]listCard, error) {
	list, err := v.desk.WaitingPhones(v.ctx, v.who)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	card := listCard{Path: "/phones", Name: v.t("phones.title")}
	for _, p := range list {
		card.Count += int64(p.Waiting)
		if v.desk.Now().Sub(p.OldestAt).Hours() > lateAfter*24 {
			card.Overdue++
		}
	}
	return []listCard{card}, nil
}
