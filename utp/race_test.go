//go:build race

package utp_test

const raceEnabled = true
