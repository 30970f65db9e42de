package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/idnum"
	"zhucan/internal/names"
)

// The purposes of blind indexes: the same number under two purposes gives two unrelated hashes.
const (
	indexID          = "id_number"
	indexCertificate = "certificate_number"
	indexBirthCert   = "birth_certificate"
)

const personColumns = `p.id, p.version, p.record_type, p.name, coalesce(p.sex, ''), p.birth_date, p.id_number, p.id_number_invalid,
	p.birth_certificate, p.phone, coalesce(p.diagnosis, ''), coalesce(p.hukou_type, ''), coalesce(p.hukou_area_code, ''),
	coalesce(p.residence_area_code, ''), p.managing_area_code, coalesce(p.guardian_name, ''), coalesce(p.guardian_relation, ''),
	p.guardian_id_number, p.guardian_phone, p.created_at, p.updated_at, (SELECT g.into_id FROM merged_persons g WHERE g.person_id = p.id)`

// sealedPerson is what a row holds of a person before its sealed columns are opened.
type sealedPerson struct {
	casefile.Person
	invalid                          bool
	idNumber, birthCert, phone       []byte
	guardianName, guardianRelation   string
	guardianIDNumber, guardianPhone  []byte
	hukou, residence, managing, kind string
	into                             *uuid.UUID
}

func (p *sealedPerson) fields() []any {
	return []any{&p.ID, &p.Version, &p.kind, &p.Name, &p.Sex, &p.BirthDate, &p.idNumber, &p.invalid, &p.birthCert, &p.phone,
		&p.Diagnosis, &p.HukouType, &p.hukou, &p.residence, &p.managing, &p.guardianName, &p.guardianRelation,
		&p.guardianIDNumber, &p.guardianPhone, &p.CreatedAt, &p.UpdatedAt, &p.into}
}

func (db *DB) openPerson(s *sealedPerson) (casefile.Person, error) {
	p := s.Person
	p.RecordType, p.MergedInto = casefile.RecordType(s.kind), orZero(s.into)
	p.Hukou, p.Residence, p.Managing = area.Code(s.hukou), area.Code(s.residence), area.Code(s.managing)
	o := opener{ring: db.Ring, table: "persons", row: p.ID}
	number := o.open("id_number", s.idNumber)
	p.BirthCertificate = o.open("birth_certificate", s.birthCert)
	p.Phone = o.open("phone", s.phone)
	if s.invalid {
		p.InvalidID = number
	} else {
		p.IDNumber = o.resident(number)
	}
	if s.guardianName != "" {
		p.Guardian = &casefile.Guardian{Name: s.guardianName, Relation: s.guardianRelation,
			IDNumber: o.resident(o.open("guardian_id_number", s.guardianIDNumber)), Phone: o.open("guardian_phone", s.guardianPhone)}
	}
	return p, o.err
}

// opener opens the sealed columns of one row and keeps the first error.
type opener struct {
	ring interface {
		Open(table, column string, row uuid.UUID, sealed []byte) (string, error)
	}
	table string
	row   uuid.UUID
	err   error
}

func (o *opener) open(column string, sealed []byte) string {
	if len(sealed) == 0 {
		return ""
	}
	text, err := o.ring.Open(o.table, column, o.row, sealed)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("open %s.%s: %w", o.table, column, err)
	}
	return text
}

// farFuture lets a stored number be read whatever the clock says; it was checked when it was written.
var farFuture = calendar.MustDate("2199-12-31")

func (o *opener) resident(text string) idnum.Resident {
	if text == "" {
		return idnum.Resident{}
	}
	id, err := idnum.ParseResident(text, farFuture)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("read a stored ID number: %w", err)
	}
	return id
}

// sealer seals columns of one row and keeps the first error.
type sealer struct {
	ring interface {
		Seal(table, column string, row uuid.UUID, plain string) ([]byte, error)
	}
	table string
	row   uuid.UUID
	err   error
}

func (s *sealer) seal(column, plain string) []byte {
	if plain == "" {
		return nil
	}
	sealed, err := s.ring.Seal(s.table, column, s.row, plain)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("seal %s.%s: %w", s.table, column, err)
	}
	return sealed
}

