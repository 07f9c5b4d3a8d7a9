package kernel

// The same input makes the same bytes: see TestGenerated.
//go:generate go run -C internal/asm . -set avx2 -pkg kernel -out ../../avx2_amd64.s -stubs ../../avx2_amd64.go
//go:generate go run -C internal/asm . -set avx512 -pkg kernel -out ../../avx512_amd64.s -stubs ../../avx512_amd64.go
