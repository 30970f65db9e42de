package store

// The queries of the worklists, one each. A query finds persons of the area from @lo to @hi, from @after_area and @after_id on,
// who stand on the list on the day @today, at the instant @now. Persons are under row security of the actor's area; what is derived
// and paid keeps the area of its time, is read with open bounds, and counts only beside a person that was seen. since is the
// instant from which a lead has stood on its list without a break.

// here are the persons that a query may speak of.
const here = `
here AS NOT MATERIALIZED (
    SELECT id, name, managing_area_code AS area_code, birth_date, record_type, created_at FROM persons
    WHERE managing_area_code >= @lo AND managing_area_code < @hi AND (managing_area_code, id) >= (@after_area, @after_id::uuid)
      AND NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = persons.id)
)`

// living is that of the person h.
var living = alive("h")

// alive goes into a WHERE: a person has not died before today.
func alive(person string) string {
	return `(` + person + `.record_type <> 'HISTORICAL' AND NOT EXISTS (SELECT FROM circumstances c WHERE c.person_id = ` + person + `.id AND c.kind = 'death'
        AND c.superseded_at IS NULL AND c.valid_from < @today::date AND ` + said + `))`
}

// said goes into a WHERE: what a circumstance c says is yes.
const (
	said       = `(c.value NOT IN ('false', '"no"', '"unknown"') AND coalesce(c.value ->> 'answer', 'yes') = 'yes')`
	holdsToday = `c.superseded_at IS NULL AND c.valid_from <= @today::date AND (c.valid_to IS NULL OR c.valid_to >= @today::date) AND ` + said
)

// onToday takes the standing s of today, whose area is the person's of now: so the index by area bounds the scan.
const onToday = "s.valid_from <= @today::date AND (s.valid_to IS NULL OR s.valid_to >= @today::date) AND s.area_code >= @lo AND s.area_code < @hi"

// midnight is the instant at which a civil day begins.
func midnight(day string) string { return "((" + day + ")::timestamp AT TIME ZONE 'Asia/Shanghai')" }

// stoodSince is the instant since which the service has said of the person h, each day of that day, what a predicate over standings
// asks: known and true, the later of the two, without a break. Rows that were superseded by others that say the same are no break.
func stoodSince(key, predicate string) string {
	span := func(table, until string) string {
		return `SELECT greatest(` + midnight("valid_from") + `, known_from) AS s, least(` + midnight("valid_to + 1") + `, ` + until + `) AS e
            FROM ` + table + ` WHERE person_id = h.id AND indicator = ` + key + ` AND ` + predicate
	}
	return `coalesce((SELECT lower(r) FROM (SELECT unnest(range_agg(tstzrange(s, e))) AS r FROM (
            ` + span("standings", "NULL::timestamptz") + ` UNION ALL ` + span("standings_past", "known_to") + `) k WHERE e IS NULL OR s < e) o
        WHERE r @> @now::timestamptz), @now::timestamptz)`
}

// saidOf is a subquery of the stretches r of time in which the service has said of a person that a circumstance holds: known and true.
// A death holds from the day after, for good.
func saidOf(person, kind string) string {
	from, to := midnight("c.valid_from"), midnight("c.valid_to + 1")
	if kind == "death" {
		from, to = midnight("c.valid_from + 1"), "NULL::timestamptz"
	}
	return `(SELECT unnest(range_agg(tstzrange(s, e))) AS r FROM (SELECT greatest(c.recorded_at, ` + from + `) AS s, least(c.superseded_at, ` + to + `) AS e
        FROM circumstances c WHERE c.person_id = ` + person + ` AND c.kind = '` + kind + `' AND ` + said + `) k WHERE e IS NULL OR s < e) o`
}

// heldSince is since when the service has said so without a break, and lapsedSince since when it has not any more; null where it
// never did.
func heldSince(person, kind string) string {
	return `(SELECT lower(r) FROM ` + saidOf(person, kind) + ` WHERE r @> @now::timestamptz)`
}
func lapsedSince(person, kind string) string {
	return `(SELECT max(upper(r)) FROM ` + saidOf(person, kind) + ` WHERE upper(r) <= @now::timestamptz)`
}