func (db *DB) index(purpose, plain string) []byte {
	if plain == "" {
		return nil
	}
	return db.Ring.BlindIndex(purpose, plain)
}

var personsTable = table{"persons", []string{"id uuid", "record_type", "name", "name_key", "sex", "birth_date date", "id_number bytea",
	"id_number_index bytea", "id_number_invalid boolean", "birth_certificate bytea", "birth_certificate_index bytea", "phone bytea",
	"diagnosis", "hukou_type", "hukou_area_code", "residence_area_code", "managing_area_code", "guardian_name", "guardian_relation",
	"guardian_id_number bytea", "guardian_phone bytea", "created_at timestamptz", "created_by uuid", "updated_at timestamptz"}}

// InsertPersons adds persons to the register.
func (tx *Tx) InsertPersons(ctx context.Context, persons ...casefile.Person) error {
	rows := make([]row, len(persons))
	for i, p := range persons {
		r, err := tx.personRow(p)
		if err != nil {
			return err
		}
		rows[i] = r
	}
	if err := tx.insert(ctx, personsTable, rows); err != nil {
		return err
	}
	for _, p := range persons {
		tx.areas[p.ID] = p.Managing
	}
	return tx.writeMatchKeys(ctx, persons)
}

func (tx *Tx) personRow(p casefile.Person) (row, error) {
	s := sealer{ring: tx.db.Ring, table: "persons", row: p.ID}
	g := casefile.Guardian{}
	if p.Guardian != nil {
		g = *p.Guardian
	}
	number := p.IDNumber.Reveal() + p.InvalidID
	return row{p.ID, string(p.RecordType), p.Name, names.Key(p.Name), p.Sex, p.BirthDate, s.seal("id_number", number), tx.db.index(indexID, number),
		p.InvalidID != "", s.seal("birth_certificate", p.BirthCertificate), tx.db.index(indexBirthCert, p.BirthCertificate),
		s.seal("phone", p.Phone), p.Diagnosis, p.HukouType, string(p.Hukou), string(p.Residence), string(p.Managing), g.Name, g.Relation,
		s.seal("guardian_id_number", g.IDNumber.Reveal()), s.seal("guardian_phone", g.Phone), p.CreatedAt, tx.Who.AccountID, p.UpdatedAt}, s.err
}

// UpdatePersons writes what can change of persons and raises their versions.
func (tx *Tx) UpdatePersons(ctx context.Context, persons ...casefile.Person) error {
	var updates []Query
	for _, p := range persons {
		r, err := tx.personRow(p)
		if err != nil {
			return err
		}
		updates = append(updates, updatePerson(p.Version, r))
		delete(tx.areas, p.ID)
	}
	if err := tx.Batch(ctx, append(updates, tx.matchKeysOf(persons))...); err != nil {
		return fmt.Errorf("update a person: %w", err)
	}
	return nil
}

func updatePerson(version int, r row) Query {
	set, args := "", []any{r[0], version}
	for i, column := range personsTable.columns {
		name, kind := cutColumn(column)
		if name == "id" || name == "created_at" || name == "created_by" {
			continue
		}
		args = append(args, single(r[i], kind))
		set += fmt.Sprintf("%s = $%d, ", name, len(args))
	}
	return func(b *pgx.Batch) {
		b.Queue("UPDATE persons SET "+set+"version = version + 1 WHERE id = $1 AND version = $2", args...).
			Exec(func(done pgconn.CommandTag) error { return exactlyOne(int(done.RowsAffected()), nil) })
	}
}

var certificatesTable = table{"certificates", []string{"id uuid", "person_id uuid", "number bytea", "number_index bytea", "number_raw bytea",
	"category smallint", "level smallint", "components smallint[]", "issued_on date", "expires_on date", "held_to date",
	"recorded_at timestamptz", "recorded_by uuid", "by_list boolean"}}

