package api

// MaxClients is how many clients there are at once, of a listener. MaxMemory is what requests, and events on their way
// to clients, hold in bytes at most; answers are made of what the node has told, and are not in it.
const (
	MaxClients = maxConnections
	MaxMemory  = maxConnections*(maxBody+maxHeader) + maxClients*2*batchBytes
)