// leads are the queries by the name of their worklist. Each gives the columns of leadColumns.
var leads = map[string]string{
	"eligible_not_enrolled": eligibleNotEnrolled, "enrolled_not_eligible": enrolledNotEligible, "wrong_amount": wrongAmount,
	"undeliverable_payment": undeliverablePayment, "certificate_expiring": certificateExpiring, "turning_age": turningAge, "no_survey": noSurvey,
	"duplicate": duplicate, "reverification_due": reverificationDue, "retrofit_need": retrofitNeed, "shared_account": sharedAccount,
	"home_visit": homeVisit,
}

// leadColumns are what every query selects, beside which the first five name a lead.
const leadColumns = `person_id, name, area_code, programme, reason, since, level, underpaid_fen, overpaid_fen, undelivered_fen, on_day, detail, others`

// nothingElse stands for the columns that a list does not have, from level on.
const nothingElse = `0 AS level, 0::bigint AS underpaid_fen, 0::bigint AS overpaid_fen, 0::bigint AS undelivered_fen`

// Who is a gap of a programme's coverage today: the conditions hold today, nobody has waived, and no award pays this month.
var eligibleNotEnrolled = `WITH ` + here + `
SELECT h.id AS person_id, h.name, h.area_code, pr.id AS programme,
       CASE WHEN EXISTS (SELECT FROM applications a WHERE a.person_id = h.id AND a.programme = pr.id
                AND a.stage IN ('submitted', 'town_review', 'cdpf_review', 'civil_affairs_decision', 'returned')) THEN 'APPLICATION_OPEN'
            WHEN EXISTS (SELECT FROM awards a WHERE a.person_id = h.id AND a.programme = pr.id AND NOT a.void
                AND (a.end_month IS NULL OR a.end_month >= date_trunc('month', @today::date))) THEN 'AWARD_NOT_PAID'
            ELSE 'NOT_APPLIED' END AS reason,
       ` + stoodSince("pr.coverage", "status = 2 AND reason = ''") + ` AS since,
       s.level::int AS level, 0::bigint AS underpaid_fen, 0::bigint AS overpaid_fen, 0::bigint AS undelivered_fen, NULL::date AS on_day, '' AS detail, NULL::uuid[] AS others
FROM here h JOIN standings s ON s.person_id = h.id
JOIN unnest(@programmes::text[], @coverages::text[]) AS pr (id, coverage) ON s.indicator = pr.coverage
WHERE s.status = 2 AND s.reason = '' AND ` + onToday

// Whose award nobody has ended while its conditions do not hold today. That an award pays nothing any more from the next month
// on does not end the lead: an officer ends the award, or the facts are corrected. At stake is the level that was paid last.
var enrolledNotEligible = `WITH ` + here + `
SELECT h.id AS person_id, h.name, h.area_code, a.programme, s.reason,
       greatest(a.recorded_at, ` + midnight("a.start_month") + `, ` + stoodSince("a.programme", "status = 3") + `) AS since,
       coalesce((SELECT d.level FROM dues d WHERE d.person_id = h.id AND d.programme = a.programme AND d.from_month <= @today::date ORDER BY d.from_month DESC LIMIT 1),
                (SELECT c.level FROM certificates c WHERE c.person_id = h.id AND c.issued_on <= @today::date ORDER BY c.issued_on DESC LIMIT 1), 0)::int AS level,
       0::bigint AS underpaid_fen,
       coalesce((SELECT sum(m.amount_fen - m.repaid_fen - m.waived_fen) FROM recovery_months m WHERE m.person_id = h.id AND m.programme = a.programme), 0)::bigint AS overpaid_fen,
       0::bigint AS undelivered_fen, NULL::date AS on_day, '' AS detail, NULL::uuid[] AS others
FROM here h JOIN awards a ON a.person_id = h.id AND NOT a.void AND a.end_month IS NULL AND a.start_month <= @today::date
JOIN standings s ON s.person_id = h.id AND s.indicator = ANY(@programmes::text[]) AND s.indicator = a.programme AND s.status = 3 AND ` + onToday

