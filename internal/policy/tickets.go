package policy

import "fmt"

// Tickets are the rules of the hotline: in how many working days each kind is answered, and what people bring up.
type Tickets struct {
	Limits map[string]int `yaml:"limits"` // advice, complaint, petition; call_back: from the answer until the ticket is closed
	// WrittenWithin is how many days after it was received a matter may still be written down.
	WrittenWithin int     `yaml:"written_within"`
	Topics        []Topic `yaml:"topics"`
}

// Topic is one thing that tickets are about.
type Topic struct {
	Code string `yaml:"code"`
	ZH   string `yaml:"zh"`
	EN   string `yaml:"en"`
}

// ticketLimits are the limits that a pack has to have, with those of packs that say nothing of tickets (choice).
var ticketLimits = map[string]int{"advice": 5, "complaint": 15, "petition": 15, "call_back": 3}

// writtenWithin is for packs that do not say (choice): a year, since no figure covers a longer time.
const writtenWithin = 366

// Topic is the topic of a code, or nil.
func (t *Tickets) Topic(code string) *Topic {
	for i := range t.Topics {
		if t.Topics[i].Code == code {
			return &t.Topics[i]
		}
	}
	return nil
}

func (t *Tickets) check() error {
	for limit := range ticketLimits {
		if t.Limits[limit] < 1 {
			return fmt.Errorf("tickets: limit %s is at least one working day", limit)
		}
	}
	if t.WrittenWithin < 0 {
		return fmt.Errorf("tickets: written_within is a number of days")
	}
	for i, topic := range t.Topics {
		if topic.Code == "" || topic.ZH == "" || topic.EN == "" || t.Topic(topic.Code) != &t.Topics[i] {
			return fmt.Errorf("tickets: topic %d needs a code of its own, zh and en", i+1)
		}
	}
	return nil
}
