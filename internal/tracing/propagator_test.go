package tracing

import (
	"encoding/base64"
	"testing"

	"github.com/flute-node/flute-node/flute/fdt"
)

// FuzzContext: whatever a sender has put into its attribute, there is a context or none.
func FuzzContext(f *testing.F) {
	const parent = `{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"a=b"}`
	f.Add(base64.StdEncoding.EncodeToString([]byte(parent)))
	f.Add(parent)
	f.Fuzz(func(t *testing.T, value string) {
		for _, v := range []string{value, base64.StdEncoding.EncodeToString([]byte(value))} {
			c, ok := contextOf([]fdt.Attribute{{Local: "other", Value: v}, {Local: Attribute, Value: v}})
			if ok != c.IsValid() || ok && len(v) > maxCarrier {
				t.Errorf("%q: %v, %v", v, c, ok)
			}
		}
	})
}