// Months that a closed roster has paid and whose due is another amount: less was paid, or more than a recovery asks for. Only
// open months, and months for which a supplement is on its way, can differ: what was paid otherwise is what is owed, or is asked back.
var wrongAmount = `WITH ` + here + `, month AS (
    SELECT p.person_id, p.programme, p.month
    FROM here h JOIN open_months o ON o.person_id = h.id
    JOIN payments p ON p.person_id = o.person_id AND p.programme = o.programme AND p.month >= o.open_from AND p.live
    UNION
    SELECT p.person_id, p.programme, p.month
    FROM rosters r JOIN payments p ON p.roster_id = r.id AND p.live AND p.kind = 'supplement' JOIN here h ON h.id = p.person_id
    WHERE r.state IN ('calculated', 'checked', 'locked', 'sent', 'results_in')
), paid AS (
    SELECT m.person_id, m.programme, m.month, sum(p.amount_fen) FILTER (WHERE l.state = 'paid') AS fen,
           min(r.closed_at) FILTER (WHERE l.state = 'paid' AND r.state = 'closed') AS closed_at
    FROM month m JOIN payments p ON p.person_id = m.person_id AND p.programme = m.programme AND p.month = m.month AND p.live
    JOIN roster_lines l ON l.roster_id = p.roster_id AND l.person_id = p.person_id AND l.programme = p.programme JOIN rosters r ON r.id = p.roster_id
    GROUP BY 1, 2, 3
), compared AS (
    SELECT p.person_id, p.programme, greatest(p.closed_at, d.known_from) AS since, coalesce(d.amount_fen, 0) - p.fen - g.fen + coalesce(b.settled, 0) AS under,
           p.fen + g.fen - coalesce(d.amount_fen, 0) - coalesce(b.asked, 0) AS over
    FROM paid p
    CROSS JOIN LATERAL (SELECT coalesce(sum(o.amount_fen), 0) AS fen FROM merged_persons g JOIN payments o ON o.person_id = g.person_id AND o.programme = p.programme
        AND o.month = p.month AND o.live JOIN roster_lines l ON l.roster_id = o.roster_id AND l.person_id = o.person_id AND l.programme = o.programme AND l.state = 'paid'
        WHERE g.into_id = p.person_id) g
    LEFT JOIN dues d ON d.person_id = p.person_id AND d.programme = p.programme AND d.from_month <= p.month AND (d.to_month IS NULL OR d.to_month >= p.month)
    LEFT JOIN LATERAL (SELECT sum(repaid_fen + waived_fen) AS settled, sum(amount_fen) AS asked FROM recovery_months b
        WHERE b.person_id = p.person_id AND b.programme = p.programme AND b.month = p.month) b ON true
    WHERE p.closed_at IS NOT NULL
), wrong AS (
    SELECT person_id, programme, 'UNDERPAID' AS reason, min(since) AS since, sum(under) AS under, 0 AS over FROM compared WHERE under > 0 GROUP BY 1, 2
    UNION ALL
    SELECT person_id, programme, 'OVERPAID', min(since), 0, sum(over) FROM compared WHERE over > 0 GROUP BY 1, 2
)
SELECT h.id AS person_id, h.name, h.area_code, w.programme, w.reason, w.since, 0 AS level, w.under::bigint AS underpaid_fen, w.over::bigint AS overpaid_fen,
       0::bigint AS undelivered_fen, NULL::date AS on_day, '' AS detail, NULL::uuid[] AS others
FROM wrong w JOIN here h ON h.id = w.person_id`

