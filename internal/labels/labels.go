// Package labels says what metrics and logs may hold of a request that anybody can send.
package labels

import "slices"

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// Method is a method of HTTP as metrics and logs name it. HTTP takes any word for one, and whoever sends a request chooses it: by itself it
// would make a series of each word, without end, and write what somebody likes into the log.
func Method(method string) string {
	if slices.Contains(methods, method) {
		return method
	}
	return "other"
}
