package casework

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// NewList is a list that somebody hands in.
type NewList struct {
	Kind    string
	Sender  string
	AsOf    calendar.Date     // of which day it speaks; today where zero
	Mapping map[string]string // heading to column, where the sender's headings are not understood
	Data    []byte
	DryRun  bool
	Key     string // the caller's Idempotency-Key
}

// listPatience is how long a request that hands in a list waits for its end; afterwards the import is looked up.
const listPatience = 20 * time.Second

// ImportList takes in a list of another department. The file is kept and queued first, so that no restart loses it; then it is
// worked on, and whoever sent it waits for a while. The same file again is the same import: what stood in the way of refused rows may be
// gone by then, but who would have them taken in takes the list back first, since officers may have decided against what it said.
func (d *Desk) ImportList(ctx context.Context, who access.Actor, in NewList) (i store.Import, first bool, err error) {
	if !TakesList(in.Kind) {
		return i, false, field("kind", "UNKNOWN_KIND", "没有这种名单", "there is no such kind of list")
	}
	asked := in.AsOf
	if in.AsOf.IsZero() {
		in.AsOf = d.today()
	}
	if in.AsOf.After(d.today()) {
		return i, false, field("as_of", "IN_FUTURE", "名单日期不能晚于今天", "the day of the list lies in the future")
	}
	sum := sha256.Sum256(in.Data)
	i = store.Import{ID: d.NewID(), Kind: in.Kind, Sender: in.Sender, AsOf: in.AsOf, SHA256: sum[:], Area: d.ownArea(who), AccountID: who.AccountID, DryRun: in.DryRun,
		State: store.ImportQueued, Mapping: in.Mapping, Key: in.Key}
	if earlier, found, err := d.sameImport(ctx, who, i, asked); err != nil || found {
		return earlier, false, err
	}
	if i.Mapping, err = d.mappingOf(ctx, i); err != nil {
		return i, false, err
	}
	if err := d.Files.Put(ctx, i.ID, in.Data); err != nil {
		return i, false, err
	}
	err = d.write(ctx, who, "import.queue", func(tx *store.Tx) error {
		if len(in.Mapping) > 0 && !in.DryRun {
			if err := tx.InsertMapping(ctx, d.NewID(), i); err != nil {
				return err
			}
		}
		if err := tx.InsertImport(ctx, i); err != nil {
			return err
		}
		return tx.Describe(ctx, i.ID, map[string]any{"kind": i.Kind, "dry_run": i.DryRun})
	})
	if fault.Is(err, "CHANGED_MEANWHILE") { // the same may have come at the same moment
		if earlier, found, err := d.sameImport(ctx, who, i, asked); err != nil || found {
			return earlier, false, err
		}
	}
	if err != nil {
		return i, false, err
	}
	i, err = d.awaitImport(ctx, who, i.ID)
	return i, true, err
}

// ImportAgain takes in the file of an earlier import of a list once more: after it was tried, or with headings put right beside
// those that were before.
func (d *Desk) ImportAgain(ctx context.Context, who access.Actor, id uuid.UUID, mapping map[string]string, dryRun bool, key string) (i store.Import, first bool, err error) {
	earlier, err := d.DB.ImportByID(ctx, who, id)
	if err != nil {
		return i, false, err
	}
	if earlier.Kind == KindRoster {
		return i, false, errNoFile
	}
	data, err := d.Files.Get(ctx, id)
	if err != nil {
		return i, false, errNoFile.Wrap(err)
	}
	put := maps.Clone(earlier.Mapping)
	if put == nil {
		put = map[string]string{}
	}
	maps.Copy(put, mapping)
	return d.ImportList(ctx, who, NewList{Kind: earlier.Kind, Sender: earlier.Sender, AsOf: earlier.AsOf, Mapping: put, Data: data, DryRun: dryRun, Key: key})
}

// sameImport finds the import that this one is already: by its key, or by its file. asked is the day that was named with it, if any: the other
// is that of the first request, and a repeat may come on the next.
func (d *Desk) sameImport(ctx context.Context, who access.Actor, i store.Import, asked calendar.Date) (earlier store.Import, found bool, err error) {
	if i.Key != "" {
		earlier, found, err = d.DB.ImportByKey(ctx, who, i.Key)
		if err == nil && found && !repeats(i, earlier, asked) {
			err = fault.New(fault.Invalid, "IDEMPOTENCY_KEY_REUSED", "这次提交此前已经办理，内容却与那次不同；请先查看办理结果，仍需办理的再提交一次", "this Idempotency-Key was used for another request; look at what became of that one first")
		}
		if err != nil || found {
			return earlier, found, err
		}
	}
	if i.DryRun {
		return earlier, false, nil
	}
	sent, err := d.DB.AppliedImports(ctx, i)
	if err != nil || len(sent) == 0 {
		return earlier, false, err
	}
	return sent[0], true, nil
}