// Months that the bank could not pay and that are owed still, since the first attempt, or since what had been paid came back last. The bank's words
// of the last attempt say why. The payments that failed are
// found by an index that has no others, so their number bounds the work, and not how much was ever paid.
var undeliverablePayment = `WITH ` + here + `, failed AS (
    SELECT p.person_id, p.programme, p.month, coalesce(max(b.recorded_at), min(coalesce(l.answered_at, r.closed_at, r.sent_at))) AS since,
           (array_agg(l.failure ORDER BY r.month DESC, r.made_at DESC))[1] AS failure, max(r.month) AS of_month
    FROM here h JOIN payments p ON p.person_id = h.id AND NOT p.live
    JOIN roster_lines l ON l.roster_id = p.roster_id AND l.person_id = p.person_id AND l.programme = p.programme AND l.state = 'failed' JOIN rosters r ON r.id = l.roster_id
    LEFT JOIN returned_payments b ON b.roster_id = l.roster_id AND b.seq = l.seq
    GROUP BY 1, 2, 3
), owed AS MATERIALIZED (
    SELECT f.*, coalesce(d.amount_fen, 0)
           - coalesce((SELECT sum(p.amount_fen) FROM payments p JOIN roster_lines l USING (roster_id, person_id, programme)
                 WHERE p.person_id = ANY(ARRAY(SELECT f.person_id UNION ALL SELECT g.person_id FROM merged_persons g WHERE g.into_id = f.person_id))
                   AND p.programme = f.programme AND p.month = f.month AND p.live AND l.state = 'paid'), 0)
           + coalesce((SELECT sum(b.repaid_fen + b.waived_fen) FROM recovery_months b WHERE b.person_id = f.person_id AND b.programme = f.programme AND b.month = f.month), 0) AS fen
    FROM failed f
    LEFT JOIN dues d ON d.person_id = f.person_id AND d.programme = f.programme AND d.from_month <= f.month AND (d.to_month IS NULL OR d.to_month >= f.month)
)
SELECT h.id AS person_id, h.name, h.area_code, o.programme, 'PAYMENT_FAILED' AS reason, min(o.since) AS since, 0 AS level, 0::bigint AS underpaid_fen,
       0::bigint AS overpaid_fen, sum(o.fen)::bigint AS undelivered_fen, NULL::date AS on_day,
       (array_agg(o.failure ORDER BY o.of_month DESC, o.month DESC))[1] AS detail, NULL::uuid[] AS others
FROM owed o JOIN here h ON h.id = o.person_id WHERE o.fen > 0 GROUP BY 1, 2, 3, 4`

// Cards of the living that run out within six months, within one, or have run out and are neither renewed nor cancelled. A card
// that runs out inside a declared transition runs out with it.
var certificateExpiring = `WITH ` + here + `, card AS (
    SELECT h.*, c.recorded_at, coalesce((SELECT w.until FROM unnest(@transition_from::date[], @transition_to::date[], @transition_until::date[])
               WITH ORDINALITY AS w (since, till, until, n) WHERE c.expires_on >= w.since AND c.expires_on < w.till ORDER BY w.n LIMIT 1), c.expires_on) AS expires
    FROM here h JOIN certificates c ON c.person_id = h.id AND c.issued_on <= @today::date AND (c.held_to IS NULL OR c.held_to >= @today::date)
    WHERE ` + living + ` AND NOT EXISTS (SELECT FROM certificate_events e WHERE e.certificate_id = c.id AND e.person_id = c.person_id AND e.event = 'CANCEL' AND e.happened_on <= @today::date)
), reminded AS (
    SELECT card.*, r.reason, r.from_on FROM card CROSS JOIN LATERAL (VALUES ('CERT_EXPIRED', expires + 1),
        ('EXPIRES_IN_1_MONTH', (expires - interval '1 month')::date), ('EXPIRES_IN_6_MONTHS', (expires - interval '6 months')::date)) r (reason, from_on)
    WHERE expires - interval '6 months' <= @today::date
)
SELECT DISTINCT ON (area_code, id) id AS person_id, name, area_code, '' AS programme, reason, greatest(recorded_at, ` + midnight("from_on") + `, ` + lapsedSince("reminded.id", "death") + `) AS since, ` + nothingElse + `,
       expires AS on_day, '' AS detail, NULL::uuid[] AS others
FROM reminded WHERE from_on <= @today::date ORDER BY area_code, id, from_on DESC`