// InsertCertificates adds cards.
func (tx *Tx) InsertCertificates(ctx context.Context, cards ...casefile.Certificate) error {
	rows := make([]row, len(cards))
	for i, c := range cards {
		s := sealer{ring: tx.db.Ring, table: "certificates", row: c.ID}
		number := c.Number.Reveal()
		rows[i] = row{c.ID, c.PersonID, s.seal("number", number), tx.db.index(indexCertificate, number), s.seal("number_raw", c.RawNumber),
			c.Category, c.Level, componentsText(c.Components), c.IssuedOn, c.ExpiresOn, c.HeldTo, tx.Now, tx.Who.AccountID, c.ByList}
		if s.err != nil {
			return s.err
		}
	}
	return tx.insert(ctx, certificatesTable, rows)
}

// EndCertificates sets the last day on which cards were held; a later card takes over.
func (tx *Tx) EndCertificates(ctx context.Context, cards ...casefile.Certificate) error {
	for _, c := range cards {
		result, err := tx.sql.ExecContext(ctx, `UPDATE certificates SET held_to = $2, version = version + 1
			WHERE id = $1 AND held_to IS NULL`, c.ID, c.HeldTo)
		if err != nil {
			return fmt.Errorf("end a certificate: %w", err)
		}
		n, err := result.RowsAffected()
		if err := exactlyOne(int(n), err); err != nil {
			return err
		}
	}
	return nil
}

// TouchCertificate raises the version of a card whose events changed, if it is still the version read.
func (tx *Tx) TouchCertificate(ctx context.Context, id uuid.UUID, version int) error {
	result, err := tx.sql.ExecContext(ctx, "UPDATE certificates SET version = version + 1 WHERE id = $1 AND version = $2", id, version)
	if err != nil {
		return fmt.Errorf("touch a certificate: %w", err)
	}
	n, err := result.RowsAffected()
	return exactlyOne(int(n), err)
}

var eventsTable = table{"certificate_events", []string{"id uuid", "certificate_id uuid", "person_id uuid", "event", "happened_on date",
	"reason text", "cancel_reason", "recorded_at timestamptz", "recorded_by uuid", "by_list boolean"}}

// InsertEvents adds what happened to cards.
func (tx *Tx) InsertEvents(ctx context.Context, events ...casefile.CertificateEvent) error {
	rows := make([]row, len(events))
	for i, e := range events {
		rows[i] = row{e.ID, e.CertificateID, e.PersonID, e.Event, e.On, e.Reason, e.CancelReason, tx.Now, tx.Who.AccountID, e.ByList}
	}
	return tx.insert(ctx, eventsTable, rows)
}

var circumstancesTable = table{"circumstances", []string{"id uuid", "person_id uuid", "kind", "exclusive_key", "value jsonb", "valid_from date",
	"valid_to date", "source text", "source_doc text", "recorded_at timestamptz", "recorded_by uuid"}}

// InsertCircumstances adds dated facts.
func (tx *Tx) InsertCircumstances(ctx context.Context, facts ...casefile.Circumstance) error {
	rows, err := tx.circumstanceRows(facts)
	if err != nil {
		return err
	}
	return tx.insert(ctx, circumstancesTable, rows)
}

func (tx *Tx) circumstanceRows(facts []casefile.Circumstance) ([]row, error) {
	rows := make([]row, len(facts))
	for i, c := range facts {
		kind, ok := casefile.KindOf(c.Kind)
		if !ok {
			return nil, fmt.Errorf("insert circumstances: no kind %s", c.Kind)
		}
		rows[i] = row{c.ID, c.PersonID, c.Kind, kind.ExclusiveKey(c.Value), string(c.Raw), c.ValidFrom, c.ValidTo, c.Source, c.SourceDoc,
			tx.Now, tx.Who.AccountID}
	}
	return rows, nil
}

// Supersede marks facts as no longer held true from now on.
func (tx *Tx) Supersede(ctx context.Context, ids ...uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	if err := tx.Batch(ctx, tx.superseding(ids)); err != nil {
		return fmt.Errorf("supersede circumstances: %w", err)
	}
	return nil
}

