package exchange_test

import (
	"bytes"
	"strings"
	"testing"

	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
)

// recorded is what the office has of made-up people, as a file.
func recorded(t testing.TB, seed uint64) []byte {
	t.Helper()
	people := population.Generate(seed, 300, tree(t), today)
	var file bytes.Buffer
	if err := exchange.WriteRecords(&file, population.Records(seed, people, tree(t), today)); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestRecordsRoundTrip: a file that is read and writtenDown again is the same file, the same seed makes the same one, another
// seed another.
func TestRecordsRoundTrip(t *testing.T) {
	t.Parallel()
	first := recorded(t, 7)
	if !bytes.Equal(first, recorded(t, 7)) {
		t.Error("the same seed made other records")
	}
	if bytes.Equal(first, recorded(t, 8)) {
		t.Error("another seed made the same records")
	}
	records, refused, err := exchange.ReadRecords(first, today)
	if err != nil || len(refused) > 0 || len(records) < 309 {
		t.Fatalf("%d records, refused %v, %v; want one of each of 309 people at least", len(records), refused, err)
	}
	var again bytes.Buffer
	if err := exchange.WriteRecords(&again, records); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again.Bytes()) {
		t.Error("what was read is not what was writtenDown")
	}
	if records[4].Row != 5 || records[4].Person.ID.Reveal() != records[4].Person.IDNumber {
		t.Errorf("the fifth record is of line %d", records[4].Row)
	}
}

func TestRecordsBounds(t *testing.T) {
	t.Parallel()
	long := []byte(`{"person":{"id_number":"` + strings.Repeat("1", 1<<20) + `"}}`)
	if _, _, err := exchange.ReadRecords(long, today); !fault.Is(err, "RECORDS_TOO_LARGE") {
		t.Errorf("a line of more than 1 MB: %v", err)
	}
	records, refused, err := exchange.ReadRecords([]byte("\n \n"), today)
	if err != nil || len(records)+len(refused) > 0 {
		t.Errorf("empty lines: %d records, %v, %v", len(records), refused, err)
	}
	household := `{"household":{"area_code":"370305001005","members":[{"id_number":"379999197001010012","relation":"head","from":"2016-01-01"}]}}`
	for line, code := range map[string]string{
		household: "ID_CHECK", `{"household":{"area_code":"370305001005","members":[]}}`: "REQUIRED", `{"person":{"id_number":"379999197001010011"}} 1`: "BAD_RECORD", `[]`: "BAD_RECORD",
	} {
		if _, refused, err := exchange.ReadRecords([]byte(line), today); err != nil || len(refused) != 1 || refused[0].Code != code || refused[0].Row != 1 {
			t.Errorf("%s: %v %v; want %s", line, refused, err, code)
		}
	}
}

// FuzzReadRecords: whatever a file holds, a line is a record of one person or household, or is refused by its place.
func FuzzReadRecords(f *testing.F) {
	for i, line := range bytes.SplitAfter(recorded(f, 3), []byte("\n")) {
		if i%40 == 0 {
			f.Add(line)
		}
	}
	f.Add([]byte("{}\n{\"person\":null}\n\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, refused, err := exchange.ReadRecords(data, today)
		if err != nil && !fault.Is(err, "RECORDS_TOO_LARGE") {
			t.Fatal(err)
		}
		for _, r := range records {
			if (r.Person == nil) == (r.Household == nil) || r.Row < 1 {
				t.Errorf("line %d is of neither or of both", r.Row)
			}
		}
		for _, r := range refused {
			if r.Row < 1 || r.Code == "" || !strings.HasPrefix(r.Column, exchange.RecordColumn) {
				t.Errorf("refused without a place or a reason: %+v", r)
			}
		}
	})
}