// Who reaches an age within six months, and has not got yet what it is about. Born on 29 February, one reaches an age on 1 March. Who was
// thought to be born on another day is known to reach it since the ID number was corrected.
var turningAge = `WITH ` + here + `, coming AS (
    SELECT h.*, b.years, b.turns, (b.turns - interval '6 months')::date AS from_on,
           (SELECT max(a.recorded_at) FROM person_aliases a WHERE a.person_id = h.id AND a.kind = 'id_number_corrected') AS corrected_at
    FROM here h CROSS JOIN (VALUES (16), (18), (60)) AS y (years)
    CROSS JOIN LATERAL (SELECT y.years, (h.birth_date + make_interval(years => y.years))::date
        + CASE WHEN to_char(h.birth_date, 'MMDD') = '0229' AND to_char(h.birth_date + make_interval(years => y.years), 'MMDD') = '0228' THEN 1 ELSE 0 END AS turns) b
    WHERE b.turns > @today::date AND b.turns - interval '6 months' <= @today::date AND ` + living + `
), holder AS (
    SELECT h.*, ` + stoodSince("@surveyed", "category > 0 AND status < 4 AND birth_date = h.birth_date") + ` AS known,
           s.components & 96 <> 0 OR s.level <= 2 AND s.components & 16 <> 0 AS may_need_care
    FROM coming h JOIN standings s ON s.person_id = h.id AND s.indicator = @surveyed AND s.category > 0 AND s.status < 4 AND ` + onToday + `
), found AS (
    SELECT id, name, area_code, turns, 'TURNS_16_PENSION' AS reason, greatest(known, ` + midnight("from_on") + `, ` + lapsedSince("h.id", "insurance_pension") + `) AS since FROM holder h
    WHERE years = 16 AND NOT EXISTS (SELECT FROM circumstances c WHERE c.person_id = h.id AND c.kind = 'insurance_pension' AND ` + holdsToday + `)
    UNION ALL
    SELECT id, name, area_code, turns, 'TURNS_16_CARE', greatest(known, ` + midnight("from_on") + `, ` + lapsedSince("h.id", "care_programme") + `) FROM holder h
    WHERE years = 16 AND may_need_care AND NOT EXISTS (SELECT FROM circumstances c WHERE c.person_id = h.id AND c.kind = 'care_programme' AND ` + holdsToday + `)
    UNION ALL
    SELECT id, name, area_code, turns, 'TURNS_60', greatest(known, ` + midnight("from_on") + `) FROM holder WHERE years = 60
    UNION ALL
    SELECT id, name, area_code, turns, 'TURNS_18_UNCERTIFIED', greatest(created_at, corrected_at, ` + midnight("from_on") + `, ` + lapsedSince("h.id", "death") + `) FROM coming h
    WHERE years = 18 AND record_type = 'UNCERTIFIED_CHILD'
      AND NOT EXISTS (SELECT FROM certificates c WHERE c.person_id = h.id AND c.issued_on <= @today::date AND (c.held_to IS NULL OR c.held_to >= @today::date))
    UNION ALL
    SELECT h.id, h.name, h.area_code, h.turns, 'TURNS_18_ORPHAN_SUPPORT', greatest(h.corrected_at, ` + midnight("h.from_on") + `, ` + heldSince("h.id", "orphan_support") + `, ` + lapsedSince("h.id", "death") + `)
    FROM coming h JOIN circumstances c ON c.person_id = h.id AND c.kind = 'orphan_support' AND ` + holdsToday + ` WHERE years = 18
)
SELECT id AS person_id, name, area_code, '' AS programme, reason, since, ` + nothingElse + `, turns AS on_day, '' AS detail, NULL::uuid[] AS others FROM found`

