package demo

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/demo/divisions"
)

// Account is one account of the demonstration with its password, which is made up for each data folder.
type Account struct {
	Username string      `json:"username"`
	Password string      `json:"password"`
	Role     access.Role `json:"role"`
	Area     area.Code   `json:"area_code"`
}

// accounts are at least one for every role; liaisons and town officers of two towns and of two villages of one town.
var accounts = []struct {
	username, name string
	role           access.Role
	area           area.Code
}{
	{"liaison.xindong", "辛东社区专职委员", access.VillageLiaison, "370305001005"},
	{"liaison.taigong", "太公社区专职委员", access.VillageLiaison, "370305001009"},
	{"liaison.qiunan", "南仇南村专职委员", access.VillageLiaison, "370305111245"},
	{"town.wenshao", "闻韶街道专职干事", access.TownOfficer, "370305001"},
	{"town.wenshao2", "闻韶街道民政干事", access.TownOfficer, "370305001"},
	{"town.jinshan", "金山镇专职干事", access.TownOfficer, "370305111"},
	{"cdpf", "区残联审核员", access.CDPFReviewer, "370305"},
	{"civil", "区民政审定员", access.CivilAffairsApprover, "370305"},
	{"finance", "区财政经办员", access.FinanceOfficer, "370305"},
	{"stats", "区残联统计员", access.Statistician, "370305"},
	{"hotline", "12385话务员", access.HotlineClerk, "370305"},
	{"auditor", "审计人员", access.Auditor, "370305"},
	{"admin", "系统管理员", access.Administrator, "370305"},
}

// DivisionsFrom is when the first day of the division tree begins.
var DivisionsFrom = time.Date(2016, 1, 1, 0, 0, 0, 0, calendar.Civil)

// MakeDivisions loads the division tree of Linzi.
func MakeDivisions(ctx context.Context, desk *casework.Desk) ([]area.Division, error) {
	tree := divisions.Tree()
	_, err := desk.ImportDivisions(ctx, access.SystemActor(), tree)
	return tree, err
}

// MakeAccounts makes the accounts once and keeps them in a file of the data folder. The file comes first: who is stopped between leaves
// passwords without accounts, which are made at the next start, and never accounts whose passwords nobody knows.
func MakeAccounts(ctx context.Context, desk *casework.Desk, file string) (list []Account, err error) {
	text, err := os.ReadFile(file)
	known := err == nil
	switch {
	case known:
		err = json.Unmarshal(text, &list)
	case errors.Is(err, fs.ErrNotExist):
		list, err = keepAccounts(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the demo accounts: %w", err)
	}
	for _, a := range list {
		if err := makeAccount(ctx, desk, a, known); err != nil {
			return nil, fmt.Errorf("make the demo account %s: %w", a.Username, err)
		}
	}
	return list, nil
}

// keepAccounts makes up the passwords.
func keepAccounts(file string) (list []Account, err error) {
	for _, a := range accounts {
		list = append(list, Account{Username: a.username, Password: makeUpPassword(), Role: a.role, Area: a.area})
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return nil, err
	}
	return list, WritePrivate(file, text)
}

// makeAccount makes an account that is not there yet. One that is there has its password, unless the file was lost and is a new one.
func makeAccount(ctx context.Context, desk *casework.Desk, a Account, known bool) error {
	there, found, err := desk.DB.AccountByUsername(ctx, a.Username)
	if err != nil || found && known {
		return err
	}
	if found {
		_, err = desk.UpdateAccount(ctx, access.SystemActor(), there.ID, there.Version, casework.AccountPatch{Password: &a.Password})
		return err
	}
	_, err = desk.CreateAccount(ctx, access.SystemActor(), casework.NewAccount{Username: a.Username, Name: nameOf(a.Username), Password: a.Password, Role: a.Role, Area: a.Area})
	return err
}

func nameOf(username string) string {
	for _, a := range accounts {
		if a.username == username {
			return a.name
		}
	}
	return username
}

// WritePrivate writes a file that its owner alone may read, whole or not at all, also over one that others may read. What is no file, such as
// /dev/stdout, is written to.
func WritePrivate(file string, text []byte) error {
	if info, err := os.Lstat(file); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(file, text, 0o600)
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-") // which is private from the beginning
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func makeUpPassword() string {
	random := make([]byte, 10)
	rand.Read(random) // never fails
	text := strings.ToLower(base32.StdEncoding.EncodeToString(random))
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
}
