package web

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"github.com/boombuler/barcode/qr"

	"zhucan/internal/casework"
)

// factorData is one's own second factor: off, waiting for the first code of an app, or on.
type factorData struct {
	State, Tone string
	Required    bool
	Secret      string  // in groups, to be typed; empty: nothing waits
	Picture     picture // of the same, which an app reads from a screen
	Spare       []string
	Form        *Form
}

// picture is a QR code as an SVG path, a unit for each module.
type picture struct {
	Side int
	Path string
}

func showSecondFactor(v *visit) (any, error) {
	s, err := v.desk.SecondFactor(v.ctx, v.who)
	if err != nil {
		return nil, err
	}
	data := factorData{State: v.t("factor.off"), Required: s.Required, Spare: strings.FieldsFunc(v.toldOnce(), func(c rune) bool { return c == '.' })}
	password := &Field{Name: "password", Label: v.t("password.current"), Kind: "password", Need: true, Auto: "current-password", Max: 128}
	code := &Field{Name: "code", Label: v.t("factor.code"), Kind: "text", Need: true, Auto: "one-time-code", Mode: "numeric", Max: 40}
	switch {
	case s.Since != nil:
		data.State, data.Tone = v.t("factor.on", s.Spare), "good"
		code.Mode, code.Hint = "", v.t("factor.code.hint")
		data.Form = v.newForm("end", "factor.end", password, code)
		data.Form.Grave = true
	case s.Secret != "":
		data.Secret, data.Form = grouped(s.Secret), v.newForm("confirm", "factor.confirm", code)
		data.Picture, err = drawn(s.Address)
	default:
		data.Form = v.newForm("begin", "factor.begin", password)
	}
	return data, err
}

// grouped is a long text in groups of four, as people read it out.
func grouped(text string) string {
	var groups []string
	for part := range slices.Chunk([]byte(text), 4) {
		groups = append(groups, string(part))
	}
	return strings.Join(groups, " ")
}

// quiet is how wide the empty border of a QR code has to be, in modules.
const quiet = 4

func drawn(text string) (p picture, err error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return p, fmt.Errorf("draw a QR code: %w", err)
	}
	size := code.Bounds().Size()
	var path strings.Builder
	for y := range size.Y {
		for x := range size.X {
			if code.At(x, y) == color.Black {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return picture{size.X + 2*quiet, path.String()}, nil
}

func beginSecondFactor(v *visit) (string, error) {
	r := v.reader()
	password := r.text("password", 128, true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err := v.desk.BeginSecondFactor(v.ctx, v.who, password)
	return v.path, err
}

func confirmSecondFactor(v *visit) (string, error) {
	r := v.reader()
	code := r.text("code", 40, true)
	if err := r.err(); err != nil {
		return "", err
	}
	spare, err := v.desk.ConfirmSecondFactor(v.ctx, v.who, code)
	v.told = strings.Join(spare, ".")
	return v.path + "?done=factor_on", v.stillKnown(err)
}

func endSecondFactor(v *visit) (string, error) {
	r := v.reader()
	password, code := r.text("password", 128, true), r.text("code", 40, true)
	if err := r.err(); err != nil {
		return "", err
	}
	return v.path + "?done=factor_off", v.stillKnown(v.desk.EndSecondFactor(v.ctx, v.who, password, code))
}

// takeFactorAway is for who has lost his telephone and the spare codes.
func takeFactorAway(v *visit) (string, error) {
	on := false
	return v.patchAccount(casework.AccountPatch{Factor: &on})
}