// Certificate holders of today whose card was there on the day of the population, without an answer in the survey year.
var noSurvey = `WITH ` + here + `
SELECT h.id AS person_id, h.name, h.area_code, '' AS programme, 'NO_RESPONSE' AS reason,
       greatest(` + midnight("@survey_from::date") + `, ` + stoodSince("@surveyed", "category > 0 AND status < 4") + `) AS since, ` + nothingElse + `,
       NULL::date AS on_day, '' AS detail, NULL::uuid[] AS others
FROM here h JOIN standings s ON s.person_id = h.id AND s.indicator = @surveyed AND s.category > 0 AND s.status < 4 AND ` + onToday + `
WHERE @survey_year::int > 0 AND (s.valid_from <= @survey_population::date OR (SELECT true FROM standings p WHERE p.person_id = h.id AND p.indicator = @surveyed
    AND p.category > 0 AND p.status < 4 AND p.valid_from <= @survey_population::date AND p.valid_to >= @survey_population::date LIMIT 1))
  AND NOT EXISTS (SELECT FROM survey_responses r WHERE r.person_id = h.id AND r.survey_year = @survey_year::int)`

// retrofitsSince are the retrofits s that take up a need which somebody of a household m has named on a day: under way, or opened or dealt with
// since then. Who has left the household before has nothing of them.
func retrofitsSince(collected string) string {
	return `household_members m JOIN services s ON s.household_id = m.household_id AND s.kind = 'retrofit' AND (m.to_on IS NULL OR m.to_on >= ` + collected + `)
        AND (s.opened_on >= ` + collected + ` OR NOT s.state = ANY(@settled::text[])
            OR EXISTS (SELECT FROM service_steps t WHERE t.service_id = s.id AND t.voided_at IS NULL AND t.happened_on >= ` + collected + `))`
}

// Whose last answers, of this year or the last, ask for a retrofit that nobody has taken up. It comes back when a retrofit turns out to have ended
// before the answers, or to be of a household that was never theirs.
var retrofitNeed = `WITH ` + here + `
SELECT h.id AS person_id, h.name, h.area_code, '' AS programme, 'RETROFIT_NEEDED' AS reason,
       greatest(r.recorded_at, ` + lapsedSince("h.id", "death") + `,
           (SELECT max(t.recorded_at) FROM household_members m JOIN services s ON s.household_id = m.household_id AND s.kind = 'retrofit' JOIN service_steps t ON t.service_id = s.id
               WHERE m.person_id = h.id AND m.superseded_at IS NULL AND t.voided_at IS NULL AND t.to_state = ANY(@settled::text[]) AND NOT t.from_state = ANY(@settled::text[])),
           (SELECT max(m.superseded_at) FROM ` + retrofitsSince("r.collected_on") + ` AND s.created_at < m.superseded_at WHERE m.person_id = h.id)) AS since,
       ` + nothingElse + `, NULL::date AS on_day, '' AS detail, NULL::uuid[] AS others
FROM survey_responses r JOIN here h ON h.id = r.person_id
WHERE r.survey_year >= extract(year FROM @today::date)::int - 1 AND r.area_code >= @lo AND r.area_code < @hi AND 'retrofit' = ANY(r.needs) AND ` + living + `
  AND NOT EXISTS (SELECT FROM survey_responses l WHERE l.person_id = r.person_id AND (l.survey_year, l.recorded_at, l.id) > (r.survey_year, r.recorded_at, r.id))
  AND NOT EXISTS (SELECT FROM ` + retrofitsSince("r.collected_on") + ` WHERE m.person_id = h.id AND m.superseded_at IS NULL)`

