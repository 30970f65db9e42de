package care

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
)

// Catalogue is what may be given: items of rehabilitation, the child rescue programme, devices and works at home. It is
// data of the county.
type Catalogue struct {
	Version       string         `yaml:"version"`
	Rehab         []RehabItem    `yaml:"rehab"`
	Rescue        []RescueRow    `yaml:"rescue"`
	Devices       []DeviceItem   `yaml:"devices"`
	Retrofit      []RetrofitItem `yaml:"retrofit"`
	RetrofitRules RetrofitRules  `yaml:"retrofit_rules"`
	Loan          LoanRules      `yaml:"loan_rules"`
	SelfBuy       SelfBuyRules   `yaml:"self_buy_rules"`
}

// Entry is what every item has.
type Entry struct {
	Code   string `yaml:"code"`
	ZH     string `yaml:"zh"`
	EN     string `yaml:"en"`
	Source string `yaml:"source"` // a document, or choice
}

// RehabItem is a service of the basic rehabilitation catalogue (残疾人基本康复服务目录).
type RehabItem struct {
	Entry      `yaml:",inline"`
	Categories []int `yaml:"categories"` // of disability; empty: all
	AgeTo      int   `yaml:"age_to"`     // completed years; 0: no limit
	AgeFrom    int   `yaml:"age_from"`
	Counts     bool  `yaml:"counts"` // as a basic rehabilitation service
}

// RescueRow is a row of the child rescue programme (残疾儿童康复救助), in force on the day of application.
type RescueRow struct {
	Entry        `yaml:",inline"`
	From         calendar.Date `yaml:"from"`
	To           calendar.Date `yaml:"to"`
	AgeFrom      int           `yaml:"age_from"`
	AgeTo        int           `yaml:"age_to"` // completed years on the day of application
	Categories   []int         `yaml:"categories"`
	Mode         string        `yaml:"mode"` // institution, or mixed: institution with community and family
	AnnualCapFen int64         `yaml:"annual_cap_fen"`
	MaxYears     int           `yaml:"max_years"` // 0: no limit
	Residents    bool          `yaml:"residents"` // a residence permit is enough
}

// DeviceItem is a device that is granted, subsidised or lent, by its code in GB/T 16432.
type DeviceItem struct {
	Entry      `yaml:",inline"`
	Edition    int   `yaml:"edition"` // of GB/T 16432: 2016 or 2025
	CapFen     int64 `yaml:"cap_fen"`
	Years      int   `yaml:"years"` // before it is granted again
	Assessment bool  `yaml:"assessment"`
	Loan       bool  `yaml:"loan"` // may be lent
}

// RetrofitItem is a kind of work at home.
type RetrofitItem struct {
	Entry  `yaml:",inline"`
	Device string `yaml:"device"` // the device of the catalogue that it is as well; only one of the two pays for it
}

// RetrofitRules are the numbers of home retrofits.
type RetrofitRules struct {
	RepeatYears int      `yaml:"repeat_years"` // before a household is served again
	Dwellings   []string `yaml:"dwellings"`    // that may be altered
	Hardships   []string `yaml:"hardships"`    // of a household that is served
	// HardshipFacts are the kinds of facts, of a member or of the household, by which the register knows of a hardship. One for which none is
	// named is taken from who was there.
	HardshipFacts map[string][]string `yaml:"hardship_facts"`
}

// LoanRules are the numbers of lent devices.
type LoanRules struct {
	CountsAfterDays int `yaml:"counts_after_days"`
}

// SelfBuyRules are the numbers of what is refunded of a device that the person bought.
type SelfBuyRules struct {
	Percent int64 `yaml:"percent"` // of the price
	CapFen  int64 `yaml:"cap_fen"` // a piece
}

//go:embed catalogue.yaml
var builtin []byte

// Builtin is the catalogue that comes with the service; its tests keep it loadable.
var Builtin = func() *Catalogue {
	c, err := LoadCatalogue(builtin)
	if err != nil {
		panic(err)
	}
	return c
}()

var deviceCode = regexp.MustCompile(`^\d{6}$`)

// LoadCatalogue reads and checks a catalogue.
func LoadCatalogue(document []byte) (*Catalogue, error) {
	c := &Catalogue{}
	d := yaml.NewDecoder(bytes.NewReader(document))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	return c, c.Check()
}

