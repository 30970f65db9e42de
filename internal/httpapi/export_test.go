package httpapi

// HeldByStore is the set of operations that may begin with rights seen earlier.
var HeldByStore = heldByStore

// ServeWith is Serve with another grace.
var ServeWith = serveWith