// Files that have something in common with another one that the actor may see too. Twenty others are enough: thousands with one name and
// telephone, as a careless list has them, would bring each of them up for each of them.
var duplicate = `WITH ` + here + `
SELECT h.id AS person_id, h.name, h.area_code, '' AS programme,
       CASE k.kind WHEN 'name_birth_town' THEN 'SAME_NAME_BIRTH_TOWN' WHEN 'guardian_name' THEN 'SAME_GUARDIAN_NAME' ELSE 'SAME_PHONE_NAME' END AS reason,
       min(greatest(k.recorded_at, s.recorded_at)) AS since, ` + nothingElse + `, NULL::date AS on_day, '' AS detail, array_agg(s.person_id ORDER BY s.person_id) AS others
FROM here h JOIN match_keys k ON k.person_id = h.id CROSS JOIN LATERAL (
    SELECT o.person_id, o.recorded_at FROM match_keys o JOIN persons q ON q.id = o.person_id AND q.record_type <> 'HISTORICAL'
    WHERE o.kind = k.kind AND o.key = k.key AND o.person_id <> k.person_id ORDER BY o.person_id LIMIT 20) s
WHERE h.record_type <> 'HISTORICAL' GROUP BY h.id, h.name, h.area_code, k.kind`

// sameAccount goes into a WHERE: somebody else's account o is that of k. Wards may share their guardian's.
const sameAccount = `o.key = k.key AND o.person_id <> k.person_id AND (o.ward_of <> k.ward_of OR o.ward_of IS NULL OR k.ward_of IS NULL)`

// Who is paid to an account to which somebody else is paid, whom the actor may see too; twenty others at most, as above, since a home or a town may
// have one account for hundreds.
var sharedAccount = `WITH ` + here + `
SELECT h.id AS person_id, h.name, h.area_code, '' AS programme, 'SHARED_ACCOUNT' AS reason,
       greatest(min(greatest(k.recorded_at, s.recorded_at, ` + lapsedSince("s.person_id", "death") + `)), ` + lapsedSince("h.id", "death") + `) AS since,
       ` + nothingElse + `, NULL::date AS on_day, '' AS detail, array_agg(s.person_id ORDER BY s.person_id) AS others
FROM here h JOIN account_keys k ON k.person_id = h.id CROSS JOIN LATERAL (
    SELECT o.person_id, o.recorded_at FROM account_keys o JOIN persons q ON q.id = o.person_id WHERE ` + sameAccount + ` AND ` + alive("q") + ` ORDER BY o.person_id LIMIT 20) s
WHERE ` + living + ` GROUP BY h.id, h.name, h.area_code`

// askedSince is the instant since which the service has said without a break that the conditions of a right of the person a hold on
// some day of the window: it may have learned of that only later.
const askedSince = `coalesce((SELECT lower(r) FROM (SELECT unnest(range_agg(tstzrange(s, e))) AS r FROM (
        SELECT k.known_from AS s, NULL::timestamptz AS e FROM standings k WHERE k.person_id = a.person_id AND ` + askedFor + `
        UNION ALL SELECT k.known_from, k.known_to FROM standings_past k WHERE k.person_id = a.person_id AND ` + askedFor + `) k) o
    WHERE r @> @now::timestamptz), @now::timestamptz)`

const askedFor = `k.status IN (@covered, @gap) AND k.valid_from <= @window_ends::date AND (k.valid_to IS NULL OR k.valid_to >= @window::date)
        AND k.indicator IN (SELECT w.programme || '_coverage' FROM awards w WHERE w.person_id = a.person_id AND NOT w.void AND w.start_month <= @window_ends::date
            AND (w.end_month IS NULL OR w.end_month >= @window::date) AND w.recorded_at < (@window::date)::timestamp AT TIME ZONE 'Asia/Shanghai')`

