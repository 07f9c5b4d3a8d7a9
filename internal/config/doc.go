// Package config reads the file of configuration of a daemon: what is received, what is sent, and the bounds of the
// node.
//
//	cfg, err := config.Load("/etc/flute-node/flute-node.yaml", os.LookupEnv)
//
// The file is YAML. Beside it may be a folder conf.d, whose *.yaml files are read after it, in the order of their
// names.
// A key is the flag of receive or send, with _ for -, and its value goes through the same package settings: there is no
// second set of rules. Reading is strict. Unknown keys, values of the wrong type and contradictions are an [*Error],
// with file, line and column; [Errors] joins several.
//
// [Config.Warnings] tells what can be used and is surely not meant: a folder within another one, a rate above that of
// the node, memory that the machine does not have.
//
// In values, ${NAME} is replaced by a variable of the environment, ${NAME:-text} has a default, and $${ stands for ${.
// A value cannot become a key that way: it is replaced after the YAML was read.
//
// [Schema] returns the JSON Schema of the file, [Example] a file that explains the keys most used.
//
// # Limitations
//
// YAML tags (!!str) and more than one document in a file are refused. The schema knows the form of a value, not what
// settings think of it: config check knows both. Warnings compare folders by their paths, and follow no symbolic link;
// names of hosts are not looked up.
package config
