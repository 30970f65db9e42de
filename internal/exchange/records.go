package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
)

// Record is one line of a file of records: what an office that takes up this service has beside its roster, of one person or
// of one household. The file is JSON lines, since these things hang on each other and fit no sheet.
type Record struct {
	Row       int              `json:"-"` // the line, from 1
	Person    *PersonRecord    `json:"person,omitempty"`
	Household *HouseholdRecord `json:"household,omitempty"`
}

// PersonRecord is what is recorded of a person of the register, who is named by the ID number.
type PersonRecord struct {
	IDNumber  string          `json:"id_number"`
	ID        idnum.Resident  `json:"-"`                   // the number, once it is read
	Diagnosis string          `json:"diagnosis,omitempty"` // of a child without a certificate
	Facts     []FactRecord    `json:"facts,omitempty"`
	Surveys   []SurveyRecord  `json:"surveys,omitempty"`
	Services  []ServiceRecord `json:"services,omitempty"`
}

// HouseholdRecord is a household with those of its members who are on the register.
type HouseholdRecord struct {
	Area     area.Code       `json:"area_code"` // the village of the dwelling
	Address  string          `json:"address,omitempty"`
	Members  []MemberRecord  `json:"members"`
	Facts    []FactRecord    `json:"facts,omitempty"`
	Services []ServiceRecord `json:"services,omitempty"`
}

// MemberRecord is a person's place in a household.
type MemberRecord struct {
	IDNumber string         `json:"id_number"`
	ID       idnum.Resident `json:"-"`
	Relation string         `json:"relation"`
	From     calendar.Date  `json:"from"`
}

// FactRecord is a dated fact. Both days belong to it; without a last day it goes on.
type FactRecord struct {
	Kind      string          `json:"kind"`
	Value     json.RawMessage `json:"value,omitempty"`
	From      calendar.Date   `json:"from"`
	To        calendar.Date   `json:"to,omitzero"`
	Source    string          `json:"source"`
	SourceDoc string          `json:"source_doc,omitempty"`
}

// SurveyRecord is what a person answered in a survey year.
type SurveyRecord struct {
	Year        int                 `json:"year"`
	CollectedOn calendar.Date       `json:"collected_on"`
	Mode        string              `json:"mode"`
	Answers     map[string][]string `json:"answers"`
}

// ServiceRecord is a service as far as it has come, step by step.
type ServiceRecord struct {
	Kind     string          `json:"kind"`
	OpenedOn calendar.Date   `json:"opened_on"`
	Need     json.RawMessage `json:"need"`
	Steps    []StepRecord    `json:"steps,omitempty"`
}

// StepRecord is a step that was taken.
type StepRecord struct {
	Step     string          `json:"step"`
	On       calendar.Date   `json:"on"`
	Evidence json.RawMessage `json:"evidence,omitempty"`
}

// Bounds of a file of records: a survey year of a large district stays below them.
const (
	maxRecords = 200_000
	maxLine    = 1 << 20
)

var errRecords = fault.New(fault.TooLarge, "RECORDS_TOO_LARGE", "文件过大：最多20万行，每行不超过1MB", "the file is too large: at most 200,000 lines of 1 MB")

// ReadRecords reads the lines. One with anything wrong about it is not among the records.
func ReadRecords(data []byte, today calendar.Date) (records []Record, refused []RowError, err error) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxLine)
	for row := 1; lines.Scan(); row++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		record, wrong := readRecord(lines.Bytes(), row, today)
		if wrong != nil {
			refused = append(refused, *wrong)
			continue
		}
		if records = append(records, record); len(records) > maxRecords {
			return nil, nil, errRecords
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, nil, errRecords
	}
	return records, refused, lines.Err()
}

func readRecord(line []byte, row int, today calendar.Date) (r Record, wrong *RowError) {
	refuse := func(column, code, zh, en string) *RowError {
		return &RowError{Row: row, Column: RecordColumn + column, Code: code, ZH: zh, EN: en}
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if d.Decode(&r) != nil || d.More() || (r.Person == nil) == (r.Household == nil) {
		return r, refuse("", "BAD_RECORD", "该行不是一个人员或一个家庭的记录", "the line is not the record of one person or one household")
	}
	r.Row = row
	number := func(column, raw string) (idnum.Resident, *RowError) {
		id, err := idnum.ParseResident(raw, today)
		var bad *idnum.Error
		if errors.As(err, &bad) {
			return id, refuse(column, bad.Code, bad.ZH, bad.EN)
		}
		return id, nil
	}
	if r.Person != nil {
		r.Person.ID, wrong = number("id_number", r.Person.IDNumber)
		return r, wrong
	}
	for i := range r.Household.Members {
		m := &r.Household.Members[i]
		if m.ID, wrong = number(fmt.Sprintf("members.%d.id_number", i), m.IDNumber); wrong != nil {
			return r, wrong
		}
	}
	if len(r.Household.Members) == 0 {
		return r, refuse("members", "REQUIRED", "家庭没有成员", "the household has no members")
	}
	return r, nil
}

// RecordColumn stands before the place of what is wrong in a file of records, beside those of the roster's columns.
const RecordColumn = "records."

// WriteRecords writes records, a line each. Numbers are revealed: this is the file that goes to its owner.
func WriteRecords(w io.Writer, records []Record) error {
	buffered := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for _, r := range records {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("write records: %w", err)
		}
	}
	return buffered.Flush()
}