// Check refuses an entry without text or source, a code that is there twice, a device without a code of GB/T 16432, and
// categories, ages and days that cannot be.
func (c *Catalogue) Check() error {
	for name, entries := range c.entries() {
		seen := map[string]bool{}
		for _, e := range entries {
			if e.Code == "" || e.ZH == "" || e.EN == "" || e.Source == "" || seen[e.Code] {
				return fmt.Errorf("catalogue, %s %q: code, zh, en and source are required, and once", name, e.Code)
			}
			seen[e.Code] = true
		}
	}
	for _, item := range c.Rehab {
		if !possible(item.Categories, item.AgeFrom, item.AgeTo) {
			return fmt.Errorf("catalogue, rehab %s: categories or ages are wrong", item.Code)
		}
	}
	for _, row := range c.Rescue {
		if len(row.Categories) == 0 || !possible(row.Categories, row.AgeFrom, row.AgeTo) || row.From.IsZero() || row.To.Before(row.From) ||
			row.AnnualCapFen <= 0 || row.Mode != "institution" && row.Mode != "mixed" {
			return fmt.Errorf("catalogue, rescue %s: categories, ages, days, mode or cap are wrong", row.Code)
		}
	}
	for _, item := range c.Devices {
		if !deviceCode.MatchString(item.Code) || item.Edition != 2016 && item.Edition != 2025 || item.CapFen < 0 || item.Years < 1 {
			return fmt.Errorf("catalogue, device %s: code, edition, cap or years are wrong", item.Code)
		}
	}
	for _, item := range c.Retrofit {
		if item.Device != "" && c.device(item.Device) == nil {
			return fmt.Errorf("catalogue, retrofit %s: there is no device %s", item.Code, item.Device)
		}
	}
	return c.RetrofitRules.check()
}

// check refuses facts of a hardship that is not recognised, and kinds of facts that there are not.
func (r RetrofitRules) check() error {
	for hardship, kinds := range r.HardshipFacts {
		if !slices.Contains(r.Hardships, hardship) {
			return fmt.Errorf("catalogue, hardship_facts %s: the hardship is not recognised", hardship)
		}
		for _, kind := range kinds {
			_, ofPerson := casefile.KindOf(kind)
			if _, ofHousehold := casefile.HouseholdKindOf(kind); !ofPerson && !ofHousehold {
				return fmt.Errorf("catalogue, hardship_facts %s: there is no fact %s", hardship, kind)
			}
		}
	}
	return nil
}

// Recorded are the recognised hardships that the register has of a household on a day.
func (r RetrofitRules) Recorded(h casefile.HouseholdFacts) []string {
	return slices.DeleteFunc(slices.Clone(r.Hardships), func(hardship string) bool {
		return !slices.ContainsFunc(r.HardshipFacts[hardship], h.Holds)
	})
}

// possible reports whether categories are such and ages in order; an AgeTo of 0 is none.
func possible(categories []int, from, to int) bool {
	return from >= 0 && (to == 0 || to >= from) && !slices.ContainsFunc(categories, func(k int) bool { return k < 1 || k > 7 })
}

func (c *Catalogue) entries() map[string][]Entry {
	lists := map[string][]Entry{}
	for _, i := range c.Rehab {
		lists["rehab"] = append(lists["rehab"], i.Entry)
	}
	for _, i := range c.Rescue {
		lists["rescue"] = append(lists["rescue"], i.Entry)
	}
	for _, i := range c.Devices {
		lists["devices"] = append(lists["devices"], i.Entry)
	}
	for _, i := range c.Retrofit {
		lists["retrofit"] = append(lists["retrofit"], i.Entry)
	}
	return lists
}

// Find lists the codes that a text means, as other offices write it: a code, a name, or else every name that stands in the text, in
// whole or by one of the things that it joins; or that the text is a part of.
func (c *Catalogue) Find(kind Kind, text string) (codes []string) {
	entries := c.entries()[names[kind]]
	for _, e := range entries {
		if e.Code == text || e.ZH == text {
			return []string{e.Code}
		}
	}
	for _, means := range []func(name string) bool{
		func(name string) bool { return strings.Contains(text, name) },
		func(name string) bool {
			return slices.ContainsFunc(strings.FieldsFunc(name, joins), func(part string) bool { return strings.Contains(text, part) })
		},
		func(name string) bool { return text != "" && strings.Contains(name, text) },
	} {
		for _, e := range entries {
			if means(e.ZH) && !slices.Contains(codes, e.Code) {
				codes = append(codes, e.Code)
			}
		}
		if len(codes) > 0 && kind != Retrofit {
			return codes
		}
	}
	return codes
}

// joins are the signs between things that one name has together.
func joins(r rune) bool { return strings.ContainsRune("、或", r) }

// names are what the parts of a catalogue are called, by chain.
var names = map[Kind]string{Rehab: "rehab", Device: "devices", Retrofit: "retrofit"}

// Has reports whether a chain's catalogue has a code.
func (c *Catalogue) Has(kind Kind, code string) bool {
	return slices.ContainsFunc(c.entries()[names[kind]], func(e Entry) bool { return e.Code == code })
}

func (c *Catalogue) device(code string) *DeviceItem {
	for i := range c.Devices {
		if c.Devices[i].Code == code {
			return &c.Devices[i]
		}
	}
	return nil
}

func (c *Catalogue) rehab(code string) *RehabItem {
	for i := range c.Rehab {
		if c.Rehab[i].Code == code {
			return &c.Rehab[i]
		}
	}
	return nil
}

func (c *Catalogue) work(code string) *RetrofitItem {
	for i := range c.Retrofit {
		if c.Retrofit[i].Code == code {
			return &c.Retrofit[i]
		}
	}
	return nil
}
