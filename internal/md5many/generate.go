package md5many

// The same source makes the same bytes: go test -run Generated -generate compares.
//go:generate go run -C internal/asm . -set avx2 -pkg md5many -out ../../avx2_amd64.s -stubs ../../avx2_amd64.go
//go:generate go run -C internal/asm . -set avx512 -pkg md5many -out ../../avx512_amd64.s -stubs ../../avx512_amd64.go
