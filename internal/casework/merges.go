package casework

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/ledger"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

var (
	errOneFile     = field("into", "SAME_FILE", "不能将档案并入其自身", "a file is not merged into itself")
	errDifferent   = fault.New(fault.Conflict, "DIFFERENT_PERSONS", "两份档案的证件号均有效且不同，属于两个人，不能合并", "both files have valid numbers, and they differ: these are two persons")
	errNotAlike    = fault.New(fault.Conflict, "NOT_ALIKE", "两份档案的出生日期或性别不同；确为同一人的，请先更正记错的一份", "birth date or sex differ; if this is one person, put right first what is wrong")
	errOtherWay    = fault.New(fault.Conflict, "MERGE_OTHER_WAY", "证件号有效的档案应当保留，请反向合并", "the file with the number that is valid now stays; merge the other way round")
	errHasMerged   = fault.New(fault.Conflict, "HAS_MERGED_FILES", "该档案中已并入其他档案，应作为保留的档案，或先撤销原合并", "other files are merged into this one; it has to stay, or those merges are undone first")
	errOpenInBoth  = fault.New(fault.Conflict, "OPEN_APPLICATIONS", "两份档案中有同一补贴的在办申请，请先办结或撤回其一", "both files have an application for the same benefit under way; decide or withdraw one of them first")
	errUndone      = fault.New(fault.Conflict, "UNDONE_ALREADY", "该合并已撤销", "this merge has been undone already")
	errCannotSplit = fault.New(fault.Conflict, "CHANGED_SINCE", "合并后下列记录已变动，原档案无法恢复原状，不能撤销合并", "these records have changed since, so the files cannot be what they were")
)

// Merge makes two files of one person one: what is in the first goes to the file that stays, which is the one with the valid
// number. Both have to lie in the actor's area. What was paid twice is asked back like all else that was paid and is not owed.
func (d *Desk) Merge(ctx context.Context, who access.Actor, id, into uuid.UUID, version int, reason string) (m store.Merge, err error) {
	if id == into {
		return m, errOneFile
	}
	m = store.Merge{ID: d.NewID(), PersonID: into, MergedID: id, Reason: reason}
	err = d.write(ctx, who, "person.merge", func(tx *store.Tx) error {
		goes, stays, err := twoFiles(ctx, tx, id, into)
		if err != nil {
			return err
		}
		if err := stale(goes.File.Person.Version, version); err != nil {
			return err
		}
		if err := mergeable(ctx, tx, goes, stays); err != nil {
			return err
		}
		if err := tx.MarkMerged(ctx, m); err != nil {
			return err
		}
		if m.Rows, err = d.joinRows(ctx, tx, goes, stays); err != nil {
			return err
		}
		if err := tx.InsertMerge(ctx, m); err != nil {
			return err
		}
		tx.Emit(ofPerson(personMerged, into, into, map[string]any{"merged_id": id.String()}))
		if err := d.settleFiles(ctx, tx, m); err != nil {
			return err
		}
		m, err = tx.LockMerge(ctx, m.ID) // as it is kept: nobody else sees it before the commit
		return err
	})
	return m, err
}

// twoFiles holds the two files of a merge; one outside the actor's area is absent.
func twoFiles(ctx context.Context, tx *store.Tx, merged, into uuid.UUID) (goes, stays store.Dossier, err error) {
	found, err := tx.LockDossiers(ctx, merged, into)
	if err != nil {
		return goes, stays, err
	}
	if len(found) != 2 {
		return goes, stays, store.NotFound
	}
	if found[0].File.Person.ID == merged {
		return found[0], found[1], nil
	}
	return found[1], found[0], nil
}

// mergeable refuses to make two persons one, and a merge that could not be undone.
func mergeable(ctx context.Context, tx *store.Tx, goes, stays store.Dossier) error {
	if goes.File.Person.MergedInto != uuid.Nil || stays.File.Person.MergedInto != uuid.Nil {
		return store.MergedAlready
	}
	if err := sameIdentity(goes.File, stays.File); err != nil {
		return err
	}
	has, err := tx.HasMerged(ctx, goes.File.Person.ID)
	if err != nil {
		return err
	}
	if has {
		return errHasMerged
	}
	both, err := tx.OpenInBoth(ctx, goes.File.Person.ID, stays.File.Person.ID)
	if err == nil && len(both) > 0 {
		return errOpenInBoth
	}
	return err
}