// superseding is Supersede in a batch.
func (tx *Tx) superseding(ids []uuid.UUID) Query {
	return func(b *pgx.Batch) {
		b.Queue("UPDATE circumstances SET superseded_at = $2 WHERE id = ANY($1) AND superseded_at IS NULL", ids, tx.Now).Exec(func(done pgconn.CommandTag) error {
			if int(done.RowsAffected()) != len(ids) {
				return exactlyOne(0, nil)
			}
			return nil
		})
	}
}

// SupersedeLeft marks those of some facts as no longer held true that still are.
func (tx *Tx) SupersedeLeft(ctx context.Context, ids []uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE circumstances SET superseded_at = $2 WHERE id = ANY($1) AND superseded_at IS NULL", ids, tx.Now)
	if err != nil {
		return fmt.Errorf("supersede circumstances: %w", err)
	}
	return nil
}

// InsertAliases keeps numbers and names that persons had before.
func (tx *Tx) InsertAliases(ctx context.Context, aliases ...casefile.Alias) error {
	rows := make([]row, len(aliases))
	for i, a := range aliases {
		s := sealer{ring: tx.db.Ring, table: "person_aliases", row: a.ID}
		rows[i] = row{a.ID, a.PersonID, a.Kind, s.seal("value", a.Value), tx.db.index(indexID, a.Value), a.Reason, tx.Now, tx.Who.AccountID}
		if s.err != nil {
			return s.err
		}
	}
	return tx.insert(ctx, table{"person_aliases", []string{"id uuid", "person_id uuid", "kind", "value bytea", "value_index bytea",
		"reason text", "recorded_at timestamptz", "recorded_by uuid"}}, rows)
}

func componentsText(list []casefile.Component) string {
	codes := []int{}
	for _, c := range list {
		codes = append(codes, c.Category*10+c.Level)
	}
	text, _ := json.Marshal(codes)
	return "{" + string(text[1:len(text)-1]) + "}"
}

func componentsOf(codes []int16) []casefile.Component {
	var list []casefile.Component
	for _, code := range codes {
		list = append(list, casefile.Component{Category: int(code / 10), Level: int(code % 10)})
	}
	return list
}

func cutColumn(column string) (name, kind string) {
	for i := range column {
		if column[i] == ' ' {
			return column[:i], column[i+1:]
		}
	}
	return column, ""
}

// single is one value of a row as a parameter of an ordinary statement.
func single(v any, kind string) any {
	switch kind {
	case "date":
		return textOrNull(dateText(v))
	case "timestamptz":
		return instantOrNull(v.(time.Time))
	case "":
		return textOrNull(v.(string))
	}
	return v
}

// WhoHas finds, in the actor's area, who else has one of the numbers of a person, and who holds a card of a given number. Of merged files
// it is the one that stays.
func (tx *Tx) WhoHas(ctx context.Context, p casefile.Person, card *casefile.Certificate) (persons, holders []uuid.UUID, err error) {
	number := p.InvalidID
	if !p.IDNumber.IsZero() {
		number = p.IDNumber.Reveal()
	}
	ids := func(into *[]uuid.UUID) func(pgx.Rows) error {
		return func(rows pgx.Rows) (err error) {
			*into, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		}
	}
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		const stays = " LEFT JOIN merged_persons g ON g.person_id = n.id JOIN persons p ON p.id = " + livesOn // which may have moved away since
		b.Queue("SELECT DISTINCT p.id FROM persons n"+stays+` WHERE n.id <> $3 AND p.id <> $3 AND (n.id_number_index = $1 OR n.birth_certificate_index = $2)`,
			tx.db.index(indexID, number), tx.db.index(indexBirthCert, p.BirthCertificate), p.ID).Query(ids(&persons))
		if card != nil {
			b.Queue("SELECT DISTINCT p.id FROM (SELECT person_id AS id FROM certificates WHERE number_index = $1 AND (held_to IS NULL OR held_to >= $2)) n"+stays,
				tx.db.index(indexCertificate, card.Number.Reveal()), card.IssuedOn).Query(ids(&holders))
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look for numbers: %w", err)
	}
	return persons, holders, nil
}
