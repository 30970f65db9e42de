package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/casefile"
	"zhucan/internal/names"
)

// What may say that two files are of one person (choice).
const (
	matchNameBirthTown = "name_birth_town"
	matchGuardianName  = "guardian_name"
	matchPhoneName     = "phone_name"
)

// townDigits are those of the code of a town.
const townDigits = 9

// matchKeys are what is compared of a person, by kind; of one who is merged into another nothing is.
func (db *DB) matchKeys(p casefile.Person) map[string][]byte {
	keys := map[string][]byte{}
	if p.MergedInto != uuid.Nil {
		return keys
	}
	add := func(kind string, parts ...string) {
		if key := db.matchKey(kind, parts...); key != nil {
			keys[kind] = key
		}
	}
	town := string(p.Managing)
	name := names.Key(p.Name)
	add(matchNameBirthTown, name, p.BirthDate.String(), town[:min(townDigits, len(town))])
	add(matchPhoneName, p.Phone, name)
	if p.Guardian != nil {
		add(matchGuardianName, p.Guardian.IDNumber.Reveal(), name)
	}
	return keys
}

// matchKey is a keyed hash of parts; nil where one is not known.
func (db *DB) matchKey(kind string, parts ...string) []byte {
	plain := ""
	for _, part := range parts {
		if part == "" {
			return nil
		}
		plain += part + "\x1f"
	}
	return db.Ring.BlindIndex("match_"+kind, plain)
}

// writeMatchKeys makes the keys of persons what their rows say. One that stays keeps the instant since which it is so.
func (tx *Tx) writeMatchKeys(ctx context.Context, persons []casefile.Person) error {
	if err := tx.Batch(ctx, tx.matchKeysOf(persons)); err != nil {
		return fmt.Errorf("write what may be the same: %w", err)
	}
	return nil
}

// nameKeysOf makes the keys by which names are sought what the names say, where they are not; the rows of persons bring them otherwise.
func nameKeysOf(persons []casefile.Person) Query {
	ids, keys := namesKeyed(persons)
	return func(b *pgx.Batch) {
		b.Queue(`UPDATE persons p SET name_key = u.key FROM unnest($1::uuid[], $2::text[]) AS u (id, key) WHERE p.id = u.id AND p.name_key IS DISTINCT FROM u.key`, ids, keys)
	}
}

func namesKeyed(persons []casefile.Person) (ids []uuid.UUID, keys []string) {
	for _, p := range persons {
		ids, keys = append(ids, p.ID), append(keys, names.Key(p.Name))
	}
	return ids, keys
}

func (tx *Tx) matchKeysOf(persons []casefile.Person) Query {
	var ids, owners []uuid.UUID
	var kinds []string
	var keys [][]byte
	for _, p := range persons {
		ids = append(ids, p.ID)
		for kind, key := range tx.db.matchKeys(p) {
			owners, kinds, keys = append(owners, p.ID), append(kinds, kind), append(keys, key)
		}
	}
	return func(b *pgx.Batch) {
		b.Queue(`DELETE FROM match_keys m WHERE person_id = ANY($1)
			AND NOT EXISTS (SELECT FROM unnest($2::uuid[], $3::text[]) AS u (person_id, kind) WHERE u.person_id = m.person_id AND u.kind = m.kind)`, ids, owners, kinds)
		b.Queue(`INSERT INTO match_keys (person_id, kind, key, recorded_at) SELECT u.*, $4 FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS u
			ON CONFLICT (person_id, kind) DO UPDATE SET key = excluded.key, recorded_at = excluded.recorded_at WHERE match_keys.key <> excluded.key`,
			owners, kinds, keys, tx.Now)
	}
}

// WriteMatchKeys makes the keys of persons anew.
func (tx *Tx) WriteMatchKeys(ctx context.Context, dossiers []Dossier) error {
	persons := make([]casefile.Person, len(dossiers))
	for i, d := range dossiers {
		persons[i] = d.File.Person
	}
	if err := tx.Batch(ctx, tx.matchKeysOf(persons), nameKeysOf(persons)); err != nil {
		return fmt.Errorf("write what may be the same: %w", err)
	}
	return tx.writeAccountKeys(ctx, idsOf(persons))
}

func idsOf(persons []casefile.Person) (ids []uuid.UUID) {
	for _, p := range persons {
		ids = append(ids, p.ID)
	}
	return ids
}

// MatchKeysDiffer finds the persons whose keys are not those that their rows give.
func (db *DB) MatchKeysDiffer(ctx context.Context, who access.Actor, dossiers []Dossier) (wrong []uuid.UUID, err error) {
	persons := make([]casefile.Person, len(dossiers))
	for i, d := range dossiers {
		persons[i] = d.File.Person
	}
	ids, named := namesKeyed(persons)
	stored := map[uuid.UUID]map[string][]byte{}
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		each(b, "SELECT person_id, kind, key FROM match_keys WHERE person_id = ANY($1)", ids, func(rows pgx.Rows) error {
			var id uuid.UUID
			var kind string
			var key []byte
			err := rows.Scan(&id, &kind, &key)
			if stored[id] == nil {
				stored[id] = map[string][]byte{}
			}
			stored[id][kind] = key
			return err
		})
		b.Queue("SELECT p.id FROM persons p JOIN unnest($1::uuid[], $2::text[]) AS u (id, key) ON u.id = p.id WHERE p.name_key IS DISTINCT FROM u.key", ids, named).
			Query(func(rows pgx.Rows) (err error) {
				wrong, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read what may be the same: %w", err)
	}
	others, err := db.accountKeysDiffer(ctx, who, ids)
	if err != nil {
		return nil, err
	}
	wrong = append(wrong, others...)
	for _, d := range dossiers {
		if id := d.File.Person.ID; !slices.Contains(wrong, id) && !sameKeys(stored[id], db.matchKeys(d.File.Person)) {
			wrong = append(wrong, id)
		}
	}
	return wrong, nil
}

func sameKeys(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for kind, key := range a {
		if !bytes.Equal(key, b[kind]) {
			return false
		}
	}
	return true
}
