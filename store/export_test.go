package store

// What tests in package store_test look at.
const (
	PageSize     = pageSize
	DefaultPages = defaultPages
)