// repeats reports whether an import asks for what an earlier one with its key did. Of that one headings may be known beside those that were sent.
func repeats(i, earlier store.Import, asked calendar.Date) bool {
	for heading, column := range i.Mapping {
		if earlier.Mapping[heading] != column {
			return false
		}
	}
	return string(earlier.SHA256) == string(i.SHA256) && earlier.Kind == i.Kind && earlier.DryRun == i.DryRun && earlier.Sender == i.Sender &&
		(asked.IsZero() || asked == earlier.AsOf)
}

// mappingOf is what the caller corrected, over what was corrected for this sender before.
func (d *Desk) mappingOf(ctx context.Context, i store.Import) (map[string]string, error) {
	remembered, err := d.DB.MappingOf(ctx, i)
	if err != nil {
		return nil, err
	}
	if remembered == nil {
		return i.Mapping, nil
	}
	maps.Copy(remembered, i.Mapping)
	return remembered, nil
}

// FinishImport works on a queued import, or waits for whoever does, until it is queued no longer or ctx ends. Its worker may have died: then
// it is worked on here after a while.
func (d *Desk) FinishImport(ctx context.Context, who access.Actor, id uuid.UUID) (i store.Import, err error) {
	for {
		if _, err = d.WorkImport(ctx, id); err != nil {
			return i, err
		}
		if i, err = d.DB.ImportByID(ctx, who, id); err != nil || i.State != store.ImportQueued {
			return i, err
		}
		select {
		case <-ctx.Done():
			return i, ctx.Err()
		case <-time.After(finishPause):
		}
	}
}

// finishPause is how long FinishImport waits before it looks again.
const finishPause = 500 * time.Millisecond

// awaitImport works on a queued import unless another does, and waits for it for a while.
func (d *Desk) awaitImport(ctx context.Context, who access.Actor, id uuid.UUID) (store.Import, error) {
	finished := make(chan error, 1)
	go func() {
		_, err := d.WorkImport(context.WithoutCancel(ctx), id)
		finished <- err
	}()
	select {
	case err := <-finished:
		if err != nil {
			return store.Import{}, err
		}
	case <-time.After(listPatience):
	case <-ctx.Done():
		return store.Import{}, ctx.Err()
	}
	return d.DB.ImportByID(ctx, who, id)
}

