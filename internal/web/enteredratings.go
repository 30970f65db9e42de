package web

import (
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// ratingFields ask what somebody thinks, entered for him.
func (v *visit) ratingFields() []*Field {
	return []*Field{{Name: "score", Label: v.t("rating.score"), Kind: "radio", Need: true, Options: v.options("choice", scores...)},
		{Name: "text", Label: v.t("rating.text"), Hint: v.t("rating.text.hint"), Kind: "textarea", Max: 1000}}
}

// rate keeps what somebody thinks of the case or service of the page.
func rate(keep func(v *visit, id uuid.UUID, o casework.Opinion) (store.Rating, error)) func(*visit) (string, error) {
	return func(v *visit) (string, error) {
		id, err := v.id()
		if err != nil {
			return "", err
		}
		r := v.reader()
		score, text := r.choice("score", true, scores...), r.text("text", 1000, false)
		if err := r.err(); err != nil {
			return "", err
		}
		n, _ := strconv.Atoi(score) // one of the scores
		_, err = keep(v, id, casework.Opinion{Score: n, Text: text})
		return v.path + "?done=rated", err
	}
}

var (
	rateCase = rate(func(v *visit, id uuid.UUID, o casework.Opinion) (store.Rating, error) {
		return v.desk.RateApplication(v.ctx, v.who, id, o)
	})
	rateService = rate(func(v *visit, id uuid.UUID, o casework.Opinion) (store.Rating, error) {
		return v.desk.RateService(v.ctx, v.who, id, o)
	})
)
