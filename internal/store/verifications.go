package store

import (
	"context"
	"fmt"
	"maps"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/standing"
)

func (l *loader) verifications(b *pgx.Batch) {
	each(b, `SELECT id, person_id, happened_on, method, passed, findings, recorded_at, recorded_by FROM verifications
		WHERE person_id = ANY($1) ORDER BY happened_on, recorded_at, id`, l.ids, func(rows pgx.Rows) error {
		var v casefile.Verification
		var by *uuid.UUID
		err := rows.Scan(&v.ID, &v.PersonID, &v.On, &v.Method, &v.Passed, &v.Findings, &v.RecordedAt, &by)
		v.RecordedBy = orZero(by)
		if d := l.byID[v.PersonID]; err == nil && d != nil {
			d.File.Verifications = append(d.File.Verifications, v)
		}
		return err
	})
}

// InsertVerifications records looks at persons.
func (tx *Tx) InsertVerifications(ctx context.Context, list ...casefile.Verification) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		for _, v := range list {
			b.Queue(`INSERT INTO verifications (id, person_id, happened_on, method, passed, findings, recorded_at, recorded_by)
				VALUES ($1, $2, $3::date, $4, $5, $6, $7, $8)`, v.ID, v.PersonID, v.On.String(), v.Method, v.Passed, v.Findings, tx.Now, orNull(tx.Who.AccountID))
		}
	})
	if err != nil {
		return fmt.Errorf("record verifications: %w", err)
	}
	return nil
}

// ToVerify is who has to be verified in a window, and what has become of it.
type ToVerify struct {
	PersonID  uuid.UUID
	Name      string
	Area      area.Code
	Place, Of int                    // the person's place among those of the village, from 1, for spreading the load
	Verified  *casefile.Verification // the first that passed since the window began, or else the last that did not; nil: none
}

// toVerify are the persons who, on some day of a window from @window to @window_ends, meet the conditions of a right that was recorded before
// it and has not ended. Whose card has run out on its first day is so asked when it is renewed.
const toVerify = `
asked AS (
    SELECT DISTINCT p.id AS person_id, p.name, p.managing_area_code AS area_code
    FROM awards a
    JOIN persons p ON p.id = a.person_id
    JOIN standings s ON s.person_id = a.person_id AND s.indicator = a.programme || '_coverage' AND s.status IN (@covered, @gap)
        AND s.valid_from <= @window_ends::date AND (s.valid_to IS NULL OR s.valid_to >= @window::date)
    WHERE NOT a.void AND a.start_month <= @window_ends::date AND (a.end_month IS NULL OR a.end_month >= @window::date)
      AND a.recorded_at < (@window::date)::timestamp AT TIME ZONE 'Asia/Shanghai' AND p.managing_area_code >= @lo AND p.managing_area_code < @hi
), found AS (
    SELECT DISTINCT ON (v.person_id) v.person_id, v.id, v.happened_on, v.method, v.passed, v.findings
    FROM asked JOIN verifications v USING (person_id) WHERE v.happened_on >= @window::date
    ORDER BY v.person_id, v.passed DESC, CASE WHEN v.passed THEN v.happened_on END, v.happened_on DESC
)`

// asking are the parameters of toVerify.
func asking(window calendar.Interval, in area.Code) pgx.NamedArgs {
	lo, hi := in.Range()
	return pgx.NamedArgs{"window": window.From.String(), "window_ends": window.To.String(), "covered": int(standing.Covered), "gap": int(standing.Gap), "lo": lo, "hi": hi}
}