// WorkImport works on a queued import, or on the oldest where id is zero, when those before it in this process are done. It reports false when there is
// nothing to do.
func (d *Desk) WorkImport(ctx context.Context, id uuid.UUID) (worked bool, err error) {
	done, err := d.DB.TakeList(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	worker := d.NewID()
	i, found, err := d.DB.ClaimImport(ctx, worker, id)
	if err != nil || !found {
		return false, err
	}
	who, err := d.importer(ctx, i)
	if errors.Is(err, uploaderRights) { // nobody has the rights to fail it but the service
		err = d.failImport(ctx, access.SystemActor(), i, uploaderRights)
		return err == nil, err
	}
	if err != nil {
		return false, err
	}
	err = d.runList(ctx, who, worker, i)
	if f, refused := fault.Of(err); refused && f.Kind != fault.Unavailable && f.Kind != fault.Internal {
		if list, _ := d.readList(ctx, i); list != nil { // headings that were not understood are told, to be corrected
			if i.Reading, err = json.Marshal(readingOf(list)); err != nil {
				return false, fmt.Errorf("describe a list: %w", err)
			}
		}
		err = d.failImport(ctx, who, i, f)
	}
	return err == nil, err
}

// Importing are the roles that hand in files. The contract and the pages ask for them when a file comes; a list is worked on later, when
// who handed it in may have another role.
var Importing = []access.Role{access.TownOfficer, access.CDPFReviewer, access.CivilAffairsApprover}

var uploaderRights = fault.New(fault.Conflict, "UPLOADER_RIGHTS_CHANGED", "提交人的权限或代理已变更，名单未导入，请由有权限的人员重新提交",
	"who handed in the list may not do so any more, so nothing of it was taken; somebody who may sends it again")

// importer is who an import acts as: the account that handed it in, with the rights that it has now. Those of a deputy are of the account for
// which he acted, as long as he may.
func (d *Desk) importer(ctx context.Context, i store.Import) (access.Actor, error) {
	if i.AccountID == uuid.Nil {
		return access.SystemActor(), nil
	}
	account, err := d.DB.AccountByID(ctx, i.AccountID)
	if err != nil {
		return access.Actor{}, err
	}
	who := access.Actor{AccountID: account.ID, Username: account.Username, Name: account.Name, Role: account.Role, Area: account.AreaCode}
	if i.ActingFor != uuid.Nil {
		if who, err = d.acting(ctx, who, i.ActingFor); err != nil {
			return who, err
		}
	}
	if account.Disabled || !slices.Contains(Importing, who.Role) || !who.Area.Contains(i.Area) {
		return access.Actor{}, uploaderRights
	}
	return who, nil
}

// acting is a deputy with the rights of the account for which he may act today.
func (d *Desk) acting(ctx context.Context, deputy access.Actor, principal uuid.UUID) (access.Actor, error) {
	his, err := d.DB.DeputationsOf(ctx, deputy.AccountID, d.today())
	if err != nil {
		return deputy, err
	}
	n := slices.IndexFunc(his, func(one store.Deputation) bool { return one.PrincipalID == principal })
	if n < 0 {
		return deputy, uploaderRights
	}
	deputy.ActingFor, deputy.Principal, deputy.Role, deputy.Area = principal, his[n].Principal, his[n].Role, his[n].Area
	return deputy, nil
}

func (d *Desk) failImport(ctx context.Context, who access.Actor, i store.Import, f *fault.Error) error {
	i.State, i.Failure = store.ImportFailed, &store.Refusal{Code: f.Code, ZH: f.ZH, EN: f.EN}
	for _, wrong := range f.Fields {
		i.Refusals = append(i.Refusals, store.Refusal{Column: wrong.Name, Code: wrong.Code, ZH: wrong.ZH, EN: wrong.EN})
	}
	return d.write(ctx, who, "import.fail", func(tx *store.Tx) error {
		if err := tx.FinishImport(ctx, i); err != nil {
			return err
		}
		return tx.Describe(ctx, i.ID, map[string]any{"code": f.Code})
	})
}

// runList reads a queued list and takes it in, in one transaction: a list is taken in whole or not at all.
func (d *Desk) runList(ctx context.Context, who access.Actor, worker uuid.UUID, i store.Import) error {
	list, err := d.readList(ctx, i)
	if err != nil {
		return err
	}
	reading := readingOf(list)
	if i.Reading, err = json.Marshal(reading); err != nil {
		return fmt.Errorf("describe a list: %w", err)
	}
	rows := namedIn(list.Rows)
	list.Rows = nil // they go portion by portion
	for _, e := range list.Refused {
		i.Refusals = append(i.Refusals, store.Refusal(e))
	}
	tree, err := d.DB.Divisions(ctx, d.Pack().District, d.today())
	if err != nil {
		return err
	}
	towns, err := d.townsOf(ctx, i)
	if err != nil {
		return err
	}
	queued, worked := i, 0
	err = d.write(ctx, who, "import.list", func(tx *store.Tx) error {
		if err := tx.AllowLong(ctx); err != nil {
			return err
		}
		run := d.newListRun(tx, &i, list, tree)
		run.towns, run.progress = towns, func(n int) error {
			worked += n
			return d.DB.Progress(ctx, worker, i.ID, worked, len(rows))
		}
		if err := run.take(ctx, rows); err != nil {
			return err
		}
		reading["notes"] = notesOf(list) // some are told of what the rows have met
		if i.Reading, err = json.Marshal(reading); err != nil {
			return fmt.Errorf("describe a list: %w", err)
		}
		i.State, i.Refused = store.ImportDone, countRows(i.Refusals)
		if err := tx.FinishImport(ctx, i); err != nil {
			return err
		}
		return tx.Describe(ctx, i.ID, map[string]any{"new": i.New, "changed": i.Changed, "same": i.Same, "refused": i.Refused, "pending": i.Pending, "dry_run": i.DryRun})
	})
	if errors.Is(err, errNotBelieved) {
		queued.Absence = i.Absence
		return d.askAbout(ctx, who, queued)
	}
	return err
}

func (d *Desk) newListRun(tx *store.Tx, i *store.Import, list *exchange.List, tree []area.Division) *listRun {
	return &listRun{desk: d, tx: tx, done: i, list: list, places: exchange.NewPlaces(tree), meaning: listMeanings[i.Kind], complete: list.Kind.Complete,
		named: map[uuid.UUID]int{}, fresh: map[uuid.UUID]bool{}, given: map[servedKey]int{}, possible: map[uuid.UUID]int{}, terms: map[uuid.UUID][]takenTerm{}}
}

// askAbout leaves a list to be confirmed: nothing of it was taken.
func (d *Desk) askAbout(ctx context.Context, who access.Actor, i store.Import) error {
	i.State, i.Refused = store.ImportWaiting, countRows(i.Refusals)
	return d.write(ctx, who, "import.wait", func(tx *store.Tx) error {
		if err := tx.FinishImport(ctx, i); err != nil {
			return err
		}
		return tx.Describe(ctx, i.ID, map[string]any{"known": i.Absence.Known, "missing": i.Absence.Missing})
	})
}

// KeepImports works on what is queued, from time to time, until ctx ends: what a process that was killed has left.
func (d *Desk) KeepImports(ctx context.Context, every time.Duration) {
	repeatedly(ctx, every, func() {
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = d.WorkImport(ctx, uuid.Nil); err != nil && ctx.Err() == nil {
				d.Log.WarnContext(ctx, "a queued import could not be worked on", "err", err)
			}
		}
	})
}

