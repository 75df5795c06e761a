// Command natsd is one node of the NATS cluster on loopback that the slow tests
// run a fleet over: natsd NAME STORE CLUSTER-PORT ROUTE,ROUTE,…
//
// It prints its address, then "ready" once the cluster has elected who leads
// JetStream.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 5 {
		log.Fatal("usage: natsd NAME STORE CLUSTER-PORT ROUTES")
	}
	port, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	s, err := server.NewServer(&server.Options{
		ServerName: os.Args[1], Host: "127.0.0.1", Port: -1, NoLog: true,
		JetStream: true, StoreDir: os.Args[2], SyncAlways: true, MaxPayload: 8 << 20,
		Cluster:      server.ClusterOpts{Name: "firstbell", Host: "127.0.0.1", Port: port},
		Routes:       server.RoutesFromStr(os.Args[4]),
		PingInterval: 500 * time.Millisecond, MaxPingsOut: 2,
	})
	if err != nil {
		log.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		log.Fatal("not ready")
	}
	fmt.Println(strings.TrimSpace(s.ClientURL()))
	for range 400 {
		if s.JetStreamIsCurrent() {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Println("ready")
	s.WaitForShutdown()
}
