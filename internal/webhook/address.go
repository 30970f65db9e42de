package webhook

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
)

// special are the blocks of addresses that are not hosts of the public internet (IANA special-purpose registries, RFC 6890 and
// later): this machine, private and shared networks, links, documentation, benchmarks, multicast, what is reserved.
var special = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "3fff::/20")

// global is the only part of IPv6 that is given out to hosts. All else, mapped and translated addresses too, is no host.
var global = netip.MustParsePrefix("2000::/3")

// sixToFour carries an IPv4 address inside, and goes where that leads.
var sixToFour = netip.MustParsePrefix("2002::/16")

func prefixes(list ...string) (all []netip.Prefix) {
	for _, text := range list {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// Allows reports whether messages may go to an address: to a public one, or to one in the networks that the operator has named.
func (s *Sender) Allows(address netip.Addr) bool {
	if address.Zone() != "" {
		return false
	}
	address = address.Unmap()
	holds := func(p netip.Prefix) bool { return p.Contains(address) }
	if slices.ContainsFunc(s.Networks, holds) {
		return true
	}
	return !slices.ContainsFunc(special, holds) && (address.Is4() || global.Contains(address) && !sixToFour.Contains(address))
}

// What is wrong with a receiver's address.
var (
	ErrURL     = errors.New("not an address such as https://host/path")
	ErrAddress = errors.New("the receiver's address is private, and its network is not named")
)

// CheckURL refuses what can never be sent to. A host that is a name is looked up anew for each message.
func (s *Sender) CheckURL(text string) error {
	at, err := url.Parse(text)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Hostname() == "" || at.User != nil || at.Fragment != "" || at.Opaque != "" {
		return ErrURL
	}
	if port := at.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return ErrURL
		}
	}
	if address, err := netip.ParseAddr(at.Hostname()); err == nil && !s.Allows(address) {
		return ErrAddress
	}
	return nil
}
