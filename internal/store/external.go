package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// Figure is a number that comes from outside the register, for a year and an area: an income, or a count of facilities.
type Figure struct {
	ID           uuid.UUID
	Indicator    string
	Year         int
	Area         area.Code
	Income       int64 // fen a head and year; 0 for a count
	Numerator    int64
	Denominator  int64
	SourceDoc    string
	RecordedAt   time.Time
	SupersededAt time.Time // zero while it is what we hold true
	Withdrawn    string    // why it was withdrawn; empty where another took its place
}

// FiguresOf asks for figures: as they are held true now, or were at an instant, or with those that gave way.
type FiguresOf struct {
	Area    area.Code // of it and below; empty: all
	KnownAt time.Time
	All     bool
}

// Figures reads figures in order of indicator, area and year. They are no personal data.
func (db *DB) Figures(ctx context.Context, q FiguresOf) (list []Figure, err error) {
	lo, hi := q.Area.Range()
	list, err = readAll(ctx, db, scanFigure, `SELECT `+figureColumns+` FROM external_figures
		WHERE area_code >= $1 AND area_code < $2 AND ($3 OR CASE WHEN $4::timestamptz IS NULL THEN superseded_at IS NULL
			ELSE recorded_at <= $4 AND (superseded_at IS NULL OR superseded_at > $4) END)
		ORDER BY indicator, area_code, year, recorded_at, id`, lo, hi, q.All, instantOrNull(q.KnownAt))
	if err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	return list, nil
}

const figureColumns = `id, indicator, year, area_code, coalesce(income_fen, 0), coalesce(numerator, 0), coalesce(denominator, 0), source_doc,
	recorded_at, superseded_at, coalesce(withdrawn_reason, '')`

func scanFigure(row pgx.CollectableRow) (f Figure, err error) {
	var superseded *time.Time
	err = row.Scan(&f.ID, &f.Indicator, &f.Year, &f.Area, &f.Income, &f.Numerator, &f.Denominator, &f.SourceDoc, &f.RecordedAt, &superseded, &f.Withdrawn)
	f.SupersededAt = orZero(superseded)
	return f, err
}

// PutFigure records a figure; an earlier one of the same indicator, year and area gives way to it.
func (tx *Tx) PutFigure(ctx context.Context, f Figure) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE external_figures SET superseded_at = $4 WHERE indicator = $1 AND year = $2 AND area_code = $3 AND superseded_at IS NULL",
			f.Indicator, f.Year, string(f.Area), tx.Now)
		b.Queue(`INSERT INTO external_figures (id, indicator, year, area_code, income_fen, numerator, denominator, source_doc, recorded_at, recorded_by)
			VALUES ($1, $2, $3, $4, nullif($5::bigint, 0), CASE WHEN $7::bigint > 0 THEN $6::bigint END, nullif($7::bigint, 0), $8, $9, $10)`,
			f.ID, f.Indicator, f.Year, string(f.Area), f.Income, f.Numerator, f.Denominator, f.SourceDoc, tx.Now, orNull(tx.Who.AccountID))
	})
	if err != nil {
		return fmt.Errorf("record a figure: %w", err)
	}
	return nil
}

// LockFigure holds a figure and reads it.
func (tx *Tx) LockFigure(ctx context.Context, id uuid.UUID) (f Figure, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+figureColumns+" FROM external_figures WHERE id = $1 FOR UPDATE", id).Query(func(rows pgx.Rows) (err error) {
			f, err = pgx.CollectExactlyOneRow(rows, scanFigure)
			return err
		})
	})
	return f, translate(err)
}

// WithdrawFigure ends a figure that nothing takes the place of.
func (tx *Tx) WithdrawFigure(ctx context.Context, id uuid.UUID, reason string) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE external_figures SET superseded_at = $2, withdrawn_by = $3, withdrawn_reason = $4 WHERE id = $1", id, tx.Now, orNull(tx.Who.AccountID), reason)
	})
	if err != nil {
		return fmt.Errorf("withdraw a figure: %w", err)
	}
	return nil
}

// Facility is a public-service facility of a city, with its last inspection.
type Facility struct {
	ID          uuid.UUID
	Version     int
	Area        area.Code
	Name        string
	Kind        string
	Address     string
	InspectedOn calendar.Date // zero: never
	Compliant   bool
	Standard    string

	RecordedAt   time.Time // since when it is believed as it stands here
	SupersededAt time.Time // zero while it is what we hold true
	Reason       string    // why it gave way, or was taken off the list
}

// Inspection is one look at a facility.
type Inspection struct {
	ID        uuid.UUID
	Facility  uuid.UUID
	On        calendar.Date
	Standard  string
	Compliant bool
	Report    string

	RecordedAt   time.Time
	SupersededAt time.Time // zero while it is what we hold true
	Reason       string    // why it gave way
}

