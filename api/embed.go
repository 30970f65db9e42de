// Package api is the HTTP contract: the OpenAPI document and the types generated from it.
package api

import _ "embed"

// Document is the OpenAPI document as it is served.
//
//go:embed openapi.yaml
var Document []byte

//go:generate go tool oapi-codegen -config oapi-codegen.yaml -o types.gen.go openapi.yaml
