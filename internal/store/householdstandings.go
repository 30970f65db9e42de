package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/casefile"
	"zhucan/internal/standing"
)

// HouseholdIDs lists households after an id in order, for work over the whole register in portions.
func (db *DB) HouseholdIDs(ctx context.Context, who access.Actor, after uuid.UUID, limit int) (ids []uuid.UUID, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT id FROM households WHERE id > $1 ORDER BY id LIMIT $2", after, limit).Query(into(&ids, pgx.RowTo[uuid.UUID]))
	})
	return ids, err
}

// HouseholdFiles reads households with the files of those of their members whom the reader may see.
func (db *DB) HouseholdFiles(ctx context.Context, who access.Actor, ids ...uuid.UUID) ([]casefile.HouseholdFile, error) {
	l := newHouseholdLoader(db, ids, "")
	if err := db.Read(ctx, who, l.queries()...); err != nil {
		return nil, fmt.Errorf("read households: %w", err)
	}
	members := newLoader(db, l.persons(), "")
	if err := db.Read(ctx, who, members.queries()...); err != nil {
		return nil, fmt.Errorf("read the files of members: %w", err)
	}
	return l.files(members), nil
}

// HouseholdStandings reads the stored timelines of households, in order of household, indicator and day.
func (db *DB) HouseholdStandings(ctx context.Context, who access.Actor, households []uuid.UUID) (timeline []standing.HouseholdInterval, err error) {
	const columns = `SELECT household_id, indicator, valid_from, valid_to, status, reason, area_code, holders
		FROM household_standings WHERE household_id = ANY($1) ORDER BY household_id, indicator, valid_from`
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		each(b, columns, households, func(rows pgx.Rows) error {
			var i standing.HouseholdInterval
			err := rows.Scan(&i.HouseholdID, &i.Indicator, &i.Days.From, &i.Days.To, &i.Status, &i.Reason, &i.Area, &i.Holders)
			timeline = append(timeline, i)
			return err
		})
	})
	return timeline, err
}
