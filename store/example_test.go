package store_test

import (
	"fmt"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// An object arrives in symbols, in the wrong order, and becomes a file.
func Example() {
	st := mem.New()
	defer st.Close()
	node := store.NewBudget(64<<20, nil)

	object, err := st.Create(12)
	if err != nil {
		fmt.Println(err)
		return
	}
	buffer := store.NewBuffer(node)
	for _, symbol := range []struct {
		off  int64
		data string
	}{{8, "ute!"}, {0, "hell"}, {4, "o fl"}} {
		if _, err := buffer.WriteAt([]byte(symbol.data), symbol.off); err != nil {
			fmt.Println(err)
			return
		}
	}
	tail := buffer.Take() // another goroutine may write it
	defer tail.Release()
	if err := tail.Write(object); err != nil {
		fmt.Println(err)
		return
	}

	name, _ := store.Name("http://www.example.com/greeting.txt")
	path, err := st.Publish(object, name)
	if err != nil {
		fmt.Println(err)
		return
	}
	content, _ := st.Get(path)
	fmt.Printf("%s: %s\n", path, content)
	// Output: greeting.txt: hello flute!
}