// FacilityFile is all that was ever said of a facility.
type FacilityFile struct {
	Facility                 // as it stands; superseded where it was taken off the list
	Earlier     []Facility   // what was believed of it before
	Inspections []Inspection // in order of their days, also those that gave way
}

// facilitiesHeld are the facilities f that are believed now, or were at the instant in $4.
// Up to the end of a division that it followed, a facility stood in that one: on the day in $1.
const facilitiesHeld = `(SELECT h.id, version, coalesce((SELECT p.area_code FROM facility_places p WHERE p.facility_id = h.id AND p.valid_to >= $1
		AND ($4::timestamptz IS NULL OR p.recorded_at <= $4) ORDER BY p.valid_to LIMIT 1), area_code) AS area_code, name, kind, address FROM (
	SELECT id, version, area_code, name, kind, address FROM facilities
		WHERE CASE WHEN $4::timestamptz IS NULL THEN withdrawn_at IS NULL
			ELSE coalesce(corrected_at, created_at) <= $4 AND (withdrawn_at IS NULL OR withdrawn_at > $4) END
	UNION ALL SELECT facility_id, version, area_code, name, kind, address FROM facilities_past WHERE recorded_at <= $4 AND superseded_at > $4) h) f`

// lastInspection joins what was known of a facility f on the day $1, by the instant in $4 where there is one.
func lastInspection(kind string) string {
	return kind + ` JOIN LATERAL (SELECT inspected_on, compliant, standard FROM facility_inspections i
		WHERE i.facility_id = f.id AND i.inspected_on <= $1 AND CASE WHEN $4::timestamptz IS NULL THEN i.superseded_at IS NULL
			ELSE i.recorded_at <= $4 AND (i.superseded_at IS NULL OR i.superseded_at > $4) END
		ORDER BY i.inspected_on DESC, i.recorded_at DESC, i.id DESC LIMIT 1) i ON true`
}

// ListFacilities lists the facilities of an area after an id, in order, with their last inspections up to a day.
func (db *DB) ListFacilities(ctx context.Context, m Moment, in area.Code, after uuid.UUID, limit int) (list []Facility, err error) {
	lo, hi := in.Range()
	rows, err := db.pool.Query(ctx, `SELECT f.id, f.version, f.area_code, f.name, f.kind, f.address, i.inspected_on, coalesce(i.compliant, false), coalesce(i.standard, '')
		FROM `+facilitiesHeld+` `+lastInspection("LEFT")+` WHERE f.area_code >= $2 AND f.area_code < $3 AND f.id > $5
		ORDER BY f.id LIMIT $6`, m.On, lo, hi, instantOrNull(m.KnownAt), after, limit)
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Facility, err error) {
			return f, row.Scan(&f.ID, &f.Version, &f.Area, &f.Name, &f.Kind, &f.Address, &f.InspectedOn, &f.Compliant, &f.Standard)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("list facilities: %w", translate(err))
	}
	return list, nil
}

// FacilityCounts counts inspected facilities by where they are: compliant ones are covered, others a gap. A facility has no
// other dimension.
func (db *DB) FacilityCounts(ctx context.Context, who access.Actor, key string, q CountOf) (list []GroupCount, err error) {
	lo, hi := q.Area.Range()
	by, ok := map[Dimension]split{ByNone: splits[ByNone], ByTown: splits[ByTown], ByVillage: splits[ByVillage], ByTree: splits[ByTree], ByUrbanRural: splits[ByUrbanRural]}[q.By]
	if !ok {
		by = split{group: notHere}
	}
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`WITH s AS (
				SELECT f.area_code, i.compliant FROM `+facilitiesHeld+` `+lastInspection("")+`
				WHERE f.area_code >= $2 AND f.area_code < $3
			)
			SELECT `+by.group+`, count(*) FILTER (WHERE compliant), count(*) FILTER (WHERE NOT compliant), count(*) FILTER (WHERE d.code IS NULL)
			FROM s`+q.villages(1, 4)+`
			GROUP BY 1 ORDER BY 1`, q.On, lo, hi, instantOrNull(q.KnownAt)).Query(into(&list, func(row pgx.CollectableRow) (GroupCount, error) {
			g := GroupCount{Indicator: key}
			return g, row.Scan(&g.Group, &g.Covered, &g.Gap, &g.Unplaced)
		}))
	})
	if err != nil {
		return nil, fmt.Errorf("count facilities: %w", err)
	}
	return list, nil
}

// InsertFacility adds a facility to the list.
func (tx *Tx) InsertFacility(ctx context.Context, f Facility) error {
	return tx.insert(ctx, table{"facilities", []string{"id uuid", "area_code", "name", "kind", "address text", "created_at timestamptz", "created_by uuid"}},
		[]row{{f.ID, string(f.Area), f.Name, f.Kind, f.Address, tx.Now, tx.Who.AccountID}})
}