// Who had to be verified in the window that begins on @window, is not by now, and still lives and has a right. The first look that
// failed puts somebody there as one that failed; the words are those of the last.
var reverificationDue = "WITH " + toVerify + `
SELECT h.id AS person_id, h.name, a.area_code, '' AS programme, CASE WHEN v.id IS NULL THEN 'NOT_VERIFIED' ELSE 'VERIFICATION_FAILED' END AS reason,
       greatest(` + midnight("@window::date") + `, ` + askedSince + `, (SELECT min(f.recorded_at) FROM verifications f WHERE f.person_id = h.id AND f.happened_on >= @window::date), ` + lapsedSince("h.id", "death") + `) AS since,
       ` + nothingElse + `, NULL::date AS on_day, coalesce(v.findings, '') AS detail, NULL::uuid[] AS others
FROM asked a JOIN persons h ON h.id = a.person_id LEFT JOIN found f ON f.person_id = a.person_id LEFT JOIN verifications v ON v.id = f.id
WHERE @window_began::boolean AND f.passed IS NOT TRUE AND ` + living + `
  AND EXISTS (SELECT FROM awards w WHERE w.person_id = h.id AND NOT w.void AND (w.end_month IS NULL OR w.end_month >= date_trunc('month', @today::date))
      AND w.recorded_at < ` + midnight("@window::date") + `)`

// inPay goes into a WHERE: a programme covers the person h today.
const inPay = `EXISTS (SELECT FROM standings s WHERE s.person_id = h.id AND s.indicator = ANY(@coverages::text[]) AND s.status = @covered AND ` + onToday + `)`

// drawn is whether the person h is drawn in the period that began on @drawn_since: a hash over the seed of that period, its day and the person, each for
// himself, so that nobody who comes or goes changes it for another. A larger share draws the same and others.
const drawn = `sha256(convert_to((SELECT encode(draw_seed(((@drawn_since::date)::timestamp AT TIME ZONE 'Asia/Shanghai')), 'hex') || @drawn_since::date::text) || h.id::text, 'UTF8')) < @drawn_below::bytea`

// found is the last visit w to the person h by its day, whether it met the person, and since when that has been so; without a since, where it never
// was otherwise. A visit counts if none of a later day was recorded before it.
const found = `WITH latest AS (SELECT * FROM (SELECT v.id, v.happened_on, v.note, v.recorded_at, v.outcome = 'met' AS met, max(v.happened_on) OVER (ORDER BY v.recorded_at, v.id) AS last_day
            FROM home_visits v WHERE v.person_id = h.id) r WHERE happened_on = last_day)
        SELECT l.happened_on, l.note, l.met, (SELECT CASE WHEN o.at IS NULL AND l.met THEN NULL ELSE coalesce((SELECT min(n.recorded_at) FROM latest n WHERE n.met = l.met AND (o.at IS NULL OR n.recorded_at > o.at)), o.at) END
            FROM (SELECT max(recorded_at) AS at FROM latest n WHERE n.met <> l.met) o) AS since
        FROM latest l ORDER BY l.recorded_at DESC, l.id DESC LIMIT 1`

// Who is in pay and was drawn in this period to be visited at home and is not yet, or was not found there by the last visit, whenever that was.
var homeVisit = `WITH ` + here + `, chosen AS (
    SELECT h.*, ` + drawn + ` AS drawn FROM here h
    WHERE (` + drawn + ` OR h.id IN (SELECT v.person_id FROM home_visits v WHERE v.area_code >= @lo AND v.area_code < @hi)) AND ` + inPay + `
)
SELECT h.id AS person_id, h.name, h.area_code, '' AS programme, CASE WHEN w.met IS FALSE THEN 'NOT_FOUND' ELSE 'NOT_VISITED' END AS reason,
       greatest(CASE WHEN w.met IS NOT FALSE THEN ` + midnight("@drawn_since::date") + ` END, w.since, ` + stoodSince("ANY(@coverages::text[])", "status = 1") + `) AS since,
       ` + nothingElse + `, CASE WHEN NOT w.met THEN w.happened_on END AS on_day, CASE WHEN NOT w.met THEN w.note ELSE '' END AS detail, NULL::uuid[] AS others
FROM chosen h LEFT JOIN LATERAL (` + found + `) w ON true
WHERE w.met IS FALSE OR h.drawn AND (w.happened_on IS NULL OR w.happened_on < @drawn_since::date)`
