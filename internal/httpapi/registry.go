package httpapi

import (
	"slices"
	"time"

	"zhucan/api"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/idnum"
)

// The synchronous part of the disability-registry interface (DR API 1.0.0 of the Digital Convergence Initiative, spdci.org), by which programs of
// other offices ask about one person. Codes are the labels of its code lists (schema.spdci.org, extensions/dr/v1).

const (
	registryVersion = "1.0.0"
	registryType    = "ns:org:RegistryType:DR"
	recordType      = "spdci-extensions-dci:DisabledPerson"
)

// A rejection says why a message, or one request of it, is not answered; by the codes of the standard.
type rejection struct{ code, message string }

var (
	badInstant   = &rejection{"rjct.message_ts.invalid", "message_ts不是带时区的时间 / message_ts is no instant of RFC 3339"}
	badVersion   = &rejection{"rjct.version.invalid", "只支持1.0.0版 / only version 1.0.0 is spoken here"}
	badAction    = &rejection{"rjct.action.not_supported", "action须为search / the action is search"}
	encrypted    = &rejection{"rjct.action.not_supported", "不支持加密消息 / encrypted messages are not read"}
	notOneNumber = &rejection{"rjct.search_criteria.invalid", "只能按身份证号查询一人：query_type为idtype-value，type为UIN / one person is asked for by ID number: query_type idtype-value, type UIN"}
	notANumber   = &rejection{"rjct.search_criteria.invalid", "身份证号不正确 / no valid ID number"}
	askedTwice   = &rejection{"rjct.reference_id.duplicate", "reference_id重复 / the reference_id is not unique in the message"}
)

func checkHeader(h api.RegistryHeader) *rejection {
	_, err := time.Parse(time.RFC3339, h.MessageTS)
	switch {
	case err != nil:
		return badInstant
	case value(h.Version) != "" && value(h.Version) != registryVersion:
		return badVersion
	case value(h.IsMsgEncrypted):
		return encrypted
	case h.Action != "search":
		return badAction
	}
	return nil
}

// whom is the ID number that a query asks about: {"type": "UIN", "value": …}, or {"member.member_identifier": {"eq": …}} as the standard's
// own examples have it for what is asked about one person.
func whom(c api.RegistryCriteria, today calendar.Date) (number string, refused *rejection) {
	query, _ := c.Query.(map[string]any)
	given, _ := query["value"].(string)
	if kind, _ := query["type"].(string); kind != "UIN" {
		given = ""
	}
	for _, name := range []string{"member.member_identifier", "personal_details.member_identifier"} {
		if equal, ok := query[name].(map[string]any); ok && len(query) == 1 {
			given, _ = equal["eq"].(string)
		}
	}
	if given == "" {
		return "", notOneNumber
	}
	id, err := idnum.ParseResident(given, today)
	if err != nil {
		return "", notANumber
	}
	return id.Reveal(), nil
}

// purpose is what a message says it asks for.
func purpose(c api.RegistryCriteria) string {
	authorize, _ := c.Authorize.(map[string]any)
	stated, _ := authorize["purpose"].(map[string]any)
	text, _ := stated["text"].(string)
	text = idnum.WithoutUnseen(text)
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:200])
	}
	return text
}

// registryAnswer is an envelope of the contract with a message of some kind.
type registryAnswer[M any] struct {
	Header  api.RegistryAnswerHeader `json:"header"`
	Message *M                       `json:"message,omitempty"`
}

type registryMessage struct {
	TransactionID string          `json:"transaction_id"`
	CorrelationID string          `json:"correlation_id"`
	Found         []registryFound `json:"search_response"`
}

type registryFound struct {
	ReferenceID string             `json:"reference_id"`
	Timestamp   time.Time          `json:"timestamp"`
	Status      api.RegistryStatus `json:"status"`
	Code        string             `json:"status_reason_code,omitempty"`
	Reason      string             `json:"status_reason_message,omitempty"`
	Data        *registryData      `json:"data,omitempty"`
}

type registryData struct {
	Version    string `json:"version"`
	RegType    string `json:"reg_type"`
	RecordType string `json:"reg_record_type"`
	Records    any    `json:"reg_records"`
}

// answerHeader answers a header. Of a whole message that is refused it says why.
func (a *API) answerHeader(h api.RegistryHeader, requests int, refused *rejection) api.RegistryAnswerHeader {
	v := api.RegistryAnswerHeader{Version: registryVersion, MessageID: a.NewID(), MessageTS: a.Desk.Now().UTC(), Action: "on-search", Status: "succ",
		TotalCount: requests, CompletedCount: requests, SenderID: "zhucan", ReceiverID: h.SenderID}
	if own := value(h.ReceiverID); own != "" {
		v.SenderID = own
	}
	if refused != nil {
		v.Status, v.CompletedCount, v.StatusReasonCode, v.StatusReasonMessage = "rjct", 0, &refused.code, &refused.message
	}
	return v
}