// Facility reads all that was said of a facility.
func (db *DB) Facility(ctx context.Context, who access.Actor, id uuid.UUID) (f FacilityFile, err error) {
	err = db.Read(ctx, who, facilityQueries(&f, id, "")...)
	return f, translate(err)
}

// LockFacility holds a facility and reads all that was said of it.
func (tx *Tx) LockFacility(ctx context.Context, id uuid.UUID) (f FacilityFile, err error) {
	err = tx.Batch(ctx, facilityQueries(&f, id, " FOR UPDATE")...)
	return f, translate(err)
}

func facilityQueries(f *FacilityFile, id uuid.UUID, lock string) []Query {
	return []Query{
		func(b *pgx.Batch) {
			b.Queue(`SELECT id, version, area_code, name, kind, address, coalesce(corrected_at, created_at), withdrawn_at, coalesce(withdrawn_reason, '')
				FROM facilities WHERE id = $1`+lock, id).Query(func(rows pgx.Rows) (err error) {
				f.Facility, err = pgx.CollectExactlyOneRow(rows, scanFacility)
				return err
			})
		},
		func(b *pgx.Batch) {
			b.Queue(`SELECT facility_id, version, area_code, name, kind, address, recorded_at, superseded_at, reason FROM facilities_past
				WHERE facility_id = $1 ORDER BY version`, id).Query(into(&f.Earlier, scanFacility))
		},
		func(b *pgx.Batch) {
			b.Queue(`SELECT id, facility_id, inspected_on, standard, compliant, report, recorded_at, superseded_at, coalesce(superseded_reason, '')
				FROM facility_inspections WHERE facility_id = $1 ORDER BY inspected_on, recorded_at, id`, id).Query(into(&f.Inspections, scanInspection))
		},
	}
}

func scanFacility(row pgx.CollectableRow) (f Facility, err error) {
	var superseded *time.Time
	err = row.Scan(&f.ID, &f.Version, &f.Area, &f.Name, &f.Kind, &f.Address, &f.RecordedAt, &superseded, &f.Reason)
	f.SupersededAt = orZero(superseded)
	return f, err
}

func scanInspection(row pgx.CollectableRow) (i Inspection, err error) {
	var superseded *time.Time
	err = row.Scan(&i.ID, &i.Facility, &i.On, &i.Standard, &i.Compliant, &i.Report, &i.RecordedAt, &superseded, &i.Reason)
	i.SupersededAt = orZero(superseded)
	return i, err
}

// CorrectFacility keeps what was believed of a facility, and writes what it is instead.
func (tx *Tx) CorrectFacility(ctx context.Context, past uuid.UUID, old, now Facility, reason string) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`INSERT INTO facilities_past (id, facility_id, version, area_code, name, kind, address, recorded_at, superseded_at, superseded_by, reason)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			past, old.ID, old.Version, string(old.Area), old.Name, old.Kind, old.Address, old.RecordedAt, tx.Now, orNull(tx.Who.AccountID), reason)
		b.Queue("UPDATE facilities SET version = version + 1, area_code = $2, name = $3, kind = $4, address = $5, corrected_at = $6 WHERE id = $1",
			old.ID, string(now.Area), now.Name, now.Kind, now.Address, tx.Now)
	})
	if err != nil {
		return fmt.Errorf("correct a facility: %w", translate(err))
	}
	return nil
}

// WithdrawFacility takes a facility off the list, as if it had never been there.
func (tx *Tx) WithdrawFacility(ctx context.Context, id uuid.UUID, reason string) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE facilities SET version = version + 1, withdrawn_at = $2, withdrawn_by = $3, withdrawn_reason = $4 WHERE id = $1", id, tx.Now, orNull(tx.Who.AccountID), reason)
	})
	if err != nil {
		return fmt.Errorf("withdraw a facility: %w", translate(err))
	}
	return nil
}

// SupersedeInspection ends an inspection that was entered wrongly.
func (tx *Tx) SupersedeInspection(ctx context.Context, id uuid.UUID, reason string) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE facility_inspections SET superseded_at = $2, superseded_by = $3, superseded_reason = $4 WHERE id = $1", id, tx.Now, orNull(tx.Who.AccountID), reason)
	})
	if err != nil {
		return fmt.Errorf("supersede an inspection: %w", translate(err))
	}
	return nil
}

// InsertInspection records a look at a facility.
func (tx *Tx) InsertInspection(ctx context.Context, i Inspection) error {
	return tx.insert(ctx, table{"facility_inspections", []string{"id uuid", "facility_id uuid", "inspected_on date", "standard", "compliant boolean", "report text",
		"recorded_at timestamptz", "recorded_by uuid"}}, []row{{i.ID, i.Facility, i.On, i.Standard, i.Compliant, i.Report, tx.Now, tx.Who.AccountID}})
}
