// A PocketBase as it comes, without code of ours, for make bench-beside. It is a module of its own, so that nothing that it needs
// is needed by the service.
package main

import (
	"log"

	"github.com/pocketbase/pocketbase"
)

func main() {
	if err := pocketbase.New().Start(); err != nil {
		log.Fatal(err)
	}
}
