package casework

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"net/netip"
	"strings"

	"github.com/google/uuid"
)

// A browser in which somebody has signed in keeps a token of that, which proves nothing but that. Failures of the same name in it are counted
// apart, so that nobody who fails on purpose elsewhere makes its owner wait there: neither from the same network, where an office may have one
// address, nor with a password that he has got hold of. Whoever has no such token is counted as ever, and so guesses no faster.

// KnownDevice is the token for a browser in which somebody has just signed in: the one that it has shown, where that was his.
func (d *Desk) KnownDevice(username, shown string) string {
	if d.device(username, shown) != "" {
		return shown
	}
	name := rand.Text()
	return name + "." + base64.RawURLEncoding.EncodeToString(d.deviceProof(username, name))
}

// device is the name of a browser in which somebody of this name has signed in before; empty where it shows nothing of the kind.
func (d *Desk) device(username, token string) string {
	name, proof, _ := strings.Cut(token, ".")
	given, err := base64.RawURLEncoding.DecodeString(proof)
	if err != nil || name == "" || !hmac.Equal(given, d.deviceProof(username, name)) {
		return ""
	}
	return name
}

func (d *Desk) deviceProof(username, name string) []byte {
	return d.DB.Ring.BlindIndex("known_device", name+"|"+username)
}

// passwordBuckets are where a failed password is counted: of a known browser apart, else where buckets says.
func (d *Desk) passwordBuckets(in Credentials, client netip.Addr) [][]byte {
	if device := d.device(in.Username, in.Device); device != "" {
		return d.deviceBuckets("login", in.Username, device)
	}
	return d.buckets(in.Username, client)
}

// codeBuckets are where a wrong code is counted: of a known browser apart, else for the account, so that a stolen password lets nobody guess codes
// faster from many places.
func (d *Desk) codeBuckets(account uuid.UUID, device string) [][]byte {
	if device != "" {
		return d.deviceBuckets("code", account.String(), device)
	}
	return [][]byte{d.DB.Ring.BlindIndex("code_account", account.String())}
}

// deviceBuckets are that of a browser and, as that of an address, that of all browsers in which the account has signed in: who had its password
// once may have made himself many.
func (d *Desk) deviceBuckets(what, whose, device string) [][]byte {
	return [][]byte{d.DB.Ring.BlindIndex(what+"_device", whose+"|"+device), d.DB.Ring.BlindIndex(what+"_devices", whose)}
}
