package config

import _ "embed"

//go:embed example.yaml
var example []byte

// Example returns a file of configuration with comments. Load takes it.
func Example() []byte { return example }
