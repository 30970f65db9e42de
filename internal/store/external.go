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
	list, err = readAll(ctx, db, scanFigure, `SELECT id, indicator, year, area_code, coalesce(income_fen, 0), coalesce(numerator, 0), coalesce(denominator, 0), source_doc,
			recorded_at, superseded_at FROM external_figures
		WHERE area_code >= $1 AND area_code < $2 AND ($3 OR CASE WHEN $4::timestamptz IS NULL THEN superseded_at IS NULL
			ELSE recorded_at <= $4 AND (superseded_at IS NULL OR superseded_at > $4) END)
		ORDER BY indicator, area_code, year, recorded_at, id`, lo, hi, q.All, instantOrNull(q.KnownAt))
	if err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	return list, nil
}

func scanFigure(row pgx.CollectableRow) (f Figure, err error) {
	var superseded *time.Time
	err = row.Scan(&f.ID, &f.Indicator, &f.Year, &f.Area, &f.Income, &f.Numerator, &f.Denominator, &f.SourceDoc, &f.RecordedAt, &superseded)
	f.SupersededAt = orZero(superseded)
	return f, err
}

// PutFigure records a figure; an earlier one of the same indicator, year and area gives way to it.
func (tx *Tx) PutFigure(ctx context.Context, f Figure) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("UPDATE external_figures SET superseded_at = $4 WHERE indicator = $1 AND year = $2 AND area_code = $3 AND superseded_at IS NULL",
			f.Indicator, f.Year, string(f.Area), tx.Now)
		b.Queue(`INSERT INTO external_figures (id, indicator, year, area_code, income_fen, numerator, denominator, source_doc, recorded_at, recorded_by)
			VALUES ($1, $2, $3, $4, nullif($5, 0), CASE WHEN $7 > 0 THEN $6::bigint END, nullif($7, 0), $8, $9, $10)`,
			f.ID, f.Indicator, f.Year, string(f.Area), f.Income, f.Numerator, f.Denominator, f.SourceDoc, tx.Now, orNull(tx.Who.AccountID))
	})
	if err != nil {
		return fmt.Errorf("record a figure: %w", err)
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
}

// Inspection is one look at a facility.
type Inspection struct {
	ID        uuid.UUID
	Facility  uuid.UUID
	On        calendar.Date
	Standard  string
	Compliant bool
	Report    string
}

// lastInspection joins what was known of a facility f on the day $1, by the instant in $4 where there is one.
func lastInspection(kind string) string {
	return kind + ` JOIN LATERAL (SELECT inspected_on, compliant, standard FROM facility_inspections i
		WHERE i.facility_id = f.id AND i.inspected_on <= $1 AND ($4::timestamptz IS NULL OR i.recorded_at <= $4)
		ORDER BY i.inspected_on DESC, i.recorded_at DESC, i.id DESC LIMIT 1) i ON true`
}

// ListFacilities lists the facilities of an area after an id, in order, with their last inspections up to a day.
func (db *DB) ListFacilities(ctx context.Context, m Moment, in area.Code, after uuid.UUID, limit int) (list []Facility, err error) {
	lo, hi := in.Range()
	rows, err := db.pool.Query(ctx, `SELECT f.id, f.version, f.area_code, f.name, f.kind, f.address, i.inspected_on, coalesce(i.compliant, false), coalesce(i.standard, '')
		FROM facilities f `+lastInspection("LEFT")+` WHERE f.area_code >= $2 AND f.area_code < $3 AND ($4::timestamptz IS NULL OR f.created_at <= $4) AND f.id > $5
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
				SELECT f.area_code, i.compliant FROM facilities f `+lastInspection("")+`
				WHERE f.area_code >= $2 AND f.area_code < $3
			)
			SELECT `+by.group+`, count(*) FILTER (WHERE compliant), count(*) FILTER (WHERE NOT compliant), count(*) FILTER (WHERE d.code IS NULL)
			FROM s`+q.villages(1, 4)+`
			GROUP BY 1 ORDER BY 1`, q.On, lo, hi, instantOrNull(q.KnownAt)).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (GroupCount, error) {
				g := GroupCount{Indicator: key}
				return g, row.Scan(&g.Group, &g.Covered, &g.Gap, &g.Unplaced)
			})
			return err
		})
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

// FacilityArea is where a facility is.
func (tx *Tx) FacilityArea(ctx context.Context, id uuid.UUID) (at area.Code, err error) {
	err = tx.sql.QueryRowContext(ctx, "SELECT area_code FROM facilities WHERE id = $1", id).Scan(&at)
	return at, translate(err)
}

// InsertInspection records a look at a facility.
func (tx *Tx) InsertInspection(ctx context.Context, i Inspection) error {
	return tx.insert(ctx, table{"facility_inspections", []string{"id uuid", "facility_id uuid", "inspected_on date", "standard", "compliant boolean", "report text",
		"recorded_at timestamptz", "recorded_by uuid"}}, []row{{i.ID, i.Facility, i.On, i.Standard, i.Compliant, i.Report, tx.Now, tx.Who.AccountID}})
}