// ListImports lists the imports of an area, the latest first.
func (d *Desk) ListImports(ctx context.Context, who access.Actor, asked area.Code, before uuid.UUID, limit int) ([]store.Import, error) {
	in, err := InArea(who, asked)
	if err != nil {
		return nil, err
	}
	return d.DB.ListImports(ctx, in, before, limit)
}

// ImportChanges lists what an import changes, or would, of persons in the actor's area.
func (d *Desk) ImportChanges(ctx context.Context, who access.Actor, id uuid.UUID, after, limit int) ([]store.ImportChange, error) {
	if _, err := d.DB.ImportByID(ctx, who, id); err != nil {
		return nil, err
	}
	return d.DB.ImportChanges(ctx, who, id, after, limit)
}

// ownArea is where somebody's imports reach: the own area, for the system the whole district.
func (d *Desk) ownArea(who access.Actor) area.Code {
	if who.Role == access.System {
		return d.Pack().District
	}
	return who.Area
}

// readingOf is what is told of how a list was read.
func readingOf(l *exchange.List) map[string]any {
	headings, repairs := []map[string]any{}, []map[string]any{}
	for _, h := range l.Headings {
		headings = append(headings, map[string]any{"text": h.Text, "column": h.Column, "sure": h.Sure})
	}
	for _, r := range l.Repairs[:min(len(l.Repairs), maxRepairs)] {
		repairs = append(repairs, map[string]any{"row": r.Row, "column": r.Column, "code": r.Code, "message": r.ZH})
	}
	return map[string]any{"sheet": l.Sheet, "heading_row": l.HeadingRow, "headings": headings, "repairs": repairs, "repaired": len(l.Repairs), "notes": notesOf(l), "rows": len(l.Rows)}
}

func notesOf(l *exchange.List) []map[string]any {
	notes := []map[string]any{}
	for _, n := range l.Notes[:min(len(l.Notes), maxRepairs)] {
		notes = append(notes, map[string]any{"row": n.Row, "column": n.Column, "code": n.Code, "message": n.ZH})
	}
	return notes
}

// maxRepairs is how many repairs and notes are told of one by one.
const maxRepairs = 200

// TakesList reports whether lists of a kind are taken in.
func TakesList(kind string) bool {
	_, known := listMeanings[kind]
	return known
}

// ImportWorkbook is the sender's own workbook with the wrong cells coloured and commented, or only the refused rows. Who takes it
// out stands in the audit log.
func (d *Desk) ImportWorkbook(ctx context.Context, who access.Actor, id uuid.UUID, onlyRefused, english bool) (file []byte, err error) {
	i, err := d.DB.ImportByID(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if i.Kind == KindRoster {
		return nil, errNoFile
	}
	data, err := d.Files.Get(ctx, i.ID)
	if err != nil {
		return nil, errNoFile.Wrap(err)
	}
	if len(data) > largeWorkbook {
		done, err := largeWorkbooks.take(ctx)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	list, err := d.readList(ctx, i)
	if err != nil {
		return nil, err
	}
	refusals := make([]exchange.RowError, len(i.Refusals))
	for n, r := range i.Refusals {
		refusals[n] = exchange.RowError(r)
	}
	write := exchange.Annotate
	if onlyRefused {
		write = exchange.OnlyRefused
	}
	if file, err = write(data, list, refusals, english); err != nil {
		return nil, err
	}
	return file, d.write(ctx, who, "import.workbook", func(tx *store.Tx) error {
		return tx.Describe(ctx, id, map[string]any{"only_refused": onlyRefused, "rows": len(list.Rows)})
	})
}

// largeWorkbook is from how many bytes on a workbook may unpack to so much that only one is handed out at a time: each takes up to 150
// MiB, and a service for a district has 256.
const largeWorkbook = 512 << 10

var largeWorkbooks = make(baton, 1)

var errNoFile = fault.New(fault.Conflict, "NO_FILE", "原文件已不再保留", "the file is no longer kept")