// sameIdentity looks at the numbers of two files: two valid ones that differ are of two persons, unless the file that stays says
// that its number was corrected from the other. The same goes for birth certificates. A file without a number goes only into one of the same
// birth date and sex, as far as they are known: money goes to another account by it.
func sameIdentity(goes, stays casefile.File) error {
	a, b := goes.Person, stays.Person
	switch {
	case a.BirthCertificate != "" && b.BirthCertificate != "" && a.BirthCertificate != b.BirthCertificate:
		return errDifferent
	case a.IDNumber.IsZero() && (a.Sex != "" && b.Sex != "" && a.Sex != b.Sex || !a.BirthDate.IsZero() && !b.BirthDate.IsZero() && a.BirthDate != b.BirthDate):
		return errNotAlike
	case a.IDNumber.IsZero():
		return nil
	case b.IDNumber.IsZero(), goes.WasNumbered(b.IDNumber.Reveal()):
		return errOtherWay
	case stays.WasNumbered(a.IDNumber.Reveal()):
		return nil
	}
	return errDifferent
}

// joinRows moves what can stand beside the rows of the file that stays.
func (d *Desk) joinRows(ctx context.Context, tx *store.Tx, goes, stays store.Dossier) (rows store.MergeRows, err error) {
	from, to := goes.File.Person.ID, stays.File.Person.ID
	j := stays.File.Join(goes.File, d.NewID)
	awards, err := d.joinAwards(goes, stays)
	if err != nil {
		return rows, err
	}
	for _, c := range j.Cut {
		cut, err := tx.CutCard(ctx, c)
		if err != nil {
			return rows, err
		}
		rows.Cut = append(rows.Cut, cut)
	}
	for _, a := range awards.Cut {
		cut, err := tx.CutAward(ctx, a)
		if err != nil {
			return rows, err
		}
		rows.Cut = append(rows.Cut, cut)
		tx.Emit(ofPerson(awardEnded, a.ID, to, map[string]any{"programme": a.Programme, "void": false}))
	}
	for _, c := range j.Added {
		rows.Added = append(rows.Added, c.ID)
		emitFact(tx, factRecorded, c)
	}
	return rows, tx.Everywhere(ctx, func() error {
		if err := tx.DeferOverlaps(ctx); err != nil {
			return err
		}
		if rows.Back, err = tx.MoveAwards(ctx, to, from, awards.Back); err != nil {
			return err
		}
		if rows.Moved, err = tx.MoveRows(ctx, from, to, map[string][]uuid.UUID{"circumstances": j.Facts, "certificates": j.Cards, "awards": awards.Move}); err != nil {
			return err
		}
		return tx.InsertCircumstances(ctx, j.Added...)
	})
}

// joinAwards orders the awards of both files by the months that they owe today.
func (d *Desk) joinAwards(goes, stays store.Dossier) (j award.Joining, err error) {
	last := map[uuid.UUID]calendar.Month{} // zero: every month from now on
	for _, dossier := range []store.Dossier{goes, stays} {
		reading, err := standing.Read(dossier.File, dossier.Awards, d.Pack())
		if err != nil {
			return j, fmt.Errorf("read a file to merge: %w", err)
		}
		for _, due := range ledger.Dues(reading) {
			last[due.AwardID] = due.To
		}
	}
	return award.Join(stays.Awards, goes.Awards, func(a award.Award) (calendar.Month, bool) {
		month, owes := last[a.ID]
		if !owes {
			return a.StartMonth.Add(-1), true
		}
		return month, !month.IsZero()
	}), nil
}

// settleFiles derives two files again after a merge or its undoing, and sets the accounts right.
func (d *Desk) settleFiles(ctx context.Context, tx *store.Tx, m store.Merge) error {
	both := []uuid.UUID{m.PersonID, m.MergedID}
	if err := tx.TouchPersons(ctx, both...); err != nil {
		return err
	}
	dossiers, err := d.rederive(ctx, tx, both...)
	if err != nil {
		return err
	}
	if err := tx.WriteMatchKeys(ctx, dossiers); err != nil {
		return err
	}
	if err := tx.OpenAccounts(ctx, both...); err != nil {
		return err
	}
	if err := d.askBack(ctx, tx, both); err != nil {
		return err
	}
	return tx.Describe(ctx, m.PersonID, map[string]any{"merge_id": m.ID, "merged_id": m.MergedID})
}

