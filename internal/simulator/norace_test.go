//go:build !race

package simulator

const defaultSeeds = 500
