package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/area"
	"zhucan/internal/demo/divisions"
)

// readAreas reads a division tree from a file with the columns code and name. One that ends in .xz goes through the program xz, which
// every system has: a library for one file that is read once would be one more dependency of the service.
func readAreas(file string) ([]area.Division, error) {
	text, err := os.ReadFile(file)
	if strings.HasSuffix(file, ".xz") {
		text, err = exec.Command("xz", "--decompress", "--stdout", file).Output()
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return parseAreas(text)
}

func parseAreas(text []byte) (list []area.Division, err error) {
	r := csv.NewReader(bufio.NewReader(bytes.NewReader(text)))
	r.FieldsPerRecord = -1
	if _, err := r.Read(); err != nil {
		return nil, err
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return inOrder(list), nil
		}
		if err != nil || len(cells) < 2 {
			return nil, fmt.Errorf("a row of the division file cannot be read: %w", err)
		}
		code, err := area.Parse(cells[0])
		if err != nil {
			return nil, err
		}
		list = append(list, area.Division{Code: code, Name: cells[1]})
	}
}

// counties are so many districts of one province, each like that of the demonstration, which is the first of them.
func counties(n int) (list []area.Division, err error) {
	tree, err := parseAreas(divisions.CSV)
	if err != nil {
		return nil, err
	}
	for _, d := range tree {
		if len(d.Code) < 6 {
			list = append(list, d)
			continue
		}
		for c := range n {
			list = append(list, area.Division{Code: area.Code(fmt.Sprintf("37%04d%s", 305+c, d.Code[6:])), Name: d.Name})
		}
	}
	for c := range n { // the city of a district that lies in the next one
		city := area.Division{Code: area.Code(fmt.Sprintf("37%02d", (305+c)/100)), Name: "市"}
		if !slices.ContainsFunc(list, func(d area.Division) bool { return d.Code == city.Code }) {
			list = append(list, city)
		}
	}
	return inOrder(list), nil
}

// inOrder are divisions in order of their codes, each once: a county without towns may stand there again as its own town and village.
func inOrder(list []area.Division) []area.Division {
	slices.SortStableFunc(list, func(a, b area.Division) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return slices.CompactFunc(list, func(a, b area.Division) bool { return a.Code == b.Code })
}

// The nation has 38 million persons with certificates in 620 thousand villages. A smaller register has as many in each village in fewer
// counties, and not fewer in all: what is kept of every village would be another share of it all.
const (
	villageHolds  = 61
	fewestSettled = 15 // counties, however small the register is
)

// settled are counties evenly from all over a tree in whose villages so many persons live.
func settled(tree []area.Division, persons int) (list []area.Code) {
	var all []area.Code
	villages := 0
	for _, d := range tree {
		switch d.Code.Level() {
		case "district":
			all = append(all, d.Code)
		case "village":
			villages++
		}
	}
	wanted := min(len(all), max(fewestSettled, len(all)*persons/villageHolds/villages))
	for i := range wanted {
		list = append(list, all[i*len(all)/wanted])
	}
	return list
}

// villagesIn are the villages of a tree that lie in areas, which are given in order.
func villagesIn(tree []area.Division, areas ...area.Code) (list []area.Code) {
	at := 0
	for _, d := range tree {
		for at < len(areas) && areas[at] < d.Code && !areas[at].Contains(d.Code) {
			at++
		}
		if at < len(areas) && d.Code.Level() == "village" && areas[at].Contains(d.Code) {
			list = append(list, d.Code)
		}
	}
	return list
}

// within are the divisions of a tree that lie in an area or above it.
func within(tree []area.Division, in area.Code) (list []area.Division) {
	for _, d := range tree {
		if in.Contains(d.Code) || d.Code.Contains(in) {
			list = append(list, d)
		}
	}
	return list
}

// plant replaces the divisions of a register by a tree that was always known.
func (w *world) plant(b *testing.B, tree []area.Division) {
	b.Helper()
	since := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
	w.exec(b, "SET session_replication_role = replica; DELETE FROM divisions; SET session_replication_role = origin")
	w.load(b, "divisions", []string{"id", "code", "name", "level", "parent_code", "valid_from", "recorded_at"}, len(tree), func(i int) ([]any, error) {
		d := tree[i]
		return []any{uuid.New(), string(d.Code), d.Name, d.Code.Level(), string(d.Code.Parent()), since, since}, nil
	})
}

// load copies rows into a table, past its triggers and foreign keys.
func (w *world) load(b *testing.B, table string, columns []string, rows int, row func(int) ([]any, error)) {
	b.Helper()
	ctx := context.Background()
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL session_replication_role = replica"); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(rows, row))
		return err
	})
	if err != nil {
		b.Fatalf("load %s: %v", table, err)
	}
}
