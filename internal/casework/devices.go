package casework

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/store"
)

// A browser in which somebody has signed in keeps a token of that, which proves nothing but that. Failures of the same name in it are counted
// apart, so that nobody who fails on purpose elsewhere makes its owner wait there: neither from the same network, where an office may have one
// address, nor with a password that he has got hold of. Whoever has no such token is counted as ever, and so guesses no faster. It is good
// for as long as what was shown for it is: with another password, or a second factor turned on or off, who knew the one before is a stranger again.

// KnownDevice is the token for the browser of who acts, where he has just shown what he now signs in with: the one that it has, where that is still good.
func (d *Desk) KnownDevice(ctx context.Context, who access.Actor, shown string) (string, error) {
	account, _, err := d.DB.AccountByUsername(ctx, who.Username)
	return d.deviceOf(account, shown), err
}

func (d *Desk) deviceOf(account store.Account, shown string) string {
	if d.device(account, shown) != "" {
		return shown
	}
	name := rand.Text()
	return name + "." + base64.RawURLEncoding.EncodeToString(d.deviceProof(account, name))
}

// device is the name of a browser in which the account has been signed in to; empty where it shows nothing of the kind.
func (d *Desk) device(account store.Account, token string) string {
	name, proof, _ := strings.Cut(token, ".")
	given, err := base64.RawURLEncoding.DecodeString(proof)
	if err != nil || name == "" || account.ID == uuid.Nil || !hmac.Equal(given, d.deviceProof(account, name)) {
		return ""
	}
	return name
}

func (d *Desk) deviceProof(account store.Account, name string) []byte {
	factor := ""
	if account.SecondFactorAt != nil {
		factor = account.SecondFactorAt.UTC().Format(time.RFC3339Nano)
	}
	return d.DB.Ring.BlindIndex("known_device", strings.Join([]string{name, account.ID.String(), account.PasswordPHC, factor}, "|"))
}

// passwordBuckets are where a failed password is counted: of a known browser apart, else where buckets says. Whoever knows the password
// may have made himself many known ones, and guesses nothing in them.
func (d *Desk) passwordBuckets(account store.Account, in Credentials, client netip.Addr) [][]byte {
	if device := d.device(account, in.Device); device != "" {
		return [][]byte{d.DB.Ring.BlindIndex("login_device", account.ID.String()+"|"+device)}
	}
	return d.buckets(in.Username, client)
}

// codeBuckets are where a wrong code is counted: for the account, so that a stolen password lets nobody guess codes faster from many places; of
// a known browser apart, and, as of an address, of all that are known, since the next code is another one also for who has shown one.
func (d *Desk) codeBuckets(account store.Account, shown string) [][]byte {
	id := account.ID.String()
	if device := d.device(account, shown); device != "" {
		return [][]byte{d.DB.Ring.BlindIndex("code_device", id+"|"+device), d.DB.Ring.BlindIndex("code_devices", id)}
	}
	return [][]byte{d.DB.Ring.BlindIndex("code_account", id)}
}