// Verifications lists who has to be verified in a window, after a person in order of village.
// Places count whole villages, whatever the page.
func (db *DB) Verifications(ctx context.Context, who access.Actor, window calendar.Interval, in area.Code, states []string, windowOver bool, after Cursor, limit int) (list []ToVerify, err error) {
	args := asking(window, in)
	maps.Copy(args, pgx.NamedArgs{"states": append([]string{}, states...), "over": windowOver, "after_area": string(after.Area), "after_id": after.ID, "limit": limit})
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("WITH "+toVerify+`, placed AS (
			    SELECT asked.*, row_number() OVER w AS place, count(*) OVER (PARTITION BY area_code) AS of_all,
			           f.id, f.happened_on, f.method, f.passed, f.findings,
			           CASE WHEN f.passed THEN 'done' WHEN f.id IS NOT NULL THEN 'failed' WHEN @over THEN 'missed' ELSE 'due' END AS state
			    FROM asked LEFT JOIN found f USING (person_id) WINDOW w AS (PARTITION BY area_code ORDER BY person_id)
			)
			SELECT person_id, name, area_code, place, of_all, id, happened_on, method, passed, findings FROM placed
			WHERE (cardinality(@states::text[]) = 0 OR state = ANY(@states)) AND (area_code, person_id) > (@after_area, @after_id::uuid)
			ORDER BY area_code, person_id LIMIT @limit`, args).
			Query(func(rows pgx.Rows) error {
				for rows.Next() {
					t, err := scanToVerify(rows)
					if err != nil {
						return err
					}
					list = append(list, t)
				}
				return rows.Err()
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list who has to be verified: %w", err)
	}
	return list, nil
}

func scanToVerify(rows pgx.Rows) (t ToVerify, err error) {
	var id *uuid.UUID
	var v casefile.Verification
	var method, findings *string
	var passed *bool
	err = rows.Scan(&t.PersonID, &t.Name, &t.Area, &t.Place, &t.Of, &id, &v.On, &method, &passed, &findings)
	if id != nil {
		v.ID, v.PersonID, v.Method, v.Passed, v.Findings = *id, t.PersonID, *method, *passed, *findings
		t.Verified = &v
	}
	return t, err
}

// VerificationCount is how far a village is with a window.
type VerificationCount struct {
	Area                              area.Code
	Asked, Data, Visit, Video, Failed int
}

// VerificationCounts counts a window by village.
func (db *DB) VerificationCounts(ctx context.Context, who access.Actor, window calendar.Interval, in area.Code) (list []VerificationCount, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("WITH "+toVerify+`
			SELECT area_code, count(*), count(*) FILTER (WHERE passed AND method = 'data'), count(*) FILTER (WHERE passed AND method = 'visit'),
			       count(*) FILTER (WHERE passed AND method = 'video'), count(*) FILTER (WHERE NOT passed)
			FROM asked LEFT JOIN found USING (person_id) GROUP BY 1 ORDER BY 1`, asking(window, in)).Query(into(&list, func(row pgx.CollectableRow) (c VerificationCount, err error) {
			return c, row.Scan(&c.Area, &c.Asked, &c.Data, &c.Visit, &c.Video, &c.Failed)
		}))
	})
	if err != nil {
		return nil, fmt.Errorf("count verifications: %w", err)
	}
	return list, nil
}

// ConfirmedByData are persons who have to be verified and are not, of whom a fact of some kinds was recorded since the
// window began that holds today.
func (tx *Tx) ConfirmedByData(ctx context.Context, window calendar.Interval, today calendar.Date, in area.Code, kinds []string) (ids []uuid.UUID, err error) {
	args := asking(window, in)
	maps.Copy(args, pgx.NamedArgs{"kinds": kinds, "today": today.String()})
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("WITH "+toVerify+`
			SELECT person_id FROM asked a WHERE NOT EXISTS (SELECT FROM found f WHERE f.person_id = a.person_id)
			  AND EXISTS (SELECT FROM circumstances c WHERE c.person_id = a.person_id AND c.kind = ANY(@kinds) AND c.superseded_at IS NULL
			      AND c.recorded_at >= (@window::date)::timestamp AT TIME ZONE 'Asia/Shanghai' AND c.valid_from <= @today::date AND (c.valid_to IS NULL OR c.valid_to >= @today::date)
			      AND c.value NOT IN ('false', '"no"', '"unknown"') AND c.value ->> 'answer' IS NULL)
			ORDER BY 1`, args).Query(into(&ids, pgx.RowTo[uuid.UUID]))
	})
	if err != nil {
		return nil, fmt.Errorf("find who is verified by data: %w", err)
	}
	return ids, nil
}