func (a *API) searchRegistry(r *Request) (Response, error) {
	in, err := decode[api.RegistrySearch](r)
	if err != nil {
		return Response{}, err
	}
	asked := in.Message.SearchRequest
	if refused := checkHeader(in.Header); refused != nil {
		return Response{Body: registryAnswer[registryMessage]{Header: a.answerHeader(in.Header, len(asked), refused)}}, nil
	}
	numbers, refusals, look := make([]string, len(asked)), make([]*rejection, len(asked)), casework.Inquiry{Sender: in.Header.SenderID}
	seen := map[string]bool{}
	for i, one := range asked {
		numbers[i], refusals[i] = whom(one.SearchCriteria, r.Today)
		if kind := value(one.SearchCriteria.QueryType); refusals[i] == nil && kind != "idtype-value" {
			refusals[i] = notOneNumber
		}
		if seen[one.ReferenceID] {
			refusals[i] = askedTwice
		}
		if seen[one.ReferenceID] = true; refusals[i] == nil {
			look.Numbers = append(look.Numbers, numbers[i])
			if stated := purpose(one.SearchCriteria); stated != "" && !slices.Contains(look.Purposes, stated) {
				look.Purposes = append(look.Purposes, stated)
			}
		}
	}
	found, err := a.Desk.LookUp(r.Ctx, r.Who, look)
	if err != nil {
		return Response{}, err
	}
	m := registryMessage{TransactionID: in.Message.TransactionID, CorrelationID: r.ID}
	for i, one := range asked {
		answer := a.found(one.ReferenceID, refusals[i])
		if person, ok := found[numbers[i]]; ok && refusals[i] == nil {
			answer.Data = dataOf(a.disabledPerson(numbers[i], person, r.Today))
		}
		m.Found = append(m.Found, answer)
	}
	return Response{Body: registryAnswer[registryMessage]{Header: a.answerHeader(in.Header, len(asked), nil), Message: &m}}, nil
}

// found begins the answer to one request, which may be refused.
func (a *API) found(reference string, refused *rejection) registryFound {
	v := registryFound{ReferenceID: reference, Timestamp: a.Desk.Now().UTC(), Status: "succ"}
	if refused != nil {
		v.Status, v.Code, v.Reason = "rjct", refused.code, refused.message
	}
	return v
}

func dataOf(records any) *registryData {
	return &registryData{Version: registryVersion, RegType: registryType, RecordType: recordType, Records: records}
}

// question is one about one person, and what came of it: header refuses the whole message, refused the question.
type question struct {
	api.RegistryQuestion
	header  api.RegistryAnswerHeader
	refused *rejection
	person  *casework.Registered
}

func (a *API) askRegistry(r *Request) (q question, err error) {
	if q.RegistryQuestion, err = decode[api.RegistryQuestion](r); err != nil {
		return q, err
	}
	wrong := checkHeader(q.Header)
	if q.header = a.answerHeader(q.Header, 1, wrong); wrong != nil {
		return q, nil
	}
	var number string
	if number, q.refused = whom(q.Message.DisabledCriteria, r.Today); q.refused != nil {
		return q, nil
	}
	found, err := a.Desk.LookUp(r.Ctx, r.Who, casework.Inquiry{Numbers: []string{number}, Sender: q.Header.SenderID, Purposes: []string{purpose(q.Message.DisabledCriteria)}})
	if one, ok := found[number]; ok {
		q.person = &one
	}
	return q, err
}

// notDisabled is why a question is answered with no.
var notDisabled = map[casefile.CertificateStatus]string{
	casefile.NoCertificate: "本辖区未登记有效的残疾人证 / no certificate is registered in this area",
	casefile.Expired:       "残疾人证已过期 / the certificate has run out",
	casefile.Frozen:        "残疾人证已冻结 / the certificate is frozen",
}

func (a *API) askDisabled(r *Request) (Response, error) {
	q, err := a.askRegistry(r)
	if q.refused != nil { // a question that is not understood is answered neither with yes nor with no, and a header has no code for it
		q.header.Status, q.header.CompletedCount, q.header.StatusReasonMessage = "rjct", 0, &q.refused.message
	}
	if err != nil || q.header.Status == "rjct" {
		return Response{Body: registryAnswer[registryMessage]{Header: q.header}}, err
	}
	type yesOrNo struct {
		ReferenceID string             `json:"reference_id"`
		Timestamp   time.Time          `json:"timestamp"`
		Status      api.RegistryStatus `json:"status"`
		Reason      string             `json:"status_reason_message,omitempty"`
		Disabled    string             `json:"disabled_status"`
	}
	type message struct {
		TransactionID string    `json:"transaction_id"`
		CorrelationID string    `json:"correlation_id"`
		Answers       []yesOrNo `json:"disabled_response"`
	}
	answer := yesOrNo{ReferenceID: q.Message.TransactionID, Timestamp: q.header.MessageTS, Status: "succ", Disabled: "no", Reason: notDisabled[casefile.NoCertificate]}
	switch {
	case q.person == nil:
	case q.person.Status.Valid():
		answer.Disabled, answer.Reason = "yes", ""
	default:
		answer.Reason = notDisabled[q.person.Status]
	}
	return Response{Body: registryAnswer[message]{q.header, &message{q.Message.TransactionID, r.ID, []yesOrNo{answer}}}}, nil
}

func (a *API) getDisabilityDetails(r *Request) (Response, error) {
	return a.oneRecord(r, func(person casework.Registered) any {
		return []any{map[string]any{"disability_details": impairments(person.Card)}}
	})
}

func (a *API) getDisabilitySupport(r *Request) (Response, error) {
	return a.oneRecord(r, func(person casework.Registered) any {
		return []any{[]api.RegistrySupport{a.support(person)}}
	})
}

// oneRecord answers a question about one person with some part of what is told of him.
func (a *API) oneRecord(r *Request, part func(casework.Registered) any) (Response, error) {
	q, err := a.askRegistry(r)
	if err != nil || q.header.Status == "rjct" {
		return Response{Body: registryAnswer[registryMessage]{Header: q.header}}, err
	}
	answer := a.found(q.Message.TransactionID, q.refused)
	if q.person != nil {
		answer.Data = dataOf(part(*q.person))
	}
	return Response{Body: registryAnswer[registryMessage]{q.header, &registryMessage{q.Message.TransactionID, r.ID, []registryFound{answer}}}}, nil
}
