//go:build race

package exchange_test

func init() { slack = 8 } // the race detector costs memory
