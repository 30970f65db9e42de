package web

import (
	"crypto/rand"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// accountsData is the accounts of an area.
type accountsData struct {
	filters
	Lines []userLine
	More  string
}

type userLine struct{ Path, Username, Name, Role, Place, Ended, State, Tone string }

func showAccounts(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	places, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.DB.ListAccounts(v.ctx, in, after.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := accountsData{filters: filters{Filters: places}}
	where := v.placeNames()
	ended, err := v.endedDivisions()
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		line := v.userLine(a, where)
		if d, over := ended[a.AreaCode]; over {
			line.Ended = v.endedText(d, where)
		}
		data.Lines = append(data.Lines, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

func (v *visit) userLine(a store.Account, where func(area.Code) string) userLine {
	line := userLine{Path: "/accounts/" + a.ID.String(), Username: a.Username, Name: a.Name, Role: v.t("role." + string(a.Role)), Place: where(a.AreaCode), State: v.t("account.active"), Tone: "good"}
	if a.Disabled {
		line.State, line.Tone = v.t("account.disabled"), "bad"
	}
	return line
}

// endedDivisions are the divisions of one's area that have ended, by their codes.
func (v *visit) endedDivisions() (map[area.Code]area.Division, error) {
	list, _, err := v.desk.DB.EndedDivisions(v.ctx, v.who.Area, v.today)
	ended := map[area.Code]area.Division{}
	for _, d := range list {
		ended[d.Code] = d
	}
	return ended, err
}

// endedText says since when a division is none, and which follows.
func (v *visit) endedText(d area.Division, where func(area.Code) string) string {
	text := v.t("account.area.ended", d.ValidTo.String())
	if d.Successor != "" {
		text += v.t("account.area.follows", where(d.Successor), string(d.Successor))
	}
	return text
}

// orEnded offers an account's area that has ended as well, so that something else may be changed of it, and says which follows.
func (v *visit) orEnded(at *Field, code area.Code) error {
	ended, err := v.endedDivisions()
	d, over := ended[code]
	if err != nil || !over {
		return err
	}
	if at.Hint += v.endedText(d, v.placeName); at.Kind == "select" {
		at.Options = append([]Option{{Value: string(code), Label: d.Name}}, at.Options...)
	}
	return nil
}

func roleNames() (list []string) {
	for _, r := range access.Roles {
		list = append(list, string(r))
	}
	return list
}

// manyAreas is from how many areas on a code is written instead of chosen.
const manyAreas = 800

// anyArea is a field for any division of one's area.
func (v *visit) anyArea(name string, value area.Code) (*Field, error) {
	f := &Field{Name: name, Label: v.t("figures.area"), Kind: "select", Need: true, Value: string(value)}
	tree, err := v.desk.DB.Divisions(v.ctx, v.who.Area, v.today)
	if err != nil {
		return nil, err
	}
	if len(tree) > manyAreas {
		f.Kind, f.Mode, f.Hint, f.Max = "text", "numeric", v.t("account.area.hint"), 12
		return f, nil
	}
	for _, d := range tree {
		f.Options = append(f.Options, Option{Value: string(d.Code), Label: strings.Repeat("　", (len(d.Code)-len(v.who.Area))/3) + d.Name})
	}
	return f, nil
}

func showNewAccount(v *visit) (any, error) {
	at, err := v.anyArea("area_code", "")
	if err != nil {
		return nil, err
	}
	return oneForm{v.newForm("add", "account.add", &Field{Name: "username", Label: v.t("signin.username"), Hint: v.t("account.username.hint"), Kind: "text", Need: true, Max: 60},
		&Field{Name: "name", Label: v.t("case.person"), Kind: "text", Need: true, Max: 60},
		&Field{Name: "role", Label: v.t("audit.role"), Kind: "select", Need: true, Options: v.options("role", roleNames()...)}, at)}, nil
}

var usernames = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{1,59}$`) // as in the contract

func addAccount(v *visit) (string, error) {
	r := v.reader()
	in := casework.NewAccount{Username: r.text("username", 60, true), Name: r.text("name", 60, true), Role: access.Role(r.choice("role", true, roleNames()...)), Area: r.place("area_code", true)}
	if in.Username != "" && !usernames.MatchString(in.Username) {
		r.wrong("username", "PATTERN", "用小写字母、数字、点、横线，至少两个字符", "small letters, digits, dots and dashes, at least two")
	}
	if err := r.err(); err != nil {
		return "", err
	}
	var a store.Account
	err := v.withPassword(func(password string) (err error) {
		in.Password = password
		a, err = v.desk.CreateAccount(v.ctx, v.who, in)
		return err
	})
	return "/accounts/" + a.ID.String() + "?done=account", err
}

// withPassword makes up a password and has it told once. One that happens to hold a short user name is made again.
func (v *visit) withPassword(use func(password string) error) error {
	var err error
	for range 5 {
		text := strings.ToLower(rand.Text())
		password := text[:5] + "-" + text[5:10] + "-" + text[10:15] + "-" + text[15:20]
		if err = use(password); err == nil {
			v.told = password
			return nil
		}
		if f, ok := fault.Of(err); !ok || f.Code != "WEAK_PASSWORD" {
			return err
		}
	}
	return err
}

// accountData is one account with what may be done about it.
type accountData struct {
	Line   userLine
	Told   string
	Edit   *Form
	Turn   *Form // off or on
	Reset  *Form
	Factor *Form // takes the second factor away; nil: there is none
	Myself bool
}

func showAccount(v *visit) (any, error) {
	a, err := v.account()
	if err != nil {
		return nil, err
	}
	data := accountData{Line: v.userLine(a, v.placeName), Told: v.toldOnce(), Myself: a.ID == v.who.AccountID}
	if data.Myself {
		return data, nil
	}
	at, err := v.anyArea("area_code", a.AreaCode)
	if err == nil {
		err = v.orEnded(at, a.AreaCode)
	}
	if err != nil {
		return nil, err
	}
	data.Edit = v.newForm("save", "person.save", &Field{Name: "name", Label: v.t("case.person"), Kind: "text", Need: true, Max: 60, Value: a.Name},
		&Field{Name: "role", Label: v.t("audit.role"), Kind: "select", Need: true, Options: v.options("role", roleNames()...), Value: string(a.Role)}, at)
	turn := "disable"
	if a.Disabled {
		turn = "enable"
	}
	data.Turn = v.newForm(turn, "account."+turn)
	data.Turn.Grave = !a.Disabled
	data.Reset = v.newForm("reset", "account.reset")
	forms := []*Form{data.Edit, data.Turn, data.Reset}
	if a.SecondFactorAt != nil {
		data.Factor = v.newForm("factor", "account.factor")
		data.Factor.Grave = true
		forms = append(forms, data.Factor)
	}
	for _, f := range forms {
		f.Version = a.Version
	}
	return data, nil
}

func (v *visit) account() (store.Account, error) {
	id, err := v.id()
	if err != nil {
		return store.Account{}, err
	}
	a, err := v.desk.DB.AccountByID(v.ctx, id)
	if err == nil && !v.who.Covers(a.AreaCode) {
		err = store.NotFound
	}
	return a, err
}

func saveAccount(v *visit) (string, error) {
	r := v.reader()
	name, role, at := r.text("name", 60, true), access.Role(r.choice("role", true, roleNames()...)), r.place("area_code", true)
	if err := r.err(); err != nil {
		return "", err
	}
	return v.patchAccount(casework.AccountPatch{Name: &name, Role: &role, Area: &at})
}

func turnAccount(disabled bool) func(*visit) (string, error) {
	return func(v *visit) (string, error) { return v.patchAccount(casework.AccountPatch{Disabled: &disabled}) }
}

func resetPassword(v *visit) (next string, err error) {
	return next, v.withPassword(func(password string) error {
		next, err = v.patchAccount(casework.AccountPatch{Password: &password})
		return err
	})
}

func (v *visit) patchAccount(in casework.AccountPatch) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	_, err = v.desk.UpdateAccount(v.ctx, v.who, id, v.version(), in)
	return v.path + "?done=account_saved", err
}

// deputiesData is who acts for whom.
type deputiesData struct {
	filters
	Lines []deputyLine
	More  string
	Add   *Form
	End   *Form
}

type deputyLine struct{ Principal, Role, Place, Deputy, From, Until, Reason, State string }

// hasDeputy are the roles that the desk lets have deputies; it says so itself where this is wrong.
var hasDeputy = roles{liaison, town, cdpf, civil, finance}

func showDeputies(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	list, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.DB.ListDeputations(v.ctx, in, after.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := deputiesData{filters: filters{Filters: list}}
	where := v.placeNames()
	var running []Option
	for _, d := range found {
		line := deputyLine{Principal: d.Principal, Role: v.t("role." + string(d.Role)), Place: where(d.Area), Deputy: d.Deputy, From: d.From.String(), Until: d.Until.String(), Reason: d.Reason}
		if !d.EndedAt.IsZero() {
			line.State = v.t("deputy.ended", d.EndedAt.In(china).Format("2006-01-02"))
		} else if !d.Until.Before(v.today) {
			running = append(running, Option{Value: d.ID.String() + " " + strconv.Itoa(d.Version), Label: d.Principal + " → " + d.Deputy + " " + line.From + " – " + line.Until})
		}
		data.Lines = append(data.Lines, line)
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	people, err := v.represented()
	if err != nil {
		return nil, err
	}
	data.Add = v.newForm("depute", "deputy.add", &Field{Name: "principal_id", Label: v.t("deputy.principal"), Kind: "select", Need: true, Options: people},
		&Field{Name: "deputy_id", Label: v.t("deputy.deputy"), Kind: "select", Need: true, Options: slices.Clone(people)},
		&Field{Name: "from", Label: v.t("deputy.from"), Kind: "date", Need: true, Value: v.today.String()}, &Field{Name: "until", Label: v.t("deputy.until"), Kind: "date", Need: true},
		&Field{Name: "reason", Label: v.t("application.reason"), Kind: "text", Need: true, Max: 200})
	if len(running) > 0 {
		data.End = v.newForm("end", "deputy.end", &Field{Name: "deputation", Label: v.t("deputy.which"), Kind: "select", Need: true, Options: running})
		data.End.Grave = true
	}
	return data, nil
}

// represented are the accounts of an area that may have deputies or be some.
func (v *visit) represented() (list []Option, err error) {
	const portion, most = 200, 1000
	after := uuid.Nil
	for len(list) < most {
		found, err := v.desk.DB.ListAccounts(v.ctx, v.who.Area, after, portion)
		if err != nil {
			return nil, err
		}
		for _, a := range found {
			if slices.Contains(hasDeputy, a.Role) && !a.Disabled {
				list = append(list, Option{Value: a.ID.String(), Label: a.Name + v.within(a.Username)})
			}
		}
		if len(found) < portion {
			break
		}
		after = found[len(found)-1].ID
	}
	return list, nil
}

func depute(v *visit) (string, error) {
	r := v.reader()
	in := store.Deputation{From: r.day("from", true), Until: r.day("until", true), Reason: r.text("reason", 200, true)}
	var err error
	if in.PrincipalID, err = uuid.Parse(v.value("principal_id")); err != nil {
		r.missing("principal_id")
	}
	if in.DeputyID, err = uuid.Parse(v.value("deputy_id")); err != nil {
		r.missing("deputy_id")
	}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.Depute(v.ctx, v.who, in)
	return v.path + "?done=deputed", err
}

func endDeputation(v *visit) (string, error) {
	text, version, _ := strings.Cut(v.value("deputation"), " ")
	id, err := uuid.Parse(text)
	n, numberErr := strconv.Atoi(version)
	if err != nil || numberErr != nil {
		return "", fault.InvalidFields(fault.Field{Name: "deputation", Code: "REQUIRED", ZH: "请选择", EN: "choose one"})
	}
	_, err = v.desk.EndDeputation(v.ctx, v.who, id, n)
	return v.path + "?done=deputation_ended", err
}
