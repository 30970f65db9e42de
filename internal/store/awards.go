package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
)

const awardColumns = `id, version, person_id, programme, application_id, basis, start_month, end_month, recorded_at, recorded_by, end_reason, void, owed_from, applied_on, reinstated_document, reinstated_reason`

func scanAward(rows pgx.Rows) (award.Award, error) {
	var a award.Award
	var application, by *uuid.UUID
	err := rows.Scan(&a.ID, &a.Version, &a.PersonID, &a.Programme, &application, &a.Basis, &a.StartMonth, &a.EndMonth, &a.RecordedAt, &by, &a.EndReason, &a.Void, &a.OwedFrom, &a.AppliedOn,
		&a.Reinstated.Document, &a.Reinstated.Reason)
	a.ApplicationID, a.RecordedBy = orZero(application), orZero(by)
	return a, err
}

func (l *loader) awards(b *pgx.Batch) {
	each(b, "SELECT "+awardColumns+" FROM awards WHERE person_id = ANY($1) ORDER BY start_month, id", l.ids, func(rows pgx.Rows) error {
		a, err := scanAward(rows)
		if d := l.byID[a.PersonID]; err == nil && d != nil {
			d.Awards = append(d.Awards, a)
		}
		return err
	})
}

// AwardsKnownAt puts awards back to what they were at an instant: what was changed of them since stands in the audit, and so does what was
// added to them. Awards that were recorded later are not among them.
func (db *DB) AwardsKnownAt(ctx context.Context, who access.Actor, list []award.Award, at time.Time) ([]award.Award, error) {
	list = slices.DeleteFunc(list, func(a award.Award) bool { return a.RecordedAt.After(at) })
	var ids []uuid.UUID
	for _, a := range list {
		ids = append(ids, a.ID)
		for _, s := range a.Suspensions {
			ids = append(ids, s.ID)
		}
		for _, g := range a.Grants {
			ids = append(ids, g.ID)
		}
	}
	was, err := db.before(ctx, who, ids, at)
	if err != nil {
		return nil, fmt.Errorf("read awards as they were: %w", err)
	}
	for i := range list {
		a := &list[i]
		if row, changed := was[a.ID]; changed {
			a.EndMonth, a.EndReason, a.Void, a.Reinstated = monthOf(row.EndMonth), row.EndReason, row.Void, award.Reinstatement{Document: row.Document, Reason: row.Reason}
		}
		a.Suspensions = slices.DeleteFunc(a.Suspensions, func(s award.Suspension) bool { return was[s.ID].absent })
		for j := range a.Suspensions {
			if row, changed := was[a.Suspensions[j].ID]; changed {
				a.Suspensions[j].To, a.Suspensions[j].BackPay = monthOf(row.ToMonth), row.BackPay
			}
		}
		a.Grants = slices.DeleteFunc(a.Grants, func(g award.Grant) bool { return was[g.ID].absent })
	}
	return list, nil
}

// beforeRow is a row of an award or of what belongs to it, before it was changed; or it was not there.
type beforeRow struct {
	EndMonth  calendar.Date `json:"end_month"`
	EndReason string        `json:"end_reason"`
	Void      bool          `json:"void"`
	Document  string        `json:"reinstated_document"`
	Reason    string        `json:"reinstated_reason"`
	ToMonth   calendar.Date `json:"to_month"`
	BackPay   bool          `json:"back_pay"`
	absent    bool
}

func monthOf(first calendar.Date) calendar.Month {
	if first.IsZero() {
		return calendar.Month{}
	}
	return first.Month()
}

