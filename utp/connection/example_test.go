package connection_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/flute-node/flute-node/utp"
	"github.com/flute-node/flute-node/utp/connection"
)

func Example() {
	stack, err := utp.Start(utp.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = stack.Stop(context.Background()) }()
	_, err = stack.Open(utp.SocketConfig{Conn: connection.Config{Target: time.Second}})
	fmt.Println(err)
	// Output:
	// utp: SocketConfig.Conn: core: Config.Target 1s is not 1ms to 100ms
}
