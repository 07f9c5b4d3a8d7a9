//go:build !kafka

package config

// hasKafka tells whether the program was built with Kafka.
const hasKafka = false