// before reads the rows of awards that were changed after an instant as they were before the first of these changes.
func (db *DB) before(ctx context.Context, who access.Actor, ids []uuid.UUID, at time.Time) (map[uuid.UUID]beforeRow, error) {
	was := map[uuid.UUID]beforeRow{}
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT DISTINCT ON (c.row_id) c.row_id, coalesce(c.old_row, '{}'), c.op = 'insert'
			FROM audit_changes c JOIN audit_entries e ON e.id = c.entry_id
			WHERE c.table_name IN ('awards', 'award_suspensions', 'award_grants') AND c.row_id = ANY($1) AND e.at > $2 ORDER BY c.row_id, c.n`, ids, at).
			Query(func(rows pgx.Rows) error {
				for rows.Next() {
					var id uuid.UUID
					var row beforeRow
					if err := rows.Scan(&id, &row, &row.absent); err != nil {
						return err
					}
					was[id] = row
				}
				return rows.Err()
			})
	})
	return was, err
}

func (l *loader) suspensions(b *pgx.Batch) {
	each(b, "SELECT id, award_id, person_id, from_month, to_month, reason, back_pay FROM award_suspensions WHERE person_id = ANY($1) ORDER BY from_month", l.ids,
		func(rows pgx.Rows) error {
			var s award.Suspension
			var person uuid.UUID
			err := rows.Scan(&s.ID, &s.AwardID, &person, &s.From, &s.To, &s.Reason, &s.BackPay)
			l.toAward(person, s.AwardID, func(a *award.Award) { a.Suspensions = append(a.Suspensions, s) })
			return err
		})
}

func (l *loader) grants(b *pgx.Batch) {
	each(b, "SELECT id, award_id, person_id, month, level, reason FROM award_grants WHERE person_id = ANY($1) ORDER BY month", l.ids,
		func(rows pgx.Rows) error {
			var g award.Grant
			var person uuid.UUID
			err := rows.Scan(&g.ID, &g.AwardID, &person, &g.Month, &g.Level, &g.Reason)
			l.toAward(person, g.AwardID, func(a *award.Award) { a.Grants = append(a.Grants, g) })
			return err
		})
}

func (l *loader) toAward(person, id uuid.UUID, add func(*award.Award)) {
	if d := l.byID[person]; d != nil {
		for i := range d.Awards {
			if d.Awards[i].ID == id {
				add(&d.Awards[i])
			}
		}
	}
}

// InsertAwards opens rights.
func (tx *Tx) InsertAwards(ctx context.Context, awards ...award.Award) error {
	rows := make([]row, len(awards))
	for i, a := range awards {
		rows[i] = row{a.ID, a.PersonID, a.Programme, a.ApplicationID, a.Basis, a.StartMonth, a.EndMonth, tx.Now, tx.Who.AccountID, a.OwedFrom, a.AppliedOn}
	}
	return tx.insert(ctx, table{"awards", []string{"id uuid", "person_id uuid", "programme", "application_id uuid", "basis",
		"start_month date", "end_month date", "recorded_at timestamptz", "recorded_by uuid", "owed_from date", "applied_on date"}}, rows)
}

// UpdateAward writes what can change of an award.
func (tx *Tx) UpdateAward(ctx context.Context, a award.Award) error {
	tag, err := tx.sql.ExecContext(ctx, `UPDATE awards SET version = version + 1, end_month = $3::date, end_reason = $4, void = $5, reinstated_document = $6, reinstated_reason = $7
		WHERE id = $1 AND version = $2`, a.ID, a.Version, a.EndMonth, a.EndReason, a.Void, a.Reinstated.Document, a.Reinstated.Reason)
	if err != nil {
		return fmt.Errorf("update an award: %w", err)
	}
	n, err := tag.RowsAffected()
	return exactlyOne(int(n), err)
}

// InsertSuspension writes months in which an award is not paid.
func (tx *Tx) InsertSuspension(ctx context.Context, person uuid.UUID, s award.Suspension) error {
	return tx.insert(ctx, table{"award_suspensions", []string{"id uuid", "award_id uuid", "person_id uuid", "from_month date", "to_month date", "reason",
		"back_pay boolean", "recorded_at timestamptz", "recorded_by uuid"}},
		[]row{{s.ID, s.AwardID, person, s.From, s.To, s.Reason, s.BackPay, tx.Now, tx.Who.AccountID}})
}

// EndSuspension writes the last month of a suspension and whether its months are paid after all.
func (tx *Tx) EndSuspension(ctx context.Context, s award.Suspension) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE award_suspensions SET to_month = $2::date, back_pay = $3 WHERE id = $1 AND to_month IS NULL", s.ID, s.To, s.BackPay)
	if err != nil {
		return fmt.Errorf("end a suspension: %w", err)
	}
	return nil
}

// InsertGrants writes months of a late renewal that are paid after all.
func (tx *Tx) InsertGrants(ctx context.Context, person uuid.UUID, grants ...award.Grant) error {
	rows := make([]row, len(grants))
	for i, g := range grants {
		rows[i] = row{g.ID, g.AwardID, person, g.Month, g.Level, g.Reason, tx.Now, tx.Who.AccountID}
	}
	return tx.insert(ctx, table{"award_grants", []string{"id uuid", "award_id uuid", "person_id uuid", "month date", "level smallint", "reason",
		"recorded_at timestamptz", "recorded_by uuid"}}, rows)
}
