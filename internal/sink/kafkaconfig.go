package sink

import "crypto/x509"

// KafkaConfig configures a sink that produces to Kafka. URL and Topic are required.
type KafkaConfig struct {
	URL         string // kafka://HOST:PORT or tls://HOST:PORT, several with commas
	Topic       string
	Credentials string // USER:PASSWORD, for SCRAM-SHA-512; empty: none
	CA          *x509.CertPool
}