// UndoMerge gives both files back what they had. What has come to the file that stays since the merge stays there. It is refused
// where a row that moved has changed since.
func (d *Desk) UndoMerge(ctx context.Context, who access.Actor, id uuid.UUID, version int, reason string) (m store.Merge, err error) {
	if m, err = d.DB.Merge(ctx, who, id); err != nil {
		return m, err
	}
	err = d.write(ctx, who, "person.unmerge", func(tx *store.Tx) error {
		if _, _, err := twoFiles(ctx, tx, m.MergedID, m.PersonID); err != nil {
			return err
		}
		if m, err = tx.LockMerge(ctx, id); err != nil {
			return err
		}
		if !m.UndoneAt.IsZero() {
			return errUndone
		}
		if err := stale(m.Version, version); err != nil {
			return err
		}
		if err := tx.Everywhere(ctx, func() error { return splitRows(ctx, tx, m) }); err != nil {
			return err
		}
		if err := tx.EndMerge(ctx, id, reason); err != nil {
			return err
		}
		if err := tx.UnmarkMerged(ctx, m.MergedID); err != nil {
			return err
		}
		tx.Emit(ofPerson(personUnmerged, m.PersonID, m.PersonID, map[string]any{"merged_id": m.MergedID.String()}))
		if err := d.settleFiles(ctx, tx, m); err != nil {
			return err
		}
		m, err = tx.LockMerge(ctx, id)
		return err
	})
	return m, err
}

// Merges lists the merges of which a person of the actor's area is either side, also undone ones.
func (d *Desk) Merges(ctx context.Context, who access.Actor, person uuid.UUID) ([]store.Merge, error) {
	if _, err := d.DB.PersonFile(ctx, who, person); err != nil {
		return nil, err
	}
	return d.DB.MergesOf(ctx, who, person)
}

// splitRows gives the rows of a merge back, if all of them are what they were.
func splitRows(ctx context.Context, tx *store.Tx, m store.Merge) error {
	changed := map[string]int{}
	for _, side := range []struct {
		person uuid.UUID
		moved  map[string]map[uuid.UUID]string
	}{{m.PersonID, m.Rows.Moved}, {m.MergedID, m.Rows.Back}} {
		now, err := tx.RowsNow(ctx, side.person, side.moved)
		if err != nil {
			return err
		}
		for table, rows := range side.moved {
			for id, state := range rows {
				unkept := table == "list_statements" && state == "" // by a merge from before its state was kept
				if is, there := now[table][id]; !there || is != state && !unkept {
					changed[table]++
				}
			}
		}
	}
	cuts, err := tx.CutRowsChanged(ctx, m.Rows.Cut)
	if err != nil {
		return err
	}
	for _, c := range cuts {
		if _, moved := m.Rows.Moved[c.Table][c.ID]; !moved {
			changed[c.Table]++
		}
	}
	if len(changed) > 0 {
		return errCannotSplit.With(changedFields(changed)...)
	}
	steps := []func() error{
		func() error { return tx.DeferOverlaps(ctx) },
		func() error { return tx.SupersedeLeft(ctx, m.Rows.Added) },
		func() error { return tx.ReturnRows(ctx, m.PersonID, m.MergedID, m.Rows.Moved) },
		func() error { return tx.ReturnRows(ctx, m.MergedID, m.PersonID, m.Rows.Back) },
		func() error { return tx.Uncut(ctx, m.Rows.Cut) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf are the tables of which rows may have changed, in officers' words.
var rowsOf = map[string][2]string{
	"circumstances": {"情况登记", "facts"}, "certificates": {"残疾人证", "certificates"}, "awards": {"待遇", "awards"}, "award_suspensions": {"待遇暂停", "suspensions"},
	"applications": {"申请", "applications"}, "payees": {"收款账户", "accounts to pay to"}, "services": {"服务", "services"}, "household_members": {"家庭成员关系", "memberships of households"},
	"list_statements": {"名单所述", "what lists say"},
}

func changedFields(changed map[string]int) (list []fault.Field) {
	for table, n := range changed {
		words, known := rowsOf[table]
		if !known {
			words = [2]string{table, table}
		}
		list = append(list, fault.Field{Name: table, Code: "CHANGED_SINCE", ZH: words[0] + "：" + strconv.Itoa(n) + "项", EN: words[1] + ": " + strconv.Itoa(n)})
	}
	slices.SortFunc(list, func(a, b fault.Field) int { return slices.Compare([]byte(a.Name), []byte(b.Name)) })
	return list
}
