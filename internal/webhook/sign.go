// Package webhook brings one message to one receiver: it signs it as Standard Webhooks does, goes nowhere that nobody has
// allowed, and says in a code what came of it.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// secretPrefix marks a secret, so that one that leaks is recognised where people search for them.
const secretPrefix = "whsec_"

const secretSize = 32

var errSecret = errors.New("not the secret of a webhook")

// NewSecret is a new secret, as the receiver is told it once.
func NewSecret(random io.Reader) (string, error) {
	key := make([]byte, secretSize)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", fmt.Errorf("make a webhook's secret: %w", err)
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(key), nil
}

// Sign is the signature of a message: HMAC-SHA256 over id, the seconds of the attempt and the body (Standard Webhooks, v1). The
// time is signed, so that a message that was overheard cannot be sent again later.
func Sign(secret string, id uuid.UUID, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || len(key) != secretSize {
		return "", errSecret
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id.String() + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}
